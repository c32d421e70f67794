"""Each demo as a program: it plays its scene on a screen, closes clean, and fails with a sentence."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tkinter as tk
from pathlib import Path

import pytest

import tkws
from demos.stage import Scene, geometry, picture, save_picture
from tests.peers import Log

REPOSITORY = Path(__file__).parents[2]
PNG = b"\x89PNG\r\n\x1a\n"


# What asyncio says in dev mode of a callback that took a tenth of a second, as on a busy machine.
SLOW_CALLBACK = re.compile(r"^Executing .* took [0-9.]+ seconds\n", re.MULTILINE)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-m", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=280,
        check=False,
    )
    result.stderr = SLOW_CALLBACK.sub("", result.stderr)
    return result


@pytest.mark.slow
def test_the_chat_plays_its_scene(display_root: tk.Tk, tmp_path: Path) -> None:
    picture = tmp_path / "new" / "chat.png"
    result = run("demos.chat", "--scripted", "--picture", str(picture))
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert set(lines) >= {"#lobby  * You joined", "#tea    * You joined"}
    said = [line for line in lines if ": " in line]
    assert [line.split()[1] for line in said[:3]] == ["ann:", "bob:", "cleo:"]
    assert len(said) == 8
    assert picture.read_bytes().startswith(PNG)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("demo", "started"),
    [("dashboard", "Other windows: --connect "), ("async_client", "Log in as ")],
)
def test_ctrl_c_ends_a_demo_with_a_close_frame(display_root, pump_until, demo, started) -> None:
    command = [sys.executable, "-X", "dev", "-W", "error", "-m", f"demos.{demo}"]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as program:
        try:
            assert program.stdout is not None
            line = program.stdout.readline()
            assert line.startswith(started)
            log = Log()
            if demo == "dashboard":
                tkws.open(line.removeprefix(started).strip(), log, master=display_root)
                pump_until(lambda: "text" in log.types)
            program.send_signal(signal.SIGINT)
            if demo == "dashboard":
                pump_until(lambda: "disconnect" in log.types)
                assert log.one("close")[0] == tkws.CloseCode.GOING_AWAY
            _, errors = program.communicate(timeout=60)
        finally:
            program.kill()
    assert (program.returncode, SLOW_CALLBACK.sub("", errors)) == (130, "")


@pytest.mark.slow
def test_the_remote_plays_its_scene(display_root: tk.Tk, tmp_path: Path) -> None:
    picture = tmp_path / "remote.png"
    result = run("demos.remote", "--scripted", "--picture", str(picture))
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert "bob: garden: 70 %, leaf" in lines
    assert "the house: hall: 60 %, warm" in lines
    assert re.fullmatch(r"ann: answered in \d+ ms: a window on .*", lines[-1])
    assert picture.read_bytes().startswith(PNG)


@pytest.mark.slow
def test_the_files_play_their_scene(display_root: tk.Tk, tmp_path: Path) -> None:
    picture = tmp_path / "files.png"
    result = run("demos.files", "--scripted", "--picture", str(picture))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == ["notes.txt: done", "holiday.mp4: stopped", "backup.img: moving"]
    assert picture.read_bytes().startswith(PNG)


@pytest.mark.slow
def test_the_embedding_plays_its_scene(display_root: tk.Tk, tmp_path: Path) -> None:
    picture = tmp_path / "embedded.png"
    result = run("demos.embedded", "--theme", "dark", "--scripted", "--picture", str(picture))
    assert (result.returncode, result.stderr) == (0, "")
    assert "Ash: connected by test and upgrade" in result.stdout
    assert "Birch: connected by takeover" in result.stdout
    assert "/live received: Welcome, both of you." in result.stdout
    assert picture.read_bytes().startswith(PNG)


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_async_client_logs_in_and_is_cancelled(display_root: tk.Tk, tmp_path: Path, theme: str) -> None:
    picture = tmp_path / "client.png"
    result = run("demos.async_client", "--theme", theme, "--scripted", "--picture", str(picture))
    assert (result.returncode, result.stderr) == (0, "")
    _, refused, first, cancelled, second = result.stdout.splitlines()
    assert refused == "The service refused the login: 401 Unauthorized"
    assert first.startswith("Logged in as ann: ")
    assert re.fullmatch(r"Cancelled after \d+ readings", cancelled)
    assert second.startswith("Logged in as ann: ")
    assert picture.read_bytes().startswith(PNG)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("demo", "line"),
    [
        ("worker", "worker: 1,000,000,007 is prime"),
        ("wsgi", "a client: I came through a WSGI application."),
        ("asyncio_thread", "the device received: hold 70"),
        ("customtk", "echo: Hello from customtkinter"),
    ],
)
def test_a_small_demo_plays_its_scene(display_root: tk.Tk, tmp_path: Path, demo: str, line: str) -> None:
    picture = tmp_path / f"{demo}.png"
    result = run(f"demos.{demo}", "--scripted", "--picture", str(picture))
    assert (result.returncode, result.stderr) == (0, "")
    assert line in result.stdout.splitlines()
    assert picture.read_bytes().startswith(PNG)


@pytest.mark.slow
def test_the_dashboard_shows_both_views(display_root: tk.Tk, tmp_path: Path) -> None:
    picture = tmp_path / "dashboard.png"
    result = run("demos.dashboard", "--scripted", "--picture", str(picture))
    assert (result.returncode, result.stderr) == (0, "")
    assert re.fullmatch(r"\d+ samples, \d+ frames, \d+ plots\n", result.stdout)
    assert picture.read_bytes().startswith(PNG)


@pytest.mark.slow
@pytest.mark.parametrize("demo", ["demos.chat", "demos.dashboard", "demos.embedded", "demos.worker"])
def test_without_a_screen_it_says_so(demo: str) -> None:
    result = run(demo, DISPLAY="")
    assert result.returncode == 1
    assert "display" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.slow
def test_a_bad_address_or_nickname_is_told(display_root: tk.Tk) -> None:
    result = run("demos.chat", "--port", "99999")
    assert result.returncode == 1
    assert result.stderr.startswith("The demo cannot start: ")
    result = run("demos.chat", "--nick", "x" * 21)
    assert (result.returncode, result.stderr) == (
        1,
        "The demo cannot start: A nickname has at most 20 characters.\n",
    )


def test_a_scene_that_does_not_come_to_its_end_fails_in_time(
    display_root: tk.Tk, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = Scene(display_root, None, timeout=0.05)
    display_root.mainloop()
    assert scene.status() == 1
    assert capsys.readouterr().err == "The scene failed: not finished within 0 s.\n"


@pytest.mark.slow
def test_a_picture_that_cannot_be_saved_fails_the_scene(
    display_root: tk.Tk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    scene = Scene(display_root, tmp_path / "file" / "picture.png")
    display_root.after_idle(scene.finish, [display_root])
    display_root.mainloop()
    display_root.destroy()
    assert scene.status() == 1
    assert "The scene failed: " in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("import") is None, reason="no ImageMagick")
def test_without_pillow_imagemagick_takes_the_picture(
    display_root: tk.Tk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    save_picture(tmp_path / "picture.png", (0, 0, 30, 20))
    assert (tmp_path / "picture.png").read_bytes().startswith(PNG)


def test_without_either_the_reason_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OSError, match="cannot take a picture: install Pillow or ImageMagick"):
        picture.save_picture(tmp_path / "picture.png", (0, 0, 30, 20))


def test_a_box_is_written_as_tk_writes_geometry() -> None:
    assert geometry((10, 20, 110, 70)) == "100x50+10+20"

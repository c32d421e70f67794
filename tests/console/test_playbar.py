"""The server's window plays a recording: chosen, played, paused, made faster, with its progress shown."""

from __future__ import annotations

import json
import math
import shutil
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from tkinter import filedialog
from typing import Any

import pytest

import tkws
from tests.console.conftest import Echo, Hands
from tests.peers import Log as Heard
from tests.windows import cut_off
from tkws.console.run import open_server_window
from tkws.console.server.playback import Playback
from tkws.console.server.recording import Cue, Recording
from tkws.console.server.serversession import Mode
from tkws.console.server.serverwindow import ServerWindow
from tkws.console.window.window import Console

PumpUntil = Callable[..., None]

pytestmark = pytest.mark.slow

SLOW = Recording("slow", [Cue(0.0, "a"), Cue(3600.0, "b")])


@pytest.fixture
def show(display_root: tk.Tk, pump_until: PumpUntil) -> Iterator[Callable[..., ServerWindow]]:
    made: list[ServerWindow] = []

    def show(**options: Any) -> ServerWindow:
        made.append(ServerWindow(display_root, Mode.SILENT, {"port": 0, **options}))
        display_root.update()
        return made[-1]

    yield show
    for window in made:
        window.session.close()
        pump_until(lambda window=window: not window.session.names)
        window.destroy()


@pytest.fixture
def join(display_root: tk.Tk, pump_until: PumpUntil) -> Callable[[ServerWindow], Heard]:
    def join(window: ServerWindow) -> Heard:
        log = Heard()
        count = len(window.session.names)
        tkws.open(window.session.server.url, log, master=display_root)
        pump_until(lambda: log.open and len(window.session.names) > count)
        return log

    return join


def feed(path: Path, *texts: str) -> Path:
    rows = [{"time": 9.0, "direction": "in", "type": "text", "text": text} for text in texts]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def playing(window: ServerWindow) -> Playback:
    playback = window.session.playback
    assert playback is not None
    return playback


def shown(window: ServerWindow) -> tuple[str, str, str, str]:
    window.play.refresh()
    bar = window.play
    return str(bar._name["text"]), str(bar.pause["text"]), bar.speed.get(), str(bar._progress["text"])


def test_a_person_plays_a_file_by_keys(
    show: Any, join: Any, tmp_path: Path, pump_until: PumpUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("xdotool") is None:
        pytest.skip("no xdotool")
    window = show()
    log = join(window)
    monkeypatch.setattr(
        filedialog, "askopenfilename", lambda **_: str(feed(tmp_path / "feed.jsonl", "one", "two"))
    )
    hands = Hands(window.root, pump_until)
    hands.go_to(window.sendbox.text)
    assert not window.play.winfo_ismapped()
    hands.press("ctrl+p")
    pump_until(lambda: log.all("text") == ["one", "two"])
    pump_until(window.play.winfo_ismapped)
    assert shown(window) == ("feed.jsonl", "Pause", "1\N{MULTIPLICATION SIGN}", "#1: 2 of 2")
    hands.press("F8")
    assert playing(window).paused
    assert shown(window)[1] == "Resume"
    hands.press("F8")
    assert not playing(window).paused
    hands.press("F9")
    assert window.session.playback is None
    pump_until(lambda: not window.play.winfo_ismapped())


def test_the_command_line_s_recording_is_shown(show: Any, join: Any, pump_until: PumpUntil) -> None:
    window = show(recording=SLOW, speed=3.0, repeats=True)
    assert shown(window) == ("slow", "Pause", "3\N{MULTIPLICATION SIGN}", "2 messages")
    log = join(window)
    pump_until(lambda: log.all("text") == ["a"])
    assert shown(window)[3] == "#1: 1 of 2"
    assert window.play.repeats.instate(["selected"])


def test_the_speed_and_the_loop_are_changed_in_the_bar(show: Any, join: Any, pump_until: PumpUntil) -> None:
    window = show(recording=SLOW)
    log = join(window)
    pump_until(lambda: log.all("text") == ["a"])
    window.play.speed.set("No pauses")
    window.play.speed.event_generate("<<ComboboxSelected>>")
    pump_until(lambda: log.all("text") == ["a", "b"])
    assert playing(window).speed == math.inf
    window.play.speed.set(window.play.speed["values"][0])
    window.play.speed.event_generate("<<ComboboxSelected>>")
    window.update()
    assert playing(window).speed == 0.1
    window.play.restart()
    pump_until(lambda: log.all("text") == ["a", "b", "a"])
    window.play.repeats.invoke()
    assert playing(window).repeats


def test_the_progress_is_that_of_the_selected_client(show: Any, join: Any, pump_until: PumpUntil) -> None:
    window = show(recording=SLOW)
    first = join(window)
    pump_until(lambda: first.all("text") == ["a"])
    playing(window).pause()
    join(window)
    assert shown(window)[3] == "#2: 0 of 2"
    window._show_connections()
    window._list.selection_set("#1")
    window.update()
    assert shown(window)[3] == "#1: 1 of 2"


def test_another_recording_keeps_the_speed(show: Any, tmp_path: Path, pump_until: PumpUntil) -> None:
    window = show(recording=SLOW, speed=2.0, repeats=True)
    window.play.choose(feed(tmp_path / "other.jsonl", "x"))
    pump_until(lambda: playing(window).recording.name == "other.jsonl")
    assert (playing(window).speed, playing(window).repeats) == (2.0, True)


def test_a_file_that_cannot_be_played_is_told_and_what_is_played_goes_on(
    show: Any, tmp_path: Path, pump_until: PumpUntil
) -> None:
    window = show(recording=SLOW)
    path = tmp_path / "bad.jsonl"
    path.write_text("\nno", encoding="utf-8")
    window.play.choose(path)
    pump_until(lambda: window.banner.text)
    assert window.banner.text.startswith("The recording cannot be played: bad.jsonl, line 2: ")
    assert playing(window).recording is SLOW


def test_a_window_that_is_closed_while_it_reads_a_file_plays_nothing(
    show: Any, tmp_path: Path, pump_until: PumpUntil
) -> None:
    window = show()
    window.play.choose(feed(tmp_path / "long.jsonl", *["x"] * 2000))
    assert window.session.playback is None, "it is read in steps"
    window.play.destroy()
    pump_until(lambda: window.play._loading is None)
    assert window.session.playback is None


@pytest.mark.parametrize("dpi", [96, 192])
def test_nothing_of_the_bar_is_cut_off_in_a_small_window(
    show: Any, join: Any, scale: Callable[[float], None], dpi: int
) -> None:
    scale(dpi)
    window = show(recording=Recording("a recording with a long name.jsonl", [Cue(0.0, "x")] * 10_000))
    join(window)
    window.play.refresh()
    window.root.geometry("x".join(str(size * dpi // 96) for size in (480, 340)))
    window.root.update()
    assert not cut_off(window.root)


def test_a_conversation_is_served_from_the_client_s_window(
    connected: Console, echo: Echo, hands: Hands, pump_until: PumpUntil
) -> None:
    opened: list[ServerWindow] = []
    assert isinstance(connected.root, tk.Tk)
    root = connected.root
    connected.serve = lambda rows: opened.append(open_server_window(root, rows))
    connected.serve_conversation()
    assert connected.banner.text.startswith("This conversation: no message of a server is in it")
    connected.send("message", "one")
    pump_until(lambda: any(row.direction == "in" for row in connected.log.rows))
    connected.serve_conversation()
    (window,) = opened
    log = Heard()
    client = tkws.open(window.url, log, master=root)
    pump_until(lambda: log.all("text") == ["one"])
    assert shown(window)[0] == "This conversation"
    hands.go_to(window.sendbox.text)
    hands.type("two")
    hands.press("Return")
    pump_until(lambda: log.all("text") == ["one", "two"])
    client.close()
    pump_until(lambda: log.over and not window.session.names)
    window.root.destroy()
    assert window.session.server.closed
    assert connected.winfo_exists()

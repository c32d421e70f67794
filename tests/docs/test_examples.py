"""Every program of the documentation runs as it stands there, and does what the page says."""

from __future__ import annotations

import ast
import contextlib
import logging
import os
import re
import socket
import ssl
import sys
import textwrap
import threading
import tkinter
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import trustme

import tkws
from tests import guards
from tests.docs.blocks import Program, fragments, programs

pytestmark = pytest.mark.thorough

REPOSITORY = Path(__file__).parents[2]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]

# The port of the pages, for which a free one stands in.
PORT = "8765"

# The names of other machines, for which this one stands in.
HOST_ELSEWHERE = re.compile(r"\b\w+\.example\b")

# Seconds that a program may take.
PATIENCE = 60.0  # seconds

Run = Callable[[Program], None]


class Stage:
    """Where programs run.

    Their ``mainloop`` returns when what the page shows has come about, or after ``quit``.
    """

    def __init__(self, pump_until: Callable[..., None], patch: pytest.MonkeyPatch) -> None:
        self._pump_until = pump_until
        self._patch = patch
        self._roots: list[tkinter.Tk] = []
        self._fetched: dict[str, bytes] = {}
        self._quit = False
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = str(probe.getsockname()[1])
        make, stage = tkinter.Tk.__init__, self

        def record(root: tkinter.Tk, *args: Any, **options: Any) -> None:
            make(root, *args, **options)
            stage._roots.append(root)

        patch.setattr(tkinter.Tk, "__init__", record)
        patch.setattr(tkinter.Misc, "quit", lambda _: setattr(stage, "_quit", True))

    def play(self, program: Program) -> None:
        """Runs a program, the one beside it first."""
        beside = program.says.get("beside")
        names: dict[str, Any] = {}
        for other in programs(program.page):
            if beside is not None and other.says.get("file") == beside:
                names = self._execute(other, {}, lambda _: None)
                break
        else:
            assert beside is None, f"there is no {beside} on the page"
        self._execute(program, names, lambda condition: self._pump_until(condition, timeout=PATIENCE))

    def _execute(
        self, program: Program, beside: dict[str, Any], run_mainloop: Callable[[Callable[[], object]], None]
    ) -> dict[str, Any]:
        page = str(program.page)
        names: dict[str, Any] = {"__name__": "__main__"}
        seen = {"beside": SimpleNamespace(**beside), "fetch": self._fetch}
        when, do, until = (
            partial(eval, compile(self.localized(program.says.get(key, "False")), page, "eval"), names, seen)
            for key in ("when", "do", "until")
        )
        done = False

        def condition() -> object:
            nonlocal done
            if not done and when():
                done = True
                do()
            return self._quit or not any(map(_exists, self._roots)) or until()

        self._patch.setattr(tkinter, "_default_root", None)
        self._patch.setattr(tkinter.Misc, "mainloop", lambda *_: run_mainloop(condition))
        text = "\n" * program.line + self.localized(program.text)
        exec(compile(text, page, "exec", dont_inherit=True), names)
        return names

    def _fetch(self, path: str) -> bytes:
        def read() -> None:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=PATIENCE) as answer:
                self._fetched[path] = answer.read()

        if path not in self._fetched:
            self._fetched[path] = b""
            threading.Thread(target=read).start()
        return self._fetched[path]

    def localized(self, text: str) -> str:
        """The text with the port that is free here."""
        return text.replace(PORT, self._port)

    def clear(self) -> None:
        """Takes everything away."""
        for root in reversed(self._roots):
            if not root.tk.call("info", "commands", "winfo"):
                guards.close_interpreter(root)
            elif guards.exists(root):
                root.destroy()
        self._roots.clear()


@pytest.fixture
def run(pump_until: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    with pytest.MonkeyPatch.context() as patch:
        stage = Stage(pump_until, patch)

        def run(program: Program) -> None:
            if program.needs_screen and not os.environ.get("DISPLAY") and sys.platform == "linux":
                pytest.skip("no screen: neither a DISPLAY nor Xvfb")
            stage.play(program)
            if program.output is not None:
                assert capsys.readouterr().out == stage.localized(program.output)

        with restored_loggers():
            yield run
        stage.clear()


@contextlib.contextmanager
def restored_loggers() -> Iterator[None]:
    """Take back what programs do to the loggers of tkws."""
    loggers = [logging.getLogger(name) for name in ("tkws", "tkws.client", "tkws.server")]
    before = [(logger.level, logger.handlers.copy()) for logger in loggers]
    yield
    for logger, (level, handlers) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.handlers[:] = handlers


def _exists(root: tkinter.Tk) -> bool:
    return not root.tk.call("info", "commands", "winfo") or guards.exists(root)


def _name(program: Program) -> str:
    return f"{program.page.relative_to(REPOSITORY)}:{program.line}"


@pytest.fixture
def folder_of_certificates(
    tmp_path: Path, ca: trustme.CA, certificate: trustme.LeafCert, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The folder that the programs run in, with the files that the page about TLS makes."""
    chain = b"".join(pem.bytes() for pem in certificate.cert_chain_pems)
    for name in ("cert.pem", "client.pem"):
        (tmp_path / name).write_bytes(chain + ca.cert_pem.bytes())
    for name in ("key.pem", "client-key.pem"):
        certificate.private_key_pem.write_to_path(tmp_path / name)
    for name in ("authority.pem", "company.pem"):
        ca.cert_pem.write_to_path(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder_of_certificates")
@pytest.mark.parametrize("program", [each for page in PAGES for each in programs(page)], ids=_name)
def test_example_does_what_the_page_says(program: Program, run: Run) -> None:
    run(program)


@pytest.fixture
def given(root: tkinter.Tk, folder_of_certificates: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names that fragments take for granted."""
    monkeypatch.setattr(tkinter, "_default_root", root)

    def handler(ws: tkws.WebSocket, type: str, message: Any) -> None:
        """As the pages' programs have one."""

    shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    return {
        "tkws": tkws,
        "ssl": ssl,
        "root": root,
        "server": tkws.serve(master=root, ssl=shown),
        "url": "ws://127.0.0.1:9/",
        "handler": handler,
        "shown": shown,
        "trusted": ssl.create_default_context(),
        "new_context": ssl.create_default_context(ssl.Purpose.CLIENT_AUTH),
        "fresh_token": lambda: "token",
    }


@pytest.mark.parametrize("fragment", [each for page in PAGES for each in fragments(page)], ids=_name)
def test_fragment_is_accepted(
    fragment: Program, given: dict[str, Any], root: tkinter.Tk, pump_until: Callable[..., None]
) -> None:
    text = HOST_ELSEWHERE.sub("127.0.0.1", fragment.text.replace(PORT, "0"))
    for statement in ast.parse(text).body:
        exec(compile(ast.Module([statement], []), str(fragment.page), "exec"), given)
        given["server"].close()
    root.update()


def page(folder: Path, text: str) -> Program:
    file = folder / "page.md"
    file.write_text(textwrap.dedent(text), encoding="utf-8")
    return programs(file)[-1]


def test_program_that_raises_is_noticed(tmp_path: Path, run: Run) -> None:
    with pytest.raises(NameError):
        run(page(tmp_path, "```python\nprin('hello')\n```\n"))


def test_callback_that_raises_is_noticed(
    tmp_path: Path, run: Run, callback_errors: list[BaseException]
) -> None:
    run(
        page(
            tmp_path,
            """\
            <!-- until: done -->
            ```python
            import tkinter

            done = []
            root = tkinter.Tcl()
            root.after(1, lambda: done.append(1 / len(done)))
            root.after(1, lambda: done.append(1))
            root.mainloop(-1)
            ```
            """,
        )
    )
    assert isinstance(callback_errors.pop(), ZeroDivisionError)


def test_other_output_is_noticed(tmp_path: Path, run: Run) -> None:
    with pytest.raises(AssertionError):
        run(page(tmp_path, "```python\nprint('hello')\n```\nIt prints:\n```output\nhell\n```\n"))


def test_program_that_does_not_do_it_is_noticed(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "PATIENCE", 0.05)
    with pytest.raises(TimeoutError, match="not within"):
        run(page(tmp_path, "```python\nimport tkinter\n\ntkinter.Tcl().mainloop(-1)\n```\n"))


def test_mistaken_remark_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="untill"):
        page(tmp_path, "<!-- untill: done -->\n```python\n```\n")


def test_what_is_no_program_is_not_run_as_one(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(
        "```python notest\nws.send(1)\n```\n```python fragment\nws.send(2)\n```\n", encoding="utf-8"
    )
    assert programs(file) == []
    assert [fragment.text for fragment in fragments(file)] == ["ws.send(2)\n"]


def test_a_mistake_in_a_fragment_is_noticed(
    given: dict[str, Any], root: tkinter.Tk, pump_until: Callable[..., None], tmp_path: Path
) -> None:
    file = tmp_path / "page.md"
    file.write_text("```python fragment\ntkws.open(url, handler, keep_alive=20)\n```\n", encoding="utf-8")
    with pytest.raises(TypeError, match="keep_alive"):
        test_fragment_is_accepted(fragments(file)[0], given, root, pump_until)

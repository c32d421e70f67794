"""Every program of the documentation runs as it stands there, and does what the page says."""

from __future__ import annotations

import os
import socket
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

from tests import guards
from tests.docs.blocks import Program, programs

REPOSITORY = Path(__file__).parents[2]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]

# The port of the pages, for which a free one stands in.
PORT = "8765"

# Seconds that a program may take.
PATIENCE = 10.0

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

        yield run
        stage.clear()


def _exists(root: tkinter.Tk) -> bool:
    return not root.tk.call("info", "commands", "winfo") or guards.exists(root)


def _name(program: Program) -> str:
    return f"{program.page.relative_to(REPOSITORY)}:{program.line}"


@pytest.mark.parametrize("program", [each for page in PAGES for each in programs(page)], ids=_name)
def test_example_does_what_the_page_says(program: Program, run: Run) -> None:
    run(program)


def page(folder: Path, text: str) -> Program:
    file = folder / "page.md"
    file.write_text(textwrap.dedent(text))
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


def test_fragment_is_not_run(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text("```python notest\nws.send(1)\n```\n")
    assert programs(file) == []

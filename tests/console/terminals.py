"""A program of the console's on a pseudo-terminal, as a person sees it."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]

ROWS = 24


class Screen:
    """``python -m tkws`` with a terminal for its input and its outputs.

    Args:
        *arguments: The words of its command line.
        columns: The width of the terminal; 0 for one that does not say it.
        term: Its type, as `TERM` names it. A dumb one has no line editor and no colours.
        environment: More variables of the environment.
    """

    def __init__(
        self,
        *arguments: str,
        columns: int = 80,
        term: str = "dumb",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        import fcntl
        import pty
        import termios

        self._columns = columns
        self._data = b""
        self._screen: Any = None  # made when it is looked at
        self._fed = 0  # bytes that it has
        self._fd, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS if columns else 0, columns, 0, 0))
        # The development mode makes asyncio complain of a callback that a busy machine has held up.
        mode = ["-X", "dev"] if term == "dumb" else ["-X", "faulthandler"]
        self._process = subprocess.Popen(
            [sys.executable, *mode, "-W", "error", "-m", "tkws", *arguments],
            cwd=REPOSITORY,
            env={**os.environ, "DISPLAY": "", "PYTHONUTF8": "1", "TERM": term, **(environment or {})},
            stdin=inner, stdout=inner, stderr=inner, start_new_session=True,
        )  # fmt: skip
        os.close(inner)
        os.set_blocking(self._fd, False)

    @property
    def text(self) -> str:
        """What was written to the terminal until now."""
        self._read()
        return self._data.decode()

    @property
    def lines(self) -> list[str]:
        """The lines that were written; a terminal ends them with CR LF."""
        return self.text.split("\r\n")

    @property
    def rows(self) -> list[str]:
        """The lines as the terminal shows them, where each letter is one column wide."""
        width = self._columns or 1 << 30
        return [
            line[start : start + width] for line in self.lines for start in range(0, len(line) or 1, width)
        ]

    @property
    def over(self) -> bool:
        """Whether the program has ended."""
        ended = self._process.poll() is not None
        return bool(self.text) and ended

    @property
    def display(self) -> list[str]:
        """What a person sees: the rows of the screen, without those at its end that are empty."""
        import pyte

        if self._screen is None:
            self._screen = pyte.Screen(self._columns or 80, ROWS)
            self._stream = pyte.ByteStream(self._screen)
        self._read()
        self._stream.feed(self._data[self._fed :])
        self._fed = len(self._data)
        rows = [row.rstrip() for row in self._screen.display]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.poll()

    @property
    def echoes(self) -> bool:
        """Whether the terminal shows by itself what is typed, as it does while no program edits a line."""
        import termios

        return bool(termios.tcgetattr(self._fd)[3] & termios.ECHO)

    def shows(self, text: str) -> bool:
        """Whether ``text`` was written to it."""
        return text in self.text

    def type(self, text: str) -> None:
        """Type on its keyboard."""
        os.write(self._fd, text.encode())

    def _read(self) -> None:
        try:
            while data := os.read(self._fd, 65536):
                self._data += data
        except OSError:  # there is nothing now, or the program has ended
            pass

    def clear(self) -> None:
        """End the program, where it has not ended by itself."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(timeout=30)
        os.close(self._fd)

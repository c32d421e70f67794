"""A program of the console's on a pseudo-terminal, as a person sees it."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


class Screen:
    """``python -m tkws`` with a terminal for its input and its outputs.

    Args:
        *arguments: The words of its command line.
        columns: The width of the terminal; 0 for one that does not say it.
    """

    def __init__(self, *arguments: str, columns: int = 80) -> None:
        import fcntl
        import pty
        import termios

        self._columns = columns
        self._data = b""
        self._fd, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24 if columns else 0, columns, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-X", "dev", "-W", "error", "-m", "tkws", *arguments],
            cwd=REPOSITORY, env={**os.environ, "DISPLAY": "", "PYTHONUTF8": "1"},
            stdin=inner, stdout=inner, stderr=inner, start_new_session=True,
        )  # fmt: skip
        os.close(inner)
        os.set_blocking(self._fd, False)

    @property
    def text(self) -> str:
        """What was written to the terminal until now."""
        try:
            while data := os.read(self._fd, 65536):
                self._data += data
        except OSError:  # there is nothing now, or the program has ended
            pass
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

    def shows(self, text: str) -> bool:
        """Whether ``text`` was written to it."""
        return text in self.text

    def type(self, text: str) -> None:
        """Type on its keyboard."""
        os.write(self._fd, text.encode())

    def clear(self) -> None:
        """End the program, where it has not ended by itself."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(timeout=30)
        os.close(self._fd)

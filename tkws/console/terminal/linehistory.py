"""The lines that were typed at the terminal before, in a file that belongs to the user alone.

Lines that may hold a secret are not kept. If the file cannot be read or written, there is no history.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from tkws.console.log.atomicfile import replace_text
from tkws.console.memory.secrecy import may_be_secret

_MAX_LINES = 1000


class LineHistory:
    """The history of lines.

    Args:
        path: The file: one JSON string a line, the newest last.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> list[str]:
        """Return the lines, the newest last; forget the oldest ones if there are too many."""
        try:
            written = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
        if len(written) > 2 * _MAX_LINES:
            written = written[-_MAX_LINES:]
            with contextlib.suppress(OSError), replace_text(self._path) as file:
                file.write("".join(f"{line}\n" for line in written))
        return [line for line in map(_parse, written[-_MAX_LINES:]) if line]

    def add(self, line: str) -> None:
        """Append a line, unless it may hold a secret."""
        if may_be_secret(line):
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(f"{json.dumps(line)}\n")


def _parse(written: str) -> str:
    try:
        line = json.loads(written)
    except ValueError:
        return ""
    return line if isinstance(line, str) else ""

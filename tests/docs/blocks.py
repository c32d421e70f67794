"""The Python blocks of a Markdown page, each a whole program, and what the page says of them.

A block of ``python`` is a program; one of ``python fragment`` needs names that the page takes for
granted. One of ``python notest`` is run by another test, or is another library's and leaves a thread
behind. The block ``output`` that follows a program is what it prints. A comment on the line before a
program, ``<!-- key: value; key: value -->``, tells more:

- ``file``: a name for it;
- ``beside``: the file of the same page that must be running meanwhile;
- ``when`` and ``do``: when the first expression becomes true, the second is what a person does then;
- ``until``: an expression that becomes true when the program has done what it shows.

The expressions see the program's names, ``beside.NAME`` for those of the program beside it, and
``fetch(PATH)``, which is the page that the program serves there, empty until it has come.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```(?P<info>[a-z].*)\n(?P<text>(?:.*\n)*?)```$", re.MULTILINE)
COMMENT = re.compile(r"<!-- (?P<says>.*) -->\n\Z")
KEYS = {"file", "beside", "when", "do", "until"}


@dataclass
class Program:
    """A program of a page."""

    page: Path
    line: int
    text: str
    says: dict[str, str]
    output: str | None = None

    @property
    def needs_screen(self) -> bool:
        return bool(re.search(r"\bTk\(\)", self.text))


def programs(page: Path) -> list[Program]:
    """The programs of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found: list[Program] = []
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start()) + 1
        if block["info"] == "python":
            comment = COMMENT.search(text, 0, block.start())
            found.append(Program(page, line, block["text"], _read(comment["says"]) if comment else {}))
        elif block["info"] == "output":
            found[-1].output = block["text"]
    return found


def fragments(page: Path) -> list[Program]:
    """The fragments of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Program(page, text.count("\n", 0, block.start()) + 1, block["text"], {})
        for block in BLOCK.finditer(text)
        if block["info"] == "python fragment"
    ]


def _read(says: str) -> dict[str, str]:
    read = dict(entry.split(": ", 1) for entry in says.split("; "))
    unknown = read.keys() - KEYS
    if unknown:
        raise ValueError(f"<!-- {says} -->: {unknown}")
    return read

"""Text that is read or written says how it is encoded: what it would be by default depends on the locale."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]

# Each with the number of arguments before the encoding, and the position of the mode, if it has one.
OPENERS = {
    "open": (3, 1),
    "fdopen": (3, 1),
    "read_text": (0, None),
    "write_text": (1, None),
}

STARTERS = ("run", "Popen", "call", "check_call", "check_output")

TEXT_MODE = re.compile("[rwax]?[+t]*")

SUSPECT = re.compile(r"open\(|_text\(|text=True|universal_newlines")


def without_encoding(source: str) -> Iterator[int]:
    """The lines of the calls that leave the encoding of text to the locale."""
    if not SUSPECT.search(source):
        return  # parsing takes long
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            named = {keyword.arg: keyword.value for keyword in node.keywords}
            if "encoding" not in named and (opens_text(node, named) or speaks_text(node, named)):
                yield node.lineno


def opens_text(call: ast.Call, named: dict[str | None, ast.expr]) -> bool:
    """Whether it opens, reads or writes a file of text, with no encoding among its positional arguments."""
    function = ast.unparse(call.func)
    name = function.rpartition(".")[2]
    if name not in OPENERS:
        return False
    before, place = OPENERS[name]
    if name == "open" and function not in ("open", "io.open", "aiofiles.open"):
        # A method: that of a Path if its first argument is a mode.
        return is_text_mode(call.args[0] if call.args else named.get("mode"), absent=False)
    mode = None
    if place is not None:
        mode = call.args[place] if len(call.args) > place else named.get("mode")
    return len(call.args) <= before and is_text_mode(mode, absent=True)


def is_text_mode(mode: ast.expr | None, *, absent: bool) -> bool:
    """Whether a file is text in this mode; ``absent`` where no mode is given."""
    if mode is None:
        return absent
    return (
        isinstance(mode, ast.Constant)
        and isinstance(mode.value, str)
        and bool(TEXT_MODE.fullmatch(mode.value))
    )


def speaks_text(call: ast.Call, named: dict[str | None, ast.expr]) -> bool:
    """Whether it starts a process, to speak to it in text."""
    return ast.unparse(call.func).rpartition(".")[2] in STARTERS and any(
        isinstance(value, ast.Constant) and value.value is True
        for name, value in named.items()
        if name in ("text", "universal_newlines")
    )


@pytest.mark.parametrize(
    "source",
    [
        "open(path)",
        "open(path, 'w')",
        "io.open(path, mode='a+')",
        "aiofiles.open(path)",
        "os.fdopen(number)",
        "path.open('w')",
        "path.open(mode='rt')",
        "path.read_text()",
        "path.write_text(text)",
        "path.write_text(text, errors='strict')",
        "subprocess.run(command, text=True)",
        "Popen(command, universal_newlines=True)",
    ],
)
def test_an_encoding_that_is_left_to_the_locale_is_found(source: str) -> None:
    assert list(without_encoding(f"\n{source}")) == [2]


@pytest.mark.parametrize(
    "source",
    [
        "open(path, 'rb')",
        "open(path, encoding='utf-8')",
        "os.fdopen(number, 'wb')",
        "os.open(path, os.O_RDONLY)",
        "tkws.open(url, handler)",
        "path.open('rb')",
        "path.read_text('utf-8')",
        "path.write_text(text, encoding='ascii')",
        "subprocess.run(command, encoding='utf-8')",
        "ledger.send(ws, text=True)",
        "path.read_bytes()",
    ],
)
def test_nothing_else_is_found(source: str) -> None:
    assert not list(without_encoding(source))


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["tkws", "demos", "tests", "docs"])
def test_no_encoding_is_left_to_the_locale(folder: str) -> None:
    found = [
        f"{path.relative_to(REPOSITORY)}:{line}"
        for path in sorted((REPOSITORY / folder).rglob("*.py"))
        for line in without_encoding(path.read_text(encoding="utf-8"))
    ]
    assert not found

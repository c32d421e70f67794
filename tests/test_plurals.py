"""A count and its noun, and that the package's texts have no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import tkws
from tkws.plurals import counted

PACKAGE = Path(tkws.__file__).parent
NOUNS = re.compile(
    r" (?:older |held )?"
    r"(bytes|calls|characters|clients|connections|files|fragments|frames|items|keys|lines|matches|messages|pings"
    r"|rows|seconds|times|values)\b"
)


@pytest.mark.parametrize(
    ("count", "style", "text"),
    [
        (0, "", "0 messages"),
        (1, "", "1 message"),
        (2, "", "2 messages"),
        (1.0, "g", "1 message"),
        (0.5, "g", "0.5 messages"),
        (1234, ",", "1,234 messages"),
    ],
)
def test_the_noun_has_the_number_of_the_count(count: float, style: str, text: str) -> None:
    assert counted(count, "message", style=style) == text


def test_a_verb_has_it_too() -> None:
    assert [counted(count, "row was", "rows were") for count in (1, 3)] == ["1 row was", "3 rows were"]


def rigid(tree: ast.AST) -> list[str]:
    """Return the texts with a noun in the plural after a count that may be 1."""
    return [
        ast.unparse(text)
        for text in ast.walk(tree)
        if isinstance(text, ast.JoinedStr)
        for count, noun in zip(text.values, text.values[1:], strict=False)
        if isinstance(count, ast.FormattedValue) and not ast.unparse(count.value).isupper()
        if isinstance(noun, ast.Constant) and NOUNS.match(str(noun.value))
    ]


def test_no_text_has_a_noun_that_is_always_in_the_plural() -> None:
    found = {
        path.relative_to(PACKAGE).as_posix(): texts
        for path in PACKAGE.rglob("*.py")
        if (texts := rigid(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert found == {}


def test_such_a_text_would_be_found() -> None:
    source = 'f"{n:,} older rows", f"{len(x)} bytes", f"{LIMIT} bytes", f"{name} bytestring", f"{n} x"'
    assert len(rigid(ast.parse(source))) == 2

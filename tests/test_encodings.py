"""Text of files and of programs has its encoding named: that of the locale may be any, ASCII among them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
FOLDERS = ("tkws", "demos", "docs", "tests")


def nameless(source: str) -> Iterator[int]:
    """Yield the line of each call that takes the locale's encoding."""
    if not re.search(r"(read|write)_text\(|text=True", source):
        return  # parsing takes long
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            named = {keyword.arg for keyword in node.keywords}
            method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            is_text = method in ("run", "Popen") and "text=True" in map(ast.unparse, node.keywords)
            if (is_text or method in ("read_text", "write_text")) and "encoding" not in named:
                yield node.lineno


def test_every_encoding_is_named() -> None:
    found = [
        f"{path.relative_to(REPOSITORY)}:{line}"
        for folder in FOLDERS
        for path in (REPOSITORY / folder).rglob("*.py")
        for line in nameless(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("call", "lines"),
    [
        ("path.read_text()", [1]),
        ("path.write_text('a')", [1]),
        ("subprocess.run([], text=True)", [1]),
        ("path.read_text(encoding='utf-8')", []),
        ("subprocess.run([], encoding='utf-8')", []),
        ("subprocess.run([])", []),
    ],
)
def test_a_call_without_one_is_found(call: str, lines: list[int]) -> None:
    assert list(nameless(call)) == lines

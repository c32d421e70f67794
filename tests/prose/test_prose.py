"""The linter of prose finds what it is for, and knows code from prose."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("proselint", reason="the linter is installed where the style is checked")

from tests.prose.__main__ import main

CLEAN = '''"""Read bytes from the socket."""


def read():
    """Return what was read; ``nobody`` is code."""
    raise ValueError("size: at least 1, not 0")  # RFC 6455, 5.2
'''


def check(tmp_path: Path, source: str) -> int:
    (tmp_path / "module.py").write_text(source, encoding="utf-8")
    return main([str(tmp_path)])


def test_plain_prose_passes(tmp_path, capsys):
    assert check(tmp_path, CLEAN) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("Read bytes from", "Whom it reads from is", 1),
        ("Return what was read", "Have it read", 5),
        ("size: at least 1, not 0", "size: this is no size", 6),
        ("RFC 6455, 5.2", "nobody knows", 6),
        ("RFC 6455, 5.2", "sent to everybody", 6),
        ("RFC 6455, 5.2", "this makes no sense", 6),
        ("RFC 6455, 5.2", "the sender goes on", 6),
        ("RFC 6455, 5.2", "is drawn anew", 6),
        ("RFC 6455, 5.2", "gives way to others", 6),
        ("RFC 6455, 5.2", "comes behind it", 6),
        ("RFC 6455, 5.2", "read bit by bit", 6),
        ("size: at least 1, not 0", "size: a number is wanted", 6),
        ("Return what was read", "Return what is read from its making on", 5),
        ("Return what was read", "Return what one will, first of all, read", 5),
    ],
)
def test_what_is_not_written_is_found(tmp_path, capsys, right, wrong, line):
    assert check(tmp_path, CLEAN.replace(right, wrong)) == 1
    assert f"module.py:{line}: " in capsys.readouterr().out

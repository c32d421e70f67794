"""The names and values in JSON, to be coloured: of a whole text or of some of its lines.

Pure functions. The text need not be JSON yet, or may be cut off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

_TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\\n]|\\.)*"?)(?P<colon>[ \t]*:)?'
    r"|(?P<number>(?<![\w.])-?\d[\d.eE+-]*)"
    r"|(?P<literal>\b(?:true|false|null)\b)"
)


class Token(StrEnum):
    """The kinds of tokens that have a colour; `Palette` has one of the same name for each."""

    NAME = "name"
    STRING = "string"
    NUMBER = "number"
    LITERAL = "literal"


def tokens(text: str) -> Iterator[tuple[Token, int, int]]:
    """Return the kind of each token, and where it begins and ends."""
    for match in _TOKEN.finditer(text):
        if match["string"] is not None:
            yield Token.NAME if match["colon"] else Token.STRING, *match.span("string")
        else:
            yield Token.NUMBER if match["number"] else Token.LITERAL, *match.span()

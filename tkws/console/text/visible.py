r"""Text as it came: what cannot be seen is written as an escape such as ``\x1b`` or ``\u202e``.

Pure functions. A message may contain control characters, marks of direction and other characters that a
screen does not show, or that change how other characters are shown.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from types import MappingProxyType

from tkws.errors import printable

EMPTY = "(empty)"
"""The text that is shown of a message without a payload."""

_SIGNS = MappingProxyType({"\n": "⏎", "\t": "⇥"})
_PLAIN = re.compile(r"[\n\t -~]+")
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"  # in many scripts and emoji; they change nothing else


def visible_line(text: str) -> str:
    """Return a text on one line: line feeds and tabs as signs, all else that cannot be seen as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible, text))


def visible_parts(text: str) -> list[tuple[str, bool]]:
    """Return a text in parts, with True for those that are escapes; line feeds and tabs stay as they are."""
    if _PLAIN.fullmatch(text):
        return [(text, False)]
    parts: list[tuple[str, bool]] = []
    begin = 0
    for at, char in enumerate(text):
        if char not in _SIGNS and (shown := _visible(char)) != char:
            if at > begin:
                parts.append((text[begin:at], False))
            parts.append((shown, True))
            begin = at + 1
    if begin < len(text):
        parts.append((text[begin:], False))
    return parts


def copied(text: str) -> str:
    """Return a text for the clipboard: as it came, but nothing in it acts on where it is pasted.

    Control characters, marks of direction and lone surrogates are escapes, since a clipboard cannot hold some
    of them, and a terminal or an editor would obey the others. Emoji stay whole.
    """
    return text if _PLAIN.fullmatch(text) else "".join(map(_copied, text))


@lru_cache(4096)
def _visible(char: str) -> str:
    return _SIGNS.get(char) or printable(char)


@lru_cache(4096)
def _copied(char: str) -> str:
    acts = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in _JOINERS
    return printable(char) if acts and char not in _SIGNS else char

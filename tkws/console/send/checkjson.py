"""Checks JSON before it is sent: where it is wrong, in words; and lays it out on several lines or on one.

Pure functions. Stricter than Python's own reader: no ``NaN``, and no half of a surrogate pair.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn

from tkws.console.text.prettyjson import Formatter

_SPACE_OR_STRING = re.compile(r'("(?:[^"\\]|\\.)*")|[ \t\r\n]+', re.DOTALL)


def check_json(text: str) -> None:
    """Do nothing if a text is JSON.

    Raises:
        ValueError: It is not; the message says where and why.
    """
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        reason = error.msg[:1].lower() + error.msg[1:]
        raise ValueError(f"line {error.lineno}, column {error.colno}: {reason}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply to be checked") from None


def beautify(text: str) -> str:
    """Return JSON with line breaks and indents, or on one line if it has those already; nothing else changes.

    Raises:
        ValueError: The text is not JSON.
    """
    check_json(text)
    if not text.strip().startswith(("{", "[")):
        return text.strip()
    pretty = "".join(Formatter(text).slices())
    return compact(text) if pretty == text.strip() else pretty


def compact(text: str) -> str:
    """Return JSON without white space between its tokens, on one line."""
    return _SPACE_OR_STRING.sub(lambda match: match[1] or "", text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON; use null or a string")

"""``{{variables}}`` of messages: what is filled in for them when the message is sent.

Pure functions but for the clock and chance. Names that begin with ``$`` have a new value each time: they are
those of Postman.
"""

from __future__ import annotations

import random
import re
import time
import uuid
from collections.abc import Callable, Mapping
from types import MappingProxyType

from tkws.errors import WebSocketError

_VARIABLE = re.compile(r"\{\{\s*([^{}\s](?:[^{}]*[^{}\s])?)\s*\}\}")
_MAX_DEPTH = 8  # of values that have variables themselves

DYNAMIC: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "$guid": lambda: str(uuid.uuid4()),
        "$timestamp": lambda: str(int(time.time())),
        "$isoTimestamp": lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "$randomInt": lambda: str(random.randint(0, 1000)),
    }
)
"""The variables that need no value, by their names."""


class UnknownVariables(WebSocketError, ValueError):
    """Some variables have no value.

    Attributes:
        names: Their names, without braces.
    """

    def __init__(self, names: list[str]) -> None:
        self.names: list[str] = names
        shown = ", ".join(f"{{{{{name}}}}}" for name in names)
        super().__init__(f"{shown} {'has' if len(names) == 1 else 'have'} no value")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return a text with the values of its variables.

    Args:
        text: The text. A value may have variables, too.
        values: The values by the names, in addition to `DYNAMIC`.

    Raises:
        UnknownVariables: Some have no value, or stand for themselves.
    """

    def value_of(match: re.Match[str]) -> str:
        name = match[1]
        if name in values:
            return values[name]
        return DYNAMIC[name]() if name in DYNAMIC else match[0]

    for _ in range(_MAX_DEPTH):
        filled = _VARIABLE.sub(value_of, text)
        if filled == text:
            break
        text = filled
    if unknown := names_in(text):
        raise UnknownVariables(unknown)
    return text


def names_in(text: str) -> list[str]:
    """Return the names of the variables of a text, each once."""
    return list(dict.fromkeys(_VARIABLE.findall(text)))


def read_values(lines: str) -> dict[str, str]:
    """Return the values by the names, from lines of ``name = value``; skip empty lines.

    Raises:
        ValueError: A line is not a value of a variable; the message has its number.
    """
    values = {}
    for number, line in enumerate(lines.splitlines(), 1):
        if line.strip():
            name, equals, value = line.partition("=")
            name = name.strip()
            if not equals or not _VARIABLE.fullmatch(f"{{{{{name}}}}}"):
                raise ValueError(f"Line {number}: 'name = value', not {line.strip()!r}")
            values[name] = value.strip()
    return values


def shown_values(values: Mapping[str, str]) -> str:
    """Return values as `read_values` reads them."""
    return "".join(f"{name} = {value}\n" for name, value in values.items())

"""The kinds of conditions, and how their texts are read, such as ``5 s`` or ``sequence by symbol``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from tkws.console.log.query import read_query
from tkws.console.text.fields import as_number, read_path
from tkws.console.watch.conditions import Condition, Gap, Latency, Pattern, Rate, Silence

_MAX_SECONDS = 86_400.0
_MAX_RATE = 1e6
_MIN_RATE = 0.01  # messages per second; fewer would take minutes to tell
_SECONDS = re.compile(r"(?P<number>\S+?)\s*(?P<unit>ms|s|min|)")
_UNITS: Final = (("ms", 0.001), ("s", 1.0), ("min", 60.0))
_FIELD = r'(?:"(?:[^"\\]|\\.)*"|[^\s"])+'
_SEQUENCE = re.compile(rf"(?P<name>{_FIELD})(?:\s+by\s+(?P<by>{_FIELD}))?")


class Kind(NamedTuple):
    """A kind of conditions."""

    name: str
    hint: str
    """A description of the text, with an example."""
    make: Callable[[str], Condition]
    """Returns the condition that a text stands for, or raises a `ValueError` with the reason."""


def _seconds(text: str, unit: str) -> float:
    """Return a time in seconds; ``unit`` is the one of a number without a unit."""
    match = _SECONDS.fullmatch(text.strip())
    number = as_number(match["number"]) if match else None
    seconds = None if match is None or number is None else number * dict(_UNITS)[match["unit"] or unit]
    if seconds is None or not 0 < seconds <= _MAX_SECONDS:
        raise ValueError(f"A time such as 5 s or 200 ms, at most {_MAX_SECONDS:,.0f} s, not {text!r}")
    return seconds


def _rate(text: str, *, is_upper: bool) -> Rate:
    limit = as_number(text.strip().removesuffix("/s"))
    if limit is None or not _MIN_RATE <= limit <= _MAX_RATE:
        raise ValueError(f"Messages per second, from {_MIN_RATE:g} to {_MAX_RATE:,.0f}, not {text!r}")
    return Rate(limit, is_upper=is_upper)


def _gap(text: str) -> Gap:
    match = _SEQUENCE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"A field such as sequence, or sequence by symbol, not {text!r}")
    return Gap(read_path(match["name"]), read_path(match["by"]) if match["by"] else None)


def _pattern(text: str) -> Pattern:
    text = text.strip()
    if not text:
        raise ValueError("A filter, such as level=error or /timed? out/")
    return Pattern(text, read_query(text))


PATTERN: Final = Kind("Pattern", "a filter, such as level=error or /timed? out/", _pattern)
SILENCE: Final = Kind(
    "Silence", "no message for so long, such as 5 s", lambda text: Silence(_seconds(text, "s"))
)
GAP: Final = Kind("Gap", "a number that goes up by one, such as sequence, or sequence by symbol", _gap)
ABOVE: Final = Kind(
    "Rate above", "messages per second, such as 1000", lambda text: _rate(text, is_upper=True)
)
BELOW: Final = Kind(
    "Rate below", "messages per second, such as 0.5", lambda text: _rate(text, is_upper=False)
)
LATENCY: Final = Kind(
    "Latency above", "the round trip of a ping, such as 200 ms", lambda text: Latency(_seconds(text, "ms"))
)

KINDS: Final = (PATTERN, SILENCE, GAP, ABOVE, BELOW, LATENCY)

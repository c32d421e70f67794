r"""The language of the filter: ``type=trade price>50 -heartbeat /regex/``.

All terms must hold; ``-`` before one turns it round.

======================  ==============================================================================
``word``, ``"a text"``  the message or its peer contains it, in any case; in binary messages also as hex
``/regex/``             the message contains a match, in any case
``data.price>=50``      the field of a JSON message compares so: ``= != > >= < <=``, numbers as numbers
``type=trade,quote``    one of these; ``*`` stands for any characters, so ``price=*`` asks for the field
``name~text``           the field contains the text, or a match of ``/regex/``
``@size>1000``          likewise of the row: ``@size``, ``@type``, ``@peer`` and ``@dir`` (in, out, note)
======================  ==============================================================================

Knows rows and JSON fields, but no widget.
"""

from __future__ import annotations

import fnmatch
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tkws.console.log.log import Row
from tkws.console.text.fields import MISSING, Path, as_number, as_text, lookup, parse, read_path

Test = Callable[[Row], bool]

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_NAME = rf"(?:{_QUOTED}|[\w$]+(?:[\w$-]*[\w$])?)"
_REGEX = r"/(?:[^/\\]|\\.)+/"
_COMPARISON = re.compile(
    rf"(?P<name>@?{_NAME}(?:\.{_NAME}|\[\d+\])*)(?P<sign>>=|<=|!=|=|>|<|~)"
    rf"(?P<value>(?:{_QUOTED}|{_REGEX}(?=\s|$)|[^\s\",]*)(?:,(?:{_QUOTED}|[^\s\",]*))*)(?=\s|$)"
)
_LITERAL = re.compile(rf"(?P<regex>{_REGEX})(?=\s|$)|(?P<quoted>{_QUOTED})(?=\s|$)")
_WORD = re.compile(r"\S+")

_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
)
_ATTRIBUTES: Mapping[str, Callable[[Row], Any]] = MappingProxyType(
    {
        "@size": lambda row: row.size,
        "@type": lambda row: row.type,
        "@peer": lambda row: row.peer,
        "@dir": lambda row: row.direction.value,
    }
)


@dataclass(frozen=True, slots=True)
class Query:
    """A filter that has been read.

    Attributes:
        tests: The terms; those that cost least come first.
        marks: The patterns that the terms look for in a message, to be marked there.
    """

    tests: tuple[Test, ...] = ()
    marks: tuple[re.Pattern[str], ...] = ()

    def passes(self, row: Row) -> bool:
        """Return whether all terms hold for a row."""
        return all(test(row) for test in self.tests)


def read_query(text: str) -> Query:
    """Return the query that a text is.

    Raises:
        ValueError: A regular expression is invalid, or a comparison lacks its value or has an unknown name.
    """
    cheap: list[Test] = []
    dear: list[Test] = []
    marks: list[re.Pattern[str]] = []
    for is_negated, match in _terms(text):
        groups = match.groupdict()
        if "sign" in groups:
            test, mark = _comparison(**groups), None
        else:
            test, mark = _search(match)
        (dear if "sign" in groups else cheap).append(_negated(test) if is_negated else test)
        if mark is not None and not is_negated:
            marks.append(mark)
    return Query((*cheap, *dear), tuple(marks))


def read_pattern(text: str) -> re.Pattern[str]:
    """Return the pattern that looks for a text, or for matches of ``/regex/``, in any case.

    Raises:
        ValueError: The regular expression is invalid.
    """
    is_regex = len(text) > 2 and text.startswith("/") and text.endswith("/")
    return _compile(text) if is_regex else re.compile(re.escape(text), re.IGNORECASE)


def equals_term(path: str, value: str) -> str:
    """Return the term that asks for a value of a field."""
    is_plain = re.fullmatch(r'[^\s",*/]+', value) is not None
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f"{path}={value}" if is_plain else f'{path}="{escaped}"'


def _terms(text: str) -> Iterator[tuple[bool, re.Match[str]]]:
    at = 0
    while (start := re.compile(r"\s*").match(text, at)) is not None and start.end() < len(text):
        at = start.end()
        is_negated = text[at] == "-" and re.compile(r"\S").match(text, at + 1) is not None
        at += is_negated
        match = _LITERAL.match(text, at) or _COMPARISON.match(text, at) or _WORD.match(text, at)
        assert match is not None
        at = match.end()
        yield is_negated, match


def _negated(test: Test) -> Test:
    return lambda row: not test(row)


def _search(match: re.Match[str]) -> tuple[Test, re.Pattern[str]]:
    groups = match.groupdict()
    if groups.get("regex"):
        pattern = _compile(match[0])
        return (lambda row: pattern.search(_text(row)) is not None), pattern
    wanted = _unquote(match[0]) if groups.get("quoted") else match[0]
    return _contains(wanted), re.compile(re.escape(wanted), re.IGNORECASE)


def _contains(wanted: str) -> Test:
    """Return a test for a text in any case, in binary messages also as hex."""
    folded = wanted.casefold()
    as_hex = folded.replace(" ", "")

    def test(row: Row) -> bool:
        if folded in _text(row).casefold() or folded in row.peer.casefold():
            return True
        return isinstance(row.payload, bytes) and as_hex in row.payload.hex()

    return test


def _text(row: Row) -> str:
    return row.payload if isinstance(row.payload, str) else row.payload.decode(errors="replace")


def _comparison(name: str, sign: str, value: str) -> Test:
    if not value and sign != "=":
        raise ValueError(f"{name}{sign}: a value is missing")
    holds = _value_test(sign, value)
    if name.startswith("@"):
        if name not in _ATTRIBUTES:
            raise ValueError(f"{name}: one of {', '.join(_ATTRIBUTES)}")
        attribute = _ATTRIBUTES[name]
        return lambda row: holds(attribute(row))
    return _field_test(read_path(name), holds)


def _field_test(path: Path, holds: Callable[[Any], bool]) -> Test:
    name = str(path[-1])
    packed = name.encode()

    def test(row: Row) -> bool:
        payload = row.payload
        # Parsing costs much more than this; an escape may hide the name.
        if isinstance(payload, str):
            if name not in payload and "\\" not in payload and isinstance(path[-1], str):
                return False
        elif packed not in payload and b"\\" not in payload and isinstance(path[-1], str):
            return False
        found = lookup(parse(payload), path)
        return found is not MISSING and holds(found)

    return test


def _value_test(sign: str, text: str) -> Callable[[Any], bool]:
    if sign == "~":
        if text.startswith("/") and text.endswith("/") and len(text) > 2:
            pattern = _compile(text)
            return lambda found: pattern.search(as_text(found)) is not None
        part = _unquote(text).casefold()
        return lambda found: part in as_text(found).casefold()
    if sign in _ORDERS:
        return _order_test(_ORDERS[sign], _unquote(text))
    tests = [_equal_test(part) for part in re.findall(rf"{_QUOTED}|[^,]+", text) or [""]]
    if sign == "=":
        return lambda found: any(test(found) for test in tests)
    return lambda found: not any(test(found) for test in tests)


def _order_test(compare: Callable[[Any, Any], bool], text: str) -> Callable[[Any], bool]:
    limit = as_number(text)

    def test(found: Any) -> bool:
        number = as_number(found)
        if limit is not None:
            return number is not None and compare(number, limit)
        return isinstance(found, str) and compare(found.casefold(), text.casefold())

    return test


def _equal_test(text: str) -> Callable[[Any], bool]:
    if "*" in text and not text.startswith('"'):
        pattern = re.compile(fnmatch.translate(re.sub(r"([\[?])", r"[\1]", text)), re.IGNORECASE)
        return lambda found: pattern.match(as_text(found)) is not None
    wanted = _unquote(text)
    number, folded = as_number(wanted), wanted.casefold()

    def test(found: Any) -> bool:
        return as_text(found).casefold() == folded or (number is not None and as_number(found) == number)

    return test


def _compile(regex: str) -> re.Pattern[str]:
    try:
        return re.compile(regex[1:-1], re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"{regex}: {error}") from None


def _unquote(text: str) -> str:
    is_quoted = len(text) > 1 and text.startswith('"') and text.endswith('"')
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL) if is_quoted else text

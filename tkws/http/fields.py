"""The grammar of header fields that hold lists: tokens and extensions (RFC 6455, 9.1; RFC 9110, 5.6).

Knows the syntax of lists, not the meaning of their elements. The values are text already; a repeated field
equals one with all the elements (RFC 9110, 5.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tkws.errors import HandshakeError

Parameters = Sequence[tuple[str, str | None]]
"""The parameters of an extension in their order; a value of None means that it has no value."""

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_IS_TOKEN = re.compile(_TOKEN)
_NAME = re.compile(rf"[ \t]*({_TOKEN})[ \t]*")
_PARAMETER = re.compile(
    rf";[ \t]*({_TOKEN})[ \t]*"  # the name
    rf'(?:=[ \t]*(?:({_TOKEN})|"((?:[^"\\]|\\.)*)")[ \t]*)?'  # the value, bare or quoted
)
_COMMAS = re.compile(r"[ \t]*,[ \t,]*")
_ESCAPE = re.compile(r"\\(.)")


def is_token(text: str) -> bool:
    """Tell whether ``text`` is a token: a name of a header, a method or a subprotocol (RFC 9110, 5.6.2)."""
    return _IS_TOKEN.fullmatch(text) is not None


def parse_list(values: Iterable[str]) -> list[str]:
    """Split the values of a field into its elements.

    Args:
        values: The field's values, one for each time that it occurs.

    Returns:
        The elements in order, unchecked; empty ones are skipped (RFC 9110, 5.6.1).
    """
    elements = (element.strip(" \t") for value in values for element in value.split(","))
    return [element for element in elements if element]


def parse_extensions(values: Iterable[str]) -> list[tuple[str, Parameters]]:
    """Read the values of Sec-WebSocket-Extensions (RFC 6455, 9.1).

    Args:
        values: The field's values, one for each time that it occurs.

    Returns:
        Each extension's name and parameters, in the order of preference; an empty list without a value. Empty
        elements are skipped (RFC 2616, 2.1, whose lists RFC 6455 uses).

    Raises:
        HandshakeError: A value breaks the grammar, or no value has an extension; the part is
            ``"extension"``.
    """
    values = list(values)
    extensions = [extension for value in values for extension in _parse_extension_list(value.strip(" \t"))]
    if values and not extensions:  # the grammar wants one at least: 1#extension
        raise HandshakeError("Sec-WebSocket-Extensions is malformed: it names no extension", part="extension")
    return extensions


def format_extension(name: str, parameters: Parameters) -> str:
    """Return the text of one extension, the reverse of `parse_extensions`."""
    return "; ".join([name, *(key if value is None else f"{key}={value}" for key, value in parameters)])


def _parse_extension_list(value: str) -> list[tuple[str, Parameters]]:
    extensions: list[tuple[str, Parameters]] = []
    position = _skip_commas(value, 0)
    while position < len(value):
        name = _NAME.match(value, position)
        if name is None:
            raise _malformed(value, position)
        position = name.end()
        parameters = []
        while parameter := _PARAMETER.match(value, position):
            parameters.append(_read_parameter(parameter))
            position = parameter.end()
        extensions.append((name[1], parameters))
        if value[position : position + 1] not in ("", ","):
            raise _malformed(value, position)
        position = _skip_commas(value, position)
    return extensions


def _skip_commas(value: str, position: int) -> int:
    found = _COMMAS.match(value, position)
    return found.end() if found else position


def _read_parameter(parameter: re.Match[str]) -> tuple[str, str | None]:
    name, bare, quoted = parameter.groups()
    if quoted is None:
        return name, bare
    # A quoted value still has to be a token once the quotes are off (RFC 6455, 9.1).
    value = _ESCAPE.sub(r"\1", quoted)
    if not is_token(value):
        raise _malformed(parameter.string, parameter.start(3))
    return name, value


def _malformed(value: str, position: int) -> HandshakeError:
    return HandshakeError(
        f"Sec-WebSocket-Extensions is malformed at {value[position : position + 20]!r}", part="extension"
    )

"""The header fields of an HTTP message (RFC 9110, 5).

Knows which names and values are valid, so that nothing in them can break the message, not
what they mean. Values are text in ISO-8859-1, byte for byte what is on the wire.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from tkws.http.fields import is_token


class HasItems(Protocol):
    """An object that gives header fields as a mapping does, such as ``http.server``'s ``self.headers``."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Return the pairs of name and value."""
        ...


HeadersLike = HasItems | Iterable[tuple[str, str]]
"""The fields that `Headers` is made from: a mapping or pairs of name and value."""

CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""Characters that a value must not have: control characters but the tab (RFC 9110, 5.5)."""

# Fields of an answer that stand once: a second one is an error of the server's, and no part of a list.
_SINGLE = frozenset(
    (
        "age", "content-length", "content-location", "content-range", "content-type", "date", "etag",
        "expires", "last-modified", "location", "retry-after", "sec-websocket-accept", "server", "set-cookie",
    )
)  # fmt: skip

# Texts that nearly every opening has: the same objects serve all, which saves 600 bytes for each connection.
_COMMON: Mapping[bytes, str] = MappingProxyType(
    {
        text.encode(): text
        for text in (
            "Accept", "Accept-Encoding", "Accept-Language", "Cache-Control", "Connection", "Cookie", "Host",
            "Origin", "Pragma", "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions", "Sec-WebSocket-Key",
            "Sec-WebSocket-Protocol", "Sec-WebSocket-Version", "Upgrade", "User-Agent",
            "13", "*/*", "gzip, deflate", "gzip, deflate, br", "keep-alive, Upgrade", "no-cache",
            "permessage-deflate", "permessage-deflate; client_max_window_bits", "websocket",
        )
    }
)  # fmt: skip

# Their values are secret: they grant access, or identify a person.
_SECRET = frozenset(("authorization", "proxy-authorization", "cookie", "set-cookie"))


class Headers(Mapping[str, str]):
    """Header fields: a mapping that ignores the case of names, keeps their order and never changes.

    A field that occurs several times is one entry whose values are joined by ", " (RFC 9110,
    5.3), those of Cookie by "; " (RFC 9113, 8.2.3); `get_all` has them one by one. Fields that stand once
    in an answer, such as Location and Retry-After, and Set-Cookie cannot be joined: the first value
    stands for it. `repr` hides the values of Authorization, Proxy-Authorization, Cookie and Set-Cookie.

    Args:
        fields: A mapping, or pairs of name and value; a name may come again in pairs.

    Raises:
        TypeError: `fields` is of a wrong type, or a name or a value is not a str.
        ValueError: A name is not a token, or a value has a line break or another control
            character or one beyond ISO-8859-1. The message names the header, not the value.
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: HeadersLike = ()) -> None:
        if isinstance(fields, Headers):
            self._fields: tuple[tuple[str, str], ...] = fields._fields
            return
        source: Any = fields
        try:
            pairs = [
                (name, value) for name, value in (source.items() if hasattr(source, "items") else source)
            ]
        except (TypeError, ValueError):
            kind = type(fields).__name__
            raise TypeError(f"headers: a mapping or pairs of name and value, not {kind}") from None
        self._fields = tuple((name, _check(name, value)) for name, value in pairs)

    @classmethod
    def received(cls, fields: Iterable[tuple[bytes, bytes]]) -> Headers:
        """Return the fields of a parsed message, without checking them again."""
        headers = cls()
        common = _COMMON.get
        headers._fields = tuple(
            (common(name) or name.decode("latin-1"), common(value) or value.decode("latin-1"))
            for name, value in fields
        )
        return headers

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """Every field as it was given, repeated ones as well."""
        return self._fields

    def get_all(self, name: str) -> list[str]:
        """Return the values of all fields of a name, in order; an empty list without any."""
        wanted = name.lower()
        return [value for name, value in self._fields if name.lower() == wanted]

    def __getitem__(self, name: str) -> str:
        values = self.get_all(name)
        if not values:
            raise KeyError(name)
        name = name.lower()
        return values[0] if name in _SINGLE else ("; " if name == "cookie" else ", ").join(values)

    def __iter__(self) -> Iterator[str]:
        spellings: dict[str, str] = {}
        for name, _ in self._fields:
            spellings.setdefault(name.lower(), name)
        return iter(spellings.values())

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self._fields})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        return _fold(self) == _fold(other)

    def __hash__(self) -> int:
        return hash(frozenset(_fold(self).items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self._fields)

    def __repr__(self) -> str:
        shown = [(name, "***" if name.lower() in _SECRET else value) for name, value in self._fields]
        return f"Headers({shown})"


def _restored(kind: type[Headers], fields: tuple[tuple[str, str], ...]) -> Headers:
    """Return unpickled fields, without checking them again: received ones were not checked either."""
    headers = kind()
    headers._fields = fields
    return headers


def _fold(headers: Mapping[str, str]) -> dict[str, str]:
    return {str(name).lower(): value for name, value in headers.items()}


def _check(name: object, value: object) -> str:
    """Return the value without the spaces around it, which do not belong to it (RFC 9110, 5.5)."""
    if not isinstance(name, str):
        raise TypeError(f"headers: each name a str, not {type(name).__name__}")
    if not is_token(name):
        raise ValueError(f"headers: {name!r} is not the name of a header")
    if not isinstance(value, str):
        raise TypeError(f"headers: the value of {name} a str, not {type(value).__name__}")
    value = value.strip(" \t")
    if CONTROL.search(value):
        raise ValueError(f"headers: the value of {name} has a line break or another control character")
    if any(character > "\xff" for character in value):
        raise ValueError(f"headers: the value of {name} has a character beyond ISO-8859-1")
    return value

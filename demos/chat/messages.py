"""The messages between the chat's server and clients, as described in ``schema.md``.

Each one is a text message with a JSON object, whose member ``type`` tells how to read the others. This module
encodes, decodes and checks them; it does not know which side sends which.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

MAX_TEXT = 2000
"""The maximum number of characters in a text."""

MAX_NICK = 20
"""The maximum number of characters in a nickname."""

MAX_BYTES = 16 * 1024
"""The maximum size of a message to the server, in bytes; a larger one closes the connection (1009)."""

ROOM_RULE = "A room's name has 1 to 24 letters (a to z), digits and hyphens."
"""The error message for an invalid name of a room."""

_ROOM = re.compile(r"[a-z0-9-]{1,24}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")

Message = dict[str, Any]


class BadMessageError(ValueError):
    """A message that does not fit the schema; the text is for the person that sent it."""


def encode(type: str, **members: object) -> str:
    """Return a message in the form in which it is sent."""
    return json.dumps({"type": type, **members}, ensure_ascii=False, separators=(",", ":"))


def decode(text: str) -> Message:
    """Return a received message; its other members have not been checked.

    Raises:
        BadMessageError: The text is not a JSON object with a type.
    """
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise BadMessageError("This is not JSON.") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise BadMessageError("A message must be an object with a type.")
    return message


def check_nick(nick: object) -> str:
    """Return a nickname without surplus spaces.

    Raises:
        BadMessageError: It is empty or too long, or contains invisible characters.
    """
    if not isinstance(nick, str) or not (short := " ".join(nick.split())):
        raise BadMessageError("A nickname needs at least one character.")
    if len(short) > MAX_NICK:
        raise BadMessageError(f"A nickname has at most {MAX_NICK} characters.")
    if _CONTROL.search(short) or not short.isprintable():
        raise BadMessageError("A nickname must consist of visible characters.")
    return short


def is_room(name: str) -> bool:
    """Return whether a name is valid for a room."""
    return _ROOM.fullmatch(name) is not None


def check_text(text: object) -> str:
    """Return a text without spaces around it.

    Raises:
        BadMessageError: It is empty or too long.
    """
    if not isinstance(text, str) or not (short := text.strip()):
        raise BadMessageError("This message is empty.")
    if len(short) > MAX_TEXT:
        raise BadMessageError(f"At most {MAX_TEXT} characters at a time; this has {len(short)}.")
    return short


def unique(nick: str, taken: Callable[[str], bool]) -> str:
    """Return ``nick``, or the first of ``nick 2``, ``nick 3`` ... that is not taken."""
    candidate, number = nick, 1
    while taken(candidate):
        number += 1
        ending = f" {number}"
        candidate = nick[: MAX_NICK - len(ending)] + ending
    return candidate

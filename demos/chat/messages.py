"""What the chat's server and clients say to each other, as ``schema.md`` describes it.

Every message is a JSON object in one text message; its member ``type`` says what the others
mean. Here they are written, read and checked; who sends which is not known here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

MOST_TEXT = 2000
"""Characters that one thing said may have."""

MOST_NICK = 20
"""Characters that a nickname may have."""

MOST_BYTES = 16 * 1024
"""Bytes that a message to the server may have; more closes the connection (1009)."""

ROOM_RULE = "A room's name is made of 1 to 24 letters (a to z), digits and hyphens."
"""Tells somebody what a room may be called."""

_ROOM = re.compile(r"[a-z0-9-]{1,24}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")

Message = dict[str, Any]


class BadMessageError(ValueError):
    """A message that is not in the schema; the text says why, in words for the person who sent it."""


def encode(type: str, **members: object) -> str:
    """Return a message as it is sent."""
    return json.dumps({"type": type, **members}, ensure_ascii=False, separators=(",", ":"))


def decode(text: str) -> Message:
    """Return a received message; its members are not checked yet.

    Raises:
        BadMessageError: For what is no JSON object with a type.
    """
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise BadMessageError("This is not JSON.") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise BadMessageError("A message is an object with a type.")
    return message


def check_nick(nick: object) -> str:
    """Return a nickname without needless blanks.

    Raises:
        BadMessageError: For an empty or too long one, or one with control characters.
    """
    if not isinstance(nick, str) or not (short := " ".join(nick.split())):
        raise BadMessageError("A nickname needs at least one character.")
    if len(short) > MOST_NICK:
        raise BadMessageError(f"A nickname has at most {MOST_NICK} characters.")
    if _CONTROL.search(short) or not short.isprintable():
        raise BadMessageError("A nickname is made of characters that one can see.")
    return short


def is_room(name: str) -> bool:
    """Whether a room may have this name."""
    return _ROOM.fullmatch(name) is not None


def check_text(text: object) -> str:
    """Return what somebody says, without blanks around it.

    Raises:
        BadMessageError: For nothing, or too much.
    """
    if not isinstance(text, str) or not (short := text.strip()):
        raise BadMessageError("There is nothing to say in this message.")
    if len(short) > MOST_TEXT:
        raise BadMessageError(f"At most {MOST_TEXT} characters at a time; this has {len(short)}.")
    return short


def unique(nick: str, taken: Callable[[str], bool]) -> str:
    """Return ``nick``, or the first of ``nick 2``, ``nick 3`` ... that is not taken."""
    candidate, number = nick, 1
    while taken(candidate):
        number += 1
        ending = f" {number}"
        candidate = nick[: MOST_NICK - len(ending)] + ending
    return candidate

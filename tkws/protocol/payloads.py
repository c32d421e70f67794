"""Turn what a program sends into the payload of a message or of a control frame.

The payload no longer belongs to the program: it is a copy, unless the original cannot change. Knows
nothing of states and masks.
"""

from __future__ import annotations

from typing import Final

from tkws.checks import Buffer, check_bytes_like
from tkws.protocol.frames import MAX_CONTROL_PAYLOAD, Opcode

_TEXT: Final = Opcode.TEXT  # in Python 3.11, looking a member up on its enum is a call
_BINARY: Final = Opcode.BINARY


def encode_message(message: str | Buffer) -> tuple[Opcode, bytes]:
    """Return the opcode of a message, by its type, and its payload.

    Raises:
        TypeError: ``message`` is neither text nor bytes-like.
        ValueError: The text cannot be encoded, or the buffer is closed.
    """
    if isinstance(message, str):
        try:
            return _TEXT, str.encode(message)  # a subclass may have another one
        except UnicodeEncodeError as error:
            raise _not_encodable("message", error) from error
    if type(message) is bytes:
        return _BINARY, message
    return _BINARY, check_bytes_like("message", message, "str or bytes-like")


def encode_control(name: str, payload: str | Buffer) -> bytes:
    """Return the payload of a ping or a pong, at most 125 bytes (RFC 6455, 5.5).

    Args:
        name: The argument's name, for the error.
        payload: ``str`` is encoded as UTF-8.

    Raises:
        TypeError: ``payload`` is neither text nor bytes-like.
        ValueError: The payload is too long, cannot be encoded, or the buffer is closed.
    """
    if isinstance(payload, str):
        try:
            encoded = str.encode(payload)
        except UnicodeEncodeError as error:
            raise _not_encodable(name, error) from error
    else:
        encoded = check_bytes_like(name, payload, "str or bytes-like")
    if len(encoded) > MAX_CONTROL_PAYLOAD:
        raise ValueError(f"{name}: at most {MAX_CONTROL_PAYLOAD} bytes, not {len(encoded)}")
    return encoded


def _not_encodable(name: str, error: UnicodeEncodeError) -> ValueError:
    return ValueError(f"{name}: not encodable as UTF-8: {error}")

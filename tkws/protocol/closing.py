"""The payload of a Close frame: its codes and its reason (RFC 6455, 5.5.1 and 7.4).

Knows nothing of frames, of connections or of the order of the closing handshake.
`decode_close` reads what `encode_close` makes, which always fits a control frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

from tkws.checks import check_text, check_whole, format_number
from tkws.errors import ProtocolError

# A control frame carries 125 bytes (RFC 6455, 5.5), two of which are the code.
MAX_REASON_BYTES = 123


class CloseCode(IntEnum):
    """The registered close codes (RFC 6455, 7.4.1, and the IANA registry that it created)."""

    NORMAL_CLOSURE = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    RESERVED = 1004
    NO_STATUS_RECEIVED = 1005
    ABNORMAL_CLOSURE = 1006
    INVALID_PAYLOAD = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    MANDATORY_EXTENSION = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014
    TLS_HANDSHAKE = 1015


DEFAULT_REASONS: Mapping[int, str] = MappingProxyType(
    {
        CloseCode.NORMAL_CLOSURE: "Closed normally",
        CloseCode.GOING_AWAY: "Going away",
        CloseCode.PROTOCOL_ERROR: "Protocol violated",
        CloseCode.UNSUPPORTED_DATA: "This type of data is not accepted",
        CloseCode.ABNORMAL_CLOSURE: "Connection lost without a closing handshake",
        CloseCode.INVALID_PAYLOAD: "Data does not match the type of its message",
        CloseCode.POLICY_VIOLATION: "Message refused by policy",
        CloseCode.MESSAGE_TOO_BIG: "Message too big",
        CloseCode.MANDATORY_EXTENSION: "A needed extension was not agreed",
        CloseCode.INTERNAL_ERROR: "Internal error",
        CloseCode.TLS_HANDSHAKE: "TLS handshake failed",
    }
)
"""The text shown in place of an empty reason, for the codes for which tcllib has one."""

# These four describe what happened on this side; they are never sent (RFC 6455, 7.4.1).
_NEVER_SENT = frozenset(
    (
        CloseCode.RESERVED,
        CloseCode.NO_STATUS_RECEIVED,
        CloseCode.ABNORMAL_CLOSURE,
        CloseCode.TLS_HANDSHAKE,
    )
)


def is_sendable(code: int) -> bool:
    """Tell whether a Close frame may carry this code.

    Args:
        code: A close code.

    Returns:
        True for the registered codes 1000 to 1003 and 1007 to 1014, for those of libraries, 3000 to
        3999, and for those of programs, 4000 to 4999 (RFC 6455, 7.4.2).
    """
    if 1000 <= code <= 1015:
        return code not in _NEVER_SENT
    return 3000 <= code <= 4999


def encode_close(code: int | None, reason: str = "") -> bytes:
    """Make the payload of a Close frame.

    Args:
        code: The close code, or None for a frame without one.
        reason: Why, for a person to read; cut between two characters to at most 123 bytes of UTF-8.

    Returns:
        At most 125 bytes; empty without a code.

    Raises:
        TypeError: `code` is not an int, or `reason` not a str.
        ValueError: `code` may not be sent, there is a `reason` without a code, or it has a lone
            surrogate, which UTF-8 cannot encode.
    """
    reason = check_text("reason", reason)
    if code is None:
        if reason:
            raise ValueError("reason: only with a code, since a Close frame cannot carry it alone")
        return b""
    code = check_whole("code", code, "a whole number or None")
    if not is_sendable(code):
        raise ValueError(f"code: 1000 to 1003, 1007 to 1014 or 3000 to 4999, not {format_number(code)}")
    return code.to_bytes(2, "big") + _encode_reason(reason)


def decode_close(payload: bytes | bytearray | memoryview) -> tuple[int, str]:
    """Read the payload of a Close frame.

    Args:
        payload: The unmasked payload.

    Returns:
        The code and the reason; 1005 and an empty reason if the payload is empty.

    Raises:
        ProtocolError: With code 1002 for a payload of one byte or a code that may not be
            sent, with 1007 for a reason that is not UTF-8 (RFC 6455, 5.5.1 and 8.1).
    """
    if not payload:
        return int(CloseCode.NO_STATUS_RECEIVED), ""
    if len(payload) == 1:
        raise ProtocolError(CloseCode.PROTOCOL_ERROR, "Close frame with half a code")
    code = int.from_bytes(payload[:2], "big")
    if not is_sendable(code):
        raise ProtocolError(CloseCode.PROTOCOL_ERROR, f"close code {code} may not travel")
    try:
        return code, str(payload[2:], "utf-8")
    except UnicodeDecodeError:
        raise ProtocolError(CloseCode.INVALID_PAYLOAD, "close reason is not UTF-8") from None


def _encode_reason(reason: str) -> bytes:
    try:
        # No character is shorter than a byte, so this slice loses nothing that would fit.
        encoded = reason[: MAX_REASON_BYTES + 1].encode()
    except UnicodeEncodeError:
        raise ValueError("reason: without a lone surrogate, which UTF-8 cannot carry") from None
    if len(encoded) <= MAX_REASON_BYTES:
        return encoded
    return encoded[:MAX_REASON_BYTES].decode("utf-8", "ignore").encode()

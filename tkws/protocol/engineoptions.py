"""The options and limits of an engine."""

from __future__ import annotations

from dataclasses import dataclass

from tkws.checks import MAX_COUNT
from tkws.protocol.payloads import encode_control


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """The options of an `Engine`; the defaults are a client's.

    Raises:
        TypeError: ``ping_payload`` is neither text nor bytes-like.
        ValueError: ``ping_payload`` is longer than 125 bytes, or cannot be encoded.
    """

    keepalive: float = 0.0
    """Seconds without receiving anything after which a ping is sent; 0 for never."""

    ping_payload: bytes = b""
    """The payload of these pings; empty to number them."""

    pong_timeout: float = 20.0
    """Seconds to wait for anything after such a ping; 0 to wait indefinitely."""

    close_timeout: float = 10.0
    """Seconds that the closing handshake may take without progress, counted from when the Close frame was
    sent, or from when the peer last took some of the output before it."""

    echo_close_reason: bool = False
    """Whether the answer to the peer's Close repeats its reason, not only its code."""

    max_message: int = 16 * 1024 * 1024
    """The most bytes that a received message may have, decompressed."""

    max_fragments: int = 131_072
    """The most frames that a received message may have."""

    in_parts: bool = False
    """Whether received messages are delivered in parts, as PART events; `max_message` then does not apply."""

    fragment_size: int = MAX_COUNT
    """The most bytes of payload that one sent frame may have; a longer message is sent in fragments.
    By default there is no limit."""

    def __post_init__(self) -> None:
        payload = encode_control("ping_payload", self.ping_payload)
        object.__setattr__(self, "ping_payload", payload)  # bytes, whatever it was


DEFAULTS = EngineOptions()

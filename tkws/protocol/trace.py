"""A frame as an observer sees it: sent or received, with the beginning of its payload.

For logs and debuggers: see `tkws.protocol.engine.Engine.trace`. Knows no logger.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tkws.errors import printable
from tkws.plurals import counted
from tkws.protocol.frames import FrameHeader, Opcode

MAX_BEGINNING = 80
"""Bytes of a payload that are kept."""


class TracedFrame(NamedTuple):
    """A frame that was received or written; its ``str`` is one line of printable characters.

    Attributes:
        received: Whether the peer sent it.
        header: Its header.
        payload: The first `MAX_BEGINNING` bytes of its payload, unmasked and decompressed.
        shortened: Whether the payload is longer.
    """

    received: bool
    header: FrameHeader
    payload: bytes
    shortened: bool

    def __str__(self) -> str:
        header = self.header
        flags = [name for name, value in _flags(header) if value]
        words = ["<" if self.received else ">", header.opcode.name, *flags, counted(header.length, "byte")]
        if self.payload:
            words[-1] += ":"
            words.append(_shown(header.opcode, self.payload) + ("..." if self.shortened else ""))
        return " ".join(words)


Tracer = Callable[[TracedFrame], object]
"""Called with a frame while the engine works: it must neither raise nor call the engine."""


def traced(header: FrameHeader, payload: bytes, *, received: bool) -> TracedFrame:
    """Return the trace of a frame.

    Args:
        header: Its header.
        payload: The beginning of its payload or all of it, unmasked and decompressed.
        received: Whether the peer sent it.
    """
    return TracedFrame(received, header, payload[:MAX_BEGINNING], len(payload) > MAX_BEGINNING)


def _flags(header: FrameHeader) -> list[tuple[str, bool]]:
    return [("fin", header.fin), ("rsv1", header.rsv1), ("masked", bool(header.mask))]


def _shown(opcode: Opcode, payload: bytes) -> str:
    if opcode is Opcode.TEXT:  # it may end in the middle of a character
        return f'"{printable(payload.decode(errors="ignore"))}"'
    if opcode is Opcode.CLOSE:
        return f"{int.from_bytes(payload[:2])} {printable(payload[2:].decode(errors='ignore'))}".rstrip()
    return ascii(payload)

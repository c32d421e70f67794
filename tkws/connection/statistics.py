"""The figures of a connection."""

from __future__ import annotations

from dataclasses import dataclass

from tkws.protocol.engine import Engine


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures of what a connection has sent and received so far (`WebSocket.statistics`).

    Attributes:
        messages_sent: Whole messages.
        messages_received: Whole messages.
        bytes_sent: Bytes on the wire, including headers.
        bytes_received: Bytes on the wire, including headers.
        frames_sent: Frames of any kind.
        frames_received: Frames of any kind.
        pings_sent: Pings, including those of the keepalive.
        pings_received: Pings; each was answered.
        pongs_received: Pongs, including unsolicited ones.
        compression_ratio: Bytes of compressed messages on the wire divided by their uncompressed
            bytes, in both directions together; 1.0 if none was compressed.
        broadcasts_skipped: Messages of `Server.broadcast` that were skipped because this
            connection was slow.
        connected_since: The Unix time of the opening, in seconds; None before it.
        reconnections: How many times the connection was opened again.
    """

    messages_sent: int = 0
    messages_received: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    frames_sent: int = 0
    frames_received: int = 0
    pings_sent: int = 0
    pings_received: int = 0
    pongs_received: int = 0
    compression_ratio: float = 1.0
    broadcasts_skipped: int = 0
    connected_since: float | None = None
    reconnections: int = 0


def statistics_of(
    engine: Engine, *, connected_since: float | None, reconnections: int, broadcasts_skipped: int
) -> Statistics:
    """Return the figures of an engine together with those that are counted elsewhere."""
    return Statistics(
        messages_sent=engine.writer.messages,
        messages_received=engine.reader.messages,
        bytes_sent=engine.writer.bytes_written,
        bytes_received=engine.bytes_received,
        frames_sent=engine.writer.frames,
        frames_received=engine.reader.frames,
        pings_sent=engine.pings_sent,
        pings_received=engine.pings_received,
        pongs_received=engine.pongs_received,
        compression_ratio=engine.compression_ratio,
        broadcasts_skipped=broadcasts_skipped,
        connected_since=connected_since,
        reconnections=reconnections,
    )

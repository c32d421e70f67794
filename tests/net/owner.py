"""An owner that writes down what its stream tells it, and holds the stream to its word."""

from __future__ import annotations

from collections.abc import Callable

from tkws.net import StreamOwner


class Recorder(StreamOwner):
    """Takes all that is received, in objects or, with ``place`` bytes, into a buffer of its own.

    Attributes:
        received: The bytes so far.
        told: The other calls, by name, in order.
        cause: What `connection_lost` said.
        on_data, on_eof, on_pause, on_resume, on_lost: Called in turn with nothing; None for no call.
    """

    def __init__(self, place: int = 0) -> None:
        self.received = bytearray()
        self.chunks: list[int] = []
        self.told: list[str] = []
        self.cause: Exception | None = None
        self.on_data: Callable[[], object] | None = None
        self.on_eof: Callable[[], object] | None = None
        self.on_pause: Callable[[], object] | None = None
        self.on_resume: Callable[[], object] | None = None
        self.on_lost: Callable[[], object] | None = None
        self.place = memoryview(bytearray(place)) if place else None

    @property
    def lost(self) -> bool:
        return "lost" in self.told

    @property
    def at_eof(self) -> bool:
        return "eof" in self.told

    def data_received(self, data: bytes) -> None:
        assert isinstance(data, bytes)
        self._take(data)

    def get_buffer(self) -> memoryview | None:
        assert not self.lost
        return self.place

    def buffer_updated(self, count: int) -> None:
        assert self.place is not None
        self._take(bytes(self.place[:count]))

    def _take(self, data: bytes) -> None:
        assert data
        assert not self.lost
        assert not self.at_eof
        self.received += data
        self.chunks.append(len(data))
        self._call(self.on_data)

    def eof_received(self) -> None:
        assert not self.lost
        assert not self.at_eof
        self.told.append("eof")
        self._call(self.on_eof)

    def connection_lost(self, cause: Exception | None) -> None:
        assert not self.lost
        self.told.append("lost")
        self.cause = cause
        self._call(self.on_lost)

    def pause_writing(self) -> None:
        assert not self.lost
        assert self._last_mark() != "pause"
        self.told.append("pause")
        self._call(self.on_pause)

    def resume_writing(self) -> None:
        assert not self.lost
        assert self._last_mark() == "pause"
        self.told.append("resume")
        self._call(self.on_resume)

    def _last_mark(self) -> str:
        return next((mark for mark in reversed(self.told) if mark in ("pause", "resume")), "")

    def _call(self, hook: Callable[[], object] | None) -> None:
        if hook is not None:
            hook()

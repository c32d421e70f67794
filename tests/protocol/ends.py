"""One end of a connection as tests drive it: frames in, events and frames out."""

from __future__ import annotations

import itertools
from typing import Any

from tests.protocol.received import FRAGMENTS, LIMIT, compression
from tests.protocol.wire import MASK, Frame, decode
from tkws.protocol.engine import Engine
from tkws.protocol.engineoptions import EngineOptions
from tkws.protocol.events import Event
from tkws.protocol.frames import Role
from tkws.protocol.masking import MaskPool

NOW = 1000.0


def masks() -> MaskPool:
    """Masks that count: 1, 2, 3 ..."""
    numbers = itertools.count(1)
    return MaskPool(lambda size: b"".join(next(numbers).to_bytes(4, "big") for _ in range(size // 4)))


def options(**changes: Any) -> EngineOptions:
    return EngineOptions(**{"keepalive": 30.0, "max_message": LIMIT, "max_fragments": FRAGMENTS} | changes)


def engine(role: Role = Role.SERVER, *, deflate: bool = False, **changes: Any) -> Engine:
    pool = changes.pop("masks", None) or (masks() if role is Role.CLIENT else None)
    return Engine(
        role, NOW, masks=pool, compression=compression() if deflate else None, options=options(**changes)
    )


def wire(end: Engine, *frames: Frame) -> bytes:
    """Return ``frames`` as the peer of ``end`` sends them."""
    return b"".join(frame.encode(end.role is Role.SERVER) for frame in frames)


def events(end: Engine, now: float = NOW) -> list[Any]:
    """Return what happened, as an owner finds out; of an error the code only."""
    told = end.take_events()
    end.complete_close(now)
    return [plain(*event) for event in told + end.take_events()]


def plain(type: Event, message: Any) -> tuple[Event, Any]:
    return type, message.code if type is Event.ERROR else message


def output(end: Engine) -> list[Frame]:
    """Return the frames that are to be written; a client's must be masked."""
    return decode(b"".join(end.writer.take_output_bytes()), masked=end.role is Role.CLIENT)


def receive(end: Engine, *frames: Frame, now: float = NOW) -> list[Any]:
    end.receive_data(wire(end, *frames), now)
    return events(end, now)


__all__ = ["MASK", "NOW", "engine", "events", "masks", "options", "output", "plain", "receive", "wire"]

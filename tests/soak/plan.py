"""When which fault comes: the same for the same seed. Knows names and times, not what a fault does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

# How often each comes, beside the others.
FAULTS = {
    "reset": 3,  # of every connection that goes through a link
    "reset_amid_bytes": 4,
    "stall": 3,
    "link_down": 2,
    "restart": 2,
    "half_close": 4,
    "half_close_by_server": 4,
    "slow_reader": 5,
    "slow_handler": 4,
    "raising_handler": 4,
    "updating_handler": 4,
    "dialog": 4,
    "flood": 6,
    "large_messages": 6,
    "flood_from_thread": 3,
    "close": 6,
    "close_by_server": 6,
}

# Seconds between two faults, on the average: long enough for most connections to open in between.
PAUSE = 0.25


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        at: Seconds from the beginning.
        name: One of `FAULTS`.
        size: From 0 to 1: how long it lasts, how much it is.
        where: From 0 to 1: which of those that it could hit.
    """

    at: float
    name: str
    size: float
    where: float


def plan(seed: int, seconds: float) -> Iterator[Fault]:
    """Yield the faults of a run in order."""
    chance = random.Random(seed)
    names, weights = list(FAULTS), list(FAULTS.values())
    at = 0.0
    while (at := at + chance.expovariate(1 / PAUSE)) < seconds:
        [name] = chance.choices(names, weights)
        yield Fault(at, name, chance.random(), chance.random())

"""What a long run must not use more and more of: memory, descriptors, threads."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression

# What a quarter of a run may have more than the one that it is compared with: blocks of Python's
# allocator, and bytes of the process. The least of each quarter counts, since messages on their way
# come and go.
MORE_BLOCKS = 20_000
MORE_BYTES = 24 << 20

ENDING = 10.0  # seconds that a thread may take to end


@dataclass(frozen=True)
class Sample:
    """A reading."""

    at: float
    blocks: int
    resident: int


def read(at: float) -> Sample:
    """Read the memory that is in use, in blocks of Python's and in bytes of the system's.

    What waits for the collector, and what the C library keeps for the next messages, is let go first:
    it depends on the largest messages so far, and would pass for a leak.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
    if trim is not None:
        trim(0)
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return Sample(at, sys.getallocatedblocks(), pages * os.sysconf("SC_PAGE_SIZE"))


def growth(samples: list[Sample]) -> list[str]:
    """Say what the last quarter of a run has more of than the second, beyond what comes and goes."""
    quarter = len(samples) // 4
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    grown = []
    for name, most in (("blocks", MORE_BLOCKS), ("resident", MORE_BYTES)):
        before, after = (min(getattr(each, name) for each in part) for part in (early, late))
        if after - before > most:
            grown.append(f"memory grows: {name} from {before:,} to {after:,}")
    return grown


def slope(samples: list[Sample], name: str) -> float:
    """Return by how much a reading grew in an hour, after the first quarter, by least squares."""
    later = samples[len(samples) // 4 :]
    return (
        linear_regression([each.at for each in later], [getattr(each, name) for each in later]).slope * 3600
    )


@dataclass(frozen=True)
class Held:
    """What the process holds."""

    descriptors: tuple[str, ...]
    threads: tuple[str, ...]

    @classmethod
    def now(cls) -> Held:
        """Read it, without what waits for the collector and threads that are about to end."""
        for thread in threading.enumerate():
            if thread is not threading.current_thread():
                thread.join(ENDING)
        gc.collect()
        kinds = []
        for name in os.listdir("/proc/self/fd"):
            try:
                kinds.append(os.readlink(f"/proc/self/fd/{name}").split(":")[0])
            except FileNotFoundError:
                pass  # the listing's own
        return cls(tuple(sorted(kinds)), tuple(sorted(each.name for each in threading.enumerate())))

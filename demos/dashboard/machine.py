"""What the machine does: processor, memory, network and disk, by psutil. Knows no network and no Tk."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Sample:
    """The figures of one moment, with rates since the one before."""

    time: float
    """When, in seconds since 1970."""

    cpu: float
    """Of the processors, in per cent."""

    cores: tuple[float, ...]
    """The same of each."""

    memory: float
    """Of the memory in use, in per cent."""

    received: float
    """Bytes a second from the network, loopback included."""

    sent: float
    """Bytes a second to the network."""

    read: float
    """Bytes a second from the disks."""

    written: float
    """Bytes a second to the disks."""


class Machine:
    """Measures; the first rates are those since it was made.

    Args:
        clock: The time of day in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        psutil.cpu_percent(percpu=True)  # per cent are since the last call
        self._before = clock(), *_totals()

    def sample(self) -> Sample:
        """Return the figures of now."""
        before, self._before = self._before, (self._clock(), *_totals())
        seconds = max(self._before[0] - before[0], 1e-3)
        rates = ((new - old) / seconds for new, old in zip(self._before[1:], before[1:], strict=True))
        cores = tuple(psutil.cpu_percent(percpu=True))
        cpu = sum(cores) / len(cores)
        return Sample(self._before[0], cpu, cores, psutil.virtual_memory().percent, *rates)


def _totals() -> tuple[int, int, int, int]:
    """Bytes received, sent, read and written since the machine started; 0 where it does not tell."""
    network, disk = psutil.net_io_counters(), psutil.disk_io_counters()
    return (
        network.bytes_recv if network else 0,
        network.bytes_sent if network else 0,
        disk.read_bytes if disk else 0,
        disk.write_bytes if disk else 0,
    )

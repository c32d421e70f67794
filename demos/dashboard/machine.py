"""The metrics of a machine: processor, memory, network and disk, by psutil. Knows neither network nor Tk."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Sample:
    """The metrics at one moment; rates are averages since the previous sample."""

    time: float
    """The Unix time in seconds."""

    cpu: float
    """The usage of all processors, in per cent."""

    cores: tuple[float, ...]
    """The usage of each processor, in per cent."""

    memory: float
    """The usage of memory, in per cent."""

    received: float
    """Bytes per second from the network, including loopback."""

    sent: float
    """Bytes per second to the network, including loopback."""

    read: float
    """Bytes per second from the disks."""

    written: float
    """Bytes per second to the disks."""


class Machine:
    """Measures this machine. The rates of the first sample are averages since the object was made.

    Args:
        clock: The time of day in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        psutil.cpu_percent(percpu=True)  # the usage is an average since the last call
        self._before = clock(), *_totals()

    def sample(self) -> Sample:
        """Return the present metrics."""
        before, self._before = self._before, (self._clock(), *_totals())
        seconds = max(self._before[0] - before[0], 1e-3)
        rates = ((new - old) / seconds for new, old in zip(self._before[1:], before[1:], strict=True))
        cores = tuple(psutil.cpu_percent(percpu=True))
        cpu = sum(cores) / len(cores)
        return Sample(self._before[0], cpu, cores, psutil.virtual_memory().percent, *rates)


def _totals() -> tuple[int, int, int, int]:
    """Return the bytes received, sent, read and written since the machine started; 0 if unknown."""
    network, disk = psutil.net_io_counters(), psutil.disk_io_counters()
    return (
        network.bytes_recv if network else 0,
        network.bytes_sent if network else 0,
        disk.read_bytes if disk else 0,
        disk.write_bytes if disk else 0,
    )

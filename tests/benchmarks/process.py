"""What Linux knows of a running process: processor time, context switches, memory. Read from outside."""

from __future__ import annotations

import re
import time
from pathlib import Path

# A process's processor time is the clock (~pid << 3) | CPUCLOCK_SCHED: see clock_getcpuclockid(3).
CPUCLOCK_SCHED = 2


def reading(pid: int) -> dict[str, float]:
    """Return the seconds of processor time, the context switches, and the memory now and at most in KiB."""
    folder = Path(f"/proc/{pid}")
    status = (folder / "status").read_text(encoding="utf-8")
    return {
        "cpu": time.clock_gettime(~pid << 3 | CPUCLOCK_SCHED),
        "switches": sum(_switches(thread) for thread in (folder / "task").glob("*/status")),
        "rss": _field(status, "VmRSS"),
        "peak": _field(status, "VmHWM"),
    }


def _field(status: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE)
    assert found, name
    return int(found[1])


def _switches(thread: Path) -> int:
    status = thread.read_text(encoding="utf-8")
    return _field(status, "voluntary_ctxt_switches") + _field(status, "nonvoluntary_ctxt_switches")

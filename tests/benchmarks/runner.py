"""One run: a contender and its peer, each in a process of its own, and what came of it.

The peer keeps to the first processor and the contender to the others, where there are others: else the
scheduler's choice, which changes from second to second, is what is measured.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from tests.benchmarks import process
from tests.benchmarks.orders import GO, Program
from tests.benchmarks.scenarios import Scenario

PATIENCE = 30.0

# A window has come to rest after this many seconds.
SETTLING = 0.2

# Those who send bytes and no frames, and so nothing masked.
UNMASKED = ("bare", "slices")

Figures = dict[str, Any]


def processors() -> tuple[set[int], set[int]]:
    """Return those for peers, and those for contenders; all for both where there is but one."""
    first, *others = sorted(os.sched_getaffinity(0))
    return {first}, set(others) or {first}


def command_of(contender: str) -> list[str]:
    """Return how a contender is started."""
    return [sys.executable, "-m", "tests.benchmarks.contender", contender]


def run_client(scenario: Scenario, contender: str, seconds: float) -> Figures:
    """Let a contender connect to a peer, and return the figures of both."""
    for_peers, for_contenders = processors()
    task = scenario.task(seconds) | {"masked": contender not in UNMASKED}
    with Program([sys.executable, "-m", "tests.benchmarks.peers"], task, for_peers) as peer:
        task["port"] = peer.hear(PATIENCE)["port"]
        with Program(command_of(contender), task, for_contenders) as window:
            window.hear(PATIENCE)
            time.sleep(SETTLING)
            window.tell(GO)
            window.hear(PATIENCE)
            before = process.reading(window.process.pid)
            peer.tell(GO)
            seen = window.hear(PATIENCE)
            after = process.reading(window.process.pid)
        return figures(scenario, seen, peer.hear(PATIENCE), before, after)


def figures(scenario: Scenario, seen: Figures, played: Figures, before: Figures, after: Figures) -> Figures:
    """Join what the window saw, what the peer played, and what the system counted.

    What was sent to the window is timed by the window, until it had all; round trips and what it sent are
    timed by the peer.
    """
    result = {name: seen[name] for name in ("late_p50", "late_p99", "late_max", "ticks", "messages")}
    result["repaints"] = seen["repaints"] / seen["seconds"]
    cpu = after["cpu"] - before["cpu"]
    result["load"] = cpu / seen["seconds"]
    result["cpu_each"] = cpu / max(1, seen["messages"]) * 1e6
    result["switches"] = after["switches"] - before["switches"]
    result["grown"] = (after["peak"] - before["rss"]) / 1024
    result["lost"] = played.get("messages", seen["messages"]) - seen["messages"]
    if scenario.peer == "take":
        result["rate"] = played["bytes"] / played["seconds"]
    elif scenario.peer == "ask":
        result["rate"] = played["messages"] / played["seconds"]
    else:
        unit = scenario.size if scenario.unit == "bytes/s" else 1
        result["rate"] = seen["messages"] * unit / seen["seconds"]
    return result

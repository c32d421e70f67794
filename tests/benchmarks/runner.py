"""One run: a contender and its peer, each in a process of its own, and what came of it.

The peer keeps to the first processor and the contender to the others, where there are others: else the
scheduler's choice, which changes from second to second, is what is measured.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks import process
from tests.benchmarks.orders import GO, Program
from tests.benchmarks.scenarios import Scenario

PATIENCE = 30.0

# A window has come to rest after this many seconds.
SETTLING = 0.2

# Those who send bytes and no frames, and so nothing masked.
UNMASKED = ("bare", "slices")

PEER = [sys.executable, "-m", "tests.benchmarks.peers"]

Figures = dict[str, Any]


def processors() -> tuple[set[int], set[int]]:
    """Return those for peers, and those for contenders; all for both where there is but one."""
    first, *others = sorted(os.sched_getaffinity(0))
    return {first}, set(others) or {first}


def command_of(contender: str) -> list[str]:
    """Return how a contender is started."""
    script = Path(__file__).parent / "contenders" / f"{contender}.tcl"
    if script.exists():
        return ["wish", str(script)]
    module = contender.removesuffix("_compiled")
    command = [sys.executable, "-m", "tests.benchmarks.contender", module]
    return ["env", "TKWS_PURE=1", *command] if contender == "tkws" else command


def run(scenario: Scenario, contender: str, seconds: float) -> Figures:
    """Let a contender play its part once, and return its figures."""
    task = scenario.task(seconds) | {"masked": contender not in UNMASKED}
    return run_server(task, contender) if scenario.serves else run_client(task, contender)


def run_client(task: dict[str, Any], contender: str) -> Figures:
    """Let a contender connect to a peer."""
    for_peers, for_contenders = processors()
    with Program(PEER, task, for_peers) as peer:
        task["port"] = peer.hear(PATIENCE)["port"]
        with Program(command_of(contender), task, for_contenders) as window:
            window.hear(PATIENCE)
            time.sleep(SETTLING)
            seen = play(window, peer)
        played = peer.hear(PATIENCE)
    seen["lost"] = played.get("messages", seen["messages"]) - seen["messages"]
    # What was sent to the window is timed by the window, until it had all; the rest by the peer.
    if task["peer"] in ("ask", "take"):
        seen["rate"] = played.get("bytes", played.get("messages")) / played["seconds"]
    else:
        seen["rate"] = seen["messages"] * (task["size"] if task["binary"] else 1) / seen["seconds"]
    return seen


def run_server(task: dict[str, Any], contender: str) -> Figures:
    """Let a contender serve a swarm."""
    for_peers, for_contenders = processors()
    with Program(command_of(contender), task, for_contenders) as window:
        port = window.hear(PATIENCE)["port"]
        empty = process.reading(window.process.pid)
        with Program(PEER, task | {"port": port}, for_peers) as swarm:
            joined = swarm.hear(PATIENCE)
            time.sleep(SETTLING)
            crowded = process.reading(window.process.pid)
            time.sleep(1.0)
            rested = process.reading(window.process.pid)
            seen = play(window, swarm)
            played = swarm.hear(PATIENCE)
    seen["lost"] = played["messages"] - seen["messages"]
    seen["rate"] = seen["messages"] / seen["seconds"]
    if task["clients"] > 1:
        seen["kib_each"] = (crowded["rss"] - empty["rss"]) / task["clients"]
        seen["idle_switches"] = rested["switches"] - crowded["switches"]
    return seen | {name: value for name, value in (joined | played).items() if name != "messages"}


def play(window: Program, peer: Program) -> Figures:
    """Let both begin, and return what the window saw of it, and what it cost."""
    pid = window.process.pid
    window.tell(GO)
    window.hear(PATIENCE)
    before = process.reading(pid)
    peer.tell(GO)
    seen = window.hear(PATIENCE)
    after = process.reading(pid)
    cpu = after["cpu"] - before["cpu"]
    return seen | {
        "repaints": seen["repaints"] / seen["seconds"],
        "load": cpu / seen["seconds"],
        "cpu_each": cpu / max(1, seen["messages"]) * 1e6,
        "switches": after["switches"] - before["switches"],
        "grown": (after["peak"] - before["rss"]) / 1024,
    }

"""What it costs to await, on the loop of tkws and on asyncio's own; the peers are other processes.

Rates are for a second of this process's processor time, since the two take turns on a machine that does other
work as well. For the flood, the loop of tkws has a window with the meter's timers; else it has no screen.
"""

from __future__ import annotations

import asyncio
import sys
import time
import tkinter
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from websockets.asyncio.client import connect

from tests.benchmarks.dot import MovingDot
from tests.benchmarks.meter import Meter
from tests.benchmarks.orders import GO, Program
from tests.benchmarks.results import Round
from tkws import aio

PEER = [sys.executable, "-m", "tests.benchmarks.peers"]
PATIENCE = 25.0
SECONDS = 0.3
SLEEPS = 10_000

TASK = {"size": 64, "binary": False, "seconds": SECONDS}
ECHO = TASK | {"peer": "ask", "masked": True, "flight": 1}
FLOOD = TASK | {"peer": "flood"}

Figures = dict[str, float]
Client = Callable[[str, Program, bool], Coroutine[Any, Any, Figures]]
Run = Callable[[Coroutine[Any, Any, Figures]], Figures]


def loops() -> Round:
    """Compare the loops: echoes by the client of websockets, with 1 in flight."""
    return {"tkws": talk(in_tcl, by_websockets, ECHO), "asyncio": talk(asyncio.run, by_websockets, ECHO)}


def echoes() -> Round:
    """Compare the clients, each on its own loop: echoes with 1 in flight."""
    return {"tkws": talk(in_tcl, by_tkws, ECHO), "websockets": talk(asyncio.run, by_websockets, ECHO)}


def floods() -> Round:
    """Compare the clients by what they receive."""
    return {"tkws": talk(in_window, by_tkws, FLOOD), "websockets": talk(asyncio.run, by_websockets, FLOOD)}


def sleeps() -> Round:
    """Compare by tasks that sleep."""
    return {"tkws": in_tcl(sleep_all()), "asyncio": asyncio.run(sleep_all())}


def talk(run: Run, client: Client, task: dict[str, Any]) -> Figures:
    """Let a client talk with a peer, until the peer closes the connection."""
    with Program(PEER, task, set()) as peer:
        port = peer.hear(PATIENCE)["port"]
        return run(client(f"ws://127.0.0.1:{port}/", peer, task is ECHO))


async def by_tkws(url: str, peer: Program, echo: bool) -> Figures:
    """Be the client by `aio.connect`."""
    async with aio.connect(url, compression=False, proxy=None) as ws:
        return await receive(ws, ws.send if echo else None, peer)


async def by_websockets(url: str, peer: Program, echo: bool) -> Figures:
    """Be the client by websockets."""
    async with connect(url, compression=None, proxy=None) as ws:
        return await receive(ws, ws.send if echo else None, peer)


async def receive(messages: Any, send: Callable[[Any], Awaitable[object]] | None, peer: Program) -> Figures:
    """Receive all messages, and send each back if asked to."""
    peer.tell(GO)
    count, begin = 0, time.process_time()
    async for message in messages:
        count += 1
        if send is not None:
            await send(message)
    return {"rate": count / (time.process_time() - begin)}


async def sleep_all() -> Figures:
    """Sleep in many tasks at once, each for its own time."""
    begin = time.process_time()
    async with asyncio.TaskGroup() as group:
        for number in range(SLEEPS):
            group.create_task(asyncio.sleep(0.1 + number / SLEEPS))
    return {"ms": (time.process_time() - begin) * 1000}


def in_tcl(main: Coroutine[Any, Any, Figures]) -> Figures:
    """Run a coroutine in Tk's loop without a screen."""
    figures = aio.run(main, master=tkinter.Tcl())
    assert figures is not None
    return figures


def in_window(main: Coroutine[Any, Any, Figures]) -> Figures:
    """Run a coroutine in a window whose timer and redraws are measured."""
    window = MeteredWindow()
    try:
        figures = aio.run(main, master=window.root)
        assert figures is not None
        report = window.meter.report()
    finally:
        window.close()
    late = {name: report[name] for name in ("late_p50", "late_p99", "late_max")}
    return figures | late | {"repaints": report["repaints"] / report["seconds"]}


class MeteredWindow:
    """A window in which a dot moves, and a timer comes late.

    Attributes:
        root: Tk.
        meter: Measures both.
    """

    def __init__(self) -> None:
        self.root = tkinter.Tk()
        self.meter = Meter()
        dot = MovingDot(self.root, self.meter)
        self.root.update()
        self.meter.begin()
        dot.start()

    def close(self) -> None:
        """End it, and its timers."""
        for script in self.root.tk.splitlist(self.root.tk.call("after", "info")):
            self.root.after_cancel(script)
        self.root.destroy()

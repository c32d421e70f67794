"""Handlers that are coroutine functions: wherever a handler is given, and in order."""

from __future__ import annotations

import asyncio
import functools
import subprocess
import sys
import time

import pytest

import tkws
from tkws import aio
from tkws.testing import connected_pair

pytestmark = pytest.mark.thorough


def plain(ws, type, message):
    """A handler that does nothing."""


@pytest.fixture
def told() -> list:
    """What the handler of `record` was told, and when it was done with it."""
    return []


@pytest.fixture
def record(told):
    """An async handler that takes a while for each event."""

    async def record(ws, type, message):
        told.append((type, message))
        await asyncio.sleep(0.001)
        told.append("done")

    return record


def types(told: list) -> list:
    return [type for type, _ in told[::2]]


ALL = [tkws.Event.CONNECT, *[tkws.Event.TEXT] * 5, tkws.Event.CLOSE, tkws.Event.DISCONNECT]


def hello(ws):
    for number in range(5):
        ws.send(str(number))
    ws.close()


def on_connect(call):
    return lambda ws, type, message: call(ws) if type == "connect" else None


def test_events_come_one_after_the_other(guest, root, pump_until, told, record):
    server = tkws.serve(master=root)
    server.live("/", on_connect(hello))
    tkws.open(server.url, record, master=root)
    pump_until(lambda: len(told) == 2 * len(ALL))
    assert types(told) == ALL
    assert told[1::2] == ["done"] * len(ALL)
    assert [message for type, message in told[::2] if type == "text"] == list("01234")
    server.close()


class Callable:
    def __init__(self, record):
        self._record = record

    async def __call__(self, ws, type, message):
        await self._record(ws, type, message)

    async def method(self, ws, type, message):
        await self._record(ws, type, message)


class Methods(tkws.Handler):
    """Some of its methods are async."""

    def __init__(self, record, told):
        self._record = record
        self._told = told

    def __call__(self, ws, type, message):
        if type == "text":
            return super().__call__(ws, type, message)
        self._told.extend([(type, message), "done"])
        return None

    async def on_text(self, ws, message):
        await self._record(ws, tkws.Event.TEXT, message)


KINDS = {
    "function": lambda record, told: record,
    "wrapped": lambda record, told: aio.handler(record),
    "lambda": lambda record, told: aio.handler(lambda *event: record(*event)),  # noqa: PLW0108 - a lambda is the case
    "partial": lambda record, told: functools.partial(record),
    "object": lambda record, told: Callable(record),
    "method": lambda record, told: Callable(record).method,
    "class": Methods,
    "tee": lambda record, told: tkws.tee(plain, record, plain),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ["open", "configure", "serve", "live", "decorator", "takeover"])
def test_any_handler_may_be_async(guest, root, pump_until, told, record, kind, way):
    handler = KINDS[kind](record, told)
    pair = server = None
    if way == "takeover":
        _, pair = connected_pair(handler, plain, master=root)
        hello(pair)
    else:
        server = tkws.serve(master=root, **({"handler": handler} if way == "serve" else {}))
        if way == "live":
            tkws.live(server, "/", handler)
        elif way == "decorator":
            server.live("/")(handler)
        elif way in ("open", "configure"):
            server.live("/", on_connect(hello))
        ws = tkws.open(
            server.url, {"open": handler, "configure": plain}.get(way, on_connect(hello)), master=root
        )
        if way == "configure":
            ws.configure(handler=handler)
            assert ws["handler"] is handler
    pump_until(lambda: len(told) == 2 * len(ALL))
    assert types(told) == ALL
    assert told[1::2] == ["done"] * len(ALL)
    if server is not None:
        server.close()


@pytest.mark.parametrize("wrapper", [tkws.batched, tkws.latest])
def test_one_that_paces_waits_for_an_async_handler(guest, root, pump_until, told, record, wrapper):
    _, peer = connected_pair(wrapper(record, every=0.001), plain, master=root)
    for message in ("a", b"b", "c"):
        peer.send(message)
    peer.close()
    pump_until(lambda: told[-2:-1] and told[-2][0] == "disconnect" and told[-1] == "done")
    assert told[1::2] == ["done"] * (len(told) // 2)
    assert told[::2][-3][1] in (["c"], "c")


def test_one_that_is_reentrant_handles_events_beside_each_other(guest, root, pump_until):
    running, most = set(), []
    done = asyncio.Event()

    async def handler(ws, type, message):
        if type == "text":
            running.add(message)
            most.append(len(running))
            await done.wait()
            running.discard(message)

    _, peer = connected_pair(handler, plain, master=root, reentrant=True)
    for message in "abc":
        peer.send(message)
    pump_until(lambda: len(running) == 3)
    done.set()
    pump_until(lambda: not running)


def test_several_that_listen_hold_events_until_all_are_done(guest, root, pump_until):
    first, second = [], []
    done = asyncio.Event()

    async def slow(ws, type, message):
        second.append(message)
        if type == "text":
            await done.wait()

    async def quick(ws, type, message):
        first.append(message)

    _, peer = connected_pair(tkws.tee(quick, slow), plain, master=root)
    for message in "abc":
        peer.send(message)
    pump_until(lambda: "a" in second)
    for _ in range(20):
        root.update() if hasattr(root, "update") else root.dooneevent(2)
    assert first[-1] == second[-1] == "a"
    done.set()
    pump_until(lambda: first[-1] == second[-1] == "c")


@pytest.mark.slow
def test_the_peer_is_slowed_while_it_awaits_and_its_pings_are_answered(guest, root, pump_until):
    done = asyncio.Event()
    received, pongs = [], []

    async def handler(ws, type, message):
        if type == "text":
            await done.wait()
            received.append(len(message))

    def sender(ws, type, message):
        if type == "pong":
            pongs.append(message)

    ours, peer = connected_pair(handler, sender, master=root)
    peer.send("begin")
    peer.ping(b"?")
    pump_until(lambda: pongs)
    count = 2000
    for _ in range(count):
        peer.send("x" * 50_000)  # 100 MB: far beyond the buffers of the sockets
    changed = (peer.buffered_amount, time.monotonic())

    def is_settled():
        nonlocal changed
        if peer.buffered_amount != changed[0]:
            changed = (peer.buffered_amount, time.monotonic())
        return time.monotonic() > changed[1] + 0.2

    pump_until(is_settled)
    assert ours.statistics.messages_received < 100
    assert peer.buffered_amount > 50_000_000
    done.set()
    pump_until(lambda: len(received) == count + 1)


def test_a_pause_of_the_programs_holds_after_the_handler_is_done(guest, root, pump_until):
    messages = []

    async def handler(ws, type, message):
        if type == "text":
            messages.append(message)
            ws.pause()
            await asyncio.sleep(0)
            root.after(20, lambda: (messages.append("resumed"), ws.resume()))

    _, peer = connected_pair(handler, plain, master=root)
    peer.send("a")
    peer.send("b")
    pump_until(lambda: len(messages) == 4)
    assert messages == ["a", "resumed", "b", "resumed"]


def test_its_exception_is_reported_and_the_next_event_comes(guest, root, pump_until):
    reported, messages = [], []
    root.report_callback_exception = lambda kind, error, trace: reported.append(str(error))

    async def handler(ws, type, message):
        if type == "text":
            messages.append(message)
            await asyncio.sleep(0)
            raise ValueError(message)

    _, peer = connected_pair(handler, plain, master=root)
    peer.send("a")
    peer.send("b")
    pump_until(lambda: reported == ["a", "b"])
    assert messages == ["a", "b"]


def test_it_is_cancelled_when_the_window_goes(guest, root, pump_until):
    ended = []

    async def handler(ws, type, message):
        if type == "connect":
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(type)

    connected_pair(handler, plain, master=root)
    pump_until(lambda: any("connect of" in task.get_name() for task in guest.spawned))
    pump_until(lambda: guest.spawned and not guest._ready)
    guest.host.close()
    assert ended == ["connect"]


def test_what_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match="function: a callable"):
        aio.handler(None)


def test_without_aio_an_async_handler_is_refused():
    program = """
import asyncio, tkinter, tkws
async def handler(ws, type, message): pass
class Handler(tkws.Handler):
    async def on_text(self, ws, message): pass
root = tkinter.Tcl()
server = tkws.serve(master=root)
for call in (
    lambda: tkws.open(server.url, handler, master=root),
    lambda: tkws.open(server.url, Handler(), master=root),
    lambda: server.live("/", handler),
    lambda: tkws.tee(handler),
    lambda: tkws.batched(handler),
    lambda: tkws.serve(master=root, handler=handler),
):
    try:
        call()
    except TypeError as error:
        print(str(error).partition(":")[2])
server.close()
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True
    )
    assert (
        result.stdout.splitlines()
        == [" import tkws.aio, which runs async functions, before one is given"] * 6
    )

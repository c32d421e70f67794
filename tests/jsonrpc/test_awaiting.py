"""Calls that are awaited, and methods that are coroutines."""

from __future__ import annotations

import asyncio
import contextlib
import pickle
from collections.abc import Callable

import pytest

import tkws
from tkws import JSONRPCError, aio
from tkws.aio.handlers import MAX_AHEAD
from tkws.protocol.frames import Opcode


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110 - what happens in a handler sets no event
        await asyncio.sleep(0)


@pytest.fixture
def pair(notifier, root):
    """``async with pair(rpc, client=...) as ws``: a client's connection to a server with ``rpc``."""

    @contextlib.asynccontextmanager
    async def pair(rpc, client=None):
        opened = asyncio.get_running_loop().create_future()
        over = asyncio.get_running_loop().create_future()
        server = tkws.serve(master=root)
        server.live("/", rpc)

        def handler(ws, type, message):
            if type == "connect":
                opened.set_result(None)
            elif type == "disconnect":
                over.set_result(None)

        client = tkws.JSONRPC(handler) if client is None else tkws.tee(client, handler)
        ws = tkws.open(server.url, client, master=root)
        try:
            await opened
            yield ws
        finally:
            ws.close()
            await over
            server.close()

    return pair


@pytest.fixture
def rpc() -> tkws.JSONRPC:
    rpc = tkws.JSONRPC()

    @rpc.method
    async def slowly(ws, value):
        await asyncio.sleep(0)
        return value

    @rpc.method
    async def refuse(ws):
        await asyncio.sleep(0)
        raise JSONRPCError(5, "no")

    @rpc.method
    async def crash(ws):
        raise ZeroDivisionError

    @rpc.method
    async def never(ws):
        await asyncio.Event().wait()

    @rpc.method
    async def ask_back(ws):
        return ["it says", await ws.call("name")]

    return rpc


def test_results_and_errors_are_awaited(pair, rpc, root, callback_errors):
    async def main():
        async with pair(rpc) as ws:
            assert await ws.call("slowly", [1]) == 1
            assert await asyncio.gather(*(ws.call("slowly", [number]) for number in range(20))) == [
                *range(20)
            ]
            with pytest.raises(JSONRPCError) as raised:
                await ws.call("refuse")
            assert raised.value.code == 5
            with pytest.raises(JSONRPCError, match="Internal error"):
                await ws.call("crash")
            with pytest.raises(JSONRPCError, match="Invalid params"):
                await ws.call("slowly")
            assert isinstance(callback_errors.pop(), ZeroDivisionError)

    aio.run(main(), master=root)


def test_a_call_that_is_done_can_be_awaited_again(pair, rpc, root):
    async def main():
        async with pair(rpc) as ws:
            result, error = ws.call("slowly", [1]), ws.call("refuse")
            await asyncio.gather(result, error, return_exceptions=True)
            assert await result == 1
            with pytest.raises(JSONRPCError):
                await error
            cancelled = ws.call("never")
            cancelled.cancel()
            with pytest.raises(asyncio.CancelledError):
                await cancelled

    aio.run(main(), master=root)


def test_a_timeout_is_raised(pair, rpc, root):
    async def main():
        async with pair(rpc) as ws:
            with pytest.raises(tkws.CallTimeout):
                await ws.call("never", timeout=0.02)

    aio.run(main(), master=root)


def test_a_cancelled_wait_cancels_the_call(pair, rpc, root):
    async def main():
        async with pair(rpc) as ws:
            call = ws.call("never")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await call
            await asyncio.sleep(0)
            assert call.cancelled
            shielded = ws.call("slowly", [1])
            waiting = asyncio.ensure_future(shielded)
            await asyncio.sleep(0)
            shielded.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

    aio.run(main(), master=root)


def test_the_end_of_the_connection_is_raised(pair, rpc, root):
    async def main():
        async with pair(rpc) as ws:
            call = ws.call("never")
            asyncio.get_running_loop().call_soon(ws.close)
            with pytest.raises(tkws.ConnectionClosed) as raised:
                await call
            assert raised.value.code == 1000

    aio.run(main(), master=root)


def test_a_method_asks_back(pair, rpc, root):
    client = tkws.JSONRPC()
    client.method("name")(lambda ws: "the client")

    async def main():
        async with pair(rpc, client) as ws:
            assert await ws.call("ask_back") == ["it says", "the client"]

    aio.run(main(), master=root)


def test_a_method_that_runs_is_cancelled_with_its_connection(pair, root):
    rpc, ends = tkws.JSONRPC(), []

    @rpc.method
    async def wait(ws):
        ends.append("begun")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    async def main():
        async with pair(rpc) as ws:
            call = ws.call("wait")
            await until(lambda: ends)
            ws.close()
            with pytest.raises(tkws.ConnectionClosed):
                await call
        await until(lambda: len(ends) == 2)

    aio.run(main(), master=root)
    assert ends == ["begun", "cancelled"]


def test_an_async_handler_may_wait_for_an_answer(pair, rpc, root):
    """The answer is an event of the same connection, which does not wait for the handler."""
    told = []
    done = asyncio.Event()

    async def handler(ws, type, message):
        told.append(str(type))
        if type == "connect":
            told.append(await ws.call("slowly", ["first"]))
            told.append(await ws.call("slowly", ["second"]))
            done.set()

    async def main():
        async with pair(rpc, tkws.JSONRPC(handler)) as ws:
            await done.wait()
            assert ws.state is tkws.State.OPEN
        await until(lambda: told[-1] == "disconnect")

    aio.run(main(), master=root)
    assert told == ["connect", "first", "second", "close", "disconnect"]


def test_a_flood_does_not_pile_up_behind_an_async_handler(notifier, root, peers, pump_until):
    """Reading stops once 256 events wait for it, and goes on afterwards."""
    go_on, told = asyncio.Event(), []

    async def handler(ws, type, message):
        await go_on.wait()
        told.append(str(type))

    ws, peer = peers.taken(root, tkws.JSONRPC(handler))
    frame = peer.frame(Opcode.BINARY, b"x" * 10)
    for _ in range(4):
        peer.send(frame * 500)
    pump_until(lambda: ws._session.delivery.should_pause_reading)
    assert len(asyncio.all_tasks(aio.loop(root))) <= MAX_AHEAD + 1
    aio.loop(root).call_soon(go_on.set)
    pump_until(lambda: len(told) == 2001)
    aio.loop(root).host.close()


def test_a_call_is_awaited_in_the_thread_of_tk(pair, rpc, root):
    async def main():
        async with pair(rpc) as ws:
            call = ws.call("never")

            async def wait():
                await call

            with pytest.raises(tkws.StateError):
                await asyncio.to_thread(asyncio.run, wait())

    aio.run(main(), master=root)


def test_values_of_another_codec(notifier, root):
    codec = tkws.Codec(pickle.dumps, pickle.loads)
    rpc = tkws.JSONRPC()
    rpc.method("union")(lambda ws, *sets: set().union(*sets))

    async def main():
        server = tkws.serve(master=root, codec=codec)
        server.live("/", rpc)
        opened = asyncio.Event()
        client = tkws.JSONRPC(lambda ws, type, message: opened.set())
        ws = tkws.open(server.url, client, master=root, codec=codec)
        await opened.wait()
        assert await ws.call("union", [{1}, {2}]) == {1, 2}
        ws.close()
        await until(lambda: ws.state is tkws.State.CLOSED)
        server.close()

    aio.run(main(), master=root)

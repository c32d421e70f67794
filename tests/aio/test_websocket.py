"""WebSockets that are awaited: both ends in one loop, and `websockets` at the other end."""

from __future__ import annotations

import asyncio
import socket

import pytest

import tkws
from tests.aio.waiting import until
from tkws import aio
from tkws.aio.messagequeue import MAX_QUEUE


@pytest.mark.parametrize("message", ["text", b"binary", "x" * 100_000, ""])
def test_messages_of_both_kinds(run, message):
    async def main(client, server):
        await client.send(message)
        received = await server.recv()
        await server.send(received)
        return await client.recv()

    assert run(main) == message


@pytest.mark.parametrize("kind", ["iterable", "asynchronous", "empty", "one"])
def test_fragments(run, kind):
    async def each(items):
        for item in items:
            await asyncio.sleep(0)
            yield item

    async def main(client, server):
        fragments = {"empty": [], "one": ["abc"]}.get(kind, ["a", "b", "c"])
        sending = asyncio.create_task(client.send(each(fragments) if kind == "asynchronous" else fragments))
        await asyncio.sleep(0)
        await client.send("next")
        await sending
        return [await server.recv() for _ in range(1 if kind == "empty" else 2)]

    assert set(run(main)) == ({"next"} if kind == "empty" else {"abc", "next"})


def test_fragments_that_fail_close_the_connection(run):
    async def main(client, server):
        def fragments():
            yield "a"
            yield "b"
            raise ValueError("of the program")

        with pytest.raises(ValueError, match="of the program"):
            await client.send(fragments())
        with pytest.raises(aio.ConnectionClosedError):
            await server.recv()
        return server.close_code

    assert run(main) == 1011


def test_iteration_ends_when_it_is_closed_in_order(run):
    async def main(client, server):
        for number in range(200):
            await client.send(str(number))
        closing = asyncio.create_task(client.close())
        received = [message async for message in server]
        await closing
        return received

    assert run(main) == [str(number) for number in range(200)]


def test_iteration_raises_when_it_is_closed_by_a_fault(run):
    async def main(client, server):
        closing = asyncio.create_task(client.close(1011, "broken"))
        with pytest.raises(aio.ConnectionClosedError, match="1011 broken") as raised:
            async for _ in server:
                pass
        await closing
        assert isinstance(raised.value, tkws.ConnectionClosed)
        assert (raised.value.code, raised.value.reason) == (1011, "broken")
        assert (server.close_code, server.close_reason) == (1011, "broken")
        with pytest.raises(aio.ConnectionClosedError):
            await server.send("late")
        with pytest.raises(aio.ConnectionClosedError):
            await server.ping()
        with pytest.raises(aio.ConnectionClosedError):
            await server.pong()

    run(main)


def test_a_cancelled_recv_loses_nothing(run):
    async def main(client, server):
        received = []
        for number in range(100):
            receiving = asyncio.create_task(server.recv())
            await client.send(str(number))
            for _ in range(number % 7):
                await asyncio.sleep(0)
            receiving.cancel()
            try:
                received.append(await receiving)
            except asyncio.CancelledError:
                pass
        while len(received) < 100:
            received.append(await server.recv())
        return received

    assert run(main) == [str(number) for number in range(100)]


@pytest.mark.slow
def test_a_full_queue_slows_the_peer(run):
    async def main(client, server):
        async def send_all():
            for _ in range(400):
                await client.send("x" * 100_000)

        sending = asyncio.create_task(send_all())
        await until(lambda: len(server._queue.messages) >= MAX_QUEUE and client.ws.buffered_amount > 100_000)
        assert not sending.done()
        assert len(server._queue.messages) < 2 * MAX_QUEUE
        for _ in range(400):
            await server.recv()
        await sending

    run(main, high_water=100_000, low_water=10_000, compression=False)


@pytest.mark.parametrize(("max_queue", "most"), [(1, 1), (8, 8), ((10, 10), 10), (None, 100)])
def test_the_length_of_the_queue_is_the_programs(run, max_queue, most):
    async def main(client, server):
        for number in range(100):
            await client.send(str(number))
        await until(lambda: len(server._queue.messages) >= most)
        pong = await client.ping()
        if max_queue is None:
            await pong
        assert len(server._queue.messages) == most
        return [await server.recv() for _ in range(100)]

    assert run(main, max_queue=max_queue) == [str(number) for number in range(100)]


def test_a_connection_whose_queue_is_full_can_be_closed(run):
    async def main(client, server):
        for number in range(500):
            await client.send(str(number))
        await until(lambda: len(server._queue.messages) >= MAX_QUEUE)
        await server.close()
        return client.close_code, client.state

    assert run(main)[1] in (tkws.State.CLOSED, tkws.State.CLOSING)


def test_a_ping_gives_its_latency(run):
    async def main(client, server):
        first, second = await client.ping(), await client.ping("second")
        with pytest.raises(tkws.StateError, match="this payload"):
            await client.ping("second")
        assert await second >= 0
        assert await first >= 0
        await client.pong("unasked")
        return await server.ping()

    run(main)


def test_a_second_receiver_is_refused(run):
    async def main(client, server):
        receiving = asyncio.create_task(server.recv())
        await asyncio.sleep(0)
        with pytest.raises(tkws.StateError, match="another task"):
            await server.recv()
        await client.send("x")
        return await receiving

    assert run(main) == "x"


def test_what_it_is(run):
    async def main(client, server):
        assert client.state is server.state is tkws.State.OPEN
        assert client.subprotocol is None
        assert client.remote_address == server.local_address
        assert client.local_address == server.remote_address
        assert server.request.path == "/"
        assert client.response.status == 101
        assert client.close_code is client.close_reason is None
        assert client.latency == 0.0

    run(main)


# ---- connect


def test_an_opening_that_fails(guest):
    with pytest.raises(tkws.OpenError):
        guest.run_until_complete(opened("ws://127.0.0.1:1/"))


async def opened(url, **options):
    return await aio.connect(url, **options)


def test_an_opening_is_cancelled(guest):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}/"

        async def main():
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await aio.connect(url)

        guest.run_until_complete(main())


def test_it_connects_again(guest, root):
    async def handler(connection):
        await connection.send("hello")
        await connection.close(1011)

    async def main():
        said = []
        async with aio.serve(handler, master=root) as server:
            backoff = tkws.Backoff(initial=0.01, maximum=0.02)
            async for ws in aio.connect(server.url, backoff=backoff):
                try:
                    while True:
                        said.append(await ws.recv())
                except aio.ConnectionClosedError:
                    if len(said) == 3:
                        break
        return said

    assert guest.run_until_complete(main()) == ["hello"] * 3


def test_the_names_of_websockets(guest, root):
    async def handler(connection):
        await connection.wait_closed()

    async def main():
        async with (
            aio.serve(handler, "127.0.0.1", 0, ping_interval=None, max_size=1000, compression=None) as server,
            aio.connect(
                server.url,
                additional_headers={"X-A": "b"},
                open_timeout=5,
                ping_interval=20,
                compression="deflate",
            ) as ws,
        ):
            return ws.request.headers["X-A"], ws.ws["keepalive"], server.port > 0

    assert guest.run_until_complete(main()) == ("b", 20, True)
    with pytest.raises(TypeError):
        guest.run_until_complete(opened("ws://127.0.0.1:1/", nonsense=1))


@pytest.mark.parametrize("kind", ["connect", "serve"])
def test_a_window_that_has_gone_is_refused(guest, root, kind, pump_until):
    refused = []

    async def handler(connection):
        pass

    async def work():
        try:
            refused.append("waits")
            await asyncio.Event().wait()
        finally:
            with pytest.raises(tkws.StateError, match="destroyed"):
                await (aio.connect("ws://127.0.0.1:1/") if kind == "connect" else aio.serve(handler))
            refused.append("refused")

    guest.create_task(work())
    pump_until(lambda: refused)
    guest.host.close()
    assert refused == ["waits", "refused"]


def test_another_loop_is_refused():
    with pytest.raises(RuntimeError, match="in the loop of its window"):
        asyncio.run(opened("ws://127.0.0.1:1/"))


# ---- serve


def test_a_handler_that_fails(guest, root, callback_errors):
    async def handler(connection):
        raise ValueError("of the handler")

    async def main():
        server = await aio.serve(handler, master=root)
        async with aio.connect(server.url) as ws:
            with pytest.raises(aio.ConnectionClosedError, match="1011"):
                await ws.recv()
        server.close()
        await server.wait_closed()

    guest.run_until_complete(main())
    guest.run_until_complete(until(lambda: callback_errors))
    assert [str(error) for error in callback_errors] == ["of the handler"]
    callback_errors.clear()


def test_a_peer_that_leaves_is_not_a_fault_of_the_handler(guest, root):
    async def handler(connection):
        await connection.recv()

    async def main():
        async with aio.serve(handler) as server, aio.connect(server.url):
            pass

    guest.run_until_complete(main())


def test_serve_forever_is_cancelled(guest, root):
    async def main():
        server = await aio.serve(lambda connection: connection.wait_closed())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await server.serve_forever()
        return server.server.connections

    assert guest.run_until_complete(main()) == []


def test_websockets_at_the_other_end(guest, root):
    client = pytest.importorskip("websockets.asyncio.client")

    async def echo(connection):
        async for message in connection:
            await connection.send(message)

    async def main():
        async with aio.serve(echo) as server, client.connect(server.url, proxy=None) as ws:
            await ws.send(["a", "b"])
            return await ws.recv()

    assert guest.run_until_complete(main()) == "ab"


# ---- stream, and the end


def test_a_connection_of_the_callback_style_is_awaited(guest, root):
    async def handler(connection):
        await connection.send(await connection.recv())
        await connection.wait_closed()

    async def main():
        async with aio.serve(handler) as server:
            ws = tkws.open(server.url, lambda *_: None, master=root)
            connection = aio.stream(ws)
            for call in (connection.send("too early"), connection.ping(), connection.pong()):
                with pytest.raises(
                    tkws.StateError, match="^the connection is not open yet: await its `opened`$"
                ):
                    await call
            with pytest.raises(tkws.StateError, match="not open yet"):
                connection.send_stream(["too early"])
            await connection.opened
            await connection.send("hello")
            said = await connection.recv()
            await connection.close()
            with pytest.raises(tkws.StateError, match="closed"):
                aio.stream(ws)
            return said

    assert guest.run_until_complete(main()) == "hello"


@pytest.mark.parametrize("wait", ["recv", "send", "wait_closed", "iterate", "open"])
def test_the_interpreter_ends_at_any_await(guest, root, wait, pump_until):
    log = []

    async def handler(connection):
        await connection.wait_closed()

    async def work():
        server = await aio.serve(handler)
        try:
            if wait == "open":
                log.append(1)
                await aio.connect(server.url)
            ws = await aio.connect(server.url, high_water=1000, low_water=10)
            log.append(1)
            if wait == "send":
                while True:
                    await ws.send(b"x" * 100_000)
            elif wait == "iterate":
                async for _ in ws:
                    pass
            else:
                await getattr(ws, wait)()
            await asyncio.Event().wait()
        finally:
            log.append("ended")

    task = guest.create_task(work())
    pump_until(lambda: log)
    guest.run_until_complete(asyncio.sleep(0))
    guest.host.close()
    assert log[-1] == "ended"
    assert task.done()
    task.cancelled() or task.exception()


@pytest.mark.slow
@pytest.mark.parametrize("waiting", ["recv", "iteration", "ping", "send"])
def test_what_waits_is_cancelled_when_the_window_goes(guest, root, pump_until, waiting):
    ended = []

    async def main():
        server = await aio.serve(lambda ws: asyncio.Event().wait(), master=root)
        try:
            async with aio.connect(server.url, compression=False) as ws:
                pong = await ws.ping()
                await pong
                ended.append("begun")
                if waiting == "recv":
                    await ws.recv()
                elif waiting == "iteration":
                    async for _ in ws:
                        pass
                elif waiting == "ping":
                    ws.ws.pause()
                    await (await ws.ping())
                else:
                    while True:
                        await ws.send("x" * 1_000_000)
            ended.append("went on")
        except BaseException as error:
            ended.append(type(error))
            raise

    aio.spawn(main(), root)
    pump_until(lambda: ended and not guest._ready)
    guest.host.close()
    assert ended == ["begun", asyncio.CancelledError]

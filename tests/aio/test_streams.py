"""What the connection of `tkws.aio` has of the callback one: streams that are awaited, groups, data."""

from __future__ import annotations

import asyncio

import pytest

import tkws
from tests.aio.waiting import until
from tests.peers import Log
from tkws import aio

# What a `tkws.WebSocket` has and a `tkws.aio.Connection` has not, and why not.
LEFT_TO_WS = {
    "the queue pauses the reading": {"pause", "resume"},
    "a program that awaits reconnects by `async for`": {"reconnect_now", "retry_in"},
    "`tkws.JSONRPC` is a handler, and this one's handler is the connection itself": {"call", "notify"},
    "options are Tk's protocol, and few are changed once it is open": {"configure", "config", "cget", "keys"},
    "it is looked at to see how a connection does": {"buffered_amount", "statistics", "timings", "tls"},
}


def test_each_difference_from_the_callback_connection_was_decided():
    def public(kind):
        return {name for name in dir(kind) if not name.startswith("_")}

    assert public(tkws.WebSocket) - public(aio.Connection) == set().union(*LEFT_TO_WS.values())


def chunks(count):
    for number in range(count):
        yield bytes([number % 256]) * 65536


# ---- streams


def test_an_upload_and_a_download_are_awaited(notifier, run, tmp_path):
    async def main(client, server):
        download = server.receive_into(tmp_path / "file")
        upload = client.send_stream(chunks(40))
        assert await upload is upload
        assert await download is download
        assert await upload is upload  # once more, after the end
        await client.send("next")
        return upload.sent, download.received, await server.recv()

    assert run(main) == (40 * 65536, 40 * 65536, "next")
    assert (tmp_path / "file").read_bytes() == b"".join(chunks(40))


def test_two_tasks_wait_for_one(run):
    async def main(client, server):
        upload = client.send_stream(chunks(3))

        async def wait():
            return await upload

        return await asyncio.gather(wait(), wait()) == [upload, upload]

    assert run(main)


def test_an_exception_of_the_source_is_raised_and_not_shown(run, callback_errors):
    def source():
        yield b"x" * 100_000
        raise ZeroDivisionError("two")

    async def main(client, server):
        upload = client.send_stream(source())
        with pytest.raises(ZeroDivisionError, match="two"):
            await upload
        with pytest.raises(ZeroDivisionError, match="two"):
            await upload
        await server.wait_closed()
        return server.close_code

    assert run(main) == 1011
    assert not callback_errors


def test_an_exception_of_the_target_is_raised_and_not_shown(run, callback_errors):
    def target(data):
        raise OSError("full")

    async def main(client, server):
        download = server.receive_into(target)
        await client.send("a message")
        with pytest.raises(OSError, match="full"):
            await download
        await client.send("next")
        return await server.recv()

    assert run(main) == "next"
    assert not callback_errors


def test_one_that_nobody_awaits_is_shown(run, callback_errors):
    def source():
        raise ZeroDivisionError
        yield b""

    async def main(client, server):
        upload = client.send_stream(source())
        await until(lambda: callback_errors)
        assert upload.done

    run(main)
    assert [type(error) for error in callback_errors] == [ZeroDivisionError]
    callback_errors.clear()


@pytest.mark.parametrize("how", ["task", "program"])
@pytest.mark.parametrize("begun", [False, True])
def test_an_upload_that_is_cancelled(run, how, begun):
    asked = []

    def source(size):
        asked.append(size)
        return b"x" * size

    async def main(client, server):
        upload = client.send_stream(source)

        async def wait():
            await upload

        task = asyncio.ensure_future(wait())
        await until(lambda: asked or not begun)
        if not begun:
            await asyncio.sleep(0)
        if how == "task":
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            upload.cancel()
            with pytest.raises(tkws.StateError, match="cancelled by this program"):
                await task
        assert upload.done
        assert isinstance(upload.error, tkws.StateError)
        with pytest.raises((tkws.StateError, asyncio.CancelledError)):
            await upload
        if asked:
            await server.wait_closed()
            assert server.close_code == 1001

    run(main, max_message=2**40)


def test_a_download_whose_task_is_cancelled(run, tmp_path):
    async def main(client, server):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(server.receive_into(tmp_path / "file"), 0.001)
        await client.send("a message")
        return await server.recv()

    assert run(main) == "a message"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("side", ["upload", "download"])
def test_the_peer_goes(run, tmp_path, side, callback_errors):
    async def main(client, server):
        if side == "upload":
            transfer = client.send_stream(lambda size: b"x" * size)
        else:
            transfer = client.receive_into(tmp_path / "file")
        task = asyncio.ensure_future(aio_wait(transfer))
        await asyncio.sleep(0)
        tkws.connection.websocket.session_of(server.ws).drop()
        with pytest.raises(tkws.ConnectionClosed):
            await task
        for call in (lambda: client.send_stream([b""]), lambda: client.receive_into(tmp_path / "other")):
            with pytest.raises(tkws.ConnectionClosed):
                call()

    async def aio_wait(transfer):
        return await transfer

    run(main, max_message=2**40)
    assert list(tmp_path.iterdir()) == []
    assert not callback_errors


# ---- the next message may wait already


@pytest.mark.parametrize("message", ["text: \xe4", b"binary", ""])
@pytest.mark.parametrize("stream", [False, True])
def test_a_message_that_waits_already_is_taken(run, tmp_path, message, stream):
    async def main(client, server):
        await client.send("name")
        await client.send(message)
        await client.send("last")
        await until(lambda: len(server._queue.messages) >= 3)
        assert await server.recv()
        download = await server.receive_into(tmp_path / "file")
        last = await server.recv()
        return download.received, last.data if stream else last

    wanted = message.encode() if isinstance(message, str) else message
    assert run(main, stream=stream) == (len(wanted), "last")
    assert (tmp_path / "file").read_bytes() == wanted


def test_one_that_has_come_in_part_is_taken_whole(run):
    got = []

    async def main(client, server):
        upload = client.send_stream(chunks(30))
        await until(lambda: server._queue.messages)
        download = await server.receive_into(lambda data: got.append(bytes(data)))
        await upload
        return download.received

    assert run(main, stream=True) == 30 * 65536
    assert b"".join(got) == b"".join(chunks(30))


def test_one_that_came_before_the_close_is_taken(run, tmp_path):
    async def main(client, server):
        await client.send("the file")
        await client.close()
        await server.wait_closed()
        download = await server.receive_into(tmp_path / "file")
        with pytest.raises(tkws.ConnectionClosed):
            server.receive_into(tmp_path / "other")
        return download.received

    assert run(main) == 8
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_one_that_is_incomplete_at_the_close_fails(run, tmp_path, callback_errors):
    async def main(client, server):
        client.send_stream(lambda size: b"x" * size)
        await until(lambda: server._queue.messages)
        tkws.connection.websocket.session_of(client.ws).drop()
        await server.wait_closed()
        with pytest.raises(tkws.ConnectionClosed):
            await server.receive_into(tmp_path / "file")

    run(main, stream=True, max_queue=None)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_taken(run, tmp_path):
    async def parts(client, server):
        client.send_stream(chunks(3))
        await until(lambda: len(server._queue.messages) >= 2)
        await server.recv()
        with pytest.raises(tkws.StateError, match="a part of the next message already"):
            server.receive_into(tmp_path / "file")

    run(parts, stream=True)

    async def values(client, server):
        await client.send("[1]")
        await client.send("[")
        await until(lambda: len(server._queue.messages) >= 2)
        with pytest.raises(tkws.StateError, match="decoded by the codec already"):
            server.receive_into(tmp_path / "file")
        assert await server.recv() == [1]
        with pytest.raises(tkws.StateError, match="decoded by the codec already"):
            server.receive_into(tmp_path / "file")

    run(values, codec=tkws.JSON)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda ws: ws.send_stream(5), TypeError, "source: "),
        (lambda ws: ws.send_stream([], size=-1), ValueError, "size: "),
        (lambda ws: ws.receive_into(5), TypeError, "target: "),
        (lambda ws: ws.receive_into(print, max_size=-1), ValueError, "max_size: "),
        (lambda ws: ws.join(5), TypeError, "group: "),
        (lambda ws: ws.join("a*"), ValueError, "group: "),
        (lambda ws: ws.leave(5), TypeError, "group: "),
    ],
)
@pytest.mark.parametrize("waiting", [False, True])
def test_mistakes_raise_at_the_call(run, call, error, message, waiting):
    async def main(client, server):
        if waiting:
            await client.send("x")
            await until(lambda: server._queue.messages)
        with pytest.raises(error, match=f"^{message}"):
            call(server)
        if waiting:
            assert await server.recv() == "x"

    run(main)


def test_in_a_callback_style_too(root, pump_until):
    """Two awaited transfers of connections with handlers, in a program that has both."""
    received = []

    async def main():
        server = tkws.serve(master=root, handler=take)
        ws = tkws.open(server.url, Log(), master=root)
        await until(lambda: ws.state is tkws.State.OPEN)
        upload = await ws.send_stream([b"abc", b"def"])
        await until(lambda: received)
        ws.close()
        server.close()
        return upload.sent

    def take(ws, type, message):
        if type == "binary":
            received.append(message)

    assert aio.run(main(), master=root) == 6
    assert received == [b"abcdef"]


# ---- groups and data


def test_groups_and_data(guest, root):
    async def converse(listener, client, server):
        server.join("tea")
        server.join("tea")
        assert server.groups == {"tea"}
        assert listener.server.broadcast("to all", to="tea") == 1
        assert await client.recv() == "to all"
        server.leave("tea")
        server.leave("tea")
        assert server.groups == frozenset()
        assert (server.data, client.data) == (None, None)
        server.data = client.data = {"name": "Ada"}
        assert server.ws.data is server.data
        with pytest.raises(tkws.StateError):
            client.join("tea")
        server.join("coffee")
        await client.close()
        await server.wait_closed()
        assert server.groups == {"coffee"}
        assert server.data == {"name": "Ada"}
        with pytest.raises(tkws.StateError):
            server.join("tea")

    async def main():
        ends = asyncio.get_running_loop().create_future()

        async def handler(connection):
            ends.set_result(connection)
            await connection.wait_closed()

        async with aio.serve(handler, master=root) as listener, aio.connect(listener.url) as client:
            await converse(listener, client, await ends)

    guest.run_until_complete(main())


def test_data_that_is_set_before_it_is_open(root):
    async def process_request(connection, request):
        assert connection.data is None
        for call in (
            lambda: connection.join("tea"),
            lambda: connection.leave("tea"),
            lambda: connection.groups,
        ):
            with pytest.raises(
                tkws.StateError, match="not open yet: wait until the handler is called with it"
            ):
                call()
        with pytest.raises(tkws.StateError, match="not open yet: wait until the handler"):
            await connection.send("too early")
        connection.data = request.path
        assert connection.data == request.path

    async def greet(connection):
        assert connection.ws.data == connection.data
        await connection.send(connection.data)

    async def main():
        async with (
            aio.serve(greet, process_request=process_request) as server,
            aio.connect(server.url + "ada") as client,
        ):
            return await client.recv()

    assert aio.run(main(), master=root) == "/ada"

"""A server that is awaited: who is admitted, which subprotocol is agreed, and its end."""

from __future__ import annotations

import asyncio

import pytest

import tkws
from tests.aio.waiting import until
from tkws import aio


async def greet(connection):
    await connection.send(f"hello {getattr(connection, 'user', 'you')}")


async def greeting(server, path="", **options):
    """What a client hears."""
    async with aio.connect(server.url + path, **options) as ws:
        return await ws.recv()


async def refusal(server, path="", **options):
    """The status, the headers and the body with which a client is refused."""
    with pytest.raises(tkws.OpenError) as raised:
        await aio.connect(server.url + path, **options)
    return raised.value


async def admit(connection, request):
    """The service of a user is asked; it takes a moment."""
    await asyncio.sleep(0.01)
    user = dict(request.query).get("user")
    if user is None:
        return connection.respond(401, "who are you?")
    connection.user = user
    return tkws.Response(101, headers={"Set-Cookie": f"user={user}"}) if user == "ada" else None


def test_admission_is_awaited(guest, root):
    async def main():
        async with aio.serve(greet, process_request=admit) as server:
            refused = await refusal(server)
            async with aio.connect(f"{server.url}?user=ada") as ws:
                cookie = ws.response.headers["Set-Cookie"]
            return refused, cookie, await greeting(server, "?user=bob")

    refused, cookie, said = guest.run_until_complete(main())
    assert (refused.status, refused.body) == (401, b"who are you?")
    assert refused.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert (cookie, said) == ("user=ada", "hello bob")


def test_admission_by_a_plain_function_at_the_request(guest, root):
    seen = []

    def admit(connection, request):
        seen.append((connection.state, connection.request is request, connection.remote_address[0]))

    async def main():
        async with aio.serve(greet, process_request=admit) as server:
            return await greeting(server)

    assert guest.run_until_complete(main()) == "hello you"
    assert seen == [(tkws.State.CONNECTING, True, "127.0.0.1")]


def test_a_health_check_beside_the_sockets(guest, root):
    def admit(connection, request):
        return connection.respond(200, "fine") if request.path == "/health" else None

    async def main():
        async with aio.serve(greet, process_request=admit) as server:
            answer, (status, _) = await fetch(server, "/health"), await fetch(server, "/nothing")
            return answer, status, await greeting(server)

    assert guest.run_until_complete(main()) == ((200, b"fine"), 426, "hello you")


async def fetch(server, path):
    """The status of a page, and the page."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return int(head.split()[1]), body


@pytest.mark.parametrize("fault", ["raises", "another type"])
def test_an_admission_that_fails(guest, root, callback_errors, fault):
    async def admit(connection, request):
        if fault == "raises":
            raise ValueError("of the program")
        return 401

    async def main():
        async with aio.serve(greet, process_request=admit) as server:
            status = (await refusal(server)).status
        await until(lambda: callback_errors)
        return status

    assert guest.run_until_complete(main()) == 500
    wanted = "of the program" if fault == "raises" else "must return None or a Response, not 401"
    assert wanted in str(callback_errors[0])
    callback_errors.clear()


@pytest.mark.parametrize("how", ["client", "timeout", "server", "task"])
def test_an_admission_is_cancelled(guest, root, how):
    tasks, ended = [], asyncio.Event()

    async def admit(connection, request):
        tasks.append(asyncio.current_task())
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def main():
        timeout = 0.05 if how == "timeout" else 10
        async with aio.serve(greet, process_request=admit, open_timeout=timeout) as server:
            opening = asyncio.create_task(greeting(server))
            await until(lambda: tasks)
            if how == "client":
                opening.cancel()
            elif how == "server":
                server.close()
            elif how == "task":
                tasks[0].cancel()
            await ended.wait()
            [error] = await asyncio.gather(opening, return_exceptions=True)
            return getattr(error, "status", None)

    status = guest.run_until_complete(main())
    assert status == (503 if how in ("timeout", "task") else None)


def test_an_admission_ends_with_the_interpreter(guest, root, pump_until):
    log = []

    async def admit(connection, request):
        log.append("asked")
        try:
            await asyncio.Event().wait()
        finally:
            log.append("ended")

    async def main():
        server = await aio.serve(greet, process_request=admit)
        await greeting(server)

    task = guest.create_task(main())
    pump_until(lambda: log)
    guest.host.close()
    assert log == ["asked", "ended"]
    assert task.cancelled()


def test_subprotocols(guest, root):
    async def tell(connection):
        await connection.send(str(connection.subprotocol))

    async def main():
        async with aio.serve(tell, subprotocols=["chat*", "chat"]) as server:
            said = [
                await greeting(server, subprotocols=offered)
                for offered in (["chat"], ["chat", "chat*"], ["x", "chat"], [])
            ]
            return said, (await refusal(server, subprotocols=["chats"])).status

    assert guest.run_until_complete(main()) == (["chat", "chat*", "chat", "None"], 400)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"process_request": 5}, "process_request"),
        ({"subprotocols": "chat"}, "subprotocols"),
        ({"max_queue": 0}, "max_queue"),
        ({"max_queue": "many"}, "max_queue"),
        ({"max_queue": (1, 2)}, "max_queue"),
        ({"max_queue": (1,)}, "max_queue"),
    ],
)
def test_bad_arguments_are_refused_at_the_call(arguments, error):
    with pytest.raises((TypeError, ValueError), match=f"^{error}"):
        aio.serve(greet, **arguments)


def test_a_handler_that_cannot_be_called():
    with pytest.raises(TypeError, match="^handler"):
        aio.serve(None)


def test_a_broadcast_reaches_all_but_who_is_left_out(guest, root):
    joined, heard = [], []

    async def room(connection):
        if connection.request.path == "/tea":
            connection.join("tea")
        joined.append(connection)
        await connection.send("welcome")
        await connection.wait_closed()

    async def main():
        async with (
            aio.serve(room) as server,
            aio.connect(server.url + "tea") as ann,
            aio.connect(server.url + "tea") as bob,
            aio.connect(server.url + "milk") as cleo,
        ):
            for client in (ann, bob, cleo):
                assert await client.recv() == "welcome"
            counts = [
                server.broadcast("all"),
                server.broadcast(b"but one", exclude=joined[0]),
                server.broadcast("but two", exclude=joined[:2]),
                server.broadcast("tea", to="tea"),
                server.broadcast("milk", "/milk", compress=False),
            ]
            for client, number in ((ann, 2), (bob, 3), (cleo, 4)):
                heard.append([await client.recv() for _ in range(number)])
            return counts

    assert guest.run_until_complete(main()) == [3, 2, 1, 2, 1]
    assert heard == [["all", "tea"], ["all", b"but one", "tea"], ["all", b"but one", "but two", "milk"]]


def test_who_is_not_let_in_yet_can_be_left_out_of_a_broadcast(guest, root):
    counts = []

    async def main():
        async with aio.serve(greet, process_request=announce) as server:
            servers.append(server)
            return await greeting(server)

    def announce(connection, request):
        counts.append(servers[0].broadcast("somebody comes", exclude=connection))

    servers = []
    assert guest.run_until_complete(main()) == "hello you"
    assert counts == [0]


@pytest.mark.parametrize("exclude", [5, "ann", [5]], ids=repr)
def test_only_connections_are_left_out_of_a_broadcast(guest, root, exclude):
    async def main():
        async with aio.serve(greet) as server:
            with pytest.raises(
                TypeError, match=r"^exclude: (a Connection or several|each a Connection), not "
            ):
                server.broadcast("x", exclude=exclude)

    guest.run_until_complete(main())


def test_the_three_errors_of_a_closed_connection_are_found_together():
    assert aio.ConnectionClosed is tkws.ConnectionClosed
    assert issubclass(aio.ConnectionClosedOK, aio.ConnectionClosed)
    assert issubclass(aio.ConnectionClosedError, aio.ConnectionClosed)

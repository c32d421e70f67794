"""Libraries that are built on asyncio, as they are, in a window and in an interpreter without a screen."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tkinter

import pytest

from tkws import aio

pytestmark = pytest.mark.slow


@pytest.fixture(params=["tcl", "window"])
def run(request):
    """Runs a coroutine with `aio.run` while a timer of Tk's goes on; it must not have rested meanwhile."""
    root = request.getfixturevalue("root" if request.param == "tcl" else "display_root")
    beats = []

    def beat():
        beats.append(root.after(5, beat))

    def run(main):
        beat()
        try:
            return aio.run(main, master=root)
        finally:
            root.after_cancel(beats[-1])
            assert len(beats) > 1

    return run


def test_aiohttp_client_and_server(run):
    web = pytest.importorskip("aiohttp.web")
    aiohttp = pytest.importorskip("aiohttp")

    async def hello(request):
        await asyncio.sleep(0.02)
        return web.json_response({"path": request.path})

    async def echo(request):
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        async for message in ws:
            await ws.send_str(message.data.upper())
        return ws

    async def main():
        app = web.Application()
        app.add_routes([web.get("/hello", hello), web.get("/echo", echo)])
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{url}/hello") as response:
                answer = await response.json()
            async with session.ws_connect(f"{url}/echo") as ws:
                await ws.send_str("hello")
                said = await ws.receive_str()
        await runner.cleanup()
        return answer, said

    assert run(main()) == ({"path": "/hello"}, "HELLO")


def test_httpx(run):
    httpx = pytest.importorskip("httpx")

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.02)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        await writer.drain()
        writer.close()

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server, httpx.AsyncClient(trust_env=False) as client:
            answers = await asyncio.gather(
                *(client.get(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/") for _ in range(3))
            )
        return [answer.text for answer in answers]

    assert run(main()) == ["ok"] * 3


def test_websockets_client_and_server(run):
    client = pytest.importorskip("websockets.asyncio.client")
    server = pytest.importorskip("websockets.asyncio.server")

    async def echo(ws):
        async for message in ws:
            await asyncio.sleep(0.005)
            await ws.send(message)

    async def main():
        async with server.serve(echo, "127.0.0.1", 0) as serving:
            port = serving.sockets[0].getsockname()[1]
            async with client.connect(f"ws://127.0.0.1:{port}/", proxy=None) as ws:
                said = []
                for message in ("text", b"binary", "x" * 100_000):
                    await ws.send(message)
                    said.append(await ws.recv())
                latency = await (await ws.ping())
        return said, latency >= 0

    assert run(main()) == (["text", b"binary", "x" * 100_000], True)


@pytest.mark.skipif(
    not shutil.which("nats-server", path="/usr/sbin:/usr/local/bin:/usr/bin"), reason="no nats-server"
)
def test_nats(run):
    nats = pytest.importorskip("nats")
    program = shutil.which("nats-server", path="/usr/sbin:/usr/local/bin:/usr/bin")

    async def main():
        broker = await asyncio.create_subprocess_exec(
            program, "-a", "127.0.0.1", "-p", "-1", stderr=asyncio.subprocess.PIPE
        )
        try:
            port = await listening_port(broker)
            client = await nats.connect(f"nats://127.0.0.1:{port}")
            subscription = await client.subscribe("room")
            await client.publish("room", b"hello")
            message = await subscription.next_msg(timeout=10)
            await client.close()
        finally:
            broker.terminate()
            await broker.communicate()
        return message.data

    async def listening_port(broker) -> int:
        async for line in broker.stderr:
            if b"Listening for client connections on" in line:
                return int(line.rsplit(b":", 1)[1])
        raise AssertionError("the broker does not listen")

    assert run(main()) == b"hello"


def test_aiosqlite(run, tmp_path):
    aiosqlite = pytest.importorskip("aiosqlite")

    async def main():
        async with aiosqlite.connect(tmp_path / "data") as db:
            await db.execute("create table numbers (number integer)")
            await db.executemany("insert into numbers values (?)", [(number,) for number in range(10)])
            await db.commit()
            await asyncio.sleep(0.02)
            async with db.execute("select sum(number) from numbers") as cursor:
                return await cursor.fetchone()

    assert run(main()) == (45,)


def test_anyio(run, tmp_path):
    anyio = pytest.importorskip("anyio")
    to_thread = pytest.importorskip("anyio.to_thread")

    async def main():
        sender, receiver = anyio.create_memory_object_stream[int](2)
        received = []

        async def produce():
            async with sender:
                for number in range(5):
                    await anyio.sleep(0.004)
                    await sender.send(number)

        async with anyio.create_task_group() as group:
            group.start_soon(produce)
            received.extend([number async for number in receiver])
        with anyio.move_on_after(0.01) as scope:
            await anyio.sleep_forever()
        receiver.close()
        await anyio.Path(tmp_path / "file").write_text("text", encoding="utf-8")
        return received, scope.cancelled_caught, await to_thread.run_sync(len, "four")

    assert run(main()) == (list(range(5)), True, 4)


def test_aiofiles(run, tmp_path):
    aiofiles = pytest.importorskip("aiofiles")

    async def main():
        async with aiofiles.open(tmp_path / "file", "w", encoding="utf-8") as file:
            await file.write("one\ntwo\n")
        await asyncio.sleep(0.02)
        async with aiofiles.open(tmp_path / "file", encoding="utf-8") as file:
            return [line async for line in file]

    assert run(main()) == ["one\n", "two\n"]


def test_a_subprocess(run):
    async def main():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "import time; time.sleep(0.02); print(input())", stdin=-1, stdout=-1
        )
        out, _ = await process.communicate(b"x" * 200_000)
        return len(out.strip()), process.returncode

    assert run(main()) == (200_000, 0)


def test_all_of_it_beside_a_dialog(display_root):
    """A library goes on while a callback waits for a window."""

    async def tick(log):
        for number in range(3):
            await asyncio.sleep(0.001)
            log.append(number)
        window.destroy()

    window = tkinter.Toplevel(display_root)
    log = []
    aio.spawn(tick(log), display_root)
    display_root.wait_window(window)
    assert log == [0, 1, 2]

"""What a program's type checker is told: this module is checked, and a wrong line must be one.

Two checkers read it. mypy does so with the rest of the tests, and complains of each `type: ignore` that is
not needed; basedpyright, which is Pyright, does so in a test, and must complain of just those lines.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tkinter
from pathlib import Path
from typing import Any, Literal, assert_type, overload

import pytest

import tkws
import tkws.aio
from tkws import Event

# ---- handlers that are functions


def any_message(ws: tkws.WebSocket, type: str, message: Any) -> None:
    pass


def any_object(ws: object, type: object, message: object) -> None:
    pass


async def awaits(ws: tkws.WebSocket, type: str, message: Any) -> None:
    pass


def text_only(ws: tkws.WebSocket, type: str, message: str) -> None:
    pass


def server_only(ws: tkws.Server, type: str, message: Any) -> None:
    pass


def two_arguments(ws: tkws.WebSocket, type: str) -> None:
    pass


@overload
def precise(ws: tkws.WebSocket, type: Literal[Event.CONNECT], message: object) -> None: ...
@overload
def precise(ws: tkws.WebSocket, type: Literal[Event.TEXT], message: str) -> None: ...
@overload
def precise(
    ws: tkws.WebSocket, type: Literal[Event.BINARY, Event.PING, Event.PONG], message: bytes
) -> None: ...
@overload
def precise(ws: tkws.WebSocket, type: Literal[Event.VALUE], message: object) -> None: ...
@overload
def precise(ws: tkws.WebSocket, type: Literal[Event.PART], message: tkws.Part) -> None: ...
@overload
def precise(ws: tkws.WebSocket, type: Literal[Event.CLOSE], message: tuple[int, str]) -> None: ...
@overload
def precise(ws: tkws.WebSocket, type: Literal[Event.TIMEOUT], message: tkws.OpenTimeout) -> None: ...
@overload
def precise(ws: tkws.WebSocket, type: Literal[Event.ERROR], message: tkws.WebSocketError) -> None: ...
@overload
def precise(ws: tkws.WebSocket, type: Literal[Event.DISCONNECT], message: str) -> None: ...
@overload
def precise(ws: tkws.WebSocket, type: Literal[Event.DRAIN], message: None) -> None: ...
@overload
def precise(
    ws: tkws.WebSocket, type: Literal[Event.RETRY], message: tuple[int, float, tkws.WebSocketError]
) -> None: ...
def precise(ws: tkws.WebSocket, type: str, message: object) -> None:
    pass


def one_type(ws: tkws.WebSocket, type: Literal[Event.TEXT], message: str) -> None:
    pass


# ---- handlers that are objects


class Feed(tkws.Handler):
    """Has all methods, so that each annotation is compared with that of its event."""

    def on_connect(self, ws: tkws.WebSocket, message: Any) -> None:
        assert_type(ws.protocol, str)

    def on_text(self, ws: tkws.WebSocket, message: str) -> None:
        assert_type(ws.send(message), int)

    def on_binary(self, ws: tkws.WebSocket, message: bytes) -> None: ...
    def on_value(self, ws: tkws.WebSocket, message: Any) -> None: ...
    def on_ping(self, ws: tkws.WebSocket, message: bytes) -> None: ...
    def on_pong(self, ws: tkws.WebSocket, message: bytes) -> None: ...
    def on_close(self, ws: tkws.WebSocket, message: tuple[int, str]) -> None: ...
    def on_timeout(self, ws: tkws.WebSocket, message: tkws.OpenTimeout) -> None: ...
    def on_error(self, ws: tkws.WebSocket, message: tkws.WebSocketError) -> None: ...
    def on_disconnect(self, ws: tkws.WebSocket, message: str) -> None: ...
    def on_drain(self, ws: tkws.WebSocket, message: None) -> None: ...
    def on_retry(self, ws: tkws.WebSocket, message: tuple[int, float, tkws.WebSocketError]) -> None: ...


class Wrong(tkws.Handler):
    def on_text(self, ws: tkws.WebSocket, message: bytes) -> None: ...  # type: ignore[override]
    def on_binary(self, ws: tkws.WebSocket, message: str) -> None: ...  # type: ignore[override]
    def on_ping(self, ws: tkws.WebSocket, message: str) -> None: ...  # type: ignore[override]
    def on_pong(self, ws: tkws.WebSocket, message: float) -> None: ...  # type: ignore[override]
    def on_close(self, ws: tkws.WebSocket, message: str) -> None: ...  # type: ignore[override]
    def on_timeout(self, ws: tkws.WebSocket, message: float) -> None: ...  # type: ignore[override]
    def on_error(self, ws: tkws.WebSocket, message: str) -> None: ...  # type: ignore[override]
    def on_disconnect(self, ws: tkws.WebSocket, message: tuple[int, str]) -> None: ...  # type: ignore[override]
    def on_drain(self, ws: tkws.WebSocket) -> None: ...  # type: ignore[override]
    def on_retry(self, ws: tkws.WebSocket, message: tuple[int, float]) -> None: ...  # type: ignore[override]


class Packed:
    """A codec whose messages are binary."""

    @staticmethod
    def encode(value: object) -> bytes:
        return repr(value).encode()

    @staticmethod
    def decode(message: bytes) -> object:
        return message.decode()


# ---- commands


def opening(root: tkinter.Tk) -> None:
    ws = tkws.open("ws://localhost", any_message, master=root, timeout=1, keepalive=20)
    assert_type(ws, tkws.WebSocket)
    tkws.open("ws://localhost", any_object)
    tkws.open("ws://localhost", awaits)
    tkws.open("ws://localhost", precise)
    tkws.open("ws://localhost", Feed())
    tkws.open("ws://localhost", tkws.latest(any_message))
    tkws.open("ws://localhost", tkws.tee(any_message, Feed(), precise))
    tkws.open("ws://localhost", tkws.json(precise))
    tkws.open("ws://localhost", lambda ws, type, message: None)
    tkws.open("ws://localhost", any_message, reconnect=tkws.Backoff(), headers=lambda: {"A": "b"})
    tkws.open("ws://localhost", text_only)  # type: ignore[arg-type]
    tkws.open("ws://localhost", server_only)  # type: ignore[arg-type]
    tkws.open("ws://localhost", two_arguments)  # type: ignore[arg-type]
    tkws.open("ws://localhost", one_type)  # type: ignore[arg-type]
    tkws.open("ws://localhost", tkws.tee(text_only))  # type: ignore[arg-type]
    tkws.open("ws://localhost")  # type: ignore[call-arg]
    tkws.open(80, any_message)  # type: ignore[arg-type]
    tkws.open("ws://localhost", any_message, root)  # type: ignore[call-arg]
    tkws.open("ws://localhost", any_message, timeout="1")  # type: ignore[arg-type]
    tkws.open("ws://localhost", any_message, headers=5)  # type: ignore[arg-type]
    tkws.open("ws://localhost", any_message, ssl=True)  # type: ignore[arg-type]
    tkws.open("ws://localhost", any_message, keepalive="20")  # type: ignore[arg-type]
    tkws.open("ws://localhost", any_message, origins=[])  # type: ignore[call-arg]


def talking(ws: tkws.WebSocket) -> None:
    assert_type(ws.send("text"), int)
    assert_type(ws.send(memoryview(b"")), int)
    assert_type(ws.send_json({"a": [1, None]}), int)
    assert_type(ws.send_value(object()), int)
    assert_type(tkws.JSON.encode(1), str)
    ws.configure(codec=tkws.JSON, codec_errors="close")
    ws.configure(codec=Packed)
    ws.configure(codec=tkws.Codec(json.dumps, json.loads))
    ws.configure(codec=json)  # type: ignore[arg-type]
    tkws.Codec(json.dumps, 5)  # type: ignore[arg-type]
    call = ws.call("add", [1, 2], timeout=5, on_result=print, on_error=lambda error: print(error.args))
    assert_type(call, tkws.Call)
    assert_type(call.done, bool)
    assert_type(call.error, Exception | None)
    assert_type(ws.notify("log", {"level": 1}), int)
    ws.call(5)  # type: ignore[arg-type]
    ws.call("add", "text")  # type: ignore[arg-type]
    ws.call("add", 1, 2)  # type: ignore[call-arg, arg-type]
    ws.call("add", timeout="5")  # type: ignore[arg-type]
    ws.call("add", on_result=5)  # type: ignore[arg-type]
    assert_type(ws.ping(), int)
    assert_type(ws.state, tkws.State)
    assert_type(ws.latency, float | None)
    assert_type(ws.close_code, int | None)
    assert_type(ws.statistics.messages_sent, int)
    assert_type(ws.configure(), dict[str, tuple[str, str, str, object, object]])
    assert_type(ws.configure("keep"), tuple[str, str, str, object, object])
    assert_type(tkws.send(ws, "text", "hello"), int)
    assert_type(tkws.find(port=80), list[tkws.WebSocket])
    ws.send(5)  # type: ignore[arg-type]
    ws.send(None)  # type: ignore[arg-type]
    ws.send("a", False)  # type: ignore[call-arg]
    ws.close("1000")  # type: ignore[arg-type]
    ws.ping(5)  # type: ignore[arg-type]
    ws.latency = 0.5  # type: ignore[misc]
    ws.hello()  # type: ignore[attr-defined]
    ws.configure(handler=any_message, compression=tkws.Deflate(), max_buffered=None)
    tkws.configure(ws, keepalive=5, reentrant=True)
    ws.configure(5)  # type: ignore[call-overload]
    ws.configure(max_message=1.5)  # type: ignore[call-overload]
    ws.configure(origins=[])  # type: ignore[call-overload]
    ws.config(keepalve=5)  # type: ignore[call-overload]
    tkws.configure(ws, keepalve=5)  # type: ignore[call-arg]
    tkws.send(ws, 1.5, "hello")  # type: ignore[arg-type]
    tkws.find(80)  # type: ignore[arg-type]
    tkws.close("ws")  # type: ignore[arg-type]


def serving(root: tkinter.Tk) -> None:
    server = tkws.serve("127.0.0.1", 0, master=root, keepalive=20)
    assert_type(server, tkws.HTTPServer)
    assert_type(server.url, str)
    assert_type(server.connections, list[tkws.WebSocket])
    assert_type(server.broadcast("hello"), int)
    assert_type(server.live("/", precise)(server.connections[0], Event.DRAIN, None), None)
    assert_type(server.live("/feed", feed := Feed()), Feed)
    assert_type(server.live("/")(any_message)(server.connections[0], "text", ""), None)
    tkws.live(server, "/", feed)

    @server.live("/chat")
    def chat(ws: tkws.WebSocket, type: str, message: Any) -> None:
        pass

    @server.live("/chat")  # type: ignore[type-var]
    def chat_of_texts(ws: tkws.WebSocket, type: str, message: str) -> None:
        pass

    rpc = tkws.JSONRPC(any_message, max_running=5)
    assert_type(server.live("/rpc", rpc), tkws.JSONRPC)
    tkws.open("ws://localhost", tkws.tee(rpc, any_message))

    @rpc.method
    def add(ws: tkws.WebSocket, a: int, b: int) -> int:
        return a + b

    @rpc.method("later")
    async def later(ws: tkws.WebSocket) -> None:
        pass

    assert_type(add(server.connections[0], 1, 2), int)
    rpc.method(5)  # type: ignore[call-overload]
    tkws.JSONRPC(text_only)  # type: ignore[arg-type]
    server.live("/", text_only)  # type: ignore[call-overload]
    server.live(5, any_message)  # type: ignore[call-overload]
    tkws.live(server, "/", text_only)  # type: ignore[arg-type]
    tkws.live(server, any_message, "/")  # type: ignore[arg-type]
    server.configure(origins=["null"], keepalive=5)
    server.configure(origins=5)  # type: ignore[call-overload]
    tkws.serve(handler=any_message, hosts=None, max_connections=5)
    tkws.serve(max_connections=None)  # type: ignore[arg-type]
    tkws.serve(5, 0)  # type: ignore[arg-type]
    tkws.serve("127.0.0.1", "80")  # type: ignore[arg-type]
    server.broadcast(5)  # type: ignore[arg-type]


async def awaiting() -> None:
    connection = await tkws.aio.connect("ws://localhost")
    assert_type(connection, tkws.aio.Connection)
    async with tkws.aio.connect("ws://localhost", max_queue=16) as connection:
        assert_type(await connection.recv(), Any)
        async for message in connection:
            assert_type(message, Any)
        assert_type(connection.state, tkws.State)
        await connection.send("hello")
        await connection.send(5)  # type: ignore[arg-type]
        await connection.close("1000")  # type: ignore[arg-type]
    async for again in tkws.aio.connect("ws://localhost", backoff=tkws.Backoff()):
        assert_type(again, tkws.aio.Connection)
    tkws.aio.connect("ws://localhost", ping_interval=None, compression=None, origin="null", keepalive=5)
    tkws.aio.connect("ws://localhost", max_size=None)  # type: ignore[arg-type]
    tkws.aio.connect("ws://localhost", ping_intervals=1)  # type: ignore[call-arg]
    assert_type(await connection.ws.call("add"), Any)
    tkws.aio.connect(5)  # type: ignore[arg-type]
    tkws.aio.connect("ws://localhost", "more")  # type: ignore[call-arg, arg-type]


# ---- the second checker


@pytest.mark.slow
def test_pyright_complains_of_the_wrong_lines_alone(tmp_path):
    pytest.importorskip("basedpyright", reason="it is installed where the style is checked")
    wrong = [
        number
        for number, line in enumerate(Path(__file__).read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"# type: ignore\[[a-z, -]+\]$", line)
    ]
    assert len(wrong) > 40
    assert lines_that_pyright_refuses(tmp_path) == wrong


def lines_that_pyright_refuses(folder: Path) -> list[int]:
    settings = {
        "include": [__file__],
        "extraPaths": [str(Path(__file__).parents[1])],
        "typeCheckingMode": "standard",
        "enableTypeIgnoreComments": False,
        "pythonVersion": "3.11",
    }
    project = folder / "pyrightconfig.json"
    project.write_text(json.dumps(settings), encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "basedpyright", "-p", project, "--pythonpath", sys.executable, "--outputjson"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    report = json.loads(result.stdout)
    assert report["summary"]["filesAnalyzed"] >= 1, result.stdout
    found = report["generalDiagnostics"]
    return sorted({error["range"]["start"]["line"] + 1 for error in found if error["severity"] == "error"})


def test_what_is_checked_can_be_called():
    handler: tkws.EventHandler = Feed()
    assert callable(handler)

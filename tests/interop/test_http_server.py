"""`test` and `upgrade` inside an HTTP server that is not ours: the standard library's, in threads of its own.

The server accepts, reads the request and answers everything else; the sockets that become WebSockets change
hands, to the thread of Tk.
"""

from __future__ import annotations

import asyncio
import base64
import http.client
import socket
import sys
import threading
import tkinter
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from websockets.exceptions import InvalidStatus

import tkws
from tests.interop.asyncio_thread import PATIENCE
from tests.interop.links import Recorder, connect_to
from tests.peers import KEY, Peer
from tkws.loop import loop_for
from tkws.protocol.frames import Opcode


class Handler(BaseHTTPRequestHandler):
    """Answers ``/page`` itself, offers everything else to tkws, and asks for a ticket before it upgrades."""

    protocol_version = "HTTP/1.1"
    server: EmbeddingServer

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = url.path, self.headers, parse_qsl(url.query)
        if url.path == "/page":
            self._answer(200, b"a page")
        elif not tkws.test(self.server.sockets, self.connection, *asked):
            self._answer(404, b"no WebSocket")
        elif self.headers["X-Ticket"] == "forged":
            self._answer(403, b"no entrance")
        else:
            self.server.upgraded.append(tkws.upgrade(self.connection))
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: it would go to standard error."""

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class EmbeddingServer(ThreadingHTTPServer):
    """The server that the program has already.

    Attributes:
        sockets: What it asks about WebSockets.
        upgraded: Those that there were.
        failures: What went wrong in its threads.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.sockets: tkws.Server
        self.upgraded: list[tkws.WebSocket] = []
        self.failures: list[BaseException | None] = []

    @property
    def port(self) -> int:
        return self.socket.getsockname()[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """Keeps what the server would print."""
        self.failures.append(sys.exc_info()[1])


@pytest.fixture
def embedding(root) -> Iterator[EmbeddingServer]:
    """A running `EmbeddingServer`; nothing may have failed in its threads."""
    with EmbeddingServer() as server:
        server.sockets = tkws.server(server.socket, master=root)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
    assert not server.failures


def get(server: EmbeddingServer, path: str, **headers: str) -> tuple[int, bytes]:
    """The answer to an ordinary request; the server's threads need nothing of Tk's for it."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)) as connection:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()


def test_a_socket_changes_hands(root, embedding, pump_until) -> None:
    heard = Recorder()
    threads = set()

    def echo(ws: tkws.WebSocket, type: str, message: Any) -> None:
        threads.add(threading.current_thread())
        heard(ws, type, message)
        if type in ("text", "binary"):
            ws.send(message)

    tkws.live(embedding.sockets, "/chat/*", echo, "chat.*")
    client = Recorder()
    ws = tkws.open(
        f"ws://127.0.0.1:{embedding.port}/chat/room?name=Anna&name=Bert",
        client,
        master=root,
        protocols=["other", "chat.v2"],
    )
    pump_until(lambda: client.opened)
    (request,) = heard["connect"]
    assert (request.path, request.query) == ("/chat/room", (("name", "Anna"), ("name", "Bert")))
    assert request.headers["host"] == f"127.0.0.1:{embedding.port}"
    assert embedding.upgraded == embedding.sockets.connections == heard.opened
    assert embedding.upgraded[0].protocol == ws.protocol == "chat.v2"

    messages: list[str | bytes] = ["hello", "x" * 100_000, b"\x00\xff" * 500_000]
    for message in messages:
        ws.send(message)
    pump_until(lambda: len(client.messages) == len(messages), PATIENCE)
    assert client.messages == messages
    assert threads == {threading.current_thread()}
    ws.close(4000, "done")
    pump_until(lambda: client.over and heard.over)
    assert heard["close"] == [(4000, "done")]
    assert not embedding.sockets.connections


def test_the_server_goes_on_with_everything_else(root, embedding, pump_until) -> None:
    tkws.live(embedding.sockets, "/chat", Recorder())
    client = Recorder()
    tkws.open(f"ws://127.0.0.1:{embedding.port}/chat", client, master=root)
    pump_until(lambda: client.opened)
    assert get(embedding, "/page") == (200, b"a page")
    assert get(embedding, "/chat") == (404, b"no WebSocket")
    assert get(embedding, "/chat", Upgrade="websocket") == (404, b"no WebSocket")
    client.opened[0].send("still open")
    client.opened[0].close()
    pump_until(lambda: client.over)
    assert client["close"][0][0] == 1000


def test_what_is_not_admitted_is_answered_by_the_server(root, embedding, pump_until) -> None:
    heard = Recorder()
    tkws.live(embedding.sockets, "/chat", heard, "chat")
    url = f"ws://127.0.0.1:{embedding.port}"
    refused = {
        404: [
            tkws.open(f"{url}/elsewhere", Recorder(), master=root),
            tkws.open(f"{url}/chat", Recorder(), master=root, protocols=["other"]),
            tkws.open(f"{url}/chat", Recorder(), master=root, origin="https://elsewhere.example"),
        ],
        403: [tkws.open(f"{url}/chat", Recorder(), master=root, headers={"X-Ticket": "forged"})],
    }
    for status, clients in refused.items():
        for ws in clients:
            client = ws["handler"]
            pump_until(lambda: client.over)
            assert [error.status for error in client["error"]] == [status]
    assert not heard.events
    assert not embedding.sockets.connections


def test_a_socket_that_did_not_pass_is_not_upgraded(embedding) -> None:
    with pytest.raises(tkws.StateError, match="sock"):
        tkws.upgrade(embedding.socket)


@pytest.mark.slow
def test_many_clients_of_another_package(root, embedding, beside, pump_until) -> None:
    number = 50

    @embedding.sockets.live("/echo")
    def echo(ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "text":
            ws.send(message)

    async def converse(name: str) -> str | bytes:
        async with connect_to(f"ws://127.0.0.1:{embedding.port}/echo") as connection:
            await connection.send(name)
            return await connection.recv()

    async def converse_all() -> list[str | bytes]:
        return await asyncio.gather(*(converse(f"client {n}") for n in range(number)))

    assert beside(converse_all()) == [f"client {n}" for n in range(number)]
    pump_until(lambda: not embedding.sockets.connections)
    assert len(embedding.upgraded) == number

    async def refused() -> None:
        await connect_to(f"ws://127.0.0.1:{embedding.port}/elsewhere")

    with pytest.raises(InvalidStatus):
        beside(refused())


# ---- ends at awkward moments


def test_the_interpreter_may_go_and_the_server_stay(root, embedding, pump_until) -> None:
    other = tkinter.Tcl()
    embedding.sockets = tkws.server(embedding.socket, master=other)
    embedding.sockets.live("/chat", Recorder())
    clients = [Recorder(), Recorder()]
    url = f"ws://127.0.0.1:{embedding.port}/chat"
    tkws.open(url, clients[0], master=root)
    pump_until(lambda: clients[0].opened)
    loop_for(other).close()
    pump_until(lambda: clients[0].over)
    assert clients[0]["close"][0][0] == 1001
    tkws.open(url, clients[1], master=root)
    pump_until(lambda: clients[1].over)
    assert [error.status for error in clients[1]["error"]] == [404]
    assert not embedding.sockets.connections


@pytest.fixture
def admitted(root) -> Iterator[tuple[tkws.Server, socket.socket, socket.socket]]:
    """A server, a socket that passed its `test`, and the client's end of it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = socket.create_connection(listening.getsockname())
        taken, _ = listening.accept()
        server = tkws.server(listening, master=root)
    server.live("/", Recorder())
    headers = {
        "Host": "127.0.0.1",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
    }
    assert tkws.test(server, taken, "/", headers)
    with client, taken:
        client.settimeout(PATIENCE)
        yield server, taken, client


def upgrade_in_a_thread(sock: socket.socket) -> tkws.WebSocket:
    """What `tkws.upgrade` returns in a thread while Tk's loop does not run."""
    made: list[tkws.WebSocket] = []
    thread = threading.Thread(target=lambda: made.append(tkws.upgrade(sock)))
    thread.start()
    thread.join()
    return made[0]


def test_the_interpreter_goes_before_the_upgrade(root, admitted) -> None:
    server, sock, _ = admitted
    loop_for(root).close()
    with pytest.raises(tkws.StateError):
        tkws.upgrade(sock)
    assert sock.fileno() >= 0, "it is still the program's"
    assert not server.connections
    assert not tkws.find()


def test_the_interpreter_goes_while_the_socket_changes_hands(root, admitted) -> None:
    server, sock, client = admitted
    ws = upgrade_in_a_thread(sock)
    assert not tkws.conninfo(ws, "closed")
    loop_for(root).close()
    assert tkws.conninfo(ws, "closed")
    assert not server.connections
    assert not tkws.find()
    assert client.recv(1) == b""


@pytest.mark.parametrize("who", ["server", "connection"])
def test_a_close_overtakes_the_socket(root, admitted, pump_until, who) -> None:
    server, sock, client = admitted
    ws = upgrade_in_a_thread(sock)
    (server if who == "server" else ws).close(1001)
    pump_until(lambda: ws.state is tkws.State.CLOSING)
    received = b""
    while not received.endswith(b"\r\n\r\n\x88\x02\x03\xe9"):
        data = client.recv(1000)
        assert data, received
        received += data
    client.shutdown(socket.SHUT_WR)
    pump_until(lambda: not server.connections)


def test_bytes_read_behind_the_request_are_handed_over(root, pump_until, peers):
    heard = Recorder()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        sockets = tkws.server(listening, master=root)
        sockets.live("/", heard)
        near, far = peers.sockets()
        headers = {
            "Host": "localhost",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": KEY,
            "Sec-WebSocket-Version": "13",
        }
        assert tkws.test(sockets, near, "/", headers)
        client = Peer(far, pump_until, client=True)
        ws = tkws.upgrade(near, initial=client.frame(Opcode.TEXT, b"early"))
        pump_until(lambda: ("text", "early") in heard.events)
        ws.close()
        sockets.close()
        client.bye()
        client.wait_for_end()
        far.close()
        pump_until(lambda: ws.state is tkws.State.CLOSED)

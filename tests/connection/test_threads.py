"""Everything public, called from a thread that is not Tk's and from a process that was forked off.

Either a call works there, or it raises `StateError` at once, says what to do, and has changed nothing.
"""

from __future__ import annotations

import inspect
import os
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

import pytest

import tkws
from tests.ledger import Ledger
from tests.loop.test_fork import fork
from tests.peers import Log
from tkws.protocol.frames import Opcode

pytestmark = pytest.mark.thorough

# What a call returns in another thread; anything else must raise StateError.
WORKS: dict[str, dict[str, Callable[[Any], object]]] = {
    "WebSocket": {
        "send": lambda ws: ws.send("x"),
        "send_value": lambda ws: ws.send_value(1),
        "send_json": lambda ws: ws.send_json(1),
        "call": lambda ws: ws.call("x"),
        "notify": lambda ws: ws.notify("x"),
        "ping": lambda ws: ws.ping(),
        "pong": lambda ws: ws.pong(),
        "close": lambda ws: ws.close(),
        "cget": lambda ws: ws.cget("keepalive"),
        "keys": lambda ws: ws.keys(),
    },
    "Server": {
        "broadcast": lambda server: server.broadcast("x", to="room"),
        "members": lambda server: server.members("room"),
        "live": lambda server: server.live("/x", print),
        "page": lambda server: server.page("/x", "x"),
        "directory": lambda server: server.directory("/d", os.path.dirname(__file__)),
        "configure": lambda server: server.configure(keepalive=7),
        "config": lambda server: server.config(keepalive=7),
        "cget": lambda server: server.cget("keepalive"),
        "keys": lambda server: server.keys(),
        "is_live": lambda server: server.is_live("/"),
    },
}
REFUSED: dict[str, dict[str, Callable[[Any], object]]] = {
    "WebSocket": {
        "pause": lambda ws: ws.pause(),
        "send_stream": lambda ws: ws.send_stream([b"x"]),
        "receive_into": lambda ws: ws.receive_into(print),
        "resume": lambda ws: ws.resume(),
        "reconnect_now": lambda ws: ws.reconnect_now(),
        "join": lambda ws: ws.join("room"),
        "leave": lambda ws: ws.leave("room"),
        "configure": lambda ws: ws.configure(keepalive=3),
        "config": lambda ws: ws.config(keepalive=3),
    },
    "Server": {
        "close": lambda server: server.close(),
        "shutdown": lambda server: server.shutdown(),
        "open": lambda server: server.open(None, None),
    },
}
# Called by the package alone, with what a program does not have.
INTERNAL = {"Server": {"check_request", "adopt"}, "HTTPServer": {"leave", "find_deciders"}}


def public_methods(kind: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}


def in_thread(call: Callable[[], object]) -> object:
    """What a call in another thread returned or raised, while the loop rests."""
    result: list[object] = []

    def run() -> None:
        try:
            result.append(call())
        except Exception as error:
            result.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    return result[0]


def test_every_public_method_is_tried():
    assert public_methods(tkws.WebSocket) == {*WORKS["WebSocket"], *REFUSED["WebSocket"]}
    of_server = {*WORKS["Server"], *REFUSED["Server"], *INTERNAL["Server"]}
    assert public_methods(tkws.Server) == of_server
    assert public_methods(tkws.HTTPServer) == of_server | INTERNAL["HTTPServer"] | {"admit"}


def picture(ws: tkws.WebSocket) -> object:
    """What a refused call must leave as it is."""
    delivery = ws._session.delivery
    return ws.state, ws.configure(), delivery.paused, ws._session.phase, ws.retry_in is None


@pytest.mark.parametrize("phase", ["connecting", "open", "paused", "waiting", "closing", "closed"])
@pytest.mark.parametrize("name", [*WORKS["WebSocket"], *REFUSED["WebSocket"]])
def test_a_websocket_in_a_thread(root, peers, pump_until, log, phase, name):
    listening = peers.listen()
    never = tkws.Backoff(initial=60)
    rpc = tkws.JSONRPC(log)
    ws = tkws.open(listening.url, rpc, master=root, reconnect=never, close_timeout=0.05, codec=tkws.JSON)
    if phase != "connecting":
        peer = listening.accept()
        peer.accept()
        pump_until(lambda: log.open)
    if phase == "paused":
        ws.pause()
    elif phase == "waiting":
        peer.sock.close()
        pump_until(lambda: "retry" in log.types)
    elif phase in ("closing", "closed"):
        ws.close()
        pump_until(lambda: phase == "closing" or log.over)
    before = picture(ws)
    if name in REFUSED["WebSocket"]:
        error = in_thread(lambda: REFUSED["WebSocket"][name](ws))
        assert isinstance(error, tkws.StateError)
        assert "call_soon_threadsafe" in str(error)
    else:
        result = in_thread(lambda: WORKS["WebSocket"][name](ws))
        sends = name in ("send", "send_value", "send_json", "notify", "ping", "pong")
        if (sends and phase in ("closing", "closed")) or (name == "call" and phase not in ("open", "paused")):
            assert isinstance(result, tkws.StateError)
        else:
            assert not isinstance(result, Exception)
    assert picture(ws) == before
    ws.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED and log.types[-1] == "disconnect")


@pytest.mark.parametrize("kind", ["server", "serve"])
@pytest.mark.parametrize("name", [*WORKS["Server"], *REFUSED["Server"]])
def test_a_server_in_a_thread(root, peers, pump_until, log, kind, name):
    server: tkws.Server
    if kind == "serve":
        server = tkws.serve(master=root, handler=log)
    else:
        listening = peers.keep(socket.create_server(("127.0.0.1", 0)))
        server = tkws.server(listening, master=root, handler=log)
    before = server.configure(), server.closed
    call = {**WORKS["Server"], **REFUSED["Server"]}[name]
    result = in_thread(lambda: call(server))
    if name in WORKS["Server"]:
        assert not isinstance(result, Exception)
    else:
        assert isinstance(result, tkws.StateError)
        assert "call_soon_threadsafe" in str(result)
        assert (server.configure(), server.closed) == before
    server.close()


def test_commands_that_make_something_raise_in_a_thread(root, peers):
    near, far = peers.sockets()
    listening = peers.listen()
    for call in (
        lambda: tkws.open(listening.url, print, master=root),
        lambda: tkws.serve(master=root),
        lambda: tkws.server(listening.sock, master=root),
        lambda: tkws.takeover(near, print, master=root),
    ):
        assert isinstance(in_thread(call), tkws.StateError)
    assert near.fileno() >= 0  # and the socket still is the program's
    near.send(b"x")
    assert far.recv(1) == b"x"
    assert tkws.find() == []


# ---- a broadcast of a worker


def test_broadcasts_of_workers_arrive_in_order_and_none_is_lost(root, pump_until):
    books = [Ledger() for _ in range(4)]
    logs = [Log() for _ in range(3)]
    server = tkws.serve(master=root, handler=lambda ws, type, message: None, max_buffered=None)

    class Worker:
        def __init__(self, number: int) -> None:
            self.number = number

        def send(self, payload: str) -> None:
            assert server.broadcast(f"{self.number}{payload}") == len(clients)

    clients = [tkws.open(server.url, log, master=root) for log in logs]
    pump_until(lambda: all(log.open for log in logs) and len(server.connections) == len(clients))
    clients[1].pause()  # a peer that is slow

    def work(number: int) -> None:
        for _ in range(200):
            books[number].send(Worker(number), 3000, text=True)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    pump_until(lambda: len(logs[0].all("text")) == 800)
    for thread in threads:
        thread.join()
    clients[1].resume()
    pump_until(lambda: all(len(log.all("text")) == 800 for log in logs))
    for log in logs:
        for number in range(4):
            own = [text[1:13] for text in log.all("text") if text[0] == str(number)]
            assert own == [f"{index:012}" for index in range(200)]
    server.close()
    pump_until(lambda: not tkws.find())


def test_a_workers_broadcasts_and_messages_keep_their_order(root, pump_until):
    log = Log()
    server = tkws.serve(master=root, handler=Log())
    tkws.open(server.url, log, master=root)
    pump_until(lambda: log.open and server.connections)
    [ws] = server.connections

    def work() -> None:
        for number in range(100):
            ws.send(f"{number} to one")
            server.broadcast(f"{number} to all")

    in_thread(work)
    pump_until(lambda: len(log.all("text")) == 200)
    assert log.all("text") == [f"{number} {to}" for number in range(100) for to in ("to one", "to all")]
    server.close()
    pump_until(lambda: not tkws.find())


def test_a_worker_broadcasts_to_nobody_after_the_end(root, pump_until):
    server = tkws.serve(master=root, handler=Log())
    tkws.open(server.url, log := Log(), master=root)
    pump_until(lambda: log.open and server.connections)
    server.close()
    pump_until(lambda: not tkws.find())
    assert in_thread(lambda: server.broadcast("x")) == 0


# ---- a process that was forked off

forks = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here"),
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
]

# Nothing of the parent's changes, whatever these return.
READ = {"cget", "keys", "is_live", "members"}


class TestForked:
    pytestmark = forks

    def test_a_child_is_refused_and_the_parents_connection_unharmed(self, root, taken, pump_until, log):
        ws, peer = taken
        calls = {**WORKS["WebSocket"], **REFUSED["WebSocket"]}
        fork(lambda: [require_refused(calls[name], ws) for name in sorted(calls.keys() - READ)])
        ws.send("alive")
        assert peer.hear() == [(Opcode.TEXT, b"alive")]
        peer.text("and here")
        pump_until(lambda: log.all("text") == ["and here"])

    @pytest.mark.parametrize("kind", ["server", "serve"])
    def test_a_server_is_the_parents(self, root, peers, pump_until, log, kind):
        listening = peers.keep(socket.create_server(("127.0.0.1", 0)))
        near, _ = peers.sockets()
        server = tkws.serve(master=root) if kind == "serve" else tkws.server(listening, master=root)
        server.live("/", log)
        calls = {**WORKS["Server"], **REFUSED["Server"], **OF_A_FORK}
        if kind == "server":
            del calls["ssl"], calls["admit"]
        request = {"Host": "localhost", "Upgrade": "websocket", "Connection": "Upgrade"}
        request |= {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        assert tkws.test(server, near, "/", request)
        before = server.configure()

        def child() -> None:
            for name in sorted(calls.keys() - READ):
                require_refused(calls[name], server)
            require_refused(lambda _: tkws.upgrade(near), server)
            require_refused(lambda _: tkws.test(server, near, "/", request), server)
            require_refused(lambda _: tkws.live(server, "/y", print), server)
            assert (server.configure(), server.closed, server.is_live("/x")) == (before, False, False)

        fork(child)
        assert near.fileno() >= 0
        server.close()

    def test_what_makes_something_in_the_parents_interpreter_is_refused(self, root, peers):
        listening, (near, _) = peers.listen(), peers.sockets()
        tkws.serve(master=root).close()

        def child() -> None:
            for call in (
                lambda _: tkws.open(listening.url, print, master=root),
                lambda _: tkws.serve(master=root),
                lambda _: tkws.server(listening.sock, master=root),
                lambda _: tkws.takeover(near, print, master=root),
            ):
                require_refused(call, None)
            assert near.fileno() >= 0

        fork(child)

    def test_find_returns_the_connections_of_its_own_process(self, taken):
        ws, _ = taken

        def child() -> None:
            assert tkws.find() == []

        fork(child)
        assert tkws.find() == [ws]

    def test_every_setter_is_tried(self):
        for kind in (tkws.WebSocket, tkws.Server, tkws.HTTPServer):
            settable = {name for name, value in inspect.getmembers(kind) if getattr(value, "fset", None)}
            assert settable <= OF_A_FORK.keys()


def _set_ssl(server: Any) -> None:
    server.ssl = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


OF_A_FORK: dict[str, Callable[[Any], object]] = {
    "item": lambda server: server.__setitem__("keepalive", 7),
    "check_request": lambda server: server.check_request(None),
    "adopt": lambda server: server.adopt(None, None),
    "ssl": _set_ssl,
    "admit": lambda server: server.admit(print),
    "backplane": lambda server: setattr(server, "backplane", None),
}


def require_refused(call: Callable[[Any], object], target: object) -> None:
    with pytest.raises(tkws.StateError, match="forked off.* parent"):
        call(target)

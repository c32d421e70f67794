"""Nothing is left behind: not after a thousand connections, and not when the loop goes at any moment of one.

What could be left: a descriptor, a Tcl command, an ``after`` script, a timer or a watch of the loop, a
thread, a reference to a `WebSocket`. The fixtures that always run look for most of it as well.
"""

from __future__ import annotations

import gc
import socket
import ssl
import threading
import tkinter
import weakref
from collections.abc import Callable
from typing import Any

import pytest

import tkws
from tests import guards
from tests.peers import Peer
from tkws.loop import loop_for
from tkws.net import default_ssl_context
from tkws.protocol.frames import Opcode
from tkws.testing import run_until

pytestmark = pytest.mark.thorough

CYCLES, AT_ONCE = 1000, 50


class Traces:
    """A reading of all that a connection could leave behind."""

    def __init__(self, root: tkinter.Tk) -> None:
        loop = loop_for(root)
        self.watched = set(loop._readiness.watches)
        self.timers = sum(timer.active for _, _, timer in loop._timers._heap)
        self.waiting = len(loop._soon) + len(loop._slice_end_calls)
        self.at_close = len(loop._on_close)
        self.commands = set(root.tk.splitlist(root.tk.call("info", "commands")))
        self.after = set(root.tk.splitlist(root.tk.call("after", "info")))
        self.descriptors = guards.open_descriptors().keys()
        self.threads = set(threading.enumerate())
        self.found = tkws.find()

    def adds_nothing_to(self, before: Traces) -> bool:
        """Whether all of this was there before; what has gone since may be another test's."""
        return (
            self.watched <= before.watched
            and self.timers <= before.timers
            and self.waiting <= before.waiting
            and self.at_close <= before.at_close
            and self.commands <= before.commands
            and self.after <= before.after
            and self.descriptors <= before.descriptors
            and self.threads <= before.threads
            and set(self.found) <= set(before.found)
        )


class Watched:
    """A handler that keeps no connection alive: it counts, and remembers weakly."""

    def __init__(self, **actions: Callable[[tkws.WebSocket], object]) -> None:
        self.types: list[str] = []
        self.actions = actions
        self.seen: weakref.WeakSet[tkws.WebSocket] = weakref.WeakSet()

    def __call__(self, ws: tkws.WebSocket, type: str, message: object) -> None:
        self.types.append(str(type))
        self.seen.add(ws)
        if type in self.actions:
            self.actions[type](ws)


def gone(*handlers: Watched) -> bool:
    """Whether no connection of these handlers lives any more."""
    gc.collect()
    return not any(handler.seen for handler in handlers)


# ---- a thousand connections


def say_and_close(ws):
    ws.send("hello")
    ws.close(1000, "done")


# How a connection ends: by what its two handlers do, or by what is asked for.
WAYS: list[tuple[dict, dict, dict]] = [
    ({"connect": say_and_close}, {}, {}),
    ({}, {"connect": lambda ws: ws.close(1001)}, {}),
    ({"connect": lambda ws: ws._session.driver.stream.abort()}, {}, {}),
    ({}, {}, {"origin": "https://refused.example.org"}),
]


@pytest.mark.slow
def test_a_thousand_connections_leave_nothing(root, pump_until):
    handlers = []
    server = tkws.serve(master=root)

    def cycle(client_actions, server_actions, arguments):
        client, served = Watched(**client_actions), Watched(**server_actions)
        handlers.extend((client, served))
        server.configure(handler=served)
        for _ in range(AT_ONCE):
            tkws.open(server.url, client, master=root, keepalive=30, **arguments)
        pump_until(lambda: client.types.count("disconnect") == AT_ONCE)
        pump_until(lambda: not (server.connections or server._http_connections))

    for way in WAYS:
        cycle(*way)
    before = Traces(root)
    for _ in range(CYCLES // AT_ONCE // len(WAYS)):
        for way in WAYS:
            cycle(*way)
    pump_until(lambda: Traces(root).adds_nothing_to(before))
    assert gone(*handlers)


@pytest.mark.slow
def test_a_thousand_sockets_that_change_hands_leave_nothing(root, pump_until):
    handler = Watched(text=lambda ws: ws.close())
    loop_for(root)

    def cycle(count):
        target = len(handler.types) + 4 * count
        for _ in range(count // 2):
            near, far = socket.socketpair()
            client = tkws.takeover(near, handler, master=root)
            tkws.takeover(far, handler, True, master=root)
            client.send("hello")
            del client
            tkws.find()[-2].send("and to you")
        pump_until(lambda: handler.types.count("disconnect") * 4 >= target - handler.types.count("text"))
        pump_until(lambda: not tkws.find())

    cycle(AT_ONCE)
    before = Traces(root)
    for _ in range(CYCLES // AT_ONCE):
        cycle(AT_ONCE)
    pump_until(lambda: Traces(root).adds_nothing_to(before))
    assert gone(handler)


@pytest.mark.slow
def test_servers_leave_nothing(root, pump_until):
    handler = Watched(connect=lambda ws: ws.send("x"))
    loop_for(root)

    def cycle():
        server = tkws.serve(master=root, handler=handler)
        server.page("/", "page")
        client = Watched(text=lambda ws: server.close())
        tkws.open(server.url, client, master=root)
        pump_until(lambda: "disconnect" in client.types and not server.connections)
        return weakref.ref(server)

    idle = Traces(root).watched
    cycle()
    pump_until(lambda: Traces(root).watched == idle)  # the last socket of this cycle is closed
    before = Traces(root)
    servers = [cycle() for _ in range(50)]
    pump_until(lambda: Traces(root).adds_nothing_to(before))
    assert gone(handler)
    assert not any(server() for server in servers)


def test_a_call_that_waits_as_the_window_goes_keeps_nothing():
    """A `tkws.JSONRPC` that lives on could: it knows the call's function, which refers to the connection."""
    rpc = tkws.JSONRPC()
    app = tkinter.Tcl()
    handler = Watched()
    server = tkws.serve(master=app, handler=rpc)
    ws = tkws.open(server.url, tkws.tee(rpc, handler), master=app)
    run_until(lambda: "connect" in handler.types, master=app)
    ws.call("x", on_result=lambda _, ws=ws: ws)
    watched = weakref.ref(ws)
    loop_for(app).close()
    del ws, server, app
    gc.collect()
    assert watched() is None


# ---- the moments of an opening, and of what follows


class Stage:
    """What a moment is prepared with; ``reached()`` says when it is there."""

    def __init__(self, root, peers, pump_until, monkeypatch, resolver, server_ssl, client_ssl) -> None:
        self.root = root
        self.peers = peers
        self.pump_until = pump_until
        self.monkeypatch = monkeypatch
        self.resolver = resolver
        resolver["localhost"] = ["127.0.0.1"]
        self.server_ssl = server_ssl
        self.client_ssl = client_ssl
        self.handler = Watched()
        self.let_go = threading.Event()
        self.kept: list[Any] = []

    def open(self, url: str, **options: Any) -> None:
        self.handler.seen.add(tkws.open(url, self.handler, master=self.root, **options))

    def taken(self, **options: Any) -> Peer:
        ws, peer = self.peers.taken(self.root, self.handler, **options)
        self.handler.seen.add(ws)
        self.pump_until(lambda: self.handler.types)
        return peer

    @property
    def ws(self) -> tkws.WebSocket:
        return next(iter(self.handler.seen))

    def connector(self) -> Any:
        """The way to the server that the opening is on."""
        return self.ws._session._owned._opening._connector  # type: ignore[union-attr] # there is one while it opens


def just_asked(stage):
    stage.open("ws://127.0.0.1:1/")


def resolving(stage):
    stage.resolver["slow.invalid"] = lambda: ["192.0.2.1"] if stage.let_go.wait(10) else []
    stage.open("ws://slow.invalid/")
    stage.pump_until(
        lambda: stage.connector() and stage.connector().phase == "resolve" and stage.connector()._step
    )


def connecting(stage):
    deaf = stage.peers.keep(socket.create_server(("127.0.0.1", 0), backlog=0))
    for _ in range(2):
        other = stage.peers.keep(socket.socket())
        other.setblocking(False)
        other.connect_ex(deaf.getsockname())
    stage.open(f"ws://127.0.0.1:{deaf.getsockname()[1]}/")
    stage.pump_until(
        lambda: (
            (connector := stage.connector())
            and connector.phase == "connect"
            and connector._step
            and connector._step._attempts
        )
    )


def loading_the_authorities(stage):
    def load() -> ssl.SSLContext:
        stage.let_go.wait(10)
        raise ssl.SSLError("let go")

    default_ssl_context.cache_clear()
    stage.monkeypatch.setattr(ssl, "create_default_context", load)
    stage.open("wss://localhost:1/")
    stage.pump_until(lambda: stage.connector() and stage.connector().phase == "tls")


def agreeing_on_tls(stage):
    listening = stage.peers.listen()
    stage.open(f"wss://localhost:{listening.port}/", ssl=stage.client_ssl)
    peer = listening.accept()
    stage.pump_until(lambda: len(peer.read()) > 100)


def a_proxy_is_silent(stage):
    listening = stage.peers.listen()
    stage.open("ws://example.org/", proxy=f"http://127.0.0.1:{listening.port}")
    listening.accept().take_until()


def shaking_hands(stage):
    listening = stage.peers.listen()
    stage.open(listening.url)
    listening.accept().take_until()


def the_answer_has_begun(stage):
    listening = stage.peers.listen()
    stage.open(listening.url)
    peer = listening.accept()
    peer.take_until()
    peer.send(b"HTTP/1.1 101 Swit")


def refused_and_waiting_to_try_again(stage):
    stage.open("ws://127.0.0.1:1/", reconnect=tkws.Backoff(initial=60))
    stage.pump_until(lambda: "retry" in stage.handler.types)


def opened(stage):
    stage.taken()


def opened_over_tls(stage):
    server = tkws.serve("localhost", master=stage.root, ssl=stage.server_ssl, handler=stage.handler)
    stage.open(server.url, ssl=stage.client_ssl)
    stage.pump_until(lambda: stage.handler.types.count("connect") == 2)


def paused(stage):
    peer = stage.taken()
    stage.ws.pause()
    peer.text("unread")


def in_the_middle_of_a_message(stage):
    peer = stage.taken()
    peer.send(peer.frame(Opcode.BINARY, bytes(1 << 20))[:200_000])
    stage.pump_until(lambda: stage.ws.statistics.bytes_received >= 200_000)


def waiting_for_a_pong(stage):
    stage.taken(keepalive=0.01, pong_timeout=60).hear()


def sending(stage):
    stage.taken()
    stage.ws.send(bytes(64 << 20))
    assert stage.ws.buffered_amount


def gathering(stage):
    stage.taken()
    stage.ws.loop.call_soon(lambda: (stage.ws.send("one"), stage.ws.send("two"), stage.ws.loop.close()))
    stage.pump_until(lambda: loop_for_is_closed(stage))


def closing(stage):
    stage.taken()
    stage.ws.close()


def closing_over_tls(stage):
    opened_over_tls(stage)
    for ws in tkws.find():
        ws.close()


def closing_with_much_to_send(stage):
    sending(stage)
    stage.ws.close()


def the_peer_has_closed(stage):
    peer = stage.taken()
    peer.bye()
    peer.hear()


def the_peer_has_vanished(stage):
    stage.taken().sock.close()


def over(stage):
    stage.taken().sock.close()
    stage.pump_until(lambda: "disconnect" in stage.handler.types)


def a_visitor_is_there(stage):
    server = tkws.serve(master=stage.root, handler=stage.handler)
    peer = stage.peers.connect(server)
    peer.send(b"GET / HT")
    stage.pump_until(lambda: server._http_connections)


def a_visitor_agrees_on_tls(stage):
    server = tkws.serve(master=stage.root, handler=stage.handler, ssl=stage.server_ssl)
    peer = stage.peers.connect(server)
    peer.send(b"\x16\x03\x01")
    stage.pump_until(lambda: server._http_connections)


def a_page_is_being_sent(stage):
    server = tkws.serve(master=stage.root, handler=stage.handler)
    server.page("/", bytes(64 << 20))
    peer = stage.peers.connect(server)
    peer.request("/")
    stage.pump_until(peer.read)


def a_batch_waits(stage):
    peer = stage.taken()
    stage.ws["handler"] = tkws.batched(stage.handler, 60)
    peer.text("waits")
    stage.pump_until(lambda: stage.ws.statistics.messages_received)


def loop_for_is_closed(stage) -> bool:
    return all(ws.loop.closed for ws in stage.handler.seen)


MOMENTS = [
    just_asked, resolving, connecting, loading_the_authorities, agreeing_on_tls, a_proxy_is_silent,
    shaking_hands, the_answer_has_begun, refused_and_waiting_to_try_again, opened, opened_over_tls, paused,
    in_the_middle_of_a_message, waiting_for_a_pong, sending, gathering, closing, closing_over_tls,
    closing_with_much_to_send, the_peer_has_closed, the_peer_has_vanished, over, a_visitor_is_there,
    a_visitor_agrees_on_tls, a_page_is_being_sent, a_batch_waits,
]  # fmt: skip


@pytest.fixture
def stage(root, peers, pump_until, monkeypatch, system_resolver, server_ssl, client_ssl):
    stage = Stage(root, peers, pump_until, monkeypatch, system_resolver, server_ssl, client_ssl)
    yield stage
    stage.let_go.set()


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_the_loop_goes_at_any_moment(stage, root, moment):
    moment(stage)
    told = stage.handler.types.copy()
    loop = loop_for(root) if not loop_for_is_closed(stage) or not stage.handler.seen else None
    if loop is not None:
        loop.close()
        assert not loop._readiness.watches
        assert not len(loop._timers)
        assert not loop._on_close
    stage.let_go.set()
    assert stage.handler.types == told  # the program has gone as well
    assert tkws.find() == []
    stage.kept.clear()
    assert gone(stage.handler)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_the_window_goes_at_any_moment(request, display_root, peers, pump_until, monkeypatch, moment):
    others = (request.getfixturevalue(name) for name in ("system_resolver", "server_ssl", "client_ssl"))
    stage = Stage(display_root, peers, pump_until, monkeypatch, *others)
    try:
        moment(stage)
        display_root.destroy()
    finally:
        stage.let_go.set()
    assert tkws.find() == []
    assert gone(stage.handler)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_the_interpreter_is_forgotten_at_any_moment(
    peers, pump_until, monkeypatch, system_resolver, server_ssl, client_ssl, moment
):
    stage = Stage(tkinter.Tcl(), peers, pump_until, monkeypatch, system_resolver, server_ssl, client_ssl)
    try:
        moment(stage)
        handler = stage.handler
        stage.root = None
        gc.collect()
    finally:
        stage.let_go.set()
    assert tkws.find() == []
    assert gone(handler)


# ---- from inside each event


def a_close(peer):
    peer.bye()


def refuse(peer):
    peer.take_until()
    peer.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")


EVENTS = {
    "connect": None,
    "text": lambda peer: peer.text("x", "y"),
    "binary": lambda peer: peer.say(Opcode.BINARY, b"x"),
    "ping": lambda peer: peer.say(Opcode.PING),
    "pong": lambda peer: peer.say(Opcode.PONG),
    "close": a_close,
    "error": lambda peer: peer.send(b"\xff\xff"),
    "disconnect": lambda peer: peer.sock.close(),
}


@pytest.mark.parametrize("server", [True, False])
@pytest.mark.parametrize("type", EVENTS)
def test_the_loop_goes_from_inside_an_event(root, peers, pump_until, type, server):
    loop = loop_for(root)
    handler = Watched(**{type: lambda ws: (ws.state is tkws.State.OPEN and ws.send("bye"), loop.close())})
    _, peer = peers.taken(root, handler, server=server)
    del _
    if EVENTS[type] is not None:
        EVENTS[type](peer)
    pump_until(lambda: loop.closed)
    assert handler.types[-1] == type
    assert not loop._readiness.watches
    assert tkws.find() == []
    assert gone(handler)


@pytest.mark.parametrize("busy", [False, True])
def test_the_loop_goes_while_the_last_events_wait(root, peers, pump_until, busy):
    loop = loop_for(root)

    def leave_in_a_dialog(ws):
        peer.sock.close()
        pump_until(lambda: ws.state is tkws.State.CLOSED)
        loop.close()

    handler = Watched(**({"text": leave_in_a_dialog} if busy else {}))
    ws, peer = peers.taken(root, handler)
    pump_until(lambda: handler.types)
    if busy:
        peer.text("go")
    else:
        ws.pause()
        ws._session.driver.stream.abort()
        pump_until(lambda: not tkws.find())
        loop.close()
    pump_until(lambda: loop.closed)
    ws.resume()
    del ws
    assert handler.types == ["connect", "text"][: 1 + busy]
    assert gone(handler)


@pytest.mark.parametrize("type", ["error", "timeout", "disconnect", "retry"])
def test_the_loop_goes_from_inside_the_event_of_a_failure(root, peers, pump_until, type):
    loop = loop_for(root)
    handler = Watched(**{type: lambda ws: loop.close()})
    listening = peers.listen()
    timeout, reconnect = (0.02, None) if type == "timeout" else (5, type == "retry")
    tkws.open(listening.url, handler, master=root, timeout=timeout, reconnect=reconnect)
    peer = listening.accept()
    if type == "retry":
        peer.sock.close()
    elif type != "timeout":
        refuse(peer)
    pump_until(lambda: loop.closed)
    assert handler.types[-1] == type
    assert tkws.find() == []
    assert gone(handler)


def test_the_loop_goes_when_the_buffer_drains(root, peers, pump_until):
    loop = loop_for(root)
    handler = Watched(drain=lambda ws: loop.close())
    ws, peer = peers.taken(root, handler, high_water=1 << 20, low_water=0)
    pump_until(lambda: handler.types)
    ws.send(bytes(32 << 20))
    del ws
    pump_until(lambda: peer.read() is not None and loop.closed)
    assert handler.types == ["connect", "drain"]
    assert gone(handler)


def test_the_window_goes_from_inside_an_event_and_another_one_works(display_root, peers, pump_until):
    def leave(ws):
        display_root.destroy()

    handler = Watched(text=leave)
    _, peer = peers.taken(display_root, handler)
    del _
    label = tkinter.Label(display_root, text="nobody")
    label.pack()
    peer.text("go")
    peer.wait_for_end()
    assert gone(handler)
    second = tkinter.Tk()
    again = Watched()
    _, peer = peers.taken(second, again)
    peer.text("hello")
    pump_until(lambda: "text" in again.types)
    second.destroy()
    peer.wait_for_end()

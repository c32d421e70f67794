"""tcllib's commands: what each takes and refuses, by name, and what it returns."""

from __future__ import annotations

import logging
import math
import ssl
import threading
from array import array

import pytest

import tkws
from tests.loop.child import run_child
from tests.peers import Log
from tkws.loop import loop_for
from tkws.protocol.frames import Opcode

URL = "ws://127.0.0.1:1/"


@pytest.fixture
def taken(root, peers, log, pump_until):
    """A client's connection that is open, and its other end."""
    ws, peer = peers.taken(root, log, server=False)
    pump_until(lambda: log.open)
    return ws, peer


# ---- open


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"url": None}, TypeError, "url: str, not "),
        ({"url": "chat"}, tkws.URLError, "url: must look like ws://host/path"),
        ({"url": "ftp://localhost/"}, tkws.URLError, "url: must begin with ws:// or wss://"),
        ({"url": "ws:///"}, tkws.URLError, "url: must have a host"),
        ({"url": "ws://localhost:70000/"}, tkws.URLError, "url: has a port"),
        ({"url": "ws://localhost/#x"}, tkws.URLError, "url: must not have a fragment"),
        ({"handler": None}, TypeError, "handler: a callable"),
        ({"handler": "print"}, TypeError, "handler: a callable"),
        ({"master": 5}, TypeError, "master: a widget"),
        ({"protocols": None}, TypeError, "protocols: a sequence of str, not NoneType"),
        ({"protocols": 5}, TypeError, "protocols: a sequence of str, not int"),
        ({"protocols": [5]}, TypeError, "protocols: each a str"),
        ({"protocols": ["a b"]}, ValueError, "protocols: 'a b' is not a token"),
        ({"protocols": ["a", "a"]}, ValueError, "protocols: each may be offered once"),
        ({"headers": None}, TypeError, "headers: "),
        ({"headers": 5}, TypeError, "headers: "),
        ({"headers": {"X": 5}}, TypeError, "headers: "),
        ({"headers": {"X": "a\r\nY: b"}}, ValueError, "headers: "),
        ({"headers": {"a b": "c"}}, ValueError, "headers: "),
        ({"headers": {"Host": "localhost"}}, ValueError, "headers: "),
        ({"headers": {"Sec-WebSocket-Key": "x"}}, ValueError, "headers: "),
        ({"max_redirects": None}, TypeError, "max_redirects: "),
        ({"max_redirects": True}, TypeError, "max_redirects: "),
        ({"max_redirects": 1.0}, TypeError, "max_redirects: "),
        ({"max_redirects": -(10**400)}, ValueError, "max_redirects: "),
        ({"timeout": None}, TypeError, "timeout: "),
        ({"timeout": "30"}, TypeError, "timeout: "),
        ({"timeout": True}, TypeError, "timeout: "),
        ({"timeout": 0}, ValueError, "timeout: "),
        ({"timeout": -1}, ValueError, "timeout: "),
        ({"timeout": math.inf}, ValueError, "timeout: "),
        ({"timeout": math.nan}, ValueError, "timeout: "),
        ({"proxy": 5}, TypeError, "proxy: "),
        ({"proxy": "ftp://localhost"}, ValueError, "proxy: "),
        ({"proxy": "http://localhost", "unix": "/x"}, ValueError, "proxy, unix, sock: only one"),
        ({"proxy_ssl": "x"}, TypeError, "proxy_ssl: an ssl.SSLContext, not str"),
        ({"ssl": True}, TypeError, "ssl: an ssl.SSLContext, not bool"),
        ({"ssl": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}, ValueError, f"ssl: {URL} is not a wss: URL"),
        (
            {"url": "wss://localhost/", "ssl": ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)},
            ValueError,
            "ssl: a context for a client .PROTOCOL_TLS_CLIENT., not PROTOCOL_TLS_SERVER",
        ),
        ({"unix": 5}, TypeError, "unix: a path, not int"),
        ({"unix": b"/x"}, TypeError, "unix: a path, not bytes"),
        ({"sock": 5}, TypeError, "sock: a socket, not int"),
        ({"origin": 5}, TypeError, "origin: "),
        ({"origin": "a\nb"}, ValueError, "(origin|headers)"),
        ({"origin": "http://x", "headers": {"Origin": "http://y"}}, ValueError, "headers: Origin"),
        ({"cookies": {}}, TypeError, "cookies: an http.cookiejar.CookieJar, not dict"),
        ({"reconnect": 5}, TypeError, "reconnect: "),
        ({"keepalive": -1}, ValueError, "keepalive: "),
        ({"keepalive": "5"}, TypeError, "keepalive: "),
        ({"colour": "red"}, TypeError, "unknown option 'colour'"),
        ({"origins": ["*"]}, TypeError, "unknown option 'origins'"),
        ({"compression": 5}, TypeError, "compression: "),
    ],
)
@pytest.mark.parametrize("fresh", [False, True])
def test_what_open_refuses(root, arguments, kind, message, fresh):
    arguments = {"url": URL, "handler": print, "master": root, **arguments}
    if fresh and "headers" not in arguments:
        arguments["headers"] = dict  # asked for at each attempt; the rest is looked at all the same
    with pytest.raises(kind, match=f"^{message}"):
        tkws.open(**arguments)
    assert tkws.find() == []


def test_a_unix_path_and_a_socket_exclude_each_other(root, peers):
    near, _ = peers.sockets()
    with pytest.raises(ValueError, match="^unix, sock: only one of them"):
        tkws.open(URL, print, master=root, unix="/x", sock=near)
    with pytest.raises(ValueError, match="^proxy, unix, sock: only one of them"):
        tkws.open(URL, print, master=root, proxy="http://localhost", sock=near)
    with pytest.raises(ValueError, match="^reconnect: a given sock cannot be connected again"):
        tkws.open(URL, print, master=root, reconnect=True, sock=near)
    assert near.fileno() >= 0


def test_open_takes_options(root, log):
    ws = tkws.open(URL, log, master=root, keepalive=7, ping="x")
    assert (ws["keepalive"], ws["ping"], ws["handler"]) == (7, "x", log)
    assert tkws.open(URL, log, master=root, reconnect=False).state is tkws.State.CONNECTING


def test_open_makes_the_default_root_as_a_widget_does(display_root):
    ws = tkws.open(URL, print)
    assert ws.loop is loop_for(display_root)
    assert ws.loop.master is display_root


def test_open_takes_any_widget_as_its_master(display_root):
    import tkinter

    label = tkinter.Label(tkinter.Toplevel(display_root))
    assert tkws.open(URL, print, master=label).loop is loop_for(display_root)


@pytest.mark.parametrize("command", ["open", "takeover", "serve", "server"])
def test_the_makers_belong_to_the_thread_of_the_interpreter(root, peers, pump_until, command):
    near, _ = peers.sockets()
    calls = {
        "open": lambda: tkws.open(URL, print, master=root),
        "takeover": lambda: tkws.takeover(near, print, master=root),
        "serve": lambda: tkws.serve(master=root),
        "server": lambda: tkws.server(near, master=root),
    }
    raised = []

    def call():
        try:
            calls[command]()
        except tkws.StateError as error:
            raised.append(error)

    loop_for(root)
    thread = threading.Thread(target=call)
    thread.start()
    pump_until(lambda: raised)
    thread.join()
    assert tkws.find() == []


# ---- takeover


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"sock": None}, TypeError, "sock: a socket, not NoneType"),
        ({"handler": None}, TypeError, "handler: a callable"),
        ({"initial": "text"}, TypeError, "initial: bytes-like, not str"),
        ({"initial": None}, TypeError, "initial: bytes-like, not NoneType"),
        ({"server": "yes"}, TypeError, "server: True or False, not str"),
        ({"master": "."}, TypeError, "master: a widget"),
        ({"colour": "red"}, TypeError, "unknown option 'colour'"),
        ({"max_message": 0}, ValueError, "max_message: "),
    ],
)
def test_what_takeover_refuses(root, peers, arguments, kind, message):
    near, _ = peers.sockets()
    arguments = {"sock": near, "handler": print, "master": root, **arguments}
    with pytest.raises(kind, match=f"^{message}"):
        tkws.takeover(**arguments)
    assert near.fileno() >= 0  # the program's still
    assert tkws.find() == []


@pytest.mark.parametrize("server", [True, False])
def test_takeover(root, peers, log, pump_until, server):
    near, _ = peers.sockets()
    info = object()
    ws = tkws.takeover(near, log, server, info, master=root)
    assert near.fileno() == -1
    assert ws.state is tkws.State.OPEN
    assert ws.role is (tkws.Role.SERVER if server else tkws.Role.CLIENT)
    assert ws["keepalive"] == (30 if server else 0)
    pump_until(lambda: log.open)
    assert log.events == [("connect", info)]


# ---- serve


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"host": None}, TypeError, "host: str or several, not NoneType"),
        ({"host": 8765}, TypeError, "^host: str or several, not int; a port is given as port=8765$"),
        ({"host": "example.org"}, ValueError, "host: "),
        ({"port": "80"}, TypeError, "port: a whole number, not str"),
        ({"port": True}, TypeError, "port: a whole number, not bool"),
        ({"port": -1}, ValueError, "port: "),
        ({"port": 65536}, ValueError, "port: "),
        ({"ssl": True}, TypeError, "ssl: an ssl.SSLContext, not bool"),
        (
            {"ssl": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)},
            ValueError,
            "ssl: a context for a server .PROTOCOL_TLS_SERVER., not PROTOCOL_TLS_CLIENT",
        ),
        ({"master": 5}, TypeError, "master: a widget"),
        ({"origins": "https://example.org"}, TypeError, "origins: "),
        ({"max_connections": 0}, ValueError, "max_connections: "),
        ({"colour": "red"}, TypeError, "unknown option 'colour'"),
        ({"handler": 5}, TypeError, "handler: "),
    ],
)
def test_what_serve_refuses(root, arguments, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        tkws.serve(**{"master": root, **arguments})


# ---- send


@pytest.mark.parametrize(
    ("type", "message", "frame"),
    [
        ("text", "é", (Opcode.TEXT, "é".encode())),
        ("TEXT", b"bytes", (Opcode.TEXT, b"bytes")),
        ("t", bytearray(b"x"), (Opcode.TEXT, b"x")),
        (1, "x", (Opcode.TEXT, b"x")),
        (tkws.Event.TEXT, "x", (Opcode.TEXT, b"x")),
        ("binary", b"\0", (Opcode.BINARY, b"\0")),
        ("bin", "é", (Opcode.BINARY, "é".encode())),
        (2, memoryview(b"abc"), (Opcode.BINARY, b"abc")),
        (2, array("B", b"abc"), (Opcode.BINARY, b"abc")),
        ("t", array("B", b"abc"), (Opcode.TEXT, b"abc")),
        ("cl", array("B", b"bye"), (Opcode.CLOSE, b"\x03\xe8bye")),
        ("ping", "x", (Opcode.PING, b"x")),
        ("p", b"x", (Opcode.PING, b"x")),
        ("P", memoryview(b"x"), (Opcode.PING, b"x")),
        (9, "", (Opcode.PING, b"")),
        ("pong", "x", (Opcode.PONG, b"x")),
        ("po", bytearray(b"x"), (Opcode.PONG, b"x")),
        (10, "x", (Opcode.PONG, b"x")),
        ("close", "bye", (Opcode.CLOSE, b"\x03\xe8bye")),
        ("cl", b"bye", (Opcode.CLOSE, b"\x03\xe8bye")),
        (8, "", (Opcode.CLOSE, b"\x03\xe8")),
    ],
)
def test_what_send_sends(taken, type, message, frame):
    ws, peer = taken
    assert tkws.send(ws, type, message) == 2 + 4 + len(frame[1])  # masked, as a client's
    assert peer.hear() == [frame]


def test_send_without_a_message(taken):
    ws, peer = taken
    assert tkws.send(ws, "text") == 6
    assert peer.hear() == [(Opcode.TEXT, b"")]


def test_send_in_fragments(taken):
    ws, peer = taken
    tkws.send(ws, "text", "a", False)
    tkws.send(ws, "ping", "?")
    with pytest.raises(tkws.StateError, match="unfinished text message"):
        tkws.send(ws, "binary", b"b")
    tkws.send(ws, "text", "b")
    assert [opcode for opcode, _ in peer.hear(3)] == [Opcode.TEXT, Opcode.PING, Opcode.CONTINUATION]


@pytest.mark.parametrize("open", [True, False])
@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (("text", None), TypeError, "message: str or bytes-like, not NoneType"),
        (("text", 5), TypeError, "message: str or bytes-like, not int"),
        (("binary", [1]), TypeError, "message: str or bytes-like, not list"),
        (("binary", memoryview(b"abcd")[::2]), TypeError, "message: the buffer is not contiguous"),
        (("ping", 5), TypeError, "message: str or bytes-like, not int"),
        (("close", 5), TypeError, "message: str or bytes-like, not int"),
        (("text", b"\xff"), ValueError, "message: not UTF-8"),
        (("close", b"\xff"), ValueError, "message: not UTF-8"),
        (("binary", "\ud800"), ValueError, "message: not encodable as UTF-8"),
        (("pong", "\ud800"), ValueError, "message: not encodable as UTF-8"),
        ((None,), TypeError, "type: str or int, not NoneType"),
        ((True,), TypeError, "type: str or int, not bool"),
        ((b"text",), TypeError, "type: str or int, not bytes"),
        (("",), TypeError, "unknown type ''"),
        (("video",), TypeError, "unknown type 'video'"),
        (("c",), TypeError, "type 'c' is ambiguous: close, continuation"),
        ((3,), ValueError, "type: an opcode of RFC 6455, not 3"),
        ((-1,), ValueError, "type: an opcode of RFC 6455, not -1"),
        ((0,), ValueError, "type: a continuation is sent as text or binary"),
        (("cont",), ValueError, "type: a continuation is sent as text or binary"),
    ],
)
def test_what_send_refuses(root, taken, arguments, kind, message, open):
    ws = taken[0] if open else tkws.open(URL, print, master=root)
    with pytest.raises(kind, match=f"^{message}"):
        tkws.send(ws, *arguments)


def test_what_send_refuses_when_it_is_open(taken):
    ws, _ = taken
    with pytest.raises(ValueError, match="^payload: at most 125 bytes"):
        tkws.send(ws, "ping", "x" * 126)
    with pytest.raises(ValueError, match="^message: not encodable"):
        tkws.send(ws, "text", "\ud800")
    with pytest.raises(TypeError, match="^final: "):
        tkws.send(ws, "text", "x", "no")


def test_send_returns_minus_one_where_the_connection_is_not_open(root, taken):
    ws, _ = taken
    assert tkws.send(tkws.open(URL, print, master=root), "text", "x") == -1
    ws.close()
    for type in ("text", "binary", "ping", "pong", "close"):
        assert tkws.send(ws, type, "x") == -1


@pytest.mark.parametrize("wrong", [None, 5, "ws", object()])
def test_a_connection_is_a_websocket(wrong):
    for command in (
        lambda: tkws.send(wrong, "text"),
        lambda: tkws.close(wrong),
        lambda: tkws.configure(wrong),
        lambda: tkws.conninfo(wrong, "state"),
    ):
        with pytest.raises(TypeError, match=f"^ws: a WebSocket, not {type(wrong).__name__}$"):
            command()
    for command in (
        lambda: tkws.live(wrong, "/", print),
        lambda: tkws.test(wrong, None, "/", {}),
    ):
        with pytest.raises(TypeError, match=f"^server: a Server, not {type(wrong).__name__}$"):
            command()


# ---- close and configure


def test_close(taken):
    ws, peer = taken
    assert tkws.close(ws, 4000, "enough") is None
    assert peer.hear() == [(Opcode.CLOSE, b"\x0f\xa0enough")]


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((1005,), ValueError, "code: "),
        (("1000",), TypeError, "code: "),
        ((1000, b"x"), TypeError, "reason: "),
        ((None, "x"), ValueError, "reason: "),
    ],
)
def test_what_close_refuses(taken, arguments, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        tkws.close(taken[0], *arguments)


def test_configure(taken):
    ws, _ = taken
    assert tkws.configure(ws) == ws.configure()
    assert tkws.configure(ws, "keepalive") == ("keepalive", "keepalive", "Keepalive", 0.0, 0.0)
    assert tkws.configure(ws, keepalive=2, ping="x") is None
    assert (ws["keepalive"], ws["ping"]) == (2, "x")
    for wrong in ("colour", "", "p"):
        with pytest.raises(TypeError, match=f"^(unknown )?option {wrong!r}"):
            tkws.configure(ws, wrong)
    with pytest.raises(TypeError, match="^option: str, not int"):
        tkws.configure(ws, 5)


# ---- conninfo and find


def test_conninfo_of_a_client(root, pump_until):
    server = tkws.serve(master=root)
    server.live("/", log := Log(), "chat")
    client_log = Log()
    ws = tkws.open(server.url, client_log, master=root, protocols=["chat"])
    assert tkws.conninfo(ws, "state") == "CONNECTING"
    assert tkws.conninfo(ws, "peername") is None
    pump_until(lambda: client_log.open and log.open)
    expected = {
        "peername": ("127.0.0.1", server.port),
        "peer": ("127.0.0.1", server.port),
        "sockname": ws.sockname,
        "name": ws.sockname,
        "closed": False,
        "close": False,  # an abbreviation of tcllib's
        "client": True,
        "server": False,
        "SERVER": False,
        "type": "client",
        "handler": client_log,
        "state": "CONNECTED",
        "protocol": "chat",
        "url": server.url,
        "lat": None,
        "statistics": ws.statistics,
        "request": ws.request,
        "response": ws.response,
        "close_code": None,
        "close_reason": "",
        "buffered_amount": 0,
        "buf": 0,
    }
    assert {what: tkws.conninfo(ws, what) for what in expected} == expected
    assert ws.response.status == 101
    assert tkws.conninfo(log.ws, "type") == "server"
    assert tkws.conninfo(log.ws, "server") is True
    ws.close(1000, "done")
    assert tkws.conninfo(ws, "state") == "CLOSING"
    pump_until(lambda: client_log.over)
    assert tkws.conninfo(ws, "state") == "CLOSED"
    assert tkws.conninfo(ws, "closed") is True
    assert (tkws.conninfo(ws, "close_code"), tkws.conninfo(ws, "close_reason")) == (1000, "")


@pytest.mark.parametrize("what", ["", "colour", "c", "re", "s", "close_", None, 5, ["state"]])
def test_what_conninfo_refuses(taken, what):
    with pytest.raises(TypeError, match="^(unknown )?what"):
        tkws.conninfo(taken[0], what)


def test_find(root, peers, tmp_path, pump_until):
    log = Log()
    server = tkws.serve("localhost", master=root, handler=log)
    url = f"ws://localhost:{server.port}/"
    first = tkws.open(url, Log(), master=root)
    assert tkws.find("localhost", server.port) == [first]  # before it has an address
    second = tkws.open(url.replace("localhost", "127.0.0.1"), Log(), master=root)
    pump_until(lambda: len(log.all("connect")) == 2 and first.peername and second.peername)
    ends = server.connections
    assert tkws.find() == [first, second, *ends]
    assert tkws.find("localhost") == [first]
    assert tkws.find(second.peername[0], server.port) == [
        ws for ws in (first, second) if ws.peername[0] == second.peername[0]
    ]
    assert tkws.find(port=str(server.port)) == [first, second]
    assert tkws.find(port="*") == tkws.find("*")
    assert tkws.find(port=ends[0].peername[1]) == [ends[0]]
    assert tkws.find("10.*") == tkws.find(port=1) == []
    other, _ = peers.taken(root, Log())
    assert tkws.find(other.peername[0], other.peername[1]) == [other]
    first.close()
    pump_until(lambda: first.state is tkws.State.CLOSED)
    assert first not in tkws.find()


def test_find_gives_the_same_answer_in_every_state(root, peers, pump_until):
    listening = peers.listen()
    url = f"ws://localhost:{listening.port}/"
    log = Log()
    ws = tkws.open(
        url, log, master=root, reconnect=tkws.Backoff(initial=60, jitter=0), close_timeout=60, keepalive=0
    )

    def is_found() -> bool:
        found = [
            tkws.find("localhost", listening.port),
            tkws.find("local*"),
            tkws.find(port=str(listening.port)),
            tkws.find(),
        ]
        assert tkws.find("example.org") == tkws.find(port=1) == tkws.find(port="") == []
        return all(each == [ws] for each in found)

    assert is_found()  # connecting, without an address
    peer = listening.accept()
    assert is_found()
    peer.accept()
    pump_until(lambda: log.open)
    assert is_found()
    assert tkws.find("127.0.0.1", listening.port) == [ws]
    peer.bye(1012)
    pump_until(lambda: ws.state is tkws.State.CLOSING or ws.retry_in)
    assert is_found()
    peer.sock.close()
    pump_until(lambda: ws.retry_in is not None)
    assert is_found()
    assert tkws.find("127.0.0.1", listening.port) == [ws]
    ws.reconnect_now()
    again = listening.accept()
    assert is_found()
    again.accept()
    pump_until(lambda: len(log.all("connect")) == 2)
    ws.close()
    assert ws.state is tkws.State.CLOSING
    assert is_found()
    again.bye()
    again.sock.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)
    assert tkws.find() == []


@pytest.mark.parametrize(
    ("host", "pattern"),
    [
        ("localhost", "LOCALHOST"),
        ("LocalHost", "localhost"),
        ("LocalHost", "Local*"),
        ("localhost.", "localhost"),
        ("localhost", "localhost."),
        ("b\xfccher.example", "B\xdcCHER.example"),
        ("b\xfccher.example", "xn--BCHER-kva.*"),
        ("[::1]", "::1"),
        ("[::1]", "[::1]"),
        ("[::1]", "0:0:0:0:0:0:0:1"),
        ("[2001:DB8::A]", "2001:db8::*"),
        ("[::1]", "*:*"),
    ],
)
def test_find_compares_hosts_as_hosts(root, host, pattern):
    ws = tkws.open(f"ws://{host}:9/", Log(), master=root, timeout=60)
    assert tkws.find(pattern) == tkws.find(pattern, 9) == [ws]
    assert tkws.find("b\xfc*") == tkws.find("[a") == tkws.find("") == []
    ws.close()


def test_find_through_a_proxy(root, peers, pump_until):
    proxy = peers.listen()
    log = Log()
    ws = tkws.open("ws://example.org/", log, master=root, proxy=f"http://127.0.0.1:{proxy.port}")
    peer = proxy.accept()
    assert tkws.find("example.org", 80) == [ws]
    peer.take_until()
    peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
    peer.accept()
    pump_until(lambda: log.open)
    assert tkws.find("example.org", 80) == [ws]
    assert tkws.find("example.org", proxy.port) == []


def test_find_over_a_unix_socket(root, tmp_path, pump_until):
    import socket

    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        ws = tkws.open("ws://somewhere/", Log(), master=root, unix=path)
        pump_until(lambda: _accepts(listening))
    assert tkws.find("somewhere") == tkws.find("somewhere", 80) == [ws]
    assert tkws.find("", 80) == tkws.find("somewhere", "") == []


def test_find_by_the_path_of_a_unix_socket(root, peers, tmp_path):
    import socket

    path = str(tmp_path / "Socket")
    listening = peers.keep(socket.socket(socket.AF_UNIX))
    listening.bind(path)
    listening.listen()
    near = socket.socket(socket.AF_UNIX)
    near.connect(path)
    ws = tkws.takeover(near, Log(), master=root)
    assert tkws.find(path) == tkws.find("*/Socket") == [ws]
    assert tkws.find(path.lower()) == tkws.find("*/socket") == []


def _accepts(listening) -> bool:
    listening.setblocking(False)
    try:
        listening.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@pytest.mark.parametrize("number", [10**5000, -(10**400)], ids=["huge", "negative"])
def test_a_number_of_any_size(taken, number):
    ws, _ = taken
    assert tkws.find(port=number) == []
    with pytest.raises(ValueError, match="^type: an opcode of RFC 6455, not "):
        tkws.send(ws, number)
    with pytest.raises(ValueError, match="^code: .*, not "):
        tkws.close(ws, number)


@pytest.mark.parametrize("wrong", [None, 5.0, True, b"*", ["*"]])
def test_what_find_refuses(wrong):
    with pytest.raises(TypeError, match="^host: str, not "):
        tkws.find(wrong)
    with pytest.raises(TypeError, match="^port: str or int, not "):
        tkws.find(port=wrong)
    with pytest.raises(TypeError, match="^host: str, not int"):
        tkws.find(5)


# ---- loglevel


@pytest.fixture
def level():
    logger = logging.getLogger("tkws")
    before = logger.level
    yield logger
    logger.setLevel(before)


def test_loglevel(level):
    assert level.level == logging.NOTSET
    assert tkws.loglevel("debug") == tkws.loglevel() == "debug"
    assert level.level == logging.DEBUG
    assert tkws.loglevel("NOTICE") == "notice"
    assert tkws.loglevel("w") == "warn"
    assert level.level == logging.WARNING
    assert tkws.loglevel("inf") == "info"


@pytest.mark.parametrize(
    ("number", "name"),
    [(1, "debug"), (11, "info"), (21, "notice"), (26, "warn"), (35, "error"), (logging.CRITICAL, "error")],
)
@pytest.mark.parametrize("of_all", [True, False])
def test_loglevel_tells_what_is_logged(level, number, name, of_all):
    everything = logging.getLogger()
    before = everything.level
    (everything if of_all else level).setLevel(number)
    assert tkws.loglevel() == name
    everything.setLevel(before)


@pytest.mark.parametrize("of_all", [True, False])
def test_the_import_leaves_a_level_alone(of_all):
    name = "" if of_all else "tkws"
    ended = run_child(f"""
        import logging
        logging.getLogger("{name}").setLevel(logging.INFO)
        import tkws
        print(logging.getLogger("{name}").level, tkws.loglevel())
        """)
    assert (ended.stdout, ended.stderr) == ("20 info\n", "")


def test_a_warning_is_seen_by_default():
    ended = run_child("""
        import logging, tkws
        logging.getLogger("tkws.net").warning("cannot accept")
        logging.getLogger("tkws").info("not this")
        logging.getLogger("tkws.client").warning("nor this")
        print(tkws.loglevel())
        """)
    assert (ended.stdout, ended.stderr) == ("warn\n", "cannot accept\n")


@pytest.mark.parametrize("wrong", ["", "loud", 5, b"debug"])
def test_what_loglevel_refuses(level, wrong):
    with pytest.raises(TypeError, match="^(unknown )?level"):
        tkws.loglevel(wrong)
    assert level.level == logging.NOTSET


# ---- validate and sec_websocket_accept


def test_the_helpers():
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    assert tkws.sec_websocket_accept(key) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, 1.3
    headers = {"Host": "x", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": key}
    asked = tkws.validate({**headers, "Sec-WebSocket-Version": "13", "Sec-WebSocket-Protocol": "a, b"})
    assert (asked.version, asked.key, asked.protocols) == (13, key, ("a", "b"))
    with pytest.raises(tkws.HandshakeError) as refusal:
        tkws.validate(headers)
    assert (refusal.value.part, refusal.value.status) == ("version", 426)
    for wrong in (None, 5):
        with pytest.raises(TypeError, match="^headers: "):
            tkws.validate(wrong)
        with pytest.raises(TypeError, match="^key: "):
            tkws.sec_websocket_accept(wrong)

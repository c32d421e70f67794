"""`Server`: which request becomes a WebSocket, the program's own accepting, limits, broadcast, the end."""

from __future__ import annotations

import gc
import socket
import threading
from itertools import chain, repeat

import pytest

import tkws
from tests.peers import KEY, Log, Peer
from tkws.commands.servers import _agreements
from tkws.connection.websocket import session_of
from tkws.http.headers import Headers
from tkws.loop import loop_for
from tkws.protocol.frames import Opcode
from tkws.testing.reset import reset_on_close

HEADERS = {
    "Host": "localhost",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}


@pytest.fixture
def listening(peers):
    """A listening socket of the program's own."""
    return peers.keep(socket.create_server(("127.0.0.1", 0)))


@pytest.fixture
def server(root, listening, log) -> tkws.Server:
    return tkws.server(listening, master=root, handler=log)


def judge(server, path="/", *, peer=("127.0.0.1", 1), **headers):
    """Has a server judge a request; the agreement, or the error that refuses it."""
    fields = {name: value for name, value in {**HEADERS, **headers}.items() if value is not None}
    try:
        return server.check_request(tkws.Request("GET", path, Headers(fields), peer))
    except tkws.HandshakeError as error:
        return error


@pytest.fixture
def accept(peers, listening, pump_until):
    """``accept()``: the socket that the program accepts, and the client that connects to it."""

    def accept():
        client = peers.keep(socket.create_connection(listening.getsockname()))
        return peers.keep(listening.accept()[0]), Peer(client, pump_until, client=True)

    return accept


# ---- what is live


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("/chat", "/chat", True),
        ("/chat", "/chat?room=1", True),
        ("/chat", "/Chat", False),
        ("/chat", "/chat/", False),
        ("/ws*", "/ws/a/b", True),
        ("/?", "/a", True),
        ("/?", "/ab", False),
        ("/[ab]", "/b", True),
        ("/[!ab]", "/b", False),
        ("*", "/anything", True),
        ("/a room", "/a%20room", True),
        ("/café", "/caf%C3%A9", True),
    ],
)
def test_a_path_is_a_glob(root, listening, glob, path, fits):
    server = tkws.server(listening, master=root)
    server.live(glob, print)
    result = judge(server, path)
    if fits:
        assert result.handler is print
    else:
        assert (result.status, result.part) == (404, "path")


@pytest.mark.parametrize(
    ("entries", "offered", "chosen"),
    [
        (["*"], None, ("*", "")),
        (["chat.*"], None, ("chat.*", "")),
        (["chat.*"], "other, chat.v2, chat.v1", ("chat.*", "chat.v2")),
        (["chat.v1", "chat.v2"], "chat.v2, chat.v1", ("chat.v1", "chat.v1")),
        (["*"], "a, b", ("*", "a")),
        (["chat", "*"], "a", ("*", "a")),
    ],
)
def test_the_first_entry_that_fits_and_the_first_protocol_that_fits_it(
    root, listening, entries, offered, chosen
):
    server = tkws.server(listening, master=root)
    for protocol in entries:
        server.live("/", lambda ws, type, message, protocol=protocol: protocol, protocol)
    result = judge(server, **{"Sec-WebSocket-Protocol": offered})
    assert (result.handler(None, None, None), result.protocol) == chosen


def test_a_subprotocol_that_nobody_speaks(root, listening):
    server = tkws.server(listening, master=root)
    server.live("/", print, "chat")
    result = judge(server, **{"Sec-WebSocket-Protocol": "other"})
    assert (result.status, result.part) == (400, "protocol")


def test_the_handler_of_the_options_serves_what_is_left(root, listening):
    server = tkws.server(listening, master=root, handler=print)
    server.live("/chat", repr, "v1")
    assert judge(server, "/chat").handler is repr
    assert judge(server, "/chat", **{"Sec-WebSocket-Protocol": "v2"}).handler is print
    assert judge(server, "/else").handler is print
    server["handler"] = len
    assert judge(server, "/else").handler is len


def test_live_is_a_decorator(server):
    @server.live("/decorated")
    def first(ws, type, message):
        pass

    @server.live("/decorated", protocol="v2")
    def second(ws, type, message):
        pass

    assert judge(server, "/decorated").handler is first
    assert judge(server, "/decorated", **{"Sec-WebSocket-Protocol": "v2"}).handler is first
    assert server.live("/x", print) is print
    assert tkws.live(server, "/y", print) is None
    assert judge(server, "/y").handler is print


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((None, print), "path"),
        ((5, print), "path"),
        (("/", "print"), "handler"),
        (("/", 5), "handler"),
        (("/", print, None), "protocol"),
        (("/", print, ["chat"]), "protocol"),
    ],
)
def test_what_live_refuses(server, arguments, name):
    with pytest.raises(TypeError, match=f"^{name}: "):
        server.live(*arguments)
    with pytest.raises(TypeError, match=f"^{name}: "):
        tkws.live(server, *arguments)


@pytest.mark.parametrize(
    "path", ["chat", "", "chat*", "[!/]*", "[abc]", "[chat", " /chat", "\\chat", "http://a/chat"]
)
def test_a_path_that_can_match_none_is_refused(server, path):
    before = list(server._paths._entries)
    for attempt in (
        lambda: server.live(path, print),
        lambda: server.live(path),
        lambda: tkws.live(server, path, print),
        lambda: server.broadcast("x", path),
    ):
        with pytest.raises(ValueError, match="^path: must begin with '/' or a wildcard, not "):
            attempt()
    assert server._paths._entries == before


@pytest.mark.parametrize("path", ["*", "?", "*chat", "?chat", "[/]chat", "[!a]chat", "[]/]chat", "/[", "//"])
def test_a_path_that_can_match_is_taken(server, path):
    server.live(path, print)
    assert server.broadcast("x", path) == 0


def test_the_decorator_refuses_what_cannot_be_called(server):
    with pytest.raises(TypeError, match="^handler: "):
        server.live("/")("no handler")
    with pytest.raises(TypeError, match="^path: "):
        server.live(5)


# ---- what is refused


@pytest.mark.parametrize(
    ("changes", "status", "part"),
    [
        ({"Upgrade": None}, 400, "upgrade"),
        ({"Upgrade": "h2c"}, 400, "upgrade"),
        ({"Connection": None}, 400, "connection"),
        ({"Sec-WebSocket-Version": "8"}, 426, "version"),
        ({"Sec-WebSocket-Key": "short"}, 400, "key"),
        ({"Sec-WebSocket-Protocol": "not a token"}, 400, "protocol"),
        ({"Sec-WebSocket-Extensions": "permessage-deflate; =="}, 400, "extension"),
        ({"Host": None}, 400, "host"),
        ({"Host": "example.org"}, 403, "host"),
        ({"Origin": "https://example.org"}, 403, "origin"),
        ({"Origin": "null"}, 403, "origin"),
    ],
)
def test_a_request_is_refused_with_its_status(server, changes, status, part):
    result = judge(server, **changes)
    assert (result.status, result.part) == (status, part)


def test_the_rules_are_the_options(server):
    server.configure(origins=["https://*.example.org"], hosts=["example.org"])
    assert judge(server, Host="example.org", Origin="https://www.example.org").protocol == ""
    assert judge(server, Host="example.org", Origin="http://example.org").part == "origin"
    assert judge(server).part == "host"


def test_a_server_that_is_reachable_from_outside_has_any_name(root):
    with socket.create_server(("0.0.0.0", 0)) as everywhere:
        server = tkws.server(everywhere, master=root, handler=print)
    assert judge(server, Host="example.org").handler is print
    request = tkws.Request("GET", "/", Headers({**HEADERS, "Host": "example.org"}), None)
    with pytest.raises(tkws.HandshakeError):  # by the address that it came to
        server.check_request(request, ("127.0.0.1", 80))


# ---- test and upgrade


def test_a_socket_changes_hands(server, accept, log, pump_until):
    sock, peer = accept()
    assert tkws.test(server, sock, "/room", HEADERS, {"name": "Zoë", "q": "a&b"})
    ws = tkws.upgrade(sock)
    assert sock.fileno() == -1
    assert ws.state is tkws.State.OPEN
    assert ws.role is tkws.Role.SERVER
    assert log.events == []
    status, fields, _ = peer.answer()
    assert (status, fields["sec-websocket-accept"]) == (101, tkws.sec_websocket_accept(KEY))
    peer.text("hi")
    pump_until(lambda: log.all("text"))
    request = log.one("connect")
    assert (request.path, request.query) == ("/room", (("name", "Zoë"), ("q", "a&b")))
    assert request.headers["upgrade"] == "websocket"
    assert request.peer == ws.peername == peer.sock.getsockname()
    assert ws.request is request
    assert ws.url == "ws://localhost/room"
    assert server.connections == [ws]


def test_connections_to_a_handler_share_their_options_until_those_of_the_server_change(server, accept, log):
    server.live("/parts", log, stream=True)
    server.live("/other", Log())

    def connect(path="/"):
        sock, _ = accept()
        assert tkws.test(server, sock, path, HEADERS)
        return tkws.upgrade(sock)

    first, second, parts, other = connect(), connect(), connect("/parts"), connect("/other")
    shared = session_of(first).options
    assert session_of(second).options is shared
    assert session_of(connect()).options is shared
    assert (parts["stream"], first["stream"]) == (True, False)
    assert (first["handler"], parts["handler"]) == (log, log)
    assert other["handler"] is not log
    first["keepalive"] = 5
    assert (second["keepalive"], connect()["keepalive"]) == (30, 30)
    server["keepalive"] = 7
    assert (second["keepalive"], connect()["keepalive"], connect("/parts")["keepalive"]) == (30, 7, 7)


def test_the_program_may_decide_otherwise(server, accept, log):
    sock, peer = accept()
    assert tkws.test(server, sock, "/", HEADERS)
    sock.sendall(b"HTTP/1.1 401 Unauthorized\r\n\r\n")
    sock.close()
    assert peer.take_until() == b"HTTP/1.1 401 Unauthorized\r\n\r\n"
    assert server.connections == []
    assert log.events == []


def test_test_says_no(server, accept):
    sock, peer = accept()
    assert not tkws.test(server, sock, "/", {**HEADERS, "Origin": "https://example.org"})
    assert not tkws.test(server, sock, "/", {})
    assert peer.read() == b""  # and sends nothing
    with pytest.raises(tkws.StateError, match="did not pass test"):
        tkws.upgrade(sock)


def test_bytes_behind_the_request_come_first(server, accept, log, pump_until):
    sock, peer = accept()
    assert tkws.test(server, sock, "/", HEADERS)
    for wrong in (None, "text"):
        with pytest.raises(TypeError, match="^initial: bytes-like, not "):
            tkws.upgrade(sock, initial=wrong)
    initial = bytearray(peer.frame(Opcode.TEXT, b"early"))
    tkws.upgrade(sock, initial=initial)
    initial.clear()
    peer.text("later")
    pump_until(lambda: len(log.all("text")) == 2)
    assert log.all("text") == ["early", "later"]


def test_a_second_test_replaces_the_first(server, accept):
    sock, _ = accept()
    assert tkws.test(server, sock, "/", HEADERS)
    assert not tkws.test(server, sock, "/", {})
    with pytest.raises(tkws.StateError):
        tkws.upgrade(sock)


def test_headers_as_pairs_and_query_in_the_path(server, accept, log, pump_until):
    sock, _ = accept()
    assert tkws.test(server, sock, "/?a=1", list(HEADERS.items()), [("b", "2"), ("b", "3")])
    tkws.upgrade(sock)
    pump_until(lambda: log.open)
    assert log.one("connect").query == (("a", "1"), ("b", "2"), ("b", "3"))


@pytest.mark.parametrize("value", ["a\nb", "a\x01b", "\u20ac"])
def test_headers_that_cannot_be_are_the_clients_fault(server, accept, value):
    sock, _ = accept()
    assert not tkws.test(server, sock, "/", {**HEADERS, "X": value})


def test_what_test_refuses(server, accept):
    sock, _ = accept()
    for arguments, name in [
        ((None, sock, "/", HEADERS), "server"),
        ((server, None, "/", HEADERS), "sock"),
        ((server, sock, None, HEADERS), "path"),
        ((server, sock, "/", None), "headers"),
        ((server, sock, "/", 5), "headers"),
        ((server, sock, "/", {"Host": 5}), "headers"),
        ((server, sock, "/", HEADERS, 5), "query"),
        ((server, sock, "/", HEADERS, "a=b"), "query"),
        ((server, sock, "/", HEADERS, [5]), "query"),
    ]:
        with pytest.raises(TypeError, match=f"^{name}\\b"):
            tkws.test(*arguments)
    sock.close()
    with pytest.raises(ValueError, match="^sock: it is closed"):
        tkws.test(server, sock, "/", HEADERS)


def test_what_upgrade_refuses(accept):
    sock, _ = accept()
    with pytest.raises(tkws.StateError, match="^sock: it did not pass test"):
        tkws.upgrade(sock)
    for wrong in (None, 5, "sock"):
        with pytest.raises(TypeError, match="^sock: a socket, not "):
            tkws.upgrade(wrong)


def test_a_socket_that_was_closed_between(server, accept):
    sock, _ = accept()
    assert tkws.test(server, sock, "/", HEADERS)
    sock.close()
    with pytest.raises(ValueError, match="^sock: it is closed"):
        tkws.upgrade(sock)
    assert tkws.find() == []


def reset(peer):
    reset_on_close(peer.sock)
    peer.sock.close()


def test_a_client_that_has_gone_is_no_error(server, accept, log, pump_until):
    sock, peer = accept()
    reset(peer)
    assert not tkws.test(server, sock, "/", HEADERS)
    sock, peer = accept()
    assert tkws.test(server, sock, "/", HEADERS)
    reset(peer)
    ws = tkws.upgrade(sock)
    pump_until(lambda: log.over)
    assert log.types == ["connect", "close", "disconnect"]
    assert ws.close_code == 1006


def test_a_server_that_was_closed_between(server, accept):
    sock, _ = accept()
    assert tkws.test(server, sock, "/", HEADERS)
    server.close()
    with pytest.raises(tkws.StateError, match="^sock: its server was closed"):
        tkws.upgrade(sock)
    assert sock.fileno() >= 0  # the program's still
    assert not tkws.test(server, sock, "/", HEADERS)


def test_a_test_without_upgrade_leaves_nothing(server, listening):
    client = socket.create_connection(listening.getsockname())
    sock, _ = listening.accept()
    assert tkws.test(server, sock, "/", HEADERS)
    assert len(_agreements) == 1
    sock.close()
    client.close()
    del sock
    gc.collect()
    assert not _agreements


def run_in_thread(call, pump_until):
    results = []

    def run():
        try:
            results.append(call())
        except Exception as error:
            results.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    pump_until(lambda: results)
    thread.join()
    return results[0]


def test_test_and_upgrade_in_another_thread(server, accept, log, pump_until):
    sock, peer = accept()

    def serve():
        assert tkws.test(server, sock, "/thread", HEADERS)
        ws = tkws.upgrade(sock)
        ws.send("from the thread")
        return ws

    ws = run_in_thread(serve, pump_until)
    assert peer.answer()[0] == 101
    assert peer.hear() == [(Opcode.TEXT, b"from the thread")]
    peer.text("hello")
    pump_until(lambda: log.all("text"))
    assert log.types == ["connect", "text"]
    assert log.ws is ws
    assert server.connections == [ws]


def test_the_server_closes_while_the_socket_is_on_its_way(server, accept, log, pump_until):
    sock, peer = accept()
    assert tkws.test(server, sock, "/", HEADERS)
    thread = threading.Thread(target=tkws.upgrade, args=(sock,))
    thread.start()
    thread.join()
    server.close()
    assert peer.answer()[0] == 101
    assert peer.hear() == [(Opcode.CLOSE, b"\x03\xe9")]
    peer.bye()
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.types == ["connect", "close", "disconnect"]


def test_a_connection_is_closed_while_its_socket_is_on_its_way(server, accept, log, pump_until):
    sock, peer = accept()
    assert tkws.test(server, sock, "/", HEADERS)
    thread = threading.Thread(target=tkws.upgrade, args=(sock,))
    thread.start()
    thread.join()
    [ws] = tkws.find()
    assert ws.state is tkws.State.CONNECTING
    ws.close(4000, "at once")
    assert peer.answer()[0] == 101
    assert peer.hear() == [(Opcode.CLOSE, b"\x0f\xa0at once")]


def test_the_loop_closes_while_the_socket_is_on_its_way(server, accept, log):
    sock, peer = accept()
    assert tkws.test(server, sock, "/", HEADERS)
    thread = threading.Thread(target=tkws.upgrade, args=(sock,))
    thread.start()
    thread.join()
    assert len(tkws.find()) == 1
    server.loop.close()
    assert tkws.find() == []
    peer.wait_for_end()
    assert log.events == []


def test_the_loop_closes_before_the_socket_is_on_its_way(server, accept):
    sock, _ = accept()
    assert tkws.test(server, sock, "/", HEADERS)
    server.loop.close()
    with pytest.raises(tkws.StateError, match="^sock: its server was closed"):
        tkws.upgrade(sock)
    assert not tkws.test(server, sock, "/", HEADERS)


@pytest.mark.usefixtures("patchable_loop")
def test_the_loop_closes_in_the_middle_of_another_threads_call(server, accept, monkeypatch):
    sock, peer = accept()
    agreement = judge(server)
    server.loop.close()
    monkeypatch.setattr(server.loop, "in_loop_thread", lambda: False)
    closed = chain([False], repeat(True))  # as it is when the loop closes between two lines
    with monkeypatch.context() as patch:
        patch.setattr(type(server.loop), "closed", property(lambda _: next(closed)))
        ws = server.adopt(agreement, sock)
    assert ws.state is tkws.State.CLOSED
    peer.wait_for_end()


# ---- limits


def test_no_more_connections_than_the_limit(server, accept, log):
    server["max_connections"] = 1
    sock, _ = accept()
    assert tkws.test(server, sock, "/", HEADERS)
    ws = tkws.upgrade(sock)
    refusal = judge(server)
    assert (refusal.status, refusal.part) == (503, "http")
    server.configure(max_connections=2)
    assert judge(server).protocol == ""
    assert ws.state is tkws.State.OPEN


def test_no_more_connections_of_an_address_than_its_limit(server, accept, log, pump_until):
    server["max_connections_per_address"] = 1
    sock, peer = accept()
    assert tkws.test(server, sock, "/", HEADERS)
    tkws.upgrade(sock)
    refusal = judge(server)
    assert (refusal.status, refusal.part) == (429, "http")
    assert judge(server, peer=("127.0.0.2", 1)).protocol == ""
    peer.sock.close()
    pump_until(lambda: log.over)
    assert judge(server).protocol == ""


def test_limits_count_down_to_nothing(server, accept, log, pump_until):
    server["max_connections_per_address"] = 2
    clients = []
    for _ in range(2):
        sock, peer = accept()
        assert tkws.test(server, sock, "/", HEADERS)
        clients.append((tkws.upgrade(sock), peer))
    assert judge(server).status == 429
    clients[0][1].sock.close()
    pump_until(lambda: log.over)
    assert server.connections == [clients[1][0]]
    assert judge(server).protocol == ""
    clients[1][1].sock.close()
    pump_until(lambda: len(log.all("disconnect")) == 2)
    assert not server._connections._addresses


def test_clients_of_a_unix_socket_share_an_address(root, tmp_path, peers, pump_until):
    log = Log()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        server = tkws.server(listening, master=root, handler=log, max_connections_per_address=1)
        near, far = (peers.keep(sock) for sock in socket.socketpair())
    assert tkws.test(server, near, "/", HEADERS)
    ws = tkws.upgrade(near)
    assert judge(server, peer="").status == 429
    far.close()
    pump_until(lambda: log.over)
    assert ws.state is tkws.State.CLOSED


# ---- broadcast


@pytest.fixture
def open_client(root, server, accept):
    """``open_client(path)``: a connection of `server`'s, and its other end."""

    def open_client(path="/"):
        sock, peer = accept()
        assert tkws.test(server, sock, path, HEADERS)
        ws = tkws.upgrade(sock)
        assert peer.answer()[0] == 101
        return ws, peer

    return open_client


def test_a_broadcast_reaches_whom_it_is_for(server, open_client):
    _, one = open_client("/a/1")
    _, two = open_client("/a/2")
    _, other = open_client("/b%20c")
    assert server.broadcast("all") == 3
    assert server.broadcast(b"\0", "/a/*") == 2
    assert server.broadcast("b", "/b c") == 1
    assert server.broadcast("nobody", "/A/*") == 0
    assert one.hear(2) == two.hear(2) == [(Opcode.TEXT, b"all"), (Opcode.BINARY, b"\0")]
    assert other.hear(2) == [(Opcode.TEXT, b"all"), (Opcode.TEXT, b"b")]


def test_a_broadcast_leaves_out_who_is_closing_or_amid_a_message(server, open_client):
    closing, _ = open_client()
    amid, peer = open_client()
    closing.close()
    amid.send("a", final=False)
    assert server.broadcast("x") == 0
    amid.send("b")
    assert server.broadcast("x") == 1
    assert [payload for _, payload in peer.hear(3)] == [b"a", b"b", b"x"]


@pytest.mark.parametrize("message", [None, 5, ["x"]])
def test_what_cannot_be_broadcast(server, message):
    with pytest.raises(TypeError, match="^message: "):
        server.broadcast(message)
    with pytest.raises(ValueError, match="^message: "):
        server.broadcast("\ud800")
    with pytest.raises(TypeError, match="^path: "):
        server.broadcast("x", path=message)


# ---- the end


@pytest.mark.parametrize("echoed", [False, True])
def test_the_answer_to_a_close_repeats_the_reason_where_that_is_wanted(
    server, open_client, pump_until, echoed
):
    server["echo_close_reason"] = echoed
    ws, peer = open_client()
    peer.bye(4000, "grün")
    assert peer.hear() == [(Opcode.CLOSE, b"\x0f\xa0" + ("grün".encode() if echoed else b""))]
    peer.sock.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)


def test_it_can_be_wanted_of_an_open_connection(open_client, pump_until):
    ws, peer = open_client()
    ws.configure(echo_close_reason=True)
    peer.bye(1000, "bye")
    assert peer.hear() == [(Opcode.CLOSE, b"\x03\xe8bye")]
    peer.sock.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)


def test_close_says_goodbye_to_everybody_once(server, open_client, log, pump_until):
    peers = [open_client()[1] for _ in range(2)]
    server.close(1012, "restart")
    server.close(1001)
    assert server.closed
    for peer in peers:
        assert peer.hear() == [(Opcode.CLOSE, b"\x03\xf4restart")]
        peer.bye(1012)
        peer.sock.close()
    assert judge(server).status == 503
    pump_until(lambda: not server.connections)
    pump_until(lambda: len(log.all("disconnect")) == 2)


@pytest.mark.parametrize(
    ("arguments", "kind"), [((5,), ValueError), (("x",), TypeError), ((1000, b""), TypeError)]
)
def test_a_close_that_is_refused_closes_nothing(server, open_client, arguments, kind):
    with pytest.raises(kind, match=r"^(code|reason): "):
        server.close(*arguments)
    assert not server.closed
    ws, _ = open_client()
    with pytest.raises(kind):
        server.close(*arguments)
    assert ws.state is tkws.State.OPEN


def test_a_handler_of_the_servers_may_close_it(server, open_client, log, pump_until):
    log.actions["text"] = lambda ws, message: server.close()
    (_, one), (_, two) = open_client(), open_client()
    one.text("close")
    assert one.hear() == two.hear() == [(Opcode.CLOSE, b"\x03\xe9")]


# ---- options


def test_options_of_a_server_are_tks(server, open_client):
    assert server.configure("max_connections") == (
        "max_connections", "max_connections", "Max_connections", 10_000, 10_000,
    )  # fmt: skip
    assert set(server.configure()) == set(server.keys()) >= {"origins", "keepalive"}
    before, _ = open_client()
    server.configure(keepalive=7)
    server["handshake"] = 3
    after, _ = open_client()
    assert (before["keepalive"], after["keepalive"]) == (30, 7)
    assert server.options.handshake_timeout == server.cget("handshake_timeout") == 3
    with pytest.raises(TypeError, match="^unknown option 'colour'"):
        server.configure(colour="red")
    with pytest.raises(ValueError, match="^max_connections: "):
        server["max_connections"] = 0
    assert server["max_connections"] == 10_000


def test_what_server_refuses(root):
    for wrong in (None, 5, "127.0.0.1"):
        with pytest.raises(TypeError, match="^listening_socket: a socket, not "):
            tkws.server(wrong, master=root)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with pytest.raises(TypeError, match="^unknown option 'colour'"):
            tkws.server(listening, master=root, colour="red")
        with pytest.raises(TypeError, match="^master: "):
            tkws.server(listening, master="root")
    with pytest.raises(ValueError, match="^listening_socket: it is closed"):
        tkws.server(listening, master=root)


def test_the_same_socket_again_begins_anew(root, listening):
    tkws.server(listening, master=root).live("/", print)
    assert judge(tkws.server(listening, master=root)).status == 404


# ---- sockets that are none


@pytest.fixture
def wrong_sockets(server_ssl, peers):
    unconnected = peers.keep(socket.socket())
    datagram = peers.keep(socket.socket(type=socket.SOCK_DGRAM))
    near, _ = peers.sockets()
    near.close()
    secure = peers.keep(server_ssl.wrap_socket(socket.socket(), server_side=True))
    return [
        (None, TypeError, "a socket, not NoneType"),
        (5, TypeError, "a socket, not int"),
        (secure, TypeError, "a plain socket"),
        (datagram, ValueError, "a stream socket, not SOCK_DGRAM"),
        (unconnected, ValueError, "it is not connected"),
        (near, ValueError, "it is closed"),
    ]


def test_what_takeover_and_open_refuse_as_a_socket(root, wrong_sockets):
    for sock, kind, message in wrong_sockets:
        with pytest.raises(kind, match=f"^sock: {message}"):
            tkws.takeover(sock, print, master=root)
        if sock is not None:
            with pytest.raises(kind, match=f"^sock: {message}"):
                tkws.open("ws://localhost/", print, sock=sock, master=root)
    assert tkws.find() == []
    assert not loop_for(root)._timers

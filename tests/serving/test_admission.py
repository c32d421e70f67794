"""`HTTPServer.admit`: the program decides on each request before its 101, at once or later."""

from __future__ import annotations

import gc
import socket
import threading
import weakref
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

import tkws
import tkws.aio
from tests.peers import Log, Peer, Secured
from tkws.testing import FakeClock

pytestmark = pytest.mark.usefixtures("notifier")


@pytest.fixture
def server(notifier, root, log) -> tkws.HTTPServer:
    server = tkws.serve(master=root)
    server.live("/chat*", log)
    server.page("/", "front")
    return server


@pytest.fixture
def ask(server, peers, pump_until):
    """``ask(path, *lines)``: a peer that has asked for a WebSocket, and the answer."""

    def ask(path="/chat", *lines) -> tuple[Peer, int, dict[str, str], bytes]:
        peer = peers.connect(server)
        peer.ask(path, *lines)
        return peer, *peer.answer()

    return ask


# ---- what a check may return


@pytest.mark.parametrize("verdict", [None, True])
def test_it_is_let_in(server, ask, log, pump_until, verdict):
    asked = []

    @server.admit
    def check(request):
        asked.append((request.path, dict(request.query), request.peer[0]))
        return verdict

    peer, status, _, _ = ask("/chat?name=ada")
    assert status == 101
    assert asked == [("/chat", {"name": "ada"}, "127.0.0.1")]
    pump_until(lambda: log.open)
    assert log.ws.data is None
    peer.text("hello")
    pump_until(lambda: log.all("text") == ["hello"])
    assert check.__name__ == "check"


def test_it_is_let_in_with_data_a_cookie_and_a_subprotocol(server, ask, log, pump_until):
    user = object()

    @server.admit
    def check(request):
        return tkws.Admit(user, [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")], protocol="v1")

    seen = []
    log.actions["connect"] = lambda ws, request: seen.append((ws.data, ws.protocol))
    peer = ask("/chat", "Sec-WebSocket-Protocol: v2, v1")
    assert peer[1] == 101
    assert peer[2]["sec-websocket-protocol"] == "v1"
    pump_until(lambda: seen == [(user, "v1")])


def test_several_cookies_travel(server, peers):
    server.admit(lambda request: tkws.Admit(headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]))
    peer = peers.connect(server)
    peer.ask("/chat")
    head = peer.take_until()
    assert b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n" in head


@pytest.mark.parametrize(
    ("verdict", "status", "field"),
    [
        (False, 403, None),
        (tkws.Response(401, headers={"WWW-Authenticate": "Basic"}, body=b"who?"), 401, "www-authenticate"),
        (tkws.Response(302, headers={"Location": "/chat2"}), 302, "location"),
        (tkws.Response(204), 204, None),
    ],
    ids=["False", "401", "302", "204"],
)
@pytest.mark.parametrize("later", [False, True])
def test_it_is_refused_or_redirected(server, ask, log, pump_until, verdict, status, field, later):
    def check(request):
        if not later:
            return verdict
        future: Future[object] = Future()
        server.loop.call_soon(future.set_result, verdict)
        return future

    server.admit(check)
    peer, told, fields, body = ask()
    assert told == status
    assert fields["connection"] == "close"
    assert field is None or field in fields
    assert body == (verdict.body if verdict else b"You may not connect here\n")
    peer.wait_for_end()
    assert not log.events


def test_a_client_follows_a_redirect(server, root, pump_until):
    log, moved = Log(), Log()
    server.live("/new", moved)

    @server.admit("/chat")
    def check(request):
        return tkws.Response(307, headers={"Location": "/new"})

    ws = tkws.open(server.url + "chat", log, master=root)
    pump_until(lambda: log.open and moved.open)
    ws.close()
    pump_until(lambda: log.over and moved.over)


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (tkws.HandshakeError("The token is too old", status=401), 401, b"The token is too old\n"),
        (
            tkws.HandshakeError("x", part="path", status=410, headers={"X-Since": "2020"}, body=b"gone"),
            410,
            b"gone",
        ),
        (tkws.HandshakeError("no status"), 400, b"no status\n"),
    ],
    ids=["401", "410", "400"],
)
def test_an_error_with_a_status_refuses(server, ask, error, status, body, later):
    def check(request):
        if not later:
            raise error
        future: Future[object] = Future()
        future.set_exception(error)
        return future

    server.admit(check)
    assert error.part in ("admission", "path")
    _, told, fields, said = ask()
    assert (told, said) == (status, body)
    assert fields.get("x-since", "2020") == "2020"


class Strange:
    def __bool__(self):
        raise AssertionError("not asked")


@pytest.mark.thorough
@pytest.mark.parametrize("how", ["at once", "future", "await"])
@pytest.mark.parametrize(
    ("verdict", "shown"),
    [
        (1, r"check: a callable that returns None, True, .* not int"),
        ("no", "not str"),
        (Strange(), "not Strange"),
        (tkws.Response(101), "200 or more, not 101"),
        (tkws.aio.serve, "not type"),
        (Future(), "not Future"),
        (ZeroDivisionError("of the program"), "of the program"),
        (tkws.HandshakeError("x", status=101), "not 101"),
        (tkws.HandshakeError("x", status=7), "status: 100 to 999"),
        (tkws.HandshakeError("x", status=401, headers={"a": "b\nc"}), "line break"),
        (tkws.Admit(protocol="v3"), r"protocol: one that the client offers \(v1, v2\), not 'v3'"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_check_that_fails_is_shown_and_answered_with_500(
    server, ask, log, callback_errors, pump_until, verdict, shown, how
):
    def answer():
        if isinstance(verdict, BaseException):
            raise verdict
        return verdict

    def check(request):
        if how == "at once" and not isinstance(verdict, Future):
            return answer()
        future: Future[object] = Future()
        try:
            future.set_result(answer())
        except Exception as error:
            future.set_exception(error)
        return future

    async def check_async(request):
        return answer()

    server.admit(check_async if how == "await" else check)
    _, status, _, body = ask("/chat", "Sec-WebSocket-Protocol: v1, v2")
    assert (status, body) == (500, b"This page failed\n")
    pump_until(lambda: callback_errors)
    [error] = callback_errors
    assert __import__("re").search(shown, str(error))
    callback_errors.clear()
    assert not log.events


def test_a_check_may_leave_the_program(server, peers, pump_until, root):
    def check(request):
        raise SystemExit

    server.admit(check)
    peer = peers.connect(server)
    peer.ask("/chat")
    with pytest.raises(SystemExit):
        pump_until(lambda: False)
    assert peer.answer()[0] == 500


# ---- which check decides


def test_the_first_entry_that_matches_decides(server, ask):
    server.admit("/chat/private*", lambda request: False)
    server.admit("/chat/*")(lambda request: tkws.Response(418))
    assert ask("/chat")[1] == 101  # no entry matches
    assert ask("/chat/public")[1] == 418
    assert ask("/chat/private")[1] == 403
    assert ask("/ch%61t/priv%61te?x=/chat")[1] == 403  # as `live` reads it
    server.admit()(lambda request: tkws.Response(410))
    assert ask("/chat")[1] == 410


def test_the_servers_own_checks_come_first(server, ask, peers):
    asked = []
    server.admit(asked.append)
    assert ask("/chat", "Origin: http://evil.example")[1] == 403
    assert ask("/nothing")[1] == 404
    peer = peers.connect(server)
    peer.ask("/chat", host="evil.example")
    assert peer.answer()[0] == 403
    server.live("/chat-of-a-kind", print, "v1")
    assert not asked


def test_pages_are_not_asked_about(server, peers):
    server.admit(lambda request: False)
    peer = peers.connect(server)
    peer.request("/")
    assert peer.answer()[0] == 200
    peer.ask("/chat")  # on the same connection
    assert peer.answer()[0] == 403
    peer.wait_for_end()


def test_limits_are_looked_at_again_at_the_end(server, ask, peers, pump_until):
    server.configure(max_connections=1)
    futures: list[Future[bool]] = []

    @server.admit
    def check(request):
        futures.append(Future())
        return futures[-1]

    clients = [peers.connect(server) for _ in range(2)]
    for client in clients:
        client.ask("/chat")
    pump_until(lambda: len(futures) == 2)
    for future in futures:
        future.set_result(True)
    assert sorted(client.answer()[0] for client in clients) == [101, 503]


def test_both_the_gate_of_an_awaited_server_and_a_check_decide(root, pump_until):
    said = []

    async def greet(connection):
        said.append((connection.ws.data, connection.user))

    def process_request(connection, request):
        if request.path == "/closed":
            return connection.respond(403, "closed")
        connection.user = "ada"
        return tkws.Response(101, headers={"X-Gate": "1"})

    async def main():
        async with tkws.aio.serve(greet, process_request=process_request) as server:
            below = server.server

            @below.admit
            async def check(request):
                return tkws.Admit("data", {"X-Check": "2"}) if request.path == "/in" else False

            async with tkws.aio.connect(server.url + "in") as ws:
                said.append(dict(ws.response.headers.items()))
                await ws.wait_closed()
            for path in ("out", "closed"):
                with pytest.raises(tkws.OpenError) as refused:
                    await tkws.aio.connect(server.url + path)
                said.append(refused.value.body)
            answer = await tkws.aio.connect(server.url.replace("ws:", "ws:") + "in")
            await answer.close()

    tkws.aio.run(main(), master=root)
    headers = next(each for each in said if isinstance(each, dict))
    assert headers["X-Gate"] == "1"
    assert headers["X-Check"] == "2"
    assert said.count(("data", "ada")) == 2
    assert b"You may not connect here\n" in said
    assert b"closed" in said


# ---- a decision that comes later


def test_a_thread_looks_it_up_and_the_window_lives(server, ask, log, pump_until):
    beats = []
    server.loop.call_later(0.001, lambda: beats.append(1))

    with ThreadPoolExecutor(1) as pool:

        def look_up(token):
            assert threading.current_thread() is not threading.main_thread()
            ready.wait(20)
            return tkws.Admit({"s3cret": "ada"}[token])

        @server.admit
        def check(request):
            return pool.submit(look_up, request.cookies["token"])

        ready = threading.Event()
        server.loop.call_later(0.01, ready.set)
        assert ask("/chat", "Cookie: token=s3cret")[1] == 101
        pump_until(lambda: log.open)
    assert log.ws.data == "ada"
    assert beats


def test_it_is_awaited(server, ask, log, pump_until):
    @server.admit
    async def check(request):
        await tkws.aio.idle()
        return tkws.Admit("ada")

    assert ask()[1] == 101
    pump_until(lambda: log.open)
    assert log.ws.data == "ada"


def test_any_awaitable_will_do(server, ask, log, pump_until):
    class Later:
        def __await__(self):
            yield
            return tkws.Admit("ada")

    server.admit(lambda request: Later())
    assert ask()[1] == 101
    pump_until(lambda: log.open)
    assert log.ws.data == "ada"


def test_a_person_decides_by_a_button(server, ask, log, pump_until):
    questions: list[Future[bool]] = []

    @server.admit
    def check(request):
        questions.append(Future())
        server.loop.call_soon(questions[-1].set_result, True)
        return questions[-1]

    assert ask()[1] == 101


def test_a_check_that_runs_tks_loop(server, peers, pump_until, log):
    entered = []

    @server.admit
    def check(request):
        server.loop.call_soon(entered.append, 2)
        pump_until(lambda: entered)
        return True

    first, second = peers.connect(server), peers.connect(server)
    first.ask("/chat")
    assert first.answer()[0] == 101
    second.send(b"GET")
    pump_until(lambda: log.open)


@pytest.fixture
def futures(server) -> list[Future[object]]:
    """Those that the check has returned."""
    futures: list[Future[object]] = []

    @server.admit
    def check(request):
        futures.append(Future())
        return futures[-1]

    return futures


@pytest.mark.parametrize("how", ["eof", "reset", "server", "interpreter", "half a frame"])
def test_what_is_no_longer_needed_is_cancelled(server, peers, futures, log, pump_until, how):
    peer = peers.connect(server)
    peer.ask("/chat")
    pump_until(lambda: futures)
    if how == "half a frame":
        peer.send(b"\x81")
    if how == "reset":
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    if how == "server":
        server.close()
    elif how == "interpreter":
        server.loop.close()
    else:
        peer.sock.close()
    pump_until(futures[0].cancelled)
    assert not server.connections
    assert not log.events


@pytest.mark.parametrize("how", ["client", "server", "interpreter"])
def test_what_is_returned_when_it_is_no_longer_needed_is_cancelled(server, peers, log, pump_until, how):
    future = Future()

    @server.admit
    def check(request):
        if how == "client":
            peer.sock.close()
            pump_until(lambda: not server._http_connections)
        elif how == "server":
            server.close()
        else:
            server.loop.close()
        return future

    peer = peers.connect(server)
    peer.ask("/chat")
    pump_until(future.cancelled)
    assert not server.connections
    assert not log.events


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize("outcome", [True, ZeroDivisionError("late")])
def test_a_decision_that_comes_too_late_changes_nothing(
    server, peers, futures, log, pump_until, running, outcome
):
    peer = peers.connect(server)
    peer.ask("/chat")
    pump_until(lambda: futures)
    if running:  # it cannot be cancelled any more
        futures[0].set_running_or_notify_cancel()
    peer.sock.close()
    pump_until(lambda: not server._http_connections)
    if running:
        if outcome is True:
            futures[0].set_result(True)
        else:
            futures[0].set_exception(outcome)
    assert futures[0].cancelled() is not running
    server.loop.call_soon(log.events.append, ("end", None))
    pump_until(lambda: log.events == [("end", None)])
    assert not server.connections


def test_a_future_that_the_program_cancels(server, peers, futures, pump_until):
    peer = peers.connect(server)
    peer.ask("/chat")
    pump_until(lambda: futures)
    futures[0].cancel()
    assert peer.answer()[0] == 503


def test_a_future_that_never_ends(root, peers, pump_until):
    clock = FakeClock(root)
    server = tkws.serve(master=root, handshake_timeout=5, handler=Log())
    future: Future[object] = Future()
    server.admit(lambda request: future)
    peer = peers.connect(server)
    peer.ask("/chat")
    pump_until(lambda: server._http_connections)
    [connection] = server._http_connections
    pump_until(lambda: connection._pending)
    clock.advance(5.1)
    assert peer.answer()[0] == 503
    assert future.cancelled()
    peer.wait_for_end()


@pytest.mark.parametrize("how", ["client", "server", "at once"])
def test_a_coroutine_is_cancelled(server, peers, pump_until, how):
    log: list[str] = []

    @server.admit
    async def check(request):
        log.append("asked")
        try:
            await tkws.aio.variable(__import__("tkinter").StringVar(server.loop.master))
        finally:
            log.append("ended")

    peer = peers.connect(server)
    peer.ask("/chat")
    if how == "at once":  # before it has begun
        pump_until(lambda: any(each._pending for each in server._http_connections))
        server.close()
        tkws.aio.run(tkws.aio.idle(), master=server.loop.master)
        assert log in ([], ["asked", "ended"])
        return
    pump_until(lambda: log)
    if how == "client":
        peer.sock.close()
    else:
        server.close()
    pump_until(lambda: log == ["asked", "ended"])


def test_requests_that_come_together_wait_for_each_other(server, peers, futures, log, pump_until):
    peer = peers.connect(server)
    peer.request("/")
    peer.ask("/chat")
    peer.text("early")
    assert peer.answer()[0] == 200
    assert peer.received == b""
    pump_until(lambda: futures)
    futures[0].set_result(None)
    assert peer.answer()[0] == 101
    pump_until(lambda: log.all("text") == ["early"])


def test_a_request_after_a_refused_one_is_not_answered(server, peers, futures, pump_until):
    peer = peers.connect(server)
    peer.ask("/chat")
    peer.request("/")
    pump_until(lambda: futures)
    futures[0].set_result(False)
    assert peer.answer()[0] == 403
    peer.wait_for_end()
    assert not peer.received


@pytest.mark.parametrize("gone", [False, True])
def test_over_tls(root, peers, log, pump_until, server_ssl, client_ssl, gone):
    server = tkws.serve(master=root, handler=log, ssl=server_ssl)
    futures: list[Future[object]] = []

    @server.admit
    def check(request):
        futures.append(Future())
        return futures[-1]

    below = peers.connect(server)
    peer = Secured(below, client_ssl)
    peer.ask("/chat")
    pump_until(lambda: futures)
    if gone:
        below.sock.close()
        pump_until(futures[0].cancelled)
        assert not server.connections
        return
    futures[0].set_result(tkws.Admit("ada"))
    assert peer.answer()[0] == 101
    pump_until(lambda: log.open)
    assert log.ws.data == "ada"


def test_a_future_holds_nothing_of_tk_when_it_is_done_or_cancelled(server, peers, futures, pump_until):
    first, second = peers.connect(server), peers.connect(server)
    for peer in (first, second):
        peer.ask("/chat")
    pump_until(lambda: len(futures) == 2)
    connections = [weakref.ref(each) for each in server._http_connections]
    first.sock.close()
    futures[1].set_result(False)
    pump_until(lambda: not server._http_connections)
    gc.collect()
    assert [each() for each in connections] == [None, None]


# ---- arguments


def test_an_async_check_needs_asyncio(server, ask, callback_errors, monkeypatch):
    async def check(request):
        """Not run."""

    monkeypatch.setattr("tkws.asynchandlers._wrap", None)
    monkeypatch.setattr("tkws.asynchandlers._start", None)
    with pytest.raises(TypeError, match=r"^check: import tkws.aio"):
        server.admit(check)
    server.admit(lambda request, check=check: check(request))
    assert ask()[1] == 500
    assert "check: import tkws.aio" in str(callback_errors.pop())


@pytest.mark.parametrize("path", ["chat", "", "chat/*", "[!/]*"])
def test_a_path_that_can_match_none(server, path):
    with pytest.raises(ValueError, match="^path: must begin with"):
        server.admit(path)
    assert not server._admissions


@pytest.mark.parametrize(
    ("arguments", "error", "shown"),
    [
        ({"headers": {"Upgrade": "x"}}, ValueError, "headers: Upgrade"),
        ({"headers": {"Sec-WebSocket-Accept": "x"}}, ValueError, "headers: Sec-WebSocket-Accept"),
        ({"headers": {"X": "a\nb"}}, ValueError, "headers: .*line break"),
        ({"headers": 5}, TypeError, "headers: "),
        ({"protocol": b"v1"}, TypeError, "protocol: str or None, not bytes"),
        ({"protocol": "a b"}, ValueError, "protocol: 'a b' is not a token"),
    ],
)
def test_what_cannot_be_sent_is_refused_where_it_is_made(arguments, error, shown):
    with pytest.raises(error, match=f"^{shown}"):
        tkws.Admit(**arguments)


def test_what_it_admits_can_be_shown_without_its_data():
    admit = tkws.Admit("secret", {"Set-Cookie": "secret"}, "v1")
    assert repr(admit) == "<Admit data of str, protocol 'v1'>"
    with pytest.raises(AttributeError):
        admit.data = 1


def test_no_subprotocol_although_some_are_offered(server, ask):
    server.admit(lambda request: tkws.Admit(protocol=""))
    _, status, fields, _ = ask("/chat", "Sec-WebSocket-Protocol: v1")
    assert status == 101
    assert "sec-websocket-protocol" not in fields


def test_a_subprotocol_that_is_offered_and_not_spoken(root, peers):
    server = tkws.serve(master=root)
    server.live("/", Log(), "v1")
    server.admit(lambda request: tkws.Admit(protocol="v2"))
    peer = peers.connect(server)
    peer.ask("/", "Sec-WebSocket-Protocol: v1, v2")
    assert peer.answer()[0] == 400


def test_what_a_program_keeps_with_a_client(root, peers):
    ws, _ = peers.taken(root)
    assert (ws.data, tkws.WebSocket.data) == (None, None)
    ws.data = {"name": "ada"}
    assert ws.data == {"name": "ada"}

"""What the log says of the lives of clients and servers: each level, ids, and no secret."""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from typing import Any

import pytest

import tkws
from tests.logrecorder import LogRecorder
from tests.peers import Log
from tkws.protocol.frames import Opcode

LOOPBACK = "('127.0.0.1', PORT)"


@pytest.fixture
def recorder(record_log) -> LogRecorder:
    """What tkws logs, at the level debug."""
    return record_log("tkws")


@pytest.fixture
def server(root) -> Iterator[tkws.HTTPServer]:
    """A server that echoes at ``/echo`` and has a page."""

    def echo(ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "text":
            ws.send(message)

    server = tkws.serve(master=root)
    server.live("/echo", echo)
    server.page("/", "<p>front")
    yield server
    server.close()


def live_once(root, pump_until: Callable[..., None], url: str, **options: Any) -> tkws.WebSocket:
    """A client that says hello and closes."""
    log = Log(connect=lambda ws, _: ws.send("hello"), text=lambda ws, _: ws.close(1000, "enough"))
    ws = tkws.open(url, log, master=root, **options)
    pump_until(lambda: log.over and not tkws.find())
    return ws


# ---- info


def test_the_life_of_a_client_at_info(root, server, recorder, pump_until) -> None:
    live_once(root, pump_until, f"{server.url}echo")
    assert recorder.lines("tkws.client", logging.INFO) == [
        "opening ws://127.0.0.1:PORT/echo",
        "resolved 127.0.0.1 to 127.0.0.1:PORT",
        f"connected to {LOOPBACK} from {LOOPBACK}",
        "sending the request: GET /echo",
        "accepted with status 101",
        f"open: from {LOOPBACK} to {LOOPBACK}, permessage-deflate",
        "Disconnected: 1000 Closed normally",
    ]


def test_the_life_of_a_server_at_info(root, recorder, pump_until) -> None:
    server = tkws.serve(master=root, compression=False)
    server.live("/", Log(text=lambda ws, _: ws.close(1001, "enough")))
    live_once(root, pump_until, server.url)
    server.close()
    pump_until(lambda: recorder.has("no longer"))
    assert recorder.lines("tkws.server", logging.INFO) == [
        "listening on ws://127.0.0.1:PORT/",
        f"accepted from {LOOPBACK}",
        "upgraded to a WebSocket at /",
        f"open: from {LOOPBACK} to {LOOPBACK}, no compression",
        "Disconnected: 1001 Going away",
        "no longer listening on ws://127.0.0.1:PORT/",
    ]


def test_tls_and_a_certificate_that_is_not_verified(
    root, recorder, pump_until, server_ssl, client_ssl
) -> None:
    server = tkws.serve(master=root, ssl=server_ssl)
    server.live("/", Log(text=lambda ws, message: ws.send(message)))
    live_once(root, pump_until, server.url, ssl=client_ssl)
    agreed = f"TLS is established: TLSv1.3, {_cipher(recorder)}"
    assert recorder.lines(level=logging.INFO).count(agreed) == 2
    assert recorder.lines(level=logging.WARNING) == []
    careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    careless.check_hostname = False
    careless.verify_mode = ssl.CERT_NONE
    live_once(root, pump_until, server.url, ssl=careless)
    assert recorder.lines(level=logging.WARNING) == [
        "the certificate of 127.0.0.1 is not verified, so anyone may answer"
    ]
    server.close()


def _cipher(recorder: LogRecorder) -> str:
    [line, *_] = [line for line in recorder.lines() if line.startswith("TLS")]
    cipher = line.rpartition(" ")[2]
    assert cipher in {each["name"] for each in ssl.create_default_context().get_ciphers()}
    return cipher


def test_redirects_and_refusals_of_a_server(root, server, recorder, pump_until) -> None:
    server.page("/old", tkws.Response(302, headers={"Location": "/older?token=hidden"}))
    server.page("/older", tkws.Response(403, headers={"Retry-After": "7"}))
    log = Log()
    tkws.open(f"{server.url}old", log, master=root)
    pump_until(lambda: log.over)
    assert recorder.lines("tkws.client", logging.INFO)[4:] == [
        "not accepted: The server answered 302 Found",
        "redirected by 302 to ws://127.0.0.1:PORT/older",
        "opening ws://127.0.0.1:PORT/older",
        "resolved 127.0.0.1 to 127.0.0.1:PORT",
        f"connected to {LOOPBACK} from {LOOPBACK}",
        "sending the request: GET /older",
        "not accepted: The server answered 403 Forbidden",
        "the opening failed: The server answered 403 Forbidden",
    ]
    assert recorder.lines("tkws.server", logging.INFO) == [
        f"accepted from {LOOPBACK}",
        "answered GET /old with 302",
        f"accepted from {LOOPBACK}",
        "answered GET /older with 403",
    ]


def test_a_proxy(root, peers, recorder, pump_until) -> None:
    listening = peers.listen()
    log = Log()
    proxy = f"http://user:secret@127.0.0.1:{listening.port}"
    ws = tkws.open("ws://far.example/", log, master=root, proxy=proxy)
    peer = listening.accept()
    peer.take_until()
    peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
    peer.accept()
    pump_until(lambda: log.open)
    assert recorder.lines("tkws.client", logging.INFO)[1:4] == [
        "resolved 127.0.0.1 to 127.0.0.1:PORT",
        f"connected to {LOOPBACK} from {LOOPBACK}",
        "the proxy http://127.0.0.1:PORT leads to far.example:80",
    ]
    ws.close()


def test_attempts_and_the_last_one(root, peers, recorder, pump_until) -> None:
    listening = peers.listen()
    listening.sock.close()
    log = Log()
    backoff = tkws.Backoff(initial=0.01, jitter=0, factor=1, attempts=1)
    tkws.open(listening.url, log, master=root, reconnect=backoff)
    pump_until(lambda: log.types == ["error", "disconnect", "retry", "error", "disconnect"])
    text = log.all("error")[0].__cause__.strerror  # each system has its own
    refused = f"cannot connect to 127.0.0.1:PORT ({text})"
    lines = recorder.lines("tkws.client", logging.INFO)
    assert [line for line in lines if refused in line] == [
        f"the opening failed: {refused}",
        f"attempt 1 in 0.01 s: {refused}",
        f"the opening failed: {refused}",
        f"no other attempt: {refused}",
    ]


def test_an_opening_that_takes_too_long(root, peers, recorder, pump_until) -> None:
    log = Log()
    tkws.open(peers.listen().url, log, master=root, timeout=0.05)
    pump_until(lambda: log.over)
    last = recorder.lines("tkws.client", logging.INFO)[-1]
    assert last.startswith(
        "the opening failed: Timeout when connecting to ws://127.0.0.1:PORT/: 0.05 seconds"
    )


@pytest.mark.parametrize(
    ("field", "line"),
    [
        ("Origin: http://evil.example", "with 403: The origin 'http://evil.example' may not connect"),
        ("Host: evil.example", "with 403: The host 'evil.example' is not served here"),
        ("Sec-WebSocket-Protocol: a", "with 503: The server takes no more connections"),
    ],
)
def test_a_refused_request(root, peers, recorder, pump_until, field, line) -> None:
    server = tkws.serve(master=root, max_connections=1)
    server.live("/echo", other := Log())
    if "503" in line:
        tkws.open(f"{server.url}echo", Log(), master=root)
        pump_until(lambda: other.open)
    peer = peers.connect(server)
    host = field.partition(": ")[2] if field.startswith("Host") else "localhost"
    peer.ask("/echo", *([] if field.startswith("Host") else [field]), host=host)
    peer.answer()
    pump_until(lambda: recorder.has("refused"))  # the lines come after the answer
    assert recorder.lines("tkws.server", logging.INFO)[-1] == f"refused {LOOPBACK} {line}"
    server.close()


def test_a_client_that_finds_no_room(root, peers, recorder, pump_until, monkeypatch) -> None:
    monkeypatch.setattr("tkws.serving.httpserver.EXTRA_HTTP_CONNECTIONS", -1)
    server = tkws.serve(master=root, max_connections=1)
    peer = peers.connect(server)
    peer.wait_for_end()
    pump_until(lambda: recorder.has("refused"))
    assert recorder.lines("tkws.server")[-1] == f"refused {LOOPBACK}: there is no room for another connection"
    server.close()


def test_a_client_that_asks_nothing(root, peers, recorder, pump_until) -> None:
    server = tkws.serve(master=root, handshake_timeout=0.05)
    peers.connect(server).wait_for_end()
    pump_until(lambda: recorder.has("dropped"))
    assert recorder.lines("tkws.server", logging.INFO)[-1] == f"dropped {LOOPBACK}: 0.05 s without progress"
    server.close()


def test_a_request_that_the_command_refuses(root, peers, recorder, pump_until) -> None:
    near, _ = peers.sockets()
    listening = peers.listen()
    server = tkws.server(listening.sock, master=root)
    assert not tkws.test(server, near, "/a?token=hidden", {"Host": "localhost"})
    pump_until(lambda: recorder.has("refused"))
    [line] = recorder.lines("tkws.server")
    assert line.startswith("refused a request for '/a': ")


@pytest.mark.parametrize("server", [True, False])
def test_a_fault_of_the_peer(root, peers, recorder, pump_until, server) -> None:
    log = Log()
    ws, peer = peers.taken(root, log, server=server)
    pump_until(lambda: log.open)
    peer.send(b"\xf1\x00")
    pump_until(lambda: ws.state is tkws.State.CLOSING)
    peer.sock.close()
    pump_until(lambda: log.over)
    name = "tkws.server" if server else "tkws.client"
    assert recorder.lines(name, logging.INFO)[1:] == [
        f"failed with 1002, a fault of {LOOPBACK}: A reserved bit is set that no extension defines",
        "Disconnected: 1006 A reserved bit is set that no extension defines",
    ]


def test_an_exception_of_a_handler_is_reported_once(
    root, recorder, server, pump_until, callback_errors
) -> None:
    def fail(ws: tkws.WebSocket, message: object) -> None:
        ws.close()
        raise LookupError("of a handler")

    log = Log(connect=fail)
    tkws.open(f"{server.url}echo", log, master=root)
    pump_until(lambda: log.over)
    assert [type(error) for error in callback_errors] == [LookupError]
    assert recorder.lines(level=logging.WARNING) == []
    callback_errors.clear()


# ---- debug


def test_every_transition(root, server, recorder, pump_until) -> None:
    live_once(root, pump_until, f"{server.url}echo")
    for name, steps in {
        "tkws.client": ["IDLE -> ATTEMPTING by START", "ATTEMPTING -> OPEN by OPENED",
                        "OPEN -> CLOSING by CLOSE", "CLOSING -> ENDED by LOST"],
        "tkws.server": ["IDLE -> OPEN by OPENED", "OPEN -> ENDED by LOST"],
    }.items():  # fmt: skip
        assert [line for line in recorder.lines(name) if " -> " in line] == steps


def test_every_frame(root, server, recorder, pump_until) -> None:
    live_once(root, pump_until, f"{server.url}echo", compression=False)
    frames = re.compile("[<>] [A-Z]+ ")
    assert [line for line in recorder.lines("tkws.client") if frames.match(line)] == [
        '> TEXT fin masked 5 bytes: "hello"',
        '< TEXT fin 5 bytes: "hello"',
        "> CLOSE fin masked 8 bytes: 1000 enough",
        "< CLOSE fin 2 bytes: 1000",
    ]
    assert [line for line in recorder.lines("tkws.server") if frames.match(line)] == [
        '< TEXT fin masked 5 bytes: "hello"',
        '> TEXT fin 5 bytes: "hello"',
        "< CLOSE fin masked 8 bytes: 1000 enough",
        "> CLOSE fin 2 bytes: 1000",
    ]


def test_broadcasts_and_large_messages(root, peers, recorder, pump_until) -> None:
    server = tkws.serve(master=root)
    server.live("/", Log())
    log = Log()
    tkws.open(server.url, log, master=root)
    pump_until(lambda: log.open and server.connections)
    server.broadcast(b"\x00" * 200_000)
    pump_until(lambda: log.all("binary"))
    excerpt = ascii(b"\x00" * 80)
    assert f"> BINARY fin 200000 bytes: {excerpt}..." in recorder.lines("tkws.server")
    pump_until(lambda: f"< BINARY fin 200000 bytes: {excerpt}..." in recorder.lines("tkws.client"))
    server.close()


def test_the_keepalive(root, peers, recorder, pump_until) -> None:
    log = Log()
    ws, peer = peers.taken(root, log, keepalive=0.03, pong_timeout=30, ping="?")
    [(opcode, payload)] = peer.hear()
    assert (opcode, payload) == (Opcode.PING, b"?")
    peer.say(Opcode.PONG, payload)
    pump_until(lambda: ws.latency is not None and recorder.has("a pong came after"))
    lines = recorder.lines("tkws.server")
    timers = [line for line in lines[: lines.index("> PING fin 1 byte: b'?'")] if "timer" in line]
    assert timers  # more than one if the first is early by less than a clock tells
    assert all(re.fullmatch(r"a timer is set: 0\.0\d+ s for the next ping", line) for line in timers)
    assert any(re.fullmatch(r"a timer is set: \d+\.\d+ s for a pong", line) for line in lines)
    assert any(re.fullmatch(r"a pong came after \d+\.\d ms", line) for line in lines)
    ws.close()
    pump_until(lambda: recorder.has("for the end of the closing handshake"))


def test_reading_and_the_water_marks(root, peers, recorder, pump_until) -> None:
    log = Log()
    ws, peer = peers.taken(root, log, high_water=1000, low_water=10)
    pump_until(lambda: log.open)
    ws.pause()
    ws.resume()
    ws.send(bytes(8 << 20))
    pump_until(lambda: len(peer.read()) >= 8 << 20 and recorder.has("down to low_water"))
    lines = recorder.lines("tkws.server")
    assert lines.index("reading is paused") < lines.index("reading is resumed")
    above = [
        line for line in lines if re.fullmatch(r"above high_water: \w+ bytes are waiting to be sent", line)
    ]
    assert len(above) == 1


def test_headers_are_shown_but_for_their_values(root, server, recorder, pump_until) -> None:
    origin = server.url.replace("ws:", "http:").rstrip("/")
    live_once(root, pump_until, f"{server.url}echo", headers={"X-Api-Key": "hidden"}, origin=origin)
    [line] = [line for line in recorder.lines("tkws.client") if line.startswith("fields of the request: ")]
    assert "Upgrade: websocket" in line
    assert "X-Api-Key: ***" in line
    assert "Origin: http://127.0.0.1:PORT" in line
    assert recorder.has("Sec-WebSocket-Accept: ")


# ---- secrets


SECRETS = ["hidden", "aGlkZGVu"]  # and the beginning of its base64


def test_no_secret_is_shown(root, server, peers, recorder, pump_until) -> None:
    jar = CookieJar()
    cookie = {
        "Set-Cookie": "session=hidden-cookie",
        "X-Token": "hidden-token",
        "Location": "/echo?code=hidden",
    }
    server.page("/login", tkws.Response(302, headers=cookie))
    url = server.url.replace("//", "//hidden-user:hidden-password@")
    headers = {
        "Authorization": "Bearer hidden",
        "Cookie": "a=hidden",
        "X-Api-Key": "hidden",
        "Referer": "http://localhost/?hidden",
    }
    for options in ({}, {"headers": headers}, {"protocols": "hidden-bearer"}):
        log = Log(connect=lambda ws, _: ws.close())
        tkws.open(f"{url}login?token=hidden", log, master=root, cookies=jar, **options)
        pump_until(lambda log=log: log.over)
    assert any(cookie.value == "hidden-cookie" for cookie in jar)
    listening = peers.listen()
    log = Log()
    proxy = f"http://ann:hidden@127.0.0.1:{listening.port}"  # its refusal names the user
    tkws.open(f"{url}?hidden", log, master=root, proxy=proxy)
    peer = listening.accept()
    peer.take_until()
    peer.send(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=hidden\r\nContent-Length: 0\r\n\r\n")
    pump_until(lambda: log.over)
    text = logging.Formatter("%(message)s %(args)s")
    shown = [text.format(record) + str(vars(record)) for record in recorder.records]
    assert len(shown) > 50
    assert [line for line in shown if any(secret in line for secret in SECRETS)] == []


def test_what_a_peer_sends_cannot_forge_a_line(root, server, peers, recorder) -> None:
    peer = peers.connect(server)
    peer.ask("/\x7f\x9b31m", "X\tY: \x85", host="a\x85b")
    peer.answer()
    assert all(record.getMessage().isprintable() for record in recorder.records)


# ---- ids


def test_each_connection_has_its_id_from_the_first_line_to_the_last(
    root, server, recorder, pump_until
) -> None:
    clients = [live_once(root, pump_until, f"{server.url}echo") for _ in range(2)]
    ids = {ws.id for ws in clients}
    assert len(ids) == 2
    assert all(re.fullmatch("[0-9a-f]{8}", id) for id in ids)
    for ws in clients:
        mine = [record for record in recorder.records if record.connection_id == ws.id]
        assert all(record.getMessage().startswith(f"[{ws.id}] ") for record in mine)
        assert [record.getMessage()[11:] for record in mine if record.levelno > logging.DEBUG][-1] == (
            "Disconnected: 1000 Closed normally"
        )
    theirs = [record for record in recorder.records if record.name == "tkws.server"]
    assert {record.connection_id for record in theirs if "accepted" in record.getMessage()} == {
        record.connection_id for record in theirs if "Disconnected" in record.getMessage()
    }
    assert all(record.connection_id for record in theirs if "listening" not in record.getMessage())


def test_a_handler_is_called_after_the_lines_that_led_to_it(root, server, recorder, pump_until) -> None:
    seen: list[list[str]] = []
    log = Log(
        connect=lambda ws, _: ws.send("hello"),
        text=lambda ws, _: (seen.append(recorder.lines("tkws.client")), ws.close()),
    )
    tkws.open(f"{server.url}echo", log, master=root)
    pump_until(lambda: log.over)
    assert seen[0][-1].startswith("< TEXT ")


# ---- levels


def test_nothing_is_logged_by_default(root, server, peers, pump_until, monkeypatch) -> None:
    def fail(*args: object, **options: object) -> None:
        raise AssertionError("a record was made")

    monkeypatch.setattr(logging.Logger, "makeRecord", fail)
    live_once(root, pump_until, f"{server.url}echo")


def test_frames_ask_for_no_level(root, peers, pump_until, monkeypatch) -> None:
    """What is off costs nothing: the level is asked for once in a slice, not for each frame."""
    log = Log()
    ws, peer = peers.taken(root, log)
    pump_until(lambda: log.open)
    asked: list[int] = []
    is_enabled = logging.Logger.isEnabledFor

    def count(logger: logging.Logger, level: int) -> bool:
        asked.append(level)
        return is_enabled(logger, level)

    monkeypatch.setattr(logging.Logger, "isEnabledFor", count)
    for _ in range(1000):
        ws.send("out")
    assert asked == []
    peer.text(*["in"] * 1000)
    pump_until(lambda: len(log.all("text")) == 1000)
    assert len(asked) < 100
    assert peer.hear(1000)


@pytest.mark.parametrize(
    "set_level", [tkws.loglevel, lambda level: logging.getLogger("tkws").setLevel(level)]
)
def test_a_connection_follows_a_change_of_level(root, taken, log, recorder, pump_until, set_level) -> None:
    ws, peer = taken
    for level, is_logged in (("DEBUG", True), ("INFO", False), ("DEBUG", True)):
        set_level(level)
        done: list[bool] = []
        ws.loop.call_later(0.006, done.append, True)  # a slice later
        pump_until(lambda done=done: done)
        recorder.records.clear()
        before = len(log.events)
        peer.text("in")
        pump_until(lambda before=before: len(log.events) > before)
        ws.send("out")
        done.clear()
        ws.loop.call_soon(done.append, True)
        pump_until(lambda done=done: done)
        frames = ['< TEXT fin masked 2 bytes: "in"', '> TEXT fin 3 bytes: "out"']
        assert [line for line in recorder.lines() if "TEXT" in line] == (frames if is_logged else [])


def test_loglevel_counts_at_once(root, taken, recorder, pump_until) -> None:
    ws, _ = taken
    assert tkws.loglevel("info") == "info"
    ws.send("unseen")
    assert tkws.loglevel("debug") == "debug"
    ws.send("seen")
    pump_until(lambda: recorder.has('"seen"'))
    assert not recorder.has("unseen")


def test_the_package_sets_no_level_and_prints_nothing_of_connections() -> None:
    assert logging.getLogger("tkws").level == logging.NOTSET
    for name in ("tkws.client", "tkws.server"):
        logger = logging.getLogger(name)
        assert logger.level == logging.NOTSET
        assert logger.propagate
        assert [type(handler) for handler in logger.handlers] == [logging.NullHandler]

"""HTTP/1.1 before and beside the WebSocket, both sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from tkws.errors import HandshakeError, StateError
from tkws.http.messages import (
    ClientConnection,
    Headers,
    Request,
    Response,
    ServerConnection,
    basic_authorization,
)

HOST = "Host: example.org\r\n"
UPGRADE = f"GET /chat HTTP/1.1\r\n{HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n".encode()
OK = Response(200, headers={"Content-Type": "text/plain"}, body=b"hello")


def ask(head: str, *, server: ServerConnection | None = None) -> tuple[ServerConnection, Request]:
    """Sends one request's head to a server, and returns what it made of it."""
    server = ServerConnection() if server is None else server
    request = server.receive_data(f"{head}\r\n".encode("latin-1"))
    assert isinstance(request, Request)
    return server, request


def is_fault(result: object, status: int | None) -> bool:
    return isinstance(result, HandshakeError) and result.part == "http" and result.status == status


def parts(data: bytes) -> tuple[str, dict[str, str], bytes]:
    """Takes an answer apart without any of the code under test."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    return first, dict(line.split(": ", 1) for line in lines), body


# ---- Request


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/", "/", ()),
        ("/chat?room=1&room=2&x", "/chat", (("room", "1"), ("room", "2"), ("x", ""))),
        ("/a%20b?%C3%A4=%26+c", "/a%20b", (("ä", "& c"),)),
        ("/a?b?c=/d", "/a", (("b?c", "/d"),)),
        ("/?", "/", ()),
        ("?a=b", "/", (("a", "b"),)),
        ("*", "*", ()),
        ("example.org:443", "example.org:443", ()),
        ("http://example.org:80/a/b?c=d", "/a/b", (("c", "d"),)),
        ("HTTP://example.org", "/", ()),
        ("http://example.org?c=d/e", "/", (("c", "d/e"),)),
        ("/redirect?to=http://x/y", "/redirect", (("to", "http://x/y"),)),
        ("/http://x", "/http://x", ()),
    ],
)
def test_the_path_and_the_query_of_a_target(target: str, path: str, query: object) -> None:
    request = Request(target=target)
    assert (request.path, request.query) == (path, query)


def test_a_request_is_a_get_of_the_root_unless_it_says_otherwise() -> None:
    request = Request()
    assert (request.method, request.target, request.version, request.peer) == ("GET", "/", "1.1", None)
    assert request.headers == Headers()


# ---- Response


@pytest.mark.parametrize(("status", "reason"), [(200, "OK"), (404, "Not Found"), (299, ""), (999, "")])
def test_a_response_has_the_usual_reason(status: int, reason: str) -> None:
    assert Response(status).reason == reason
    assert Response(status, "Other").reason == "Other"


def test_a_response_is_encoded_whole() -> None:
    response = Response(
        404, headers=[("X", "ä"), ("Content-Length", "7"), ("Transfer-Encoding", "x")], body=b"no\n"
    )
    assert response.encode() == b"HTTP/1.1 404 Not Found\r\nX: \xe4\r\nContent-Length: 3\r\n\r\nno\n"


@pytest.mark.parametrize("status", [101, 204, 304])
def test_some_responses_have_no_body(status: int) -> None:
    first, headers, body = parts(Response(status, "R", {"A": "b"}, b"body").encode())
    assert (first, headers, body) == (f"HTTP/1.1 {status} R", {"A": "b"}, b"")


@pytest.mark.parametrize("body", [b"body", bytearray(b"body"), memoryview(b"body")])
def test_a_body_is_kept_as_bytes(body: Any) -> None:
    assert Response(200, body=body).body == b"body"
    assert type(Response(200, body=body).body) is bytes


def test_a_response_does_not_change() -> None:
    with pytest.raises(AttributeError):
        OK.status = 500  # type: ignore[misc]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"status": "200"}, TypeError, "status must be an int, not str"),
        ({"status": True}, TypeError, "status must be an int, not bool"),
        ({"status": 99}, ValueError, "status must be 100 to 999, not 99"),
        ({"status": 1000}, ValueError, "status must be 100 to 999, not 1000"),
        ({"status": 200, "reason": b"OK"}, TypeError, "reason must be a str or None, not bytes"),
        ({"status": 200, "body": "text"}, TypeError, "body must be bytes, not str"),
        ({"status": 200, "headers": {"A": "b\r\nC: d"}}, ValueError, "headers: the value of A"),
        ({"status": 200, "headers": 5}, TypeError, "headers must be a mapping"),
    ],
)
def test_a_bad_response_is_refused(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{message}"):
        Response(**arguments)


@pytest.mark.parametrize("reason", ["a\r\nB: c", "\n", "\x00", "€"])
def test_a_reason_must_be_one_line(reason: str) -> None:
    with pytest.raises(ValueError, match="^reason must be one line"):
        Response(200, reason).encode()
    server, _ = ask(f"GET / HTTP/1.1\r\n{HOST}")
    with pytest.raises(ValueError, match="^reason must be one line"):
        server.respond(Response(200, reason))
    assert parts(server.respond(OK))[2] == b"hello"


# ---- the server's side


def test_a_request_is_read() -> None:
    server = ServerConnection(peer=("127.0.0.1", 5))
    _, request = ask(f"GET /a?b=c HTTP/1.1\r\n{HOST}Cookie: \xe4\r\nVia: x\r\nvia:  y \r\n", server=server)
    assert (request.method, request.target, request.version) == ("GET", "/a?b=c", "1.1")
    assert request.peer == ("127.0.0.1", 5)
    assert request.headers.fields == (("Host", "example.org"), ("Cookie", "ä"), ("Via", "x"), ("via", "y"))
    assert server.trailing_data == b""


def test_a_request_may_come_in_single_bytes() -> None:
    server = ServerConnection()
    results = [server.receive_data(UPGRADE[i : i + 1]) for i in range(len(UPGRADE))]
    assert results[:-1] == [None] * (len(UPGRADE) - 1)
    assert isinstance(results[-1], Request)
    assert server.receive_data(b"\x81") is None
    assert server.receive_data(b"\x80") is None
    assert server.trailing_data == b"\x81\x80"


def test_no_data_is_not_the_end_of_the_stream() -> None:
    server = ServerConnection()
    assert server.receive_data(b"") is None
    assert isinstance(server.receive_data(UPGRADE), Request)


def test_a_page_is_answered_and_the_connection_kept() -> None:
    server, _ = ask(f"GET / HTTP/1.1\r\n{HOST}")
    first, headers, body = parts(server.respond(OK))
    assert (first, body) == ("HTTP/1.1 200 OK", b"hello")
    assert headers == {"Content-Type": "text/plain", "Content-Length": "5"}
    assert not server.must_close
    assert server.next_request() is None
    _, request = ask(f"GET /next HTTP/1.1\r\n{HOST}", server=server)
    assert request.path == "/next"


def test_the_length_is_the_bodys_whatever_the_headers_say() -> None:
    server, _ = ask(f"GET / HTTP/1.1\r\n{HOST}")
    _, headers, _ = parts(server.respond(Response(200, headers={"content-length": "99"}, body=b"abc")))
    assert headers == {"Content-Length": "3"}


def test_requests_may_come_before_their_turn() -> None:
    server = ServerConnection()
    several = "".join(f"GET /{i} HTTP/1.1\r\n{HOST}\r\n" for i in range(3))
    request = server.receive_data(several.encode())
    for i in range(3):
        assert isinstance(request, Request)
        assert request.path == f"/{i}"
        assert server.next_request() is None
        server.respond(OK)
        request = server.next_request()
    assert request is None


@pytest.mark.parametrize("status", [200, 404, 204, 304])
def test_the_answer_to_head_has_no_body(status: int) -> None:
    server, _ = ask(f"HEAD / HTTP/1.1\r\n{HOST}")
    _, headers, body = parts(server.respond(Response(status, body=b"hello")))
    assert headers == ({"Content-Length": "5"} if status in (200, 404) else {})
    assert body == b""
    assert not server.must_close
    ask(f"GET / HTTP/1.1\r\n{HOST}", server=server)
    assert parts(server.respond(OK))[2] == b"hello"


@pytest.mark.parametrize(
    ("head", "close"),
    [
        (f"GET / HTTP/1.1\r\n{HOST}Connection: close\r\n", False),
        ("GET / HTTP/1.0\r\n", False),
        (f"GET / HTTP/1.1\r\n{HOST}", True),
        (f"POST / HTTP/1.1\r\n{HOST}Content-Length: 9\r\nExpect: 100-continue\r\n", False),
        (f"POST / HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n", False),
    ],
)
def test_the_connection_ends_with_the_answer(head: str, close: bool) -> None:
    server, _ = ask(head)
    first, headers, body = parts(
        server.respond(Response(200, headers={"connection": "keep-alive"}, body=b"b"), close=close)
    )
    assert (first, body) == ("HTTP/1.1 200 OK", b"b")
    named = {name.lower(): value for name, value in headers.items()}
    assert named["connection"] == "close"
    assert server.must_close
    assert server.receive_data(f"GET / HTTP/1.1\r\n{HOST}\r\n".encode()) is None


def test_the_answer_itself_may_end_the_connection() -> None:
    server, _ = ask(f"GET / HTTP/1.1\r\n{HOST}")
    server.respond(Response(200, headers={"Connection": "close"}))
    assert server.must_close


@pytest.mark.parametrize(
    "body", ["Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]
)
def test_a_body_that_is_there_is_skipped(body: str) -> None:
    server = ServerConnection()
    both = f"POST / HTTP/1.1\r\n{HOST}{body}GET /next HTTP/1.1\r\n{HOST}\r\n".encode()
    for i in range(len(both)):
        if isinstance(server.receive_data(both[i : i + 1]), Request):
            assert server.receive_data(both[i + 1 :]) is None
            break
    server.respond(OK)
    assert not server.must_close
    request = server.next_request()
    assert isinstance(request, Request)
    assert request.path == "/next"


def test_an_upgrade_may_be_refused_and_the_connection_kept() -> None:
    server = ServerConnection()
    assert isinstance(server.receive_data(UPGRADE + UPGRADE), Request)
    server.respond(Response(404))
    assert isinstance(server.next_request(), Request)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/2.0x\r\n\r\n", 400),
        (b"GET / x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: b\x00\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400),
        (b"GET /" + b"x" * 1000, 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"x" * 1000 + b"\r\n\r\n", 431),
        (b"HEAD /" + b"x" * 1000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A:\r\n" * 128 + b"\r\n", 431),
    ],
)
def test_a_bad_request_is_a_fault_that_can_be_answered(data: bytes, status: int) -> None:
    server = ServerConnection(max_header_bytes=900)
    assert is_fault(server.receive_data(data), status)
    assert server.receive_data(UPGRADE) is None
    first, headers, body = parts(server.respond(Response(status, "No", body=b"no")))
    assert (first, body) == (f"HTTP/1.1 {status} No", b"" if data.startswith(b"HEAD") else b"no")
    assert headers["Connection"] == "close"
    assert server.must_close


REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize("pieces", [[b"\r\n" + REQUEST], [b"\r", b"\n" + REQUEST], [b"\r\n", REQUEST]])
def test_an_empty_line_before_a_request_is_skipped(pieces: list[bytes]) -> None:
    server = ServerConnection()
    for _ in range(2):  # and before the next one
        *_, request = [server.receive_data(piece) for piece in pieces]
        assert isinstance(request, Request)
        server.respond(OK)
        assert server.next_request() is None
        assert server.receive_data(b"") is None


@pytest.mark.parametrize("before", [b"\r\n\r\n", b"\r\r\n", b"\rG", b"\n\n"])
def test_more_than_one_is_a_fault(before: bytes) -> None:
    assert is_fault(ServerConnection().receive_data(before + REQUEST), 400)


def test_as_many_fields_as_anyone_sends_are_read() -> None:
    ask(f"GET / HTTP/1.1\r\n{HOST}" + "A: b\r\n" * 127)


def test_a_bad_request_behind_an_answered_one_is_a_fault() -> None:
    server, _ = ask(f"HEAD / HTTP/1.1\r\n{HOST}")
    server.respond(OK)
    assert is_fault(server.receive_data(b"nonsense\r\n\r\n"), 400)
    assert parts(server.respond(Response(400, body=b"no")))[2] == b"no"


def test_a_client_that_never_asked_can_be_told_so() -> None:
    server = ServerConnection()
    assert server.receive_data(b"GET / HT") is None
    first, headers, _ = parts(server.respond(Response(408)))
    assert (first, headers["Connection"]) == ("HTTP/1.1 408 Request Timeout", "close")
    assert server.must_close


def test_a_request_is_answered_once() -> None:
    server, _ = ask(f"GET / HTTP/1.1\r\n{HOST}")
    server.respond(OK)
    with pytest.raises(StateError, match="answered already"):
        server.respond(OK)


def test_an_interim_answer_is_refused() -> None:
    server, _ = ask(f"GET / HTTP/1.1\r\n{HOST}")
    with pytest.raises(ValueError, match="^status 101 is no final answer$"):
        server.respond(Response(101))


def test_the_end_of_the_stream_between_requests_is_no_fault() -> None:
    assert ServerConnection().receive_eof() is None
    server, _ = ask(f"GET / HTTP/1.1\r\n{HOST}")
    assert server.receive_eof() is None
    assert parts(server.respond(OK))[2] == b"hello"
    assert server.must_close
    assert server.next_request() is None


def test_the_end_of_the_stream_inside_a_request_is_a_fault() -> None:
    server = ServerConnection()
    server.receive_data(b"GET / HTTP/1.1\r\n")
    assert is_fault(server.receive_eof(), 400)


# ---- the client's side


def client(method: str = "GET", target: str = "/", **options: int) -> ClientConnection:
    """A client that has sent its request."""
    made = ClientConnection(**options)
    made.request(method, target, {"Host": "h", "Connection": "Upgrade", "Upgrade": "websocket"})
    return made


def test_a_request_is_written() -> None:
    data = ClientConnection().request("GET", "/a?b", [("Host", "h"), ("X", "ä"), ("x", "c")])
    assert data == b"GET /a?b HTTP/1.1\r\nHost: h\r\nX: \xe4\r\nx: c\r\n\r\n"


@pytest.mark.parametrize(
    ("method", "target", "headers", "message"),
    [
        ("GE T", "/", {"Host": "h"}, "method 'GE T' is no token"),
        ("GET", "", {"Host": "h"}, "target '' must be visible ASCII"),
        ("GET", "/ HTTP/1.1\r\n", {"Host": "h"}, "target .* must be visible ASCII"),
        ("GET", "/a b", {"Host": "h"}, "target .* must be visible ASCII"),
        ("GET", "/ä", {"Host": "h"}, "target .* must be visible ASCII"),
        ("GET", "/", {}, "headers must have Host once"),
        ("GET", "/", [("Host", "a"), ("host", "b")], "headers must have Host once"),
        ("GET", "/", {"Host": "h\n"}, "headers: the value of Host"),
    ],
)
def test_a_bad_request_is_not_written(method: str, target: str, headers: Any, message: str) -> None:
    connection = ClientConnection()
    with pytest.raises(ValueError, match=f"^{message}"):
        connection.request(method, target, headers)
    assert connection.request("GET", "/", {"Host": "h"}).startswith(b"GET / ")


def test_there_is_one_request() -> None:
    with pytest.raises(StateError, match="made already"):
        client().request("GET", "/", {"Host": "h"})


SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "status", "reason", "body", "trailing"),
    [
        (SWITCHED + b"\x81\x00", 101, "Switching Protocols", b"", b"\x81\x00"),
        (SWITCHED.replace(b"\r\n", b"\n"), 101, "Switching Protocols", b"", b""),
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\n\r\n" + SWITCHED,
            101,
            "Switching Protocols",
            b"",
            b"",
        ),
        (b"HTTP/1.1 403 N\xf6\r\nContent-Length: 3\r\n\r\nno\n", 403, "Nö", b"no\n", b""),
        (b"HTTP/1.1 302\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 302, "", b"", b""),
        (b"HTTP/1.1 503 R\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n", 503, "R", b"no", b""),
        (b"HTTP/1.1 304 R\r\n\r\n", 304, "R", b"", b""),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_an_answer_is_read(
    whole: bool, data: bytes, status: int, reason: str, body: bytes, trailing: bytes
) -> None:
    connection = client()
    end = len(data) - len(trailing)
    pieces = [data] if whole else [b"", *(data[i : i + 1] for i in range(end - 1)), data[end - 1 :]]
    *before, answer = [connection.receive_data(piece) for piece in pieces]
    assert not any(before)
    assert isinstance(answer, Response)
    assert (answer.status, answer.reason, answer.body) == (status, reason, body)
    assert connection.trailing_data == trailing


def test_the_headers_of_an_answer_are_kept() -> None:
    answer = client().receive_data(SWITCHED)
    assert isinstance(answer, Response)
    assert answer.headers.fields == (("Connection", "Upgrade"), ("Upgrade", "websocket"))


def test_a_body_without_length_lasts_until_the_end() -> None:
    connection = client()
    assert connection.receive_data(b"HTTP/1.1 500 R\r\n\r\nno") is None
    assert connection.receive_data(b"pe") is None
    answer = connection.receive_eof()
    assert isinstance(answer, Response)
    assert answer.body == b"nope"


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"HTTP/1.1 500 R\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * 50, b"x" * 10),
        (b"HTTP/1.1 500 R\r\n\r\n" + b"x" * 10, b"x" * 10),
        (b"HTTP/1.1 500 R\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nxxxxxx\r\n6\r\nxxxxxx\r\n", b"x" * 10),
        (b"HTTP/1.1 500 R\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxx\r\nbroken\r\n", b"xx"),
    ],
)
def test_a_body_is_kept_as_far_as_it_matters(data: bytes, body: bytes) -> None:
    answer = client(max_body_bytes=10).receive_data(data)
    assert isinstance(answer, Response)
    assert answer.body == body


def test_a_cut_body_is_better_than_none() -> None:
    connection = client()
    assert connection.receive_data(b"HTTP/1.1 500 R\r\nContent-Length: 10\r\n\r\nabc") is None
    answer = connection.receive_eof()
    assert isinstance(answer, Response)
    assert (answer.status, answer.body) == (500, b"abc")


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"\x81\x05Hello\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 99 R\r\n\r\n",
        b"HTTP/1.1 099 R\r\n\r\n",
        b"HTTP/1.1 200 R\r\nA\r\n\r\n",
        b"HTTP/1.1 200 R\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 R\r\nA: " + b"x" * 3000,
    ],
)
def test_a_bad_answer_is_a_fault(data: bytes) -> None:
    assert is_fault(client(max_header_bytes=1000).receive_data(data), None)


def test_a_switch_that_was_not_asked_for_is_a_fault() -> None:
    connection = ClientConnection()
    connection.request("GET", "/", {"Host": "h"})
    assert is_fault(connection.receive_data(SWITCHED), None)


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 101 Sw", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_the_end_of_the_stream_before_the_answer_is_a_fault(data: bytes) -> None:
    connection = client()
    assert connection.receive_data(data) is None
    assert is_fault(connection.receive_eof(), None)


@pytest.mark.parametrize(("status", "body", "trailing"), [(200, b"", b"after"), (407, b"after", b"")])
def test_a_proxy_is_asked_to_connect(status: int, body: bytes, trailing: bytes) -> None:
    connection = ClientConnection()
    request = connection.request("CONNECT", "example.org:443", {"Host": "example.org:443"})
    assert request == b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n"
    answer = connection.receive_data(b"HTTP/1.1 %d R\r\nContent-Length: 5\r\n\r\nafter" % status)
    assert isinstance(answer, Response)
    assert (answer.status, answer.body, connection.trailing_data) == (status, body, trailing)


# ---- credentials, junk


def test_basic_authorization() -> None:
    """RFC 7617, 2 and 2.1."""
    assert basic_authorization("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert basic_authorization("test", "123£") == "Basic dGVzdDoxMjPCow=="
    assert basic_authorization("user", None) == "Basic dXNlcjo="
    with pytest.raises(ValueError, match="^username must not have a colon$"):
        basic_authorization("a:b", "c")


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTPX", b"h"])
def test_what_does_not_begin_as_http_is_told_at_once(answer: bytes) -> None:
    """RFC 9112, 4: the rest of a header, for which to wait, may never come."""
    result = client().receive_data(answer)
    assert isinstance(result, HandshakeError)
    assert str(result) == "The server's answer is no HTTP"


def test_a_header_that_is_too_large_is_told_as_such() -> None:
    result = client(max_header_bytes=100).receive_data(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100)
    assert str(result) == "The header of the server's answer is too large"


HEADS = st.sampled_from(
    [b"", UPGRADE, SWITCHED, b"GET / HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n", b"Host: a\r\n"]
)


@given(st.lists(HEADS | st.binary(max_size=40), max_size=6), st.sampled_from([client, ServerConnection]))
def test_junk_gives_a_result_and_raises_nothing(
    pieces: list[bytes], make: Callable[[], ClientConnection | ServerConnection]
) -> None:
    connection = make()
    for piece in pieces:
        result = connection.receive_data(piece)
        assert result is None or isinstance(result, Request | Response | HandshakeError)
        if result is not None:
            return
    connection.receive_eof()


def test_a_message_shows_nothing_that_may_be_secret() -> None:
    request = Request("GET", "/feed?token=secret", Headers({"X-Key": "secret"}), ("127.0.0.1", 1))
    assert repr(request) == "<Request GET '/feed' from ('127.0.0.1', 1)>"
    response = Response(200, headers={"X-Key": "secret"}, body=b"secret")
    assert repr(response) == "<Response 200 'OK', 6 bytes>"

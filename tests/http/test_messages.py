"""Requests, answers, and a client's side of HTTP/1.1."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from tkws.errors import HandshakeError, StateError
from tkws.http.messages import ClientConnection, Headers, Request, Response, basic_authorization

HOST = "Host: example.org\r\n"
UPGRADE = f"GET /chat HTTP/1.1\r\n{HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n".encode()
OK = Response(200)


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


@pytest.mark.parametrize(
    ("target", "headers", "host"),
    [
        ("/", {"Host": "example.org:80"}, "example.org:80"),
        ("/", {}, None),
        ("/", {"Host": ""}, ""),
        ("http://example.org:80/a?http://b", {"Host": "other"}, "example.org:80"),
        ("WSS://[::1]?a", {}, "[::1]"),
        ("/http://a", {"Host": "b"}, "b"),
        ("*", {"Host": "b"}, "b"),
    ],
)
def test_the_host_of_a_request(target: str, headers: dict[str, str], host: str | None) -> None:
    """RFC 9112, 3.2.2: an absolute target counts instead of Host."""
    assert Request(target=target, headers=Headers(headers)).host == host


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


@given(st.lists(HEADS | st.binary(max_size=40), max_size=6))
def test_junk_gives_a_result_and_raises_nothing(pieces: list[bytes]) -> None:
    connection = client()
    for piece in pieces:
        result = connection.receive_data(piece)
        assert result is None or isinstance(result, Response | HandshakeError)
        if result is not None:
            return
    connection.receive_eof()


def test_a_message_shows_nothing_that_may_be_secret() -> None:
    request = Request("GET", "/feed?token=secret", Headers({"X-Key": "secret"}), ("127.0.0.1", 1))
    assert repr(request) == "<Request GET '/feed' from ('127.0.0.1', 1)>"
    response = Response(200, headers={"X-Key": "secret"}, body=b"secret")
    assert repr(response) == "<Response 200 'OK', 6 bytes>"

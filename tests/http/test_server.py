"""A server's side of HTTP/1.1: requests however they are cut, what is refused, and the answers."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from tests.http.results import is_fault, parts
from tkws.errors import HandshakeError, StateError
from tkws.http.messages import Request, Response
from tkws.http.server import MAX_SKIPPED, ServerConnection

pytestmark = pytest.mark.thorough

HOST = "Host: example.org\r\n"
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
UPGRADE = f"GET /chat HTTP/1.1\r\n{HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n".encode()
OK = Response(200, headers={"Content-Type": "text/plain"}, body=b"hello")


def ask(head: str, *, server: ServerConnection | None = None) -> tuple[ServerConnection, Request]:
    """Send one request's head to a server, and return what it made of it."""
    server = ServerConnection() if server is None else server
    request = server.receive_data(f"{head}\r\n".encode("latin-1"))
    assert isinstance(request, Request)
    return server, request


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
        (f"POST / HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", False),
        (f"POST / HTTP/1.1\r\n{HOST}Content-Length: {MAX_SKIPPED + 1}\r\n", False),
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
def test_a_body_is_skipped(body: str) -> None:
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


def test_a_body_in_very_many_chunks_is_not_awaited() -> None:
    server = ServerConnection()
    head = f"POST / HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n".encode()
    assert server.receive_data(head) is None
    few, many = b"1\r\nx\r\n" * 400, b"1\r\nx\r\n" * 200
    assert server.receive_data(few) is None
    assert isinstance(server.receive_data(many), Request)


def test_a_body_of_a_known_length_may_come_byte_by_byte() -> None:
    server = ServerConnection()
    head = f"POST / HTTP/1.1\r\n{HOST}Content-Length: 1000\r\n\r\n".encode()
    assert server.receive_data(head) is None
    assert {server.receive_data(b"x") for _ in range(999)} == {None}
    assert isinstance(server.receive_data(b"x"), Request)


@pytest.mark.parametrize("chunk", [1, 1000, MAX_SKIPPED])
def test_a_body_without_an_end_is_not_read_for_long(chunk: int) -> None:
    server = ServerConnection()
    assert (
        server.receive_data(f"POST / HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n".encode()) is None
    )
    sent, result = 0, None
    while result is None:
        data = b"%x\r\n%s\r\n" % (chunk, bytes(chunk))
        result = server.receive_data(data)
        sent += len(data)
        assert sent < 2 * MAX_SKIPPED + 100
    assert isinstance(result, Request)
    server.respond(OK)
    assert server.must_close
    assert server.receive_data(UPGRADE) is None


def test_a_body_of_the_largest_size_is_skipped() -> None:
    server = ServerConnection()
    head = f"POST / HTTP/1.1\r\n{HOST}Content-Length: {MAX_SKIPPED}\r\n\r\n".encode()
    assert server.receive_data(head) is None
    assert isinstance(server.receive_data(bytes(MAX_SKIPPED) + UPGRADE), Request)
    server.respond(OK)
    assert isinstance(server.next_request(), Request)


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
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", 400),
        # smuggling
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\nhello", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5_0\r\n\r\nhello", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 5\r\n\r\nhello", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nhello", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 21 + b"\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\r\n : chunked\r\n\r\n", 400),
        # lines
        (b"GET / HTTP/1.1\nHost: a\n\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\rX: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\rHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\tb", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n", 400),
        (b" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"G\xcbT / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
        # targets
        (b"GET chat HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET ?a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET http://:80/a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET http://a:8x/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"CONNECT /a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        # hosts
        (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: [a]b\r\n\r\n", 400),
        (b"GET / HTTP/1.2\r\n\r\n", 400),
        # versions
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
        (b"GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505),
        (b"GET / HTTP/0.0\r\n\r\n", 505),
        (b"GET / HTTP/9.9\r\n\r\n", 505),
        (b"GET / HTTP/11.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1,1\r\nHost: a\r\n\r\n", 400),
        (b"GET / http/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / RTSP/1.0\r\nHost: a\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
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
    with pytest.raises(ValueError, match="^status: 200 or more, for a final answer, not 101$"):
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


# ---- however the bytes are cut

MESSAGES = [
    REQUEST,
    b"\r\n" + REQUEST,
    REQUEST + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"GET / HTTP/1.2\r\nHost: a\r\n\r\n",
    b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    b"HEAD /" + b"h" * 20 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe\r\no",
    b'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x="y"\r\nabc\r\n0\r\nA: b\r\n\r\n',
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi",
    UPGRADE,
    UPGRADE + b"\x81\x82\0\0\0\0hi",
    b"\r",
    b"\n",
    b"\r\n\r\n",
    b"nonsense\r\n\r\n",
    b"GET /" + b"x" * 90 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"HEAD / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 90 + b"\r\n\r\n",
    b"x" * 120 + b"\n",
]


def answers(pieces: list[bytes], *, eof: bool) -> list[bytes]:
    """What a server says to bytes in these pieces; an upgrade is taken every other time."""
    server = ServerConnection(max_header_bytes=110)
    said: list[bytes] = []
    for piece in [*pieces, None] if eof else pieces:
        result = server.receive_eof() if piece is None else server.receive_data(piece)
        while result is not None:
            if isinstance(result, HandshakeError):
                said.append(server.respond(Response(result.status or 500, body=b"fault")))
            else:
                said.append(f"{result!r} {result.headers.fields}".encode())
                said.append(server.respond(OK))
            result = server.next_request()
    if not server.must_close:
        said.append(server.trailing_data)
    return said


def end_aside(said: list[bytes]) -> list[bytes]:
    """The answers without the field that tells of an end, which may be known or not as they are made."""
    return [each.replace(b"Connection: close\r\n", b"") for each in said]


@pytest.mark.parametrize("first", MESSAGES)
@pytest.mark.parametrize("second", [b"", b"\r\n" + REQUEST, UPGRADE + b"\x81\x80", b"\r\n\r\n"])
def test_two_segments_are_answered_as_one(first: bytes, second: bytes) -> None:
    data = first + second
    whole = answers([data], eof=False)
    for at in range(len(data)):
        assert answers([data[:at], data[at:]], eof=False) == whole
    assert answers([data[at : at + 1] for at in range(len(data))], eof=False) == whole


@pytest.mark.slow
@given(st.lists(st.sampled_from(MESSAGES) | st.binary(max_size=8), max_size=5), st.data())
def test_any_segments_are_answered_as_one(messages: list[bytes], draw: st.DataObject) -> None:
    data = b"".join(messages)
    cuts = draw.draw(st.lists(st.integers(0, len(data)), max_size=8).map(sorted))
    pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert answers(pieces, eof=False) == answers([data], eof=False)
    assert end_aside(answers(pieces, eof=True)) == end_aside(answers([data], eof=True))


@given(st.lists(st.sampled_from(MESSAGES) | st.binary(max_size=40), max_size=6))
def test_junk_gives_a_result_and_raises_nothing(pieces: list[bytes]) -> None:
    server = ServerConnection()
    for piece in pieces:
        result = server.receive_data(piece)
        assert result is None or isinstance(result, Request | HandshakeError)
        if result is not None:
            return
    server.receive_eof()

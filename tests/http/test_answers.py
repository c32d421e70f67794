"""A client's side of HTTP/1.1: an answer is read as browsers read it, and decides from its head on."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import pytest
from hypothesis import given, strategies as st

from tests.http.results import is_fault
from tkws.errors import HandshakeError, StateError
from tkws.http.answers import MAX_HEADER_BYTES, MAX_INTERIM, ClientConnection
from tkws.http.messages import Response


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
        ("GE T", "/", {"Host": "h"}, "method: a token, not 'GE T'"),
        ("GET", "", {"Host": "h"}, "target: visible ASCII, not ''"),
        ("GET", "/ HTTP/1.1\r\n", {"Host": "h"}, "target: visible ASCII, not "),
        ("GET", "/a b", {"Host": "h"}, "target: visible ASCII, not "),
        ("GET", "/ä", {"Host": "h"}, "target: visible ASCII, not "),
        ("GET", "/", {}, "headers: Host once"),
        ("GET", "/", [("Host", "a"), ("host", "b")], "headers: Host once"),
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
    answer = next(result for piece in pieces if (result := connection.receive_data(piece)))
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
        b"HTTP/1.1 200OK\r\n\r\n",
        b"HTTP/1.1 2000 R\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP 200 R\r\n\r\n",
        b"HTTP/1.1 " + b"x" * 3000,
    ],
)
def test_a_bad_answer_is_a_fault(data: bytes) -> None:
    assert is_fault(client(max_header_bytes=1000).receive_data(data), None)


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


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTPX", b"x", b"\r\n\r\nlogin: "])
def test_what_does_not_begin_as_http_is_told_at_once(answer: bytes) -> None:
    """RFC 9112, 4: the rest of a header, for which to wait, may never come."""
    result = client().receive_data(answer)
    assert isinstance(result, HandshakeError)
    assert str(result) == "The server's answer is not HTTP"


def test_a_header_that_is_too_large_is_told_as_such() -> None:
    result = client(max_header_bytes=100).receive_data(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100)
    assert str(result) == "The header of the server's answer is too large: 200 OK"
    assert is_fault(result, 200)


# ---- as browsers read it


def read(data: bytes) -> Response:
    """The answer that a client reads, where it ends with the connection, or did so before."""
    connection = client()
    answer = connection.receive_data(data) or connection.receive_eof()
    assert isinstance(answer, Response)
    return answer


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (b"HTTP/1.1 401\r\n\r\n", 401, ""),
        (b"HTTP/1.1 401 \r\n\r\n", 401, ""),
        (b"HTTP/1.0 401 Unauthorized\r\n\r\n", 401, "Unauthorized"),
        (b"HTTP/2 401 Unauthorized\r\n\r\n", 401, "Unauthorized"),
        (b"http/1.1 401 Unauthorized\r\n\r\n", 401, "Unauthorized"),
        (b"HTTP/1.1  401\t Un  authorized \r\n\r\n", 401, "Un  authorized"),
        (b"HTTP/1.1 401 Unauthorized\n\n", 401, "Unauthorized"),
        (b"HTTP/1.1 401 Unauthorized\n\r\n", 401, "Unauthorized"),
        (b"\r\n\r\nHTTP/1.1 401 Unauthorized\r\n\r\n", 401, "Unauthorized"),
        (b"\n\nHTTP/1.1 401 Unauthorized\r\n\r\n", 401, "Unauthorized"),
        (b"HTTP/1.1 999 Odd\r\n\r\n", 999, "Odd"),
    ],
)
def test_a_status_line_is_read_as_browsers_read_it(data: bytes, status: int, reason: str) -> None:
    for pieces in ([data], [data[i : i + 1] for i in range(len(data))]):
        connection = client()
        assert not [piece for piece in pieces if connection.receive_data(piece)]
        assert connection.head_received
        answer = connection.receive_eof()
        assert isinstance(answer, Response)
        assert (answer.status, answer.reason) == (status, reason)


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        (b"A : b\r\n", (("A", "b"),)),
        (b"A\t :b \r\n", (("A", "b"),)),
        (b"A:\r\nB: c\r\n", (("A", ""), ("B", "c"))),
        (b"A: b\r\n c\r\n\td\r\nE: f\r\n", (("A", "b c d"), ("E", "f"))),
        (b"A: b\r\n \r\nE: f\r\n", (("A", "b"), ("E", "f"))),
        (b" folded: into nothing\r\nE: f\r\n", (("E", "f"),)),
        (b"no colon\r\nE: f\r\n", (("E", "f"),)),
        (b"no colon\r\n : folded\r\nE: f\r\n", (("E", "f"),)),
        (b"a b: c\r\nE: f\r\n", (("E", "f"),)),
        (b": c\r\nE: f\r\n", (("E", "f"),)),
        (b"A: b\0c\r\nB: c\rd\r\nC: \x1b[2J\r\nD: \x7f\r\nE: f\tg\r\n", (("E", "f\tg"),)),
        (b"A: \xc3\xa4\xff\r\n", (("A", "\xc3\xa4\xff"),)),
        (b"A\xc3: b\r\nE: f\r\n", (("E", "f"),)),
        (b"Transfer-Encoding: identity\r\nE: f\r\n", (("Transfer-Encoding", "identity"), ("E", "f"))),
    ],
)
def test_what_is_no_field_does_not_spoil_the_others(lines: bytes, fields: Any) -> None:
    for answer in (read(b"HTTP/1.1 401 No\r\n" + lines + b"\r\n"), read(SWITCHED[:-2] + lines + b"\r\n")):
        assert answer.headers.fields[-len(fields) :] == fields


@pytest.mark.parametrize(
    ("head", "data", "body"),
    [
        (b"Transfer-Encoding: identity", b"until the end", b"until the end"),
        (b"Transfer-Encoding: x-unheard-of", b"until the end", b"until the end"),
        (b"Transfer-Encoding: x-unheard-of, chunked", b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
        (
            b"Transfer-Encoding: gzip, chunked",
            b"17\r\n" + gzip.compress(b"abc", mtime=0) + b"\r\n0\r\n\r\n",
            b"abc",
        ),
        (b"Transfer-Encoding: Chunked", b"3;x=y\r\nabc\r\n1 \nd\n0\n\n", b"abcd"),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 2", b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"Transfer-Encoding: chunked", b"3\r\nab", b"ab"),
        (b"Transfer-Encoding: chunked", b"3\r\nabc\r\n-1\r\nxyz", b"abc"),
        (b"Transfer-Encoding: chunked", b"3\r\nabc\r\n" + b"f" * 400 + b"\r\nxyz", b"abc"),
        (b"Transfer-Encoding: chunked", b"1;" + b"x" * 5000, b""),
        (b"Content-Length: 3, 3", b"abcdef", b"abc"),
        (b"Content-Length: 3\r\nContent-Length: 3", b"abcdef", b"abc"),
        (b"Content-Length: 3\r\nContent-Length: 4", b"abcdef", b"abcdef"),
        (b"Content-Length: -3", b"abcdef", b"abcdef"),
        (b"Content-Length: +3", b"abcdef", b"abcdef"),
        (b"Content-Length: " + b"9" * 5000, b"abcdef", b"abcdef"),
        (b"Content-Length: \xb3", b"abcdef", b"abcdef"),
    ],
)
def test_a_body_is_kept_whatever_its_framing(head: bytes, data: bytes, body: bytes) -> None:
    answer = read(b"HTTP/1.1 401 No\r\n" + head + b"\r\n\r\n" + data)
    assert (answer.status, answer.body) == (401, body)


def test_chunks_are_unknown_before_http_1_1() -> None:
    assert read(b"HTTP/1.0 401 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc").body == b"3\r\nabc"


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


SENTENCE = b"The token has expired. " * 100


@pytest.mark.parametrize(
    ("coding", "data", "body"),
    [
        ("gzip", gzip.compress(SENTENCE), SENTENCE),
        ("X-GZIP", gzip.compress(SENTENCE), SENTENCE),
        ("gzip", gzip.compress(SENTENCE) + gzip.compress(b"more"), SENTENCE + b"more"),
        ("gzip", gzip.compress(b"more") * 101, b"more" * 100),  # as many members as are read
        ("gzip", gzip.compress(SENTENCE) + b"junk", SENTENCE),
        ("gzip", gzip.compress(SENTENCE)[:-8], SENTENCE),
        ("gzip", gzip.compress(SENTENCE)[:-8] + b"12345678", SENTENCE),
        ("gzip", b"plain after all", b"plain after all"),
        ("deflate", zlib.compress(SENTENCE), SENTENCE),
        ("deflate", raw_deflate(SENTENCE), SENTENCE),
        ("identity", SENTENCE, SENTENCE),
        ("identity, gzip", gzip.compress(SENTENCE), SENTENCE),
        ("deflate, gzip", gzip.compress(zlib.compress(SENTENCE)), SENTENCE),
        ("br", b"\x0b\x02", b"\x0b\x02"),
        ("br, gzip", gzip.compress(SENTENCE), gzip.compress(SENTENCE)),
        (", ".join(["gzip"] * 9), gzip.compress(SENTENCE), gzip.compress(SENTENCE)),
        ("", SENTENCE, SENTENCE),
    ],
)
def test_a_coded_body_is_readable(coding: str, data: bytes, body: bytes) -> None:
    head = f"HTTP/1.1 401 No\r\nContent-Encoding: {coding}\r\nContent-Length: {len(data)}\r\n\r\n"
    answer = read(head.encode() + data)
    assert answer.body == body
    assert answer.headers["Content-Encoding"] == coding


@pytest.mark.slow
def test_a_bomb_is_inflated_within_the_bound() -> None:
    bomb = gzip.compress(gzip.compress(b"x" * 100_000_000))
    head = b"HTTP/1.1 401 No\r\nContent-Encoding: gzip, gzip\r\n\r\n"
    assert read(head + bomb).body == b"x" * 65536
    assert read(head.replace(b"gzip, ", b"") + bomb).body[:2] == b"\x1f\x8b"


# ---- what decides


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 401 No\r\n\r\n",
        b"HTTP/1.1 401 No\r\nContent-Length: 100\r\n\r\npart",
        b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n",
    ],
)
def test_a_complete_head_decides_though_the_body_is_missing(data: bytes) -> None:
    connection = client()
    assert connection.receive_data(data) is None
    assert connection.head_received
    assert connection.answered
    assert isinstance(connection.receive_eof(), Response)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_body_of_a_redirect_is_not_waited_for(status: int) -> None:
    answer = client().receive_data(b"HTTP/1.1 %d X\r\nLocation: /\r\nContent-Length: 9\r\n\r\na" % status)
    assert isinstance(answer, Response)
    assert (answer.status, answer.body) == (status, b"a")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"HTTP/1.1 401 No\r\n", 401),
        (b"HTTP/1.1 503 No\r\nRetry-After: 5\r\nX: ", 503),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 No\n", 403),
        (b"HTTP/1.1 302 Found\r\nLoca", None),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n", None),
        (b"HTTP/1.1 200 OK\r\n", None),
        (b"HTTP/1.1 40", None),
        (b"HTTP/1.1 401", 401),
        (b"HTTP/1.1 401 No", 401),
        (b"HTTP/1.1 302 Found", None),
    ],
)
def test_a_cut_head_decides_where_it_is_a_refusal(data: bytes, status: int | None) -> None:
    connection = client()
    assert connection.receive_data(data) is None
    assert not connection.head_received
    assert connection.answered is (status is not None)
    answer = connection.receive_eof()
    assert answer.status == status
    assert answer.headers == ({"Retry-After": "5"} if status == 503 else {})


def test_a_head_may_have_as_many_bytes_as_the_bound_says() -> None:
    start, end = b"HTTP/1.1 401 No\r\nA: ", b"\r\n\r\n"
    filling = b"x" * (MAX_HEADER_BYTES - len(start) - len(end))
    assert read(start + filling + end).status == 401
    for excess in (start + filling + b"x" + end, start + filling + b"xxxxx"):
        for pieces in ([excess], [excess[i : i + 1000] for i in range(0, len(excess), 1000)]):
            connection = client()
            results = [connection.receive_data(piece) for piece in pieces]
            assert is_fault(results[-1], 401)
            assert str(results[-1]) == "The header of the server's answer is too large: 401 No"


def test_empty_lines_and_interim_answers_are_bounded() -> None:
    assert is_fault(client().receive_data(b"\r\n" * (MAX_HEADER_BYTES // 2 + 1)), None)
    interim = b"HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n"
    assert read(interim * MAX_INTERIM + b"HTTP/1.1 401 No\r\n\r\n").status == 401
    assert is_fault(client().receive_data(interim * (MAX_INTERIM + 1)), None)
    large = b"HTTP/1.1 103 Early\r\nLink: " + b"x" * 30_000 + b"\r\n\r\n"
    assert client().receive_data(large * 2) is None
    assert is_fault(client().receive_data(large * 3), None)  # what is only interim is no answer


HEADS = st.sampled_from(
    [
        b"", SWITCHED, b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", b"\r\n", b"Transfer-Encoding: chunked\r\n",
        b"Content-Encoding: gzip\r\n", b"5\r\nhello\r\n", gzip.compress(b"hello"),
    ]
)  # fmt: skip


@given(st.lists(HEADS | st.binary(max_size=40), max_size=8))
def test_junk_gives_a_result_and_raises_nothing(pieces: list[bytes]) -> None:
    connection = client()
    for piece in pieces:
        result = connection.receive_data(piece)
        assert result is None or isinstance(result, Response | HandshakeError)
        if result is not None:
            return
    assert isinstance(connection.receive_eof(), Response | HandshakeError)

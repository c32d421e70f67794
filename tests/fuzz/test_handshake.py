"""Spoilt requests and answers for the parsers of the opening handshake, cut anywhere.

They may be taken or refused by a `HandshakeError`; nothing else may be raised, and the cuts may change
nothing. What is accepted must be what RFC 6455, 4 asks for. More of them: ``FUZZ=1000`` in the environment.
"""

from __future__ import annotations

import os
import random
import re
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from tkws.errors import HandshakeError
from tkws.http.fields import parse_extensions
from tkws.http.messages import Request
from tkws.http.server import ServerConnection
from tkws.protocol.clienthandshake import Accepted, ClientHandshake
from tkws.protocol.deflate import Deflate
from tkws.protocol.serverhandshake import negotiate, rejection, validate
from tkws.protocol.uri import parse_uri

FUZZ = int(os.environ.get("FUZZ", "8"))
CASES = 250

# The example of RFC 6455, 1.3.
NONCE = b"the sample nonce"
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

UPGRADE = (
    b"GET /chat?a=b HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: a, b\r\n"
    b'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, foo; a="1\\2"\r\n\r\n'
) % KEY
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: a\r\n"
    b"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n\r\n"
) % ACCEPT
REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nX: y\r\n\r\nsorry"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
EXTENSIONS = b'permessage-deflate; client_max_window_bits="1\\0"; server_no_context_takeover , x;y = z'

WORDS = (
    b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b",", b";", b"=", b"\0", b"\xff", b'"', b"\\",
    b"Upgrade: h2c\r\n", b"Host: b\r\n", b"Content-Length: 7\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Sec-WebSocket-Version: 8\r\n", b"Connection: close\r\n", b"permessage-deflate", b"12345678901234567890",
)  # fmt: skip


def spoilt(rng: random.Random, data: bytes) -> bytes:
    """Return the data with some of their bytes changed, cut out, put in or doubled."""
    changed = bytearray(data)
    for _ in range(rng.choice((0, 1, 1, 2, 3, 12))):
        at = rng.randrange(len(changed) + 1)
        kind = rng.randrange(5)
        if kind == 0:
            changed[at : at + 1] = rng.randbytes(1)
        elif kind == 1:
            del changed[at : at + rng.randrange(1, 20)]
        elif kind == 2:
            changed[at:at] = rng.choice(WORDS)
        elif kind == 3:
            changed[at:at] = changed[max(0, at - 30) : at]
        else:
            line = changed.find(b"\r\n", at)
            changed[line + 2 : line + 2] = rng.choice(WORDS)
    return bytes(changed)


def pieces(rng: random.Random, data: bytes) -> list[bytes]:
    """Cut the data anywhere."""
    most = rng.choice((1, 3, 40, 400))
    cut: list[bytes] = []
    while data:
        size = rng.randrange(1, most + 1)
        cut.append(data[:size])
        data = data[size:]
    return cut


def outcome(result: Any, rest: bytes) -> Any:
    """What can be compared of a result and of what was received behind it."""
    if isinstance(result, Request):
        if result.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in result.headers:
            return "http", 400, b""  # what is wrong with a body may be seen first; `validate` takes none
        return result.method, result.target, result.version, result.headers.fields, rest
    if isinstance(result, Accepted):
        return result.protocol, result.response.headers.fields, result.compression is None, rest
    if isinstance(result, HandshakeError):
        return result.part, result.status, result.body  # h11 finds other words for what came in pieces
    assert result is None
    return None


def feed(receive: Callable[[bytes], Any], parts: list[bytes]) -> tuple[Any, bytes]:
    """Feed parts until something comes of them; return that and the parts that are left."""
    for index, part in enumerate(parts):
        result = receive(part)
        if result is not None:
            return result, b"".join(parts[index + 1 :])
    return None, b""


def served(parts: list[bytes]) -> tuple[Any, Any]:
    """Return what a server reads, and the same so that it can be compared."""
    connection = ServerConnection()
    result, rest = feed(connection.receive_data, parts)
    return result, outcome(result, connection.trailing_data + rest)


def dialled(parts: list[bytes]) -> tuple[Any, Any]:
    """Return what a client makes of an answer, and the same so that it can be compared."""
    handshake = ClientHandshake(
        parse_uri("ws://localhost/"), nonce=NONCE, protocols=("a", "b"), deflate=Deflate()
    )
    result, rest = feed(handshake.receive_data, parts)
    if result is None:
        result = handshake.receive_eof()
        assert result is not None
    return result, outcome(result, getattr(result, "trailing_data", b"") + rest)


seeds = pytest.mark.parametrize("seed", range(FUZZ))


@pytest.mark.slow
@seeds
def test_a_spoilt_request_is_read_or_refused(seed: int) -> None:
    rng = random.Random(seed)
    accepted = 0
    for _ in range(CASES):
        data = spoilt(rng, UPGRADE + rng.choice((b"", b"\x81\x82\0\0\0\0hi")))
        request, told = served([data])
        assert served(pieces(rng, data))[1] == told, data
        if isinstance(request, Request):
            accepted += check_request(request)
    assert 0 < accepted < CASES


def refusal(call: Callable[..., object], *arguments: object) -> HandshakeError | None:
    """Return what the call is refused with."""
    try:
        call(*arguments)
    except HandshakeError as error:
        return error
    return None


def check_request(request: Request) -> bool:
    """Whether it is a valid handshake; then it must have what RFC 6455, 4.2.1 asks for."""
    error = refusal(validate, request.headers, request.method, request.version)
    error = error or refusal(negotiate, Deflate(), request.headers)
    if error is not None:
        assert 400 <= rejection(error).status < 500
        return False
    asked = validate(request.headers, request.method, request.version)
    assert request.method == "GET"
    assert asked.version == 13
    assert re.fullmatch("[A-Za-z0-9+/]{22}==", asked.key)
    assert len(request.headers.get_all("Host")) == 1
    assert "websocket" in request.headers["Upgrade"].lower()
    assert "upgrade" in request.headers["Connection"].lower()
    return True


@pytest.mark.slow
@seeds
def test_a_spoilt_answer_is_taken_or_refused(seed: int) -> None:
    rng = random.Random(seed)
    accepted = 0
    for _ in range(CASES):
        data = spoilt(rng, rng.choice((b"", EARLY)) + rng.choice((SWITCH, SWITCH, REFUSAL)) + b"\x81\x02hi")
        result, told = dialled([data])
        assert dialled(pieces(rng, data))[1] == told, data
        if isinstance(result, Accepted):
            accepted += 1
            headers = result.response.headers
            assert result.response.status == 101
            assert headers["Sec-WebSocket-Accept"].encode() == ACCEPT
            assert headers["Upgrade"].lower().strip(", \t") == "websocket"
            assert result.protocol in ("", "a", "b")
    assert 0 < accepted < CASES


@seeds
def test_a_spoilt_offer_is_read_or_refused(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(CASES):
        value = spoilt(rng, EXTENSIONS * rng.randrange(1, 3)).decode("latin-1")
        error = refusal(parse_extensions, [value])
        if error is not None:
            assert error.part == "extension"
            continue
        offers = parse_extensions([value])
        accepted = Deflate().accept(offers)
        if accepted is not None:
            assert [name for name, _ in parse_extensions([accepted[1]])] == ["permessage-deflate"]
        for _, parameters in offers:
            error = refusal(Deflate().confirm, parameters)
            assert error is None or error.part == "extension"


# Long values in which a pattern could go astray: the parser's work is to follow their length.
TRAPS = [
    ("x" * 100_000, 1),
    ("x;a=" + '"' + "\\a" * 50_000, None),
    ("x;a=" + '"' + "a" * 100_000, None),
    (" " * 50_000 + "x" + " " * 50_000, 1),
    (" ," * 50_000, None),
    ("x;a" + " " * 100_000 + "!a", None),
    ("x" + ";a" * 30_000, 1),
    ("x," * 30_000, 30_000),
]


@pytest.mark.slow
@pytest.mark.parametrize(("value", "count"), TRAPS, ids=[value[:12] for value, _ in TRAPS])
def test_a_long_list_takes_memory_and_steps_in_proportion(value: str, count: int | None) -> None:
    tracemalloc.start()
    try:
        found = parse_extensions([value])
        assert len(found) == count
    except HandshakeError:
        assert count is None
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 300 * len(value)

"""The opening handshake, both sides."""

from __future__ import annotations

import email.message
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from tkws.errors import HandshakeError
from tkws.http.messages import Headers, Response
from tkws.http.server import ServerConnection
from tkws.protocol.clienthandshake import Accepted, ClientHandshake
from tkws.protocol.deflate import Deflate
from tkws.protocol.handshake import sec_websocket_accept
from tkws.protocol.serverhandshake import accept_response, negotiate, reject_response, rejection, validate
from tkws.protocol.uri import parse_uri

# The example of RFC 6455, 1.3.
NONCE = b"the sample nonce"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

Pairs = list[tuple[str, str]]

REQUEST: Pairs = [
    ("Host", "server.example.com"),
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Key", KEY),
    ("Sec-WebSocket-Version", "13"),
]
ANSWER: Pairs = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", ACCEPT)]


def client(url: str = "ws://server.example.com/chat", **arguments: Any) -> ClientHandshake:
    return ClientHandshake(parse_uri(url), nonce=NONCE, **arguments)


def changed(fields: Pairs, name: str, *values: str) -> Pairs:
    """The fields with other values, or none, for one name."""
    return [field for field in fields if field[0] != name] + [(name, value) for value in values]


def answer(fields: Iterable[tuple[str, str]], status: int = 101, body: bytes = b"") -> bytes:
    return Response(status, headers=fields, body=body).encode()


def refused(handshake: ClientHandshake, data: bytes) -> HandshakeError:
    error = handshake.receive_data(data)
    assert isinstance(error, HandshakeError)
    return error


def test_a_refusal_is_told_as_soon_as_it_is_certain() -> None:
    handshake = client()
    assert (handshake.head_received, handshake.answered) == (False, False)
    handshake.receive_data(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n")
    assert (handshake.head_received, handshake.answered) == (False, True)  # its status is known
    assert handshake.receive_data(b"\r\npart") is None
    assert (handshake.head_received, handshake.answered) == (True, True)
    error = handshake.receive_eof()
    assert isinstance(error, HandshakeError)
    assert (error.status, error.body) == (403, b"part")


# ---- the digest


def test_the_accept_of_the_rfc() -> None:
    assert sec_websocket_accept(KEY) == ACCEPT
    assert sec_websocket_accept(f" {KEY}\t") == ACCEPT


def test_a_key_is_ascii_text() -> None:
    with pytest.raises(TypeError, match="^key: str, not bytes$"):
        sec_websocket_accept(KEY.encode())  # type: ignore[arg-type] # wrong on purpose
    with pytest.raises(ValueError, match="^key: ASCII only$"):
        sec_websocket_accept("ä")


# ---- what a client asks


def test_the_least_that_a_client_sends() -> None:
    assert client().data.decode() == (
        "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate\r\n\r\n"
    )


def test_the_most_that_a_client_sends() -> None:
    handshake = client(
        "wss://user:pass@server.example.com:444/a?b=c",
        protocols=("chat.v2", "chat.v1"),
        headers=[("Cookie", "a=b"), ("X", "1"), ("X", "2")],
        origin="https://example.com",
        deflate=Deflate(server_max_window_bits=10),
        user_agent="tkws/1",
    )
    assert handshake.request.target == "/a?b=c"
    assert handshake.request.headers.fields[0] == ("Host", "server.example.com:444")
    assert handshake.request.headers.fields[5:] == (
        ("Sec-WebSocket-Protocol", "chat.v2, chat.v1"),
        (
            "Sec-WebSocket-Extensions",
            "permessage-deflate; server_max_window_bits=10; client_max_window_bits",
        ),
        ("Origin", "https://example.com"),
        ("User-Agent", "tkws/1"),
        ("Accept-Encoding", "gzip, deflate"),
        ("Authorization", "Basic dXNlcjpwYXNz"),
        ("Cookie", "a=b"),
        ("X", "1"),
        ("X", "2"),
    )
    for name, value in handshake.request.headers.fields:
        assert f"\r\n{name}: {value}\r\n".encode() in handshake.data


def test_the_programs_own_fields_go_before_the_defaults() -> None:
    headers = {
        "authorization": "Bearer x",
        "user-agent": "me",
        "origin": "null",
        "accept-encoding": "identity",
    }
    handshake = client("ws://user:pass@h/", headers=headers, user_agent="tkws")
    assert {name: handshake.request.headers[name] for name in headers} == headers


@pytest.mark.parametrize("protocols", ["chat", ["chat"], ("chat",), iter(["chat"])])
def test_one_subprotocol_may_stand_alone(protocols: object) -> None:
    assert client(protocols=protocols).request.headers["Sec-WebSocket-Protocol"] == "chat"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"nonce": b"short"}, ValueError, "nonce: 16 bytes, not 5"),
        ({"protocols": "a b"}, ValueError, "protocols: 'a b' is not a token"),
        ({"protocols": ["a,b"]}, ValueError, "protocols: 'a,b' is not a token"),
        ({"protocols": [""]}, ValueError, "protocols: '' is not a token"),
        ({"protocols": ["a\r\nB: c"]}, ValueError, "protocols: "),
        ({"protocols": ["a", "b", "a"]}, ValueError, "protocols: each may be offered once"),
        ({"protocols": [b"a"]}, TypeError, "protocols: each a str, not bytes"),
        ({"protocols": None}, TypeError, "protocols: an iterable of str, not NoneType"),
        ({"origin": 5}, TypeError, "origin: str, not int"),
        ({"origin": "a\r\nB: c"}, ValueError, "headers: the value of Origin "),
        ({"origin": "a", "headers": {"origin": "b"}}, ValueError, "headers: Origin is given"),
        ({"headers": {"A": "b\r\nC: d"}}, ValueError, "headers: the value of A "),
        ({"headers": 5}, TypeError, "headers: a mapping"),
        *(
            ({"headers": {name: "x"}}, ValueError, f"headers: {name} is written by the handshake itself")
            for name in (
                "host",
                "Upgrade",
                "CONNECTION",
                "Content-Length",
                "Transfer-Encoding",
                "Sec-WebSocket-Key",
                "sec-websocket-protocol",
                "Sec-WebSocket-Extensions",
            )
        ),
    ],
)
def test_a_bad_argument_is_refused(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{message}"):
        ClientHandshake(parse_uri("ws://h"), **{"nonce": NONCE, **arguments})


# ---- what a client lets pass


@pytest.mark.parametrize(
    "fields",
    [
        ANSWER,
        [(name.upper(), value) for name, value in ANSWER],
        [(name.lower(), value) for name, value in ANSWER],
        changed(ANSWER, "Upgrade", "WebSocket"),
        changed(ANSWER, "Connection", "keep-alive, upgrade"),
        changed(ANSWER, "Connection", "keep-alive", "UPGRADE"),
        changed(ANSWER, "Connection", ", ,Upgrade,"),
        changed(ANSWER, "Connection", "", "Upgrade"),
        [*ANSWER, ("Server", "x")],
    ],
)
def test_a_plain_answer_is_accepted(fields: Pairs) -> None:
    handshake = client(protocols=["chat"], deflate=Deflate())
    data = answer(fields) + b"\x81\x02hi"
    before = [handshake.receive_data(data[i : i + 1]) for i in range(len(data) - 5)]
    assert not any(before)
    accepted = handshake.receive_data(data[-5:])
    assert isinstance(accepted, Accepted)
    assert (accepted.protocol, accepted.compression, accepted.trailing_data) == ("", None, b"\x81\x02hi")
    assert accepted.response.status == 101
    assert accepted.response.headers.fields == tuple(fields)


def test_what_the_server_chose_is_returned() -> None:
    handshake = client(protocols=["Chat", "chat"], deflate=Deflate())
    chosen = [
        ("sec-websocket-protocol", "chat"),
        (
            "sec-websocket-extensions",
            "permessage-deflate; server_max_window_bits=9; client_no_context_takeover",
        ),
    ]
    accepted = handshake.receive_data(answer([*ANSWER, *chosen]))
    assert isinstance(accepted, Accepted)
    assert accepted.protocol == "chat"
    assert accepted.compression is not None
    assert (accepted.compression.decode_window_bits, accepted.compression.encode_takeover) == (9, False)


@pytest.mark.parametrize(
    ("name", "values", "part"),
    [
        ("Upgrade", ["other"], "upgrade"),
        ("Upgrade", ["websocket, other"], "upgrade"),
        ("Upgrade", ["websocket/13"], "upgrade"),
        ("Upgrade", ["websocket", "websocket"], "upgrade"),
        ("Upgrade", ["websocket,"], "upgrade"),
        ("Upgrade", ["", "websocket"], "upgrade"),
        ("Upgrade", [""], "upgrade"),
        ("Connection", [""], "connection"),
        ("Connection", [" , "], "connection"),
        ("Connection", [], "connection"),
        ("Connection", ["close"], "connection"),
        ("Connection", ["upgraded"], "connection"),
        ("Sec-WebSocket-Accept", [], "accept"),
        ("Sec-WebSocket-Accept", [""], "accept"),
        ("Sec-WebSocket-Accept", ["wrong"], "accept"),
        ("Sec-WebSocket-Accept", [ACCEPT.lower()], "accept"),
        ("Sec-WebSocket-Accept", [ACCEPT + "="], "accept"),
        ("Sec-WebSocket-Accept", [ACCEPT, ACCEPT], "accept"),
        ("Sec-WebSocket-Protocol", ["other"], "protocol"),
        ("Sec-WebSocket-Protocol", ["CHAT"], "protocol"),
        ("Sec-WebSocket-Protocol", [""], "protocol"),
        ("Sec-WebSocket-Protocol", ["chat, superchat"], "protocol"),
        ("Sec-WebSocket-Protocol", ["chat", "superchat"], "protocol"),
        ("Sec-WebSocket-Protocol", ["chat", "chat"], "protocol"),
        ("Sec-WebSocket-Extensions", ["permessage-bzip2"], "extension"),
        ("Sec-WebSocket-Extensions", ["permessage-deflate; unknown"], "extension"),
        ("Sec-WebSocket-Extensions", ["permessage-deflate, permessage-deflate"], "extension"),
        ("Sec-WebSocket-Extensions", ["permessage-deflate", "x"], "extension"),
        ("Sec-WebSocket-Extensions", ["permessage-deflate; ="], "extension"),
        ("Sec-WebSocket-Extensions", [""], "extension"),
        ("Sec-WebSocket-Extensions", [","], "extension"),
        ("Sec-WebSocket-Extensions", ["", ""], "extension"),
    ],
)
def test_a_wrong_answer_is_a_fault(name: str, values: list[str], part: str) -> None:
    error = refused(
        client(protocols=["chat", "superchat"], deflate=Deflate()), answer(changed(ANSWER, name, *values))
    )
    assert (error.part, error.phase, error.status) == (part, "handshake", 101)
    assert dict(error.headers)["Upgrade" if part != "upgrade" else "Connection"]


def test_nothing_that_was_not_offered_is_accepted() -> None:
    assert refused(client(), answer([*ANSWER, ("Sec-WebSocket-Protocol", "chat")])).part == "protocol"
    compressed = answer([*ANSWER, ("Sec-WebSocket-Extensions", "permessage-deflate")])
    assert refused(client(), compressed).part == "extension"


def test_an_answer_without_an_upgrade_is_a_fault() -> None:
    assert refused(client(), answer(changed(ANSWER, "Upgrade"))).part == "upgrade"


@pytest.mark.parametrize(
    ("status", "reason", "said"),
    [(403, "Go away", "403 Go away"), (302, "", "302"), (200, "OK", "200 OK"), (500, "X", "500 X")],
)
def test_a_refusal_is_kept_whole(status: int, reason: str, said: str) -> None:
    response = Response(status, reason, {"Location": "/elsewhere"}, b"because")
    error = refused(client(), response.encode())
    assert (error.part, error.status, error.body) == ("http", status, b"because")
    assert error.headers["location"] == "/elsewhere"
    assert str(error) == f"The server answered {said}"


def test_an_answer_that_is_no_http_is_a_fault() -> None:
    error = refused(client(), b"\x81\x05Hello\r\n\r\n")
    assert (error.part, error.status, error.headers, error.body) == ("http", None, {}, b"")


def test_the_end_of_the_stream_is_always_a_result() -> None:
    handshake = client()
    assert handshake.receive_data(b"HTTP/1.1 101") is None
    error = handshake.receive_eof()
    assert isinstance(error, HandshakeError)
    assert error.part == "http"
    handshake = client()
    assert handshake.receive_data(b"HTTP/1.1 404 Not Found\r\n\r\nno") is None
    error = handshake.receive_eof()
    assert isinstance(error, HandshakeError)
    assert (error.status, error.body) == (404, b"no")


# ---- what a server lets pass


def message(fields: Pairs) -> email.message.Message:
    made = email.message.Message()
    for name, value in fields:
        made[name] = value
    return made


@pytest.mark.parametrize(
    ("headers", "protocols"),
    [
        (REQUEST, ()),
        (dict(REQUEST), ()),
        (Headers(REQUEST), ()),
        (message(REQUEST), ()),
        ({name.upper(): value for name, value in REQUEST}, ()),
        ({name.lower(): value for name, value in REQUEST}, ()),
        (changed(REQUEST, "Upgrade", "WebSocket"), ()),
        (changed(REQUEST, "Upgrade", "websocket/13"), ()),
        (changed(REQUEST, "Upgrade", "h2c, websocket"), ()),
        (changed(REQUEST, "Upgrade", "h2c", "websocket"), ()),
        (changed(REQUEST, "Connection", "keep-alive, Upgrade"), ()),
        (changed(REQUEST, "Connection", "close", "upgrade"), ()),
        (changed(REQUEST, "Content-Length", "0"), ()),
        (changed(REQUEST, "Sec-WebSocket-Protocol", ""), ()),
        (changed(REQUEST, "Sec-WebSocket-Protocol", "b, a,"), ("b", "a")),
        (changed(REQUEST, "Sec-WebSocket-Protocol", ", ,b,\t,a"), ("b", "a")),
        (changed(REQUEST, "Sec-WebSocket-Protocol", ",", "b"), ("b",)),
        (changed(REQUEST, "Upgrade", ", websocket,"), ()),
        (changed(REQUEST, "Connection", ",,Upgrade, "), ()),
        (changed(REQUEST, "Sec-WebSocket-Protocol", "b", "a", "B"), ("b", "a", "B")),
    ],
)
def test_a_valid_request_is_read(headers: Any, protocols: tuple[str, ...]) -> None:
    request = validate(headers)
    assert (request.version, request.key, request.protocols) == (13, KEY, protocols)


@pytest.mark.parametrize(
    ("name", "values", "part", "status"),
    [
        ("Host", [], "host", 400),
        ("Host", ["a", "b"], "host", 400),
        ("Upgrade", [], "upgrade", 400),
        ("Upgrade", ["other"], "upgrade", 400),
        ("Upgrade", ["websockets"], "upgrade", 400),
        ("Upgrade", [""], "upgrade", 400),
        ("Upgrade", [",", " ,"], "upgrade", 400),
        ("Connection", ["", ", ,"], "connection", 400),
        ("Connection", [], "connection", 400),
        ("Connection", ["close"], "connection", 400),
        ("Connection", ["upgraded"], "connection", 400),
        ("Sec-WebSocket-Version", [], "version", 426),
        ("Sec-WebSocket-Version", ["8"], "version", 426),
        ("Sec-WebSocket-Version", ["13, 8"], "version", 426),
        ("Sec-WebSocket-Version", ["13", "13"], "version", 426),
        ("Sec-WebSocket-Version", ["x"], "version", 426),
        ("Sec-WebSocket-Version", [""], "version", 426),
        ("Sec-WebSocket-Version", ["13,"], "version", 426),
        ("Sec-WebSocket-Version", ["", "13"], "version", 426),
        ("Sec-WebSocket-Key", [], "key", 400),
        ("Sec-WebSocket-Key", [""], "key", 400),
        ("Sec-WebSocket-Key", [KEY, KEY], "key", 400),
        ("Sec-WebSocket-Key", ["x" * 24], "key", 400),
        ("Sec-WebSocket-Key", ["YWJj"], "key", 400),
        ("Sec-WebSocket-Key", [KEY[:-1]], "key", 400),
        ("Sec-WebSocket-Key", ["ä" + KEY[1:]], "key", 400),
        ("Sec-WebSocket-Key", ["$" + KEY], "key", 400),
        ("Sec-WebSocket-Protocol", ["a b"], "protocol", 400),
        ("Sec-WebSocket-Protocol", ["a, a"], "protocol", 400),
        ("Sec-WebSocket-Protocol", ["a,, b;"], "protocol", 400),
        ("Sec-WebSocket-Protocol", ["a", "a"], "protocol", 400),
        ("Content-Length", ["1"], "http", 400),
        ("Transfer-Encoding", ["chunked"], "http", 400),
        ("X", ["a\r\n b"], "http", 400),
    ],
)
def test_an_invalid_request_is_a_fault(name: str, values: list[str], part: str, status: int) -> None:
    with pytest.raises(HandshakeError) as caught:
        validate(changed(REQUEST, name, *values))
    assert (caught.value.part, caught.value.status) == (part, status)


def test_only_get_makes_a_websocket() -> None:
    with pytest.raises(HandshakeError) as caught:
        validate(REQUEST, method="POST")
    assert (caught.value.part, caught.value.status, caught.value.headers) == ("method", 405, {"Allow": "GET"})


@pytest.mark.parametrize(("version", "valid"), [("1.1", True), ("1.2", True), ("1.0", False), ("x", False)])
def test_http_must_be_new_enough(version: str, valid: bool) -> None:
    if valid:
        validate(REQUEST, version=version)
        return
    with pytest.raises(HandshakeError) as caught:
        validate(REQUEST, version=version)
    assert (caught.value.part, caught.value.status) == ("http", 400)


def test_what_are_no_headers_is_the_callers_fault() -> None:
    with pytest.raises(TypeError, match="^headers: "):
        validate(None)  # type: ignore[arg-type] # wrong on purpose


def test_compression_is_agreed_where_both_want_it() -> None:
    offering = Headers({"Sec-WebSocket-Extensions": "x, permessage-deflate; client_max_window_bits"})
    compression, extension = negotiate(Deflate(client_max_window_bits=9), offering)
    assert extension == "permessage-deflate; client_max_window_bits=9"
    assert compression is not None
    assert compression.decode_window_bits == 9
    assert negotiate(None, offering) == (None, "")
    assert negotiate(Deflate(), Headers()) == (None, "")
    assert negotiate(Deflate(), Headers({"Sec-WebSocket-Extensions": "x"})) == (None, "")


@pytest.mark.parametrize("deflate", [Deflate(), None], ids=["compression", "none"])
@pytest.mark.parametrize("values", [["permessage-deflate; ="], [""], [" ,"], ["", ""], ["x;"]])
def test_a_malformed_offer_is_a_fault(deflate: Deflate | None, values: list[str]) -> None:
    with pytest.raises(HandshakeError) as caught:
        negotiate(deflate, Headers([("Sec-WebSocket-Extensions", value) for value in values]))
    assert (caught.value.part, caught.value.status) == ("extension", 400)


@pytest.mark.parametrize(
    "values", [[", permessage-deflate"], ["permessage-deflate,,"], ["", "permessage-deflate"]]
)
def test_empty_elements_of_a_list_are_none(values: list[str]) -> None:
    _, extension = negotiate(Deflate(), Headers([("Sec-WebSocket-Extensions", value) for value in values]))
    assert extension == "permessage-deflate"
    chosen = [("Sec-WebSocket-Extensions", value) for value in values]
    accepted = client(deflate=Deflate()).receive_data(answer([*ANSWER, *chosen]))
    assert isinstance(accepted, Accepted)
    assert accepted.compression is not None


# ---- what a server answers


def test_the_least_that_a_server_answers() -> None:
    assert accept_response(KEY).decode() == (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
    )


def test_the_most_that_a_server_answers() -> None:
    data = accept_response(
        KEY, protocol="chat", extension="permessage-deflate", headers=[("Set-Cookie", "a")]
    )
    assert data.decode().endswith(
        "\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"
        "Set-Cookie: a\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"key": "ä"}, "key: ASCII"),
        ({"protocol": "a b"}, "protocol: 'a b' is not a token"),
        ({"protocol": "a\r\nB: c"}, "protocol: .* is not a token"),
        ({"extension": "a\r\nB: c"}, "headers: the value of Sec-WebSocket-Extensions "),
        ({"headers": {"A": "b\r\nC: d"}}, "headers: the value of A "),
        ({"headers": {"sec-websocket-accept": "x"}}, "headers: sec-websocket-accept is written"),
        ({"headers": {"Connection": "close"}}, "headers: Connection is written"),
    ],
)
def test_a_bad_answer_is_not_made(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        accept_response(**{"key": KEY, **arguments})


def test_a_wrong_version_is_told_the_right_one() -> None:
    with pytest.raises(HandshakeError) as caught:
        validate(changed(REQUEST, "Sec-WebSocket-Version", "8"))
    data = reject_response(caught.value)
    assert data.decode() == (
        "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\nContent-Length: 33\r\n\r\n"
        "Sec-WebSocket-Version must be 13\n"
    )


def test_a_refusal_on_a_kept_connection_still_names_the_upgrade() -> None:
    with pytest.raises(HandshakeError) as caught:
        validate(changed(REQUEST, "Sec-WebSocket-Version", "8"))
    server = ServerConnection()
    server.receive_data(client().data)
    data = server.respond(rejection(caught.value), close=True)
    assert b"\r\nConnection: Upgrade\r\n" in data
    assert b"\r\nConnection: close\r\n" in data
    assert server.must_close


def test_a_refusal_says_why() -> None:
    response = rejection(HandshakeError("Not \ud800 here", part="origin", status=403))
    assert (response.status, response.body) == (403, b"Not \\ud800 here\n")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_a_refusal_may_have_a_body_of_its_own() -> None:
    error = HandshakeError("x", part="http", headers={"Content-Type": "text/html"}, body=b"<p>no</p>")
    response = rejection(error)
    assert (response.status, response.body) == (400, b"<p>no</p>")
    assert response.headers.fields == (("Content-Type", "text/html"),)


# ---- both sides together


@given(st.binary(min_size=16, max_size=16), st.lists(st.sampled_from("abcd"), unique=True), st.booleans())
def test_client_and_server_agree(nonce: bytes, protocols: list[str], compress: bool) -> None:
    setting = Deflate() if compress else None
    handshake = ClientHandshake(parse_uri("ws://h/"), nonce=nonce, protocols=protocols, deflate=setting)
    request = ServerConnection().receive_data(handshake.data)
    assert not isinstance(request, HandshakeError | None)
    asked = validate(request.headers, request.method, request.version)
    assert asked.protocols == tuple(protocols)
    compression, extension = negotiate(Deflate(), request.headers)
    chosen = protocols[-1] if protocols else ""
    accepted = handshake.receive_data(accept_response(asked.key, protocol=chosen, extension=extension))
    assert isinstance(accepted, Accepted)
    assert accepted.protocol == chosen
    assert (accepted.compression is not None) == (compression is not None) == compress

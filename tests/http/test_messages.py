"""Requests and answers of HTTP/1.1."""

from __future__ import annotations

import array
from typing import Any

import pytest

from tests.http.results import parts
from tkws.http.messages import Headers, Request, Response, basic_authorization

HOST = "Host: example.org\r\n"
UPGRADE = f"GET /chat HTTP/1.1\r\n{HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n".encode()
OK = Response(200)


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


@pytest.mark.parametrize(
    "body", [b"body", bytearray(b"body"), memoryview(b"body"), array.array("B", b"body")]
)
def test_a_body_is_kept_as_bytes(body: Any) -> None:
    assert Response(200, body=body).body == b"body"
    assert type(Response(200, body=body).body) is bytes


def test_a_response_does_not_change() -> None:
    with pytest.raises(AttributeError):
        OK.status = 500  # type: ignore[misc] # wrong on purpose


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"status": "200"}, TypeError, "status: a whole number, not str"),
        ({"status": True}, TypeError, "status: a whole number, not bool"),
        ({"status": 99}, ValueError, "status: 100 to 999, not 99"),
        ({"status": 1000}, ValueError, "status: 100 to 999, not 1000"),
        ({"status": 200, "reason": b"OK"}, TypeError, "reason: str or None, not bytes"),
        ({"status": 200, "body": "text"}, TypeError, "body: bytes-like, not str"),
        ({"status": 200, "headers": {"A": "b\r\nC: d"}}, ValueError, "headers: the value of A"),
        ({"status": 200, "headers": 5}, TypeError, "headers: a mapping"),
    ],
)
def test_a_bad_response_is_refused(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{message}"):
        Response(**arguments)


@pytest.mark.parametrize("reason", ["a\r\nB: c", "\n", "\x00", "€"])
def test_a_reason_must_be_one_line(reason: str) -> None:
    with pytest.raises(ValueError, match="^reason: one line"):
        Response(200, reason).encode()


# ---- credentials, secrets


def test_basic_authorization() -> None:
    """RFC 7617, 2 and 2.1."""
    assert basic_authorization("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert basic_authorization("test", "123£") == "Basic dGVzdDoxMjPCow=="
    assert basic_authorization("user", None) == "Basic dXNlcjo="
    with pytest.raises(ValueError, match="^username: without a colon"):
        basic_authorization("a:b", "c")


def test_a_message_shows_nothing_that_may_be_secret() -> None:
    request = Request("GET", "/feed?token=secret", Headers({"X-Key": "secret"}), ("127.0.0.1", 1))
    assert repr(request) == "<Request GET '/feed' from ('127.0.0.1', 1)>"
    response = Response(200, headers={"X-Key": "secret"}, body=b"secret")
    assert repr(response) == "<Response 200 'OK', 6 bytes>"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": b"GET"}, "method: str, not bytes"),
        ({"target": 5}, "target: str, not int"),
        ({"headers": 5}, "headers: a mapping or pairs of name and value, not int"),
        ({"version": 1.1}, "version: str, not float"),
    ],
)
def test_a_bad_request_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=f"^{message}$"):
        Request(**arguments)


def test_the_headers_of_a_request_may_be_a_mapping() -> None:
    assert Request(headers={"Host": "here"}).host == "here"


@pytest.mark.parametrize(
    ("fields", "cookies"),
    [
        ([], {}),
        (["a=1"], {"a": "1"}),
        (["a=1; b=2", "c=3"], {"a": "1", "b": "2", "c": "3"}),
        (["a=1;b=2;;"], {"a": "1", "b": "2"}),
        (["a=1; a=2"], {"a": "1"}),
        (['a="x y"; b="; c="'], {"a": "x y", "b": '"', "c": '"'}),
        (["a=b=c; A=d"], {"a": "b=c", "A": "d"}),
        (["alone; =nameless; empty="], {"empty": ""}),
        (["a=%20\xe9"], {"a": "%20\xe9"}),
    ],
)
def test_the_cookies_of_a_request(fields: list[str], cookies: dict[str, str]) -> None:
    request = Request("GET", "/", Headers([("Cookie", value) for value in fields]))
    assert request.cookies == cookies

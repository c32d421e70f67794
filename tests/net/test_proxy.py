"""What is said to a proxy, byte by byte: answers whole and cut, refusals, and what is no proxy's."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass

import pytest
from hypothesis import given, settings, strategies as st

from tkws import is_transient
from tkws.errors import OpenError
from tkws.http.answers import USER_AGENT
from tkws.net.proxy import ProxyHandshake, require_socks, start_proxy_handshake
from tkws.net.proxyurl import parse_proxy

pytestmark = pytest.mark.thorough

SECRET = "hunter2"
HTTP = "http://proxy:3128"
WITH_USER = f"ann:{SECRET}@"

BASIC = b"Basic YW5uOmh1bnRlcjI="
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"

NO_AUTHENTICATION = b"\x05\x01\x00"
EITHER = b"\x05\x02\x00\x02"
CREDENTIALS = b"\x01\x03ann\x07hunter2"
GRANTED_IPV4 = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x1f\x90"
GRANTED_NAME = b"\x05\x00\x00\x03\x05proxy\x1f\x90"
GRANTED_IPV6 = b"\x05\x00\x00\x04" + b"\x00" * 15 + b"\x01\x1f\x90"
CONNECT_NAME = b"\x05\x01\x00\x03\x0bexample.org\x01\xbb"
CONNECT_IPV4 = b"\x05\x01\x00\x01\xc0\x00\x02\x01\x01\xbb"
CONNECT_IPV6 = b"\x05\x01\x00\x04\x20\x01\x0d\xb8" + b"\x00" * 11 + b"\x01\x01\xbb"


@dataclass
class Script:
    """A conversation: the proxy's URL, the server, and what either side says in turn, ours first."""

    url: str
    host: str
    lines: list[bytes]


def http(*, host: str = "example.org:443", more: bytes = b"") -> bytes:
    target = host.encode()
    agent = b"User-Agent: %b\r\n" % USER_AGENT.encode()
    return b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n%b%b\r\n" % (target, target, agent, more)


SCRIPTS = {
    "CONNECT": Script(HTTP, "example.org", [http(), ESTABLISHED]),
    "CONNECT to IPv6": Script(HTTP, "2001:db8::1", [http(host="[2001:db8::1]:443"), ESTABLISHED]),
    "CONNECT, HTTP/1.0": Script(HTTP, "example.org", [http(), b"HTTP/1.0 200 OK\r\nVia: 1.0 x\r\n\r\n"]),
    "CONNECT, 299": Script(HTTP, "example.org", [http(), b"HTTP/1.1 299 \r\n\r\n"]),
    "CONNECT after 1xx": Script(HTTP, "example.org", [http(), b"HTTP/1.1 103 Early\r\n\r\n" + ESTABLISHED]),
    "CONNECT, a length that does not count": Script(
        HTTP, "example.org", [http(), b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"]
    ),
    "CONNECT with a user": Script(
        f"https://{WITH_USER}proxy",
        "example.org",
        [http(more=b"Proxy-Authorization: " + BASIC + b"\r\n"), ESTABLISHED],
    ),
    "CONNECT without a password": Script(
        "http://ann@proxy",
        "example.org",
        [http(more=b"Proxy-Authorization: Basic YW5uOg==\r\n"), ESTABLISHED],
    ),
    "SOCKS4": Script(
        "socks4://proxy", "192.0.2.1", [b"\x04\x01\x01\xbb\xc0\x00\x02\x01\x00", b"\x00\x5a" + b"\x00" * 6]
    ),
    "SOCKS4 with a user": Script(
        "socks4://ann@proxy",
        "192.0.2.1",
        [b"\x04\x01\x01\xbb\xc0\x00\x02\x01ann\x00", b"\x00\x5a\x01\xbb\xc0\x00\x02\x01"],
    ),
    "SOCKS4a": Script(
        "socks4a://ann@proxy",
        "example.org",
        [b"\x04\x01\x01\xbb\x00\x00\x00\xffann\x00example.org\x00", b"\x00\x5a" + b"\x00" * 6],
    ),
    "SOCKS4a to an address": Script(
        "socks4a://proxy", "192.0.2.1", [b"\x04\x01\x01\xbb\xc0\x00\x02\x01\x00", b"\x00\x5a" + b"\x00" * 6]
    ),
    "SOCKS5": Script(
        "socks5://proxy", "192.0.2.1", [NO_AUTHENTICATION, b"\x05\x00", CONNECT_IPV4, GRANTED_IPV4]
    ),
    "SOCKS5 to IPv6": Script(
        "socks5://proxy", "2001:db8::1", [NO_AUTHENTICATION, b"\x05\x00", CONNECT_IPV6, GRANTED_IPV6]
    ),
    "SOCKS5h": Script(
        "socks5h://proxy", "example.org", [NO_AUTHENTICATION, b"\x05\x00", CONNECT_NAME, GRANTED_NAME]
    ),
    "SOCKS5h with a user": Script(
        f"socks5h://{WITH_USER}proxy",
        "example.org",
        [EITHER, b"\x05\x02", CREDENTIALS, b"\x01\x00", CONNECT_NAME, GRANTED_IPV4],
    ),
    "SOCKS5h with a user that is not asked for": Script(
        f"socks5h://{WITH_USER}proxy", "example.org", [EITHER, b"\x05\x00", CONNECT_NAME, GRANTED_IPV4]
    ),
    "SOCKS5h with a user without a password": Script(
        "socks5h://ann@proxy",
        "example.org",
        [EITHER, b"\x05\x02", b"\x01\x03ann\x00", b"\x01\x00", CONNECT_NAME, GRANTED_IPV4],
    ),
}


class Conversation:
    """A dialogue under way, with what it said."""

    def __init__(self, url: str, host: str = "example.org", port: int = 443) -> None:
        self.said = bytearray()
        self.dialogue: ProxyHandshake = start_proxy_handshake(parse_proxy(url), host, port, self.said.extend)

    def hear(self, data: bytes, step: int) -> bytes | None:
        """Feeds ``data`` in pieces; returns what is the server's once the way is open."""
        for start in range(0, len(data), step):
            rest = self.dialogue.receive_data(data[start : start + step])
            if rest is not None:
                return rest + data[start + step :]
        return None


scripts = pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())


@scripts
@pytest.mark.parametrize("step", [1, 2, 1000])
@pytest.mark.parametrize("behind", [b"", b"\x16\x03\x01 and whatever the server says at once"])
def test_the_way_opens_after_the_last_answer_and_what_follows_is_the_servers(script, step, behind):
    conversation = Conversation(script.url, script.host)
    rest = None
    for ours, theirs in zip(script.lines[::2], script.lines[1::2], strict=True):
        assert rest is None
        assert conversation.said == ours
        conversation.said.clear()
        rest = conversation.hear(theirs if theirs is not script.lines[-1] else theirs + behind, step)
    assert rest == behind
    assert not conversation.said


@scripts
def test_an_end_before_that_comes_to_nothing(script):
    for count in range(len(script.lines) // 2):
        theirs = script.lines[1 : 2 * count : 2]
        last = script.lines[2 * count + 1]
        for end in range(0, len(last), 7):
            conversation = Conversation(script.url, script.host)
            for line in [*theirs, last[:end]]:
                assert conversation.hear(line, 1000) is None
            assert conversation.dialogue.receive_eof() is None


def refused(url: str, *lines: bytes, host: str = "example.org") -> OpenError:
    """The error that the last of the proxy's ``lines`` leads to."""
    conversation = Conversation(url, host)
    for line in lines[:-1]:
        assert conversation.hear(line, 1000) is None
    with pytest.raises(OpenError) as caught:
        conversation.hear(lines[-1], 1000)
    assert caught.value.phase == "proxy"
    assert SECRET not in str(caught.value)
    assert "proxy" in str(caught.value)
    return caught.value


# ---- CONNECT


@pytest.mark.parametrize("status", [300, 302, 400, 403, 404, 426, 500, 502, 503, 504, 599])
def test_another_answer_is_reported_with_status_headers_and_body(status):
    head = f"HTTP/1.1 {status} No Way\r\nRetry-After: 5\r\nContent-Length: 4\r\n\r\n"
    error = refused(HTTP, head.encode(), b"Nope and more")
    assert str(error) == f"The proxy {HTTP} did not connect to example.org:443: {status} No Way"
    assert (error.status, error.headers["retry-after"], error.body) == (status, "5", b"Nope")


def test_an_answer_without_a_reason_is_reported_all_the_same():
    error = refused(HTTP, b"HTTP/1.1 403 \r\nContent-Length: 0\r\n\r\n", host="::1")
    assert str(error) == f"The proxy {HTTP} did not connect to [::1]:443: 403"


def test_a_body_that_ends_with_the_connection_is_reported():
    conversation = Conversation(HTTP)
    assert conversation.hear(b"HTTP/1.0 403 Forbidden\r\n\r\nNo", 1000) is None
    error = conversation.dialogue.receive_eof()
    assert error is not None
    assert (error.phase, error.status, error.body) == ("proxy", 403, b"No")


def test_a_body_is_kept_up_to_a_bound():
    error = refused(HTTP, b"HTTP/1.1 403 Forbidden\r\n\r\n" + b"x" * 100_000)
    assert len(error.body) == 64 * 1024


def challenge(*values: str) -> bytes:
    fields = "".join(f"Proxy-Authenticate: {value}\r\n" for value in values)
    return f"HTTP/1.1 407 Proxy Authentication Required\r\n{fields}Content-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize("values", [[], ['Basic realm="x"'], ["Negotiate", "bAsIc"], ["NTLM, Basic realm=x"]])
def test_407_says_what_to_do(values):
    error = refused(HTTP, challenge(*values))
    assert error.status == 407
    assert "wants a user and a password (407)" in str(error)
    assert "http://user:password@proxy:3128" in str(error)


@pytest.mark.parametrize("status", [401, 407])
def test_a_user_who_is_refused_is_to_be_checked(status):
    answer = challenge("Basic").replace(b"407", str(status).encode())
    error = refused(f"http://{WITH_USER}proxy", answer)
    assert error.status == status
    assert f"refuses the user 'ann' with that password ({status})" in str(error)


@pytest.mark.parametrize(
    "values", [["Negotiate"], ["Negotiate, NTLM"], ["Negotiate abc=="], ["Negotiate", "NTLM"]]
)
def test_407_for_another_scheme_names_it(values):
    error = refused(f"http://{WITH_USER}proxy", challenge(*values))
    assert "but Negotiate (407)" in str(error)


@pytest.mark.parametrize(
    "garbage",
    [b"SSH-2.0-OpenSSH_9\r\n", b"\x15\x03\x01\x00\x02\x02\x46", b"\x05\x00", b"\r\n220 smtp"],
)
def test_what_does_not_speak_http_is_told(garbage):
    conversation = Conversation(HTTP)
    with pytest.raises(OpenError, match=f"The proxy {HTTP} does not speak HTTP: ") as caught:
        conversation.hear(garbage + b"\r\n\r\n", 1000)
    assert caught.value.phase == "proxy"
    assert caught.value.__cause__ is not None


def test_a_proxy_that_speaks_tls_is_a_setting_to_change():
    with pytest.raises(OpenError, match="it speaks TLS on this port: use https:") as caught:
        Conversation(HTTP).hear(b"\x15\x03\x03\x00\x02\x02\x46", 1000)
    assert not is_transient(caught.value)


def test_the_status_of_a_refusal_that_is_too_large_is_told():
    with pytest.raises(OpenError, match="403 Forbidden") as caught:
        Conversation(HTTP).hear(b"HTTP/1.1 403 Forbidden\r\nVia: x\r\nX: " + b"a" * 70_000, 100_000)
    assert (caught.value.status, caught.value.headers["Via"]) == (403, "x")


def test_a_head_without_end_is_told():
    conversation = Conversation(HTTP)
    with pytest.raises(OpenError, match="does not speak HTTP"):
        conversation.hear(b"HTTP/1.1 200 OK\r\n" + b"X-More: and more\r\n" * 100_000, 10_000)


# ---- SOCKS


@pytest.mark.parametrize(
    ("code", "reason"),
    [(0x5B, "request rejected or failed"), (0x5C, "connection failed"), (0x5D, "authentication failed")],
)
@pytest.mark.parametrize(("scheme", "host"), [("socks4", "192.0.2.1"), ("socks4a", "example.org")])
def test_a_refusal_by_socks4_says_why(scheme, host, code, reason):
    error = refused(f"{scheme}://proxy", bytes((0, code)) + b"\x00" * 6, host=host)
    assert str(error) == f"The proxy {scheme}://proxy:1080 did not connect to {host}:443: {reason}"
    assert error.status is None


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (1, "general server failure"),
        (2, "connection not allowed by ruleset"),
        (3, "network unreachable"),
        (4, "host unreachable"),
        (5, "connection refused"),
        (6, "ttl expired"),
        (7, "command not supported"),
        (8, "address type not supported"),
    ],
)
def test_a_refusal_by_socks5_says_why(code, reason):
    reply = b"\x05" + bytes((code,)) + GRANTED_IPV4[2:]
    error = refused("socks5h://proxy", b"\x05\x00", reply)
    assert str(error) == f"The proxy socks5h://proxy:1080 did not connect to example.org:443: {reason}"


def test_socks5_that_wants_a_user_says_so():
    error = refused("socks5://proxy", b"\x05\xff", host="192.0.2.1")
    assert "wants a user and a password (SOCKS5)" in str(error)
    assert "socks5://user:password@proxy:1080" in str(error)


@pytest.mark.parametrize("lines", [[b"\x05\xff"], [b"\x05\x02", b"\x01\x01"], [b"\x05\x02", b"\x01\xff"]])
def test_socks5_that_refuses_a_user_says_so(lines):
    error = refused(f"socks5h://{WITH_USER}proxy", *lines)
    assert "refuses the user 'ann' with that password (SOCKS5)" in str(error)


@pytest.mark.parametrize(
    ("url", "lines"),
    [
        ("socks4a://proxy", [b"HTTP/1.1"]),
        ("socks4a://proxy", [b"\x00\x00" + b"\x00" * 6]),
        ("socks4a://proxy", [b"\x04\x5a" + b"\x00" * 6]),
        ("socks5h://proxy", [b"HTTP/1.1"]),
        ("socks5h://proxy", [b"\x05\x03"]),
        ("socks5h://proxy", [b"\x05\x01"]),  # GSSAPI
        ("socks5h://proxy", [b"\x05\x02"]),  # a user and a password, of which we have none
        ("socks5h://proxy", [b"\x05\x00", b"HTTP/1.1"]),
        ("socks5h://proxy", [b"\x05\x00", b"\x04" + GRANTED_IPV4[1:]]),
        ("socks5h://proxy", [b"\x05\x00", b"\x05\x09" + GRANTED_IPV4[2:]]),
        ("socks5h://proxy", [b"\x05\x00", b"\x05\x00\x00\x02" + b"\x00" * 6]),
        ("socks5h://proxy", [b"\x05\x00", b"\x05\x00\x00\x03\x01\xff\x00\x00"]),
    ],
)
def test_what_does_not_speak_socks_is_told(url, lines):
    error = refused(url, *lines)
    assert f"The proxy {url}:1080 does not speak SOCKS: " in str(error)
    assert error.__cause__ is not None


def test_socks_needs_the_extra(monkeypatch):
    require_socks()
    monkeypatch.setitem(sys.modules, "socksio", None)
    with pytest.raises(ImportError, match=r'proxy: .* pip install "tkws\[socks\]"'):
        start_proxy_handshake(parse_proxy("socks5://proxy"), "192.0.2.1", 443, pytest.fail)


@pytest.mark.parametrize("url", [HTTP, "socks4a://proxy", "socks5h://proxy", f"socks5h://{WITH_USER}proxy"])
@given(
    data=st.lists(st.binary(max_size=20), max_size=8), starts=st.sampled_from([b"", b"\x05\x00", b"\x05\x02"])
)
@settings(max_examples=50)
def test_whatever_a_proxy_says_opens_the_way_or_is_one_error(url, data, starts):
    conversation = Conversation(url)
    with contextlib.suppress(OpenError):
        for piece in [starts, *data]:
            if piece and conversation.dialogue.receive_data(piece) is not None:
                return
        conversation.dialogue.receive_eof()

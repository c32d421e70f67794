"""Who may connect: hosts against DNS rebinding, origins against foreign pages."""

from __future__ import annotations

import pytest

from tkws import HandshakeError
from tkws.serving.access import check_host, check_origin, is_loopback


def admits_host(host, allowed=None, *, loopback=True) -> bool:
    try:
        check_host(host, allowed, loopback=loopback)
    except HandshakeError as error:
        return refused(error, "host", host)
    return True


def admits_origin(origin, host="localhost:8080", allowed=None) -> bool:
    try:
        check_origin(origin, host, allowed)
    except HandshakeError as error:
        return refused(error, "origin", origin)
    return True


def refused(error, part, value) -> bool:
    """What every refusal tells."""
    assert (error.status, error.part) == (403, part)
    assert repr(value) in str(error)
    return False


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "localhost:8080", "LOCALHOST", "a.localhost:1", "127.0.0.1", "127.0.0.1:80", "127.9.9.9",
        "[::1]", "[::1]:8080", "[::ffff:127.0.0.1]:1", "", None,
    ],
)  # fmt: skip
def test_a_loopback_server_answers_to_this_machines_names(host):
    assert admits_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "example.org", "example.org:8080", "localhost.example.org", "evil-localhost", "10.0.0.1",
        "[2001:db8::1]:80", "127.0.0.1.example.org", "[::1].example.org", "127.0.0.1@example.org", "1",
    ],
)  # fmt: skip
def test_a_loopback_server_answers_to_no_other_name(host):
    assert not admits_host(host)
    assert admits_host(host, loopback=False)


def test_hosts_that_are_allowed_are_all_that_is_allowed():
    allowed = ["Example.org", "*.example.net"]
    assert admits_host("example.org", allowed)
    assert admits_host("EXAMPLE.ORG:8443", allowed, loopback=False)
    assert admits_host("a.b.example.net", allowed)
    for host in ("localhost", "example.net", "xexample.org", "example.orgx", "example-org", "", None):
        assert not admits_host(host, allowed)
    assert not admits_host("localhost", [])
    assert admits_host("anything", ["*"])


def test_what_is_no_browser_has_no_origin():
    assert admits_origin(None)
    assert admits_origin(None, allowed=[])


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:8080", "localhost:8080"),
        ("https://LOCALHOST:8080", "localhost:8080"),
        ("http://[::1]:8080", "[::1]:8080"),
        ("https://example.org", "Example.org"),
    ],
)
def test_a_page_of_this_server_may_connect(origin, host):
    assert admits_origin(origin, host)


@pytest.mark.parametrize(
    "origin",
    [
        "http://example.org", "http://localhost", "http://localhost:80801", "http://localhost:8080.example.org",
        "null", "", "localhost:8080", "http://localhost:8080, http://example.org", "http://localhost:8080/",
    ],
)  # fmt: skip
def test_a_page_from_elsewhere_may_not(origin):
    assert not admits_origin(origin)


def test_nothing_is_the_origin_of_a_request_without_host():
    assert not admits_origin("http://", None) or admits_origin("http://", "")
    assert not admits_origin("null", None)


def test_origins_that_are_allowed_are_all_that_is_allowed():
    allowed = ["https://example.org", "http://*.example.net:*"]
    assert admits_origin("https://example.org", allowed=allowed)
    assert admits_origin("HTTPS://EXAMPLE.ORG", allowed=allowed)
    assert admits_origin("http://a.example.net:81", allowed=allowed)
    for origin in (
        "http://localhost:8080",
        "https://example.org.evil.net",
        "https://exampleXorg",
        "null",
        "",
    ):
        assert not admits_origin(origin, allowed=allowed)
    assert admits_origin("null", allowed=["*"])
    assert not admits_origin("http://localhost:8080", allowed=[])


@pytest.mark.parametrize(
    "address",
    [("127.0.0.1", 1), ("127.1.2.3", 1), ("::1", 1, 0, 0), ("::ffff:127.0.0.1", 1, 0, 0), "/a", b"\0x", None],
)
def test_loopback_addresses(address):
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address",
    [("10.0.0.1", 1), ("0.0.0.0", 1), ("::", 1, 0, 0), ("fe80::1%eth0", 1, 0, 2), ("localhost", 1), ("", 1)],
)
def test_addresses_of_others(address):
    assert not is_loopback(address)

"""Who may connect: hosts against DNS rebinding, origins against foreign pages."""

from __future__ import annotations

import socket

import pytest

from tkws import HandshakeError
from tkws.serving.origins import check_host, check_origin, is_loopback


def admits_host(host, allowed=None, *, loopback=True) -> bool:
    try:
        check_host(host, allowed, loopback=loopback)
    except HandshakeError as error:
        return refused(error, "host", host)
    return True


def admits_origin(origin, host="localhost:8080", allowed=None, *, loopback=False) -> bool:
    try:
        check_origin(origin, host, allowed, loopback=loopback)
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
        "localhost", "localhost:8080", "LOCALHOST", "a.localhost:1", "127.0.0.1", "127.0.0.1:80",
        "127.9.9.9", "[::1]", "[::1]:8080", "[::ffff:127.0.0.1]:1", "", None, "localhost.", "LocalHost.:80",
        "a.localhost.", "127.0.0.1.", "[0:0:0:0:0:0:0:1]:80", "[::FFFF:7f00:1]", "localhost.localdomain",
        "ip6-localhost:80", ":80",
    ],
)  # fmt: skip
def test_a_loopback_server_answers_to_this_machines_names(host):
    assert admits_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "example.org", "example.org:8080", "localhost.example.org", "evil-localhost", "10.0.0.1",
        "[2001:db8::1]:80", "127.0.0.1.example.org", "[::1].example.org", "127.0.0.1@example.org", "1",
        "localhost..", ".localhost.example.org", "localhost:80:90", "localhost:x", "localhost, example.org",
        "example.org#localhost", "example.org/localhost", "localhost example.org", "localhost:99999",
        "other.local",
    ],
)  # fmt: skip
def test_a_loopback_server_answers_to_no_other_name(host):
    assert not admits_host(host)
    assert admits_host(host, loopback=False)


@pytest.fixture(params=["MyBox", "mybox.local", "MYBOX.", "mybox.example.net"])
def machine(request, monkeypatch) -> str:
    """What this machine is called."""
    monkeypatch.setattr(socket, "gethostname", lambda: request.param)
    return request.param


def test_a_loopback_server_answers_to_the_name_of_its_machine(machine):
    names = (machine, machine.lower(), f"{machine}:8080", "mybox", "MyBox.local", "mybox.local.:80")
    for host in names:
        assert admits_host(host)
    for host in (
        "mybox.evil.example",
        "notmybox",
        "mybox.local.evil.example",
        "evil.local",
        "local",
        "m",
        "box",
    ):
        assert not admits_host(host)
        assert admits_host(host, loopback=False)


@pytest.mark.parametrize("name", ["", ".", ".local"])
def test_a_machine_without_a_name_answers_to_no_more(monkeypatch, name):
    monkeypatch.setattr(socket, "gethostname", lambda: name)
    for host in ("x", "x.local", ".local", ".", "local"):
        assert not admits_host(host) or host == "."  # an empty name is that of no host


def test_this_machine_has_a_name():
    name = socket.gethostname()
    assert admits_host(f"{name}:8080")
    assert admits_host(f"{name.partition('.')[0]}.local")


def test_hosts_that_are_allowed_are_all_that_is_allowed():
    allowed = ["Example.org", "*.example.net"]
    assert admits_host("example.org", allowed)
    assert admits_host("EXAMPLE.ORG:8443", allowed, loopback=False)
    assert admits_host("example.org.", allowed)
    assert admits_host("example.org.:1", allowed)
    for address in ("::1", "[::1]", "0:0::1", "[0::0001]"):
        assert admits_host("[0:0:0:0:0:0:0:1]:80", [address])
    assert admits_host("example.org", ["example.org."])
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
        ("http://example.org:80", "example.org"),
        ("http://example.org", "example.org:80"),
        ("https://example.org:443", "example.org"),
        ("https://example.org", "example.org:443"),
        ("https://example.org.", "example.org"),
        ("http://example.org.:8080", "EXAMPLE.org:8080"),
        ("http://example.org", "example.org."),
        ("HTTP://[0:0:0:0:0:0:0:1]:8080", "[::1]:8080"),
        ("http://[2001:DB8::0:1]", "[2001:db8::1]:80"),
    ],
)
def test_a_page_of_this_server_may_connect(origin, host):
    assert admits_origin(origin, host)


@pytest.mark.parametrize(
    "origin",
    [
        "http://example.org", "http://localhost", "http://localhost:80801",
        "http://localhost:8080.example.org", "null", "", "localhost:8080",
        "http://localhost:8080, http://example.org", "http://localhost:8080/", "http://localhost:80",
        "https://localhost", "http://localhost..:8080", "http://.localhost:8080", "http://:8080",
        "http://user@localhost:8080", "http://localhost:8080@evil.example",
        "http://evil.example#@localhost:8080", "http://localhost:8080?x", "http://localhost:8080#x",
        "http://localhost:8080\\x", "http:localhost:8080", "http:/localhost:8080", "//localhost:8080",
        "://localhost:8080", "file://localhost:8080", "http://localhost:", "http://localhost:808x",
        "http://localhost:+8080", "http://localhost:8080 ", " http://localhost:8080",
        "http://localhost:8080\tx", "http://localhost:٨٠٨٠", "http://[localhost]:8080",
        "http://localhost:73616", "NULL", "null://localhost:8080", "data:,http://localhost:8080",
        "http://xn--localhost:8080", "http://127.0.0.1:8080",
    ],
)  # fmt: skip
def test_a_page_from_elsewhere_may_not(origin):
    assert not admits_origin(origin)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://example.org", "example.org:443"),
        ("https://example.org", "example.org:80"),
        ("http://example.org:443", "example.org"),
        ("http://example.org", "example.org:0"),
        ("http://[::1]", "[::2]"),
        ("http://[::1]", "::1"),
        ("http://[::ffff:1.2.3.4]", "1.2.3.4"),
        ("http://example.org", ""),
        ("http://example.org", "example.org:x"),
        ("http://example.org", "example.org:80:80"),
    ],
)
def test_hosts_and_ports_are_those_of_the_page(origin, host):
    assert not admits_origin(origin, host, loopback=True)


def test_on_a_loopback_address_all_names_of_the_machine_are_one(machine):
    names = (
        "localhost",
        "127.0.0.1",
        "[::1]",
        "a.localhost",
        machine.lower(),
        "mybox",
        "mybox.local",
        "localhost.",
    )
    for host in names:
        for name in names:
            assert admits_origin(f"http://{name}:8080", f"{host}:8080", loopback=True)
            assert not admits_origin(f"http://{name}:8081", f"{host}:8080", loopback=True)
        assert not admits_origin("http://evil.example:8080", f"{host}:8080", loopback=True)
        assert not admits_origin(f"http://{host}:8080", "evil.example:8080", loopback=True)
    assert not admits_origin("http://localhost:8080", "127.0.0.1:8080")
    assert not admits_origin("http://localhost:8080", "127.0.0.1:8080", ["https://a.example"], loopback=True)


def test_nothing_is_the_origin_of_a_request_without_host():
    assert not admits_origin("http://", None) or admits_origin("http://", "")
    assert not admits_origin("null", None)


def test_origins_that_are_allowed_are_all_that_is_allowed():
    allowed = ["https://example.org", "http://*.example.net:*"]
    assert admits_origin("https://example.org", allowed=allowed)
    assert admits_origin("HTTPS://EXAMPLE.ORG", allowed=allowed)
    assert admits_origin("http://a.example.net:81", allowed=allowed)
    for origin in (
        "https://example.org:443",
        "https://EXAMPLE.org.",
        "http://a.example.net",
        "http://a.example.net.:8",
    ):
        assert admits_origin(origin, allowed=allowed)
    for origin in (
        "http://localhost:8080",
        "https://example.org.evil.net",
        "https://exampleXorg",
        "null",
        "",
    ):
        assert not admits_origin(origin, allowed=allowed)
    assert admits_origin("null", allowed=["*"])
    assert admits_origin("null", allowed=["null"])
    assert not admits_origin("null", allowed=["n*", "*://*"])
    assert not admits_origin("http://u@x.example.net:80", allowed=allowed)
    assert not admits_origin("http://localhost:8080", allowed=[])


@pytest.mark.parametrize(
    ("pattern", "origins"),
    [
        (
            "https://example.org:443",
            ["https://example.org", "https://example.org:443", "HTTPS://example.ORG."],
        ),
        ("https://example.org.", ["https://example.org"]),
        ("http://[0:0::1]:*", ["http://[::1]", "http://[::1]:8080", "http://[0::1]:80"]),
        ("http://localhost:*", ["http://localhost", "http://localhost:8080"]),
        ("*://example.org", ["http://example.org", "https://example.org:443", "app://example.org"]),
        ("chrome-extension://abc", ["chrome-extension://abc", "chrome-extension://ABC"]),
        ("chrome-extension://*", ["chrome-extension://abc"]),
        ("file://", ["file://"]),
        ("app://.", ["app://."]),
        ("https://example.org:", ["https://example.org", "https://example.org:443"]),
        (
            "https://b\xfccher.example",
            ["https://xn--bcher-kva.example", "https://xn--bcher-kva.example.:443"],
        ),
        ("https://*.B\xdcCHER.example.:*", ["https://a.xn--bcher-kva.example:8080"]),
    ],
)
def test_a_pattern_is_compared_with_an_origin_however_it_is_written(pattern, origins):
    for origin in origins:
        assert admits_origin(origin, allowed=[pattern])
    for origin in (
        "null",
        "http://evil.example",
        "https://example.org:444",
        "http://[::2]",
        "https://localhost",
    ):
        assert not admits_origin(origin, allowed=[pattern])


def test_an_international_name_of_a_host_is_compared_as_it_travels():
    for host in ("xn--bcher-kva.example", "XN--BCHER-KVA.example.:80"):
        assert admits_host(host, ["b\xfccher.example"])
        assert admits_host(f"a.{host}", ["*.B\xdcCHER.example"])
        assert not admits_host(host, ["bucher.example"])


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

"""Host, port and credentials of a URL; the tests of both kinds of URL have more inputs."""

from __future__ import annotations

import pytest

from tkws.http.authority import Authority, format_authority, format_host, is_loopback, parse_authority


@pytest.mark.parametrize(
    ("text", "authority"),
    [
        ("h", Authority("h", None, None, None)),
        ("h:", Authority("h", None, None, None)),
        ("h:00443", Authority("h", 443, None, None)),
        ("@h", Authority("h", None, None, None)),
        (":@h", Authority("h", None, None, None)),
        ("u@h", Authority("h", None, "u", None)),
        ("u:@h", Authority("h", None, "u", "")),
        (":p@h", Authority("h", None, "", "p")),
        ("u:p@q@[::1]:80", Authority("::1", 80, "u", "p@q")),
    ],
)
def test_an_authority_is_read(text, authority):
    assert parse_authority(text) == authority


@pytest.mark.parametrize("port", ["0", "000", "65536", "99999", "000065536", "9" * 5000])
def test_a_port_is_bounded(port):
    with pytest.raises(ValueError, match="^has a port that is not 1 to 65535$"):
        parse_authority(f"h:{port}")


@pytest.mark.parametrize(
    "text", ["h:-1", "h:+1", "h: 1", "h:1_0", "h:\u0661", "a:b:c", "h:http", "[::1", "::1]"]
)
def test_what_is_no_port_is_refused(text):
    with pytest.raises(ValueError, match="^must have a host and perhaps a port$"):
        parse_authority(text)


@pytest.mark.parametrize("host", ["h", "127.0.0.1", "::1", "fe80::1%eth0", "fe80::1%25", "fe80::1%a b"])
def test_a_host_is_read_as_it_was_written(host):
    assert parse_authority(format_host(host, zone=True)).host == host
    assert parse_authority(format_authority(host, 9, zone=True))[:2] == (host, 9)
    assert "%" not in format_authority(host, 9)


@pytest.mark.parametrize("zone", ["%25a%0Db", "%25%C3%A4", "%25%FF", "%ä", "%a\x00b"])
def test_a_zone_is_printable_ascii(zone):
    with pytest.raises(ValueError, match="^has an invalid IPv6 address$"):
        parse_authority(f"[fe80::1{zone}]")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "::ffff:127.0.0.1",
    ],
)
def test_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "localhost.example", "mylocalhost", "128.0.0.1", "::2", "fe80::1%lo", "0.0.0.0"]
)
def test_another_machine(host):
    assert not is_loopback(host)

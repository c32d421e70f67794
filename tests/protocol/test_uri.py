"""URLs of WebSocket servers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from tkws.errors import URLError, WebSocketError
from tkws.protocol.uri import WebSocketURI, follow, parse_uri


@pytest.mark.parametrize(
    ("url", "secure", "host", "port", "target"),
    [
        ("ws://example.org", False, "example.org", 80, "/"),
        ("wss://example.org", True, "example.org", 443, "/"),
        ("http://example.org/", False, "example.org", 80, "/"),
        ("https://example.org/", True, "example.org", 443, "/"),
        ("WSS://EXAMPLE.org/Path", True, "example.org", 443, "/Path"),
        ("ws://example.org:8080/a/b?c=d&e", False, "example.org", 8080, "/a/b?c=d&e"),
        ("ws://example.org?q", False, "example.org", 80, "/?q"),
        ("ws://example.org/?", False, "example.org", 80, "/?"),
        ("ws://example.org/a?b?c/d", False, "example.org", 80, "/a?b?c/d"),
        ("ws://example.org:/", False, "example.org", 80, "/"),
        ("ws://example.org:00080/", False, "example.org", 80, "/"),
        ("ws://example.org./", False, "example.org.", 80, "/"),
        ("ws://my_service:1", False, "my_service", 1, "/"),
        ("ws://127.0.0.1:65535", False, "127.0.0.1", 65535, "/"),
        ("ws://[::1]:8080/x", False, "::1", 8080, "/x"),
        ("wss://[2001:DB8:0::1]", True, "2001:db8::1", 443, "/"),
        ("ws://[fe80::1%25eth0]/", False, "fe80::1%eth0", 80, "/"),
        ("ws://[fe80::1%eth0]/", False, "fe80::1%eth0", 80, "/"),
        ("ws://[fe80::1%25]/", False, "fe80::1%25", 80, "/"),
        ("ws://[fe80::1%2525]/", False, "fe80::1%25", 80, "/"),
        ("ws://b%C3%BCcher.example/", False, "xn--bcher-kva.example", 80, "/"),
        ("ws://ex%61mple.org/", False, "example.org", 80, "/"),
        ("ws://\uff11\uff12\uff17\uff0e0\u30020.1/", False, "127.0.0.1", 80, "/"),
        ("ws://bücher.example/", False, "xn--bcher-kva.example", 80, "/"),
        ("ws://xn--bcher-kva.example/", False, "xn--bcher-kva.example", 80, "/"),
        ("ws://例え.テスト", False, "xn--r8jz45g.xn--zckzah", 80, "/"),
        ("ws://h/grün?ä=ö", False, "h", 80, "/gr%C3%BCn?%C3%A4=%C3%B6"),
        ("ws://h/a%20b%C3%BC", False, "h", 80, "/a%20b%C3%BC"),
        ("ws://h/a:b@c;d=e,(f)~!$&'*+-._", False, "h", 80, "/a:b@c;d=e,(f)~!$&'*+-._"),
        ('ws://h/"<>\\^`{|}', False, "h", 80, "/%22%3C%3E%5C%5E%60%7B%7C%7D"),
        ("ws://h/👩\u200d🚀", False, "h", 80, "/%F0%9F%91%A9%E2%80%8D%F0%9F%9A%80"),
        ("ws://h//double", False, "h", 80, "//double"),
        ("ws://" + "a" * 63 + ".org", False, "a" * 63 + ".org", 80, "/"),
    ],
)
def test_a_url_is_read(url: str, secure: bool, host: str, port: int, target: str) -> None:
    assert parse_uri(url) == WebSocketURI(secure, host, port, target)


@pytest.mark.parametrize(
    ("userinfo", "username", "password"),
    [
        ("", None, None),
        (":", None, None),
        (":secret", "", "secret"),
        ("user", "user", None),
        ("user:", "user", ""),
        ("user:secret", "user", "secret"),
        ("user:a:b", "user", "a:b"),
        ("us%40er:p%3Aw%2F%C3%A4", "us@er", "p:w/ä"),
        ("üser:p@ss", "üser", "p@ss"),
    ],
)
def test_credentials_are_decoded(userinfo: str, username: str | None, password: str | None) -> None:
    uri = parse_uri(f"ws://{userinfo}@example.org/x")
    assert (uri.username, uri.password, uri.host, uri.target) == (username, password, "example.org", "/x")


@pytest.mark.parametrize(
    ("url", "because"),
    [
        ("", "look like"),
        ("example.org", "look like"),
        ("//example.org", "look like"),
        ("ws:example.org", "look like"),
        ("ws:/example.org", "look like"),
        ("ftp://example.org", "begin with ws:// or wss://, not ftp://"),
        ("file:///etc", "begin with"),
        ("ws://", "must have a host"),
        ("ws:///path", "must have a host"),
        ("ws://:80/", "must have a host"),
        ("ws://user@/", "must have a host"),
        ("ws://example.org/#", "fragment"),
        ("ws://example.org/a#b", "fragment"),
        ("ws://example.org:0/", "1 to 65535"),
        ("ws://example.org:65536/", "1 to 65535"),
        ("ws://example.org:" + "9" * 5000, "1 to 65535"),
        ("ws://example.org:http/", "a host and perhaps a port"),
        ("ws://example.org:-1/", "a host and perhaps a port"),
        ("ws://example.org:8\u0660/", "a host and perhaps a port"),
        ("ws://::1/", "a host and perhaps a port"),
        ("ws://[::1/", "a host and perhaps a port"),
        ("ws://[::1]x/", "a host and perhaps a port"),
        ("ws://[]/", "invalid IPv6"),
        ("ws://[127.0.0.1]/", "invalid IPv6"),
        ("ws://[v1.x]/", "invalid IPv6"),
        ("ws://[::1%]/", "invalid IPv6"),
        ("ws://a..b/", "invalid host"),
        ("ws://.a/", "invalid host"),
        ("ws://a%20b/", "invalid host"),
        ("ws://a\\b/", "invalid host"),
        ("ws://a,b/", "invalid host"),
        ("ws://%ff/", "invalid host"),
        ("ws://%2f/", "invalid host"),
        ("ws://a%40b/", "invalid host"),
        ("ws://\uff0f.org/", "invalid host"),
        ("ws://" + "a" * 64, "invalid host"),
        ("ws://" + "a." * 200, "invalid host"),
        ("ws://" + "ü." * 128, "host name that is too long"),
        ("ws://a b/", "white space"),
        ("ws://a/b c", "white space"),
        (" ws://a/", "white space"),
        ("ws://a/\n", "white space"),
        ("ws://a/\r\nHost: b", "white space"),
        ("ws://a/\x00", "control characters"),
        ("ws://a/\x7f", "control characters"),
        ("ws://a/\u2028", "white space"),
        ("ws://a/\ud800", "control characters"),
        ("ws://%ff@a/", "not UTF-8"),
        ("ws://a%3Ab:c@d/", "colon"),
    ],
)
def test_a_bad_url_is_refused_with_the_reason(url: str, because: str) -> None:
    with pytest.raises(URLError, match=f"^url: .*{because}") as caught:
        parse_uri(url)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, WebSocketError)


@pytest.mark.parametrize("url", [None, 1, b"ws://example.org", ["ws://example.org"]])
def test_a_url_must_be_text(url: Any) -> None:
    with pytest.raises(TypeError, match="^url: str, not "):
        parse_uri(url)


@pytest.mark.parametrize(
    ("url", "host_header", "origin", "plain"),
    [
        ("ws://Example.org", "example.org", "http://example.org", "ws://example.org/"),
        ("ws://h:443/x", "h:443", "http://h:443", "ws://h:443/x"),
        ("wss://h:443/x", "h", "https://h", "wss://h/x"),
        ("wss://h:80", "h:80", "https://h:80", "wss://h:80/"),
        ("https://u:p@h/x?y", "h", "https://h", "wss://h/x?y"),
        ("ws://[::1]", "[::1]", "http://[::1]", "ws://[::1]/"),
        ("ws://[::1]:81", "[::1]:81", "http://[::1]:81", "ws://[::1]:81/"),
        ("ws://[fe80::1%eth0]:81", "[fe80::1]:81", "http://[fe80::1]:81", "ws://[fe80::1%25eth0]:81/"),
        ("wss://[fe80::1%25a%7cb]", "[fe80::1]", "https://[fe80::1]", "wss://[fe80::1%25a%7Cb]/"),
    ],
)
def test_what_is_made_of_a_url(url: str, host_header: str, origin: str, plain: str) -> None:
    uri = parse_uri(url)
    assert (uri.host_header, uri.origin, str(uri)) == (host_header, origin, plain)


def test_a_password_is_shown_nowhere() -> None:
    uri = parse_uri("wss://user:secret@example.org/")
    assert "secret" not in repr(uri)
    assert "secret" not in str(uri)
    assert "user" in repr(uri)


def test_a_query_is_for_the_server_alone() -> None:
    uri = parse_uri("wss://user@example.org:81/feed?token=secret")
    assert uri.redacted == "wss://example.org:81/feed"
    assert "secret" not in repr(uri)


@pytest.mark.parametrize("url", ["ws://user:se/cret@h/", "ws://user:se?cret@h/", "ws://user:se/cret?@h"])
def test_an_error_does_not_take_a_password_for_a_port(url: str) -> None:
    with pytest.raises(URLError, match="percent-encoded$") as caught:
        parse_uri(url)
    assert "cret" not in str(caught.value)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for url in (text, "ws://" + text, "ws://h/" + text):
        try:
            uri = parse_uri(url)
        except URLError:
            continue
        assert uri.target.startswith("/")
        assert str(uri).isascii()
        assert str(uri).isprintable()
        assert " " not in str(uri)
        assert parse_uri(str(uri)) == replace(uri, username=None, password=None)


BASE = "wss://user:pw@example.org/a/b?c=d"


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/x", "wss://example.org/x"),
        ("x", "wss://example.org/a/x"),
        ("x/", "wss://example.org/a/x/"),
        ("", "wss://example.org/a/b?c=d"),
        ("?", "wss://example.org/a/b?"),
        ("?e", "wss://example.org/a/b?e"),
        ("#f", "wss://example.org/a/b?c=d"),
        ("x#f?g", "wss://example.org/a/x"),
        ("x?y#f", "wss://example.org/a/x?y"),
        ("./x", "wss://example.org/a/x"),
        (".", "wss://example.org/a/"),
        ("..", "wss://example.org/"),
        ("../../../x", "wss://example.org/x"),
        ("/x/../y/./z/%2E%2e", "wss://example.org/y/"),
        ("//other.org", "wss://other.org/"),
        ("///other.org/x", "wss://other.org/x"),
        ("\\\\other.org\\x", "wss://other.org/x"),
        ("https://other.org/x", "wss://other.org/x"),
        ("HTTPS://Other.ORG:443/x", "wss://other.org/x"),
        ("wss:/x", "wss://example.org/x"),
        ("https:x", "wss://example.org/a/x"),
        ("http:x", "ws://x/"),
        ("http:/x/y", "ws://x/y"),
        ("  /x \t", "wss://example.org/x"),
        ("/a\tb", "wss://example.org/ab"),
        ("/a b?c d", "wss://example.org/a%20b?c%20d"),
        ("/gr\xc3\xbcn?\xc3\xa4", "wss://example.org/gr%C3%BCn?%C3%A4"),
        ("/gr\xfcn", "wss://example.org/gr%FCn"),
        ("/%zz%", "wss://example.org/%zz%"),
        ("//b\xc3\xbccher.example/", "wss://xn--bcher-kva.example/"),
        ("//stra\xc3\x9fe.de/", "wss://xn--strae-oqa.de/"),
        ("//b%C3%BCcher.example/", "wss://xn--bcher-kva.example/"),
        ("/a|b[c]\"<>^`{}'?\"<>'^`{}|", "wss://example.org/a|b[c]%22%3C%3E%5E%60%7B%7D'?%22%3C%3E%27^`{}|"),
        ("/a?b?c", "wss://example.org/a?b?c"),
        ("a/b:c", "wss://example.org/a/a/b:c"),
        ("wss://other.org:8443", "wss://other.org:8443/"),
    ],
)
def test_a_location_is_read_as_browsers_read_it(location: str, url: str) -> None:
    assert str(follow(parse_uri(BASE), location)) == url


@pytest.mark.parametrize(
    ("location", "because"),
    [
        ("mailto:nobody", "leads to mailto:, not to ws: or http:"),
        ("javascript:alert(1)", "leads to javascript:"),
        (f"{'x' * 100}:", "leads to x{20}:"),
        ("//", "must have a host"),
        ("https:///?x", "must have a host"),
        ("//a b/", "invalid host"),
        ("//h:0/", "1 to 65535"),
        ("//h:99999999999999999999/", "1 to 65535"),
        ("//[::1/", "a host and perhaps a port"),
        ("//%ff/", "invalid host"),
        ("//\xff/", "invalid host"),
        ("//a%3Ab:c@h/", "colon in the user name"),
    ],
)
def test_a_location_that_leads_nowhere_is_refused_with_the_reason(location: str, because: str) -> None:
    with pytest.raises(URLError, match=because):
        follow(parse_uri(BASE), location)


@pytest.mark.parametrize(
    ("location", "username"),
    [
        ("/x", "user"),
        ("//example.org/x", "user"),
        ("//@example.org:443/x", "user"),
        ("//other@example.org/x", "other"),
        ("//other.org/", None),
        ("//example.org:444/", None),
        ("//example.org./", None),
        ("http://example.org:443/", None),
        ("//new:pw@other.org/", "new"),
    ],
)
def test_credentials_stay_with_their_server(location: str, username: str | None) -> None:
    assert follow(parse_uri(BASE), location).username == username


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("/x", "fe80::1%eth0"),
        ("//[fe80::1]:81/", "fe80::1%eth0"),
        ("http://[FE80:0::1]/", "fe80::1%eth0"),
        ("//[fe80::1%25eth1]/", "fe80::1%eth1"),
        ("//[fe80::2]/", "fe80::2"),
    ],
)
def test_a_zone_stays_with_its_address(location: str, host: str) -> None:
    base = parse_uri("ws://user@[fe80::1%25eth0]/")
    uri = follow(base, location)
    assert uri.host == host
    assert (uri.username == "user") is (host == base.host and uri.port == base.port)


@given(st.text(st.characters(max_codepoint=0xFF)))
def test_any_location_is_followed_or_refused(location: str) -> None:
    for text in (location, "//" + location, "http:" + location, "/" + location):
        try:
            uri = follow(parse_uri(BASE), text)
        except URLError:
            continue
        assert uri.target.startswith("/")
        assert uri.target.isascii()
        assert uri.target.isprintable()
        assert " " not in uri.target
        assert not set("/?#@") & set(uri.host)

"""The URL of a proxy: what it says, what it cannot say, and that nobody sees the password."""

from __future__ import annotations

import pytest
from hypothesis import example, given, strategies as st

from tkws.net.proxyurl import Proxy, parse_proxy

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://proxy.example:3128", Proxy("http", "proxy.example", 3128)),
        ("http://proxy.example:3128/", Proxy("http", "proxy.example", 3128)),
        ("HTTP://Proxy.Example:3128", Proxy("http", "proxy.example", 3128)),
        ("http://proxy.example", Proxy("http", "proxy.example", 80)),
        ("http://proxy.example:000080", Proxy("http", "proxy.example", 80)),
        ("http://:@proxy.example", Proxy("http", "proxy.example", 80)),
        ("http://proxy.example:", Proxy("http", "proxy.example", 80)),
        ("https://proxy.example", Proxy("https", "proxy.example", 443)),
        ("socks4://10.0.0.1", Proxy("socks4", "10.0.0.1", 1080)),
        ("socks4a://10.0.0.1", Proxy("socks4a", "10.0.0.1", 1080)),
        ("socks5://10.0.0.1", Proxy("socks5", "10.0.0.1", 1080)),
        ("socks5h://10.0.0.1", Proxy("socks5h", "10.0.0.1", 1080)),
        ("socks://10.0.0.1", Proxy("socks5h", "10.0.0.1", 1080)),
        ("proxy.example:3128", Proxy("http", "proxy.example", 3128)),
        ("proxy", Proxy("http", "proxy", 80)),
        ("proxy.example.", Proxy("http", "proxy.example.", 80)),
        ("http://[::1]:3128", Proxy("http", "::1", 3128)),
        ("http://[2001:DB8:0::1]", Proxy("http", "2001:db8::1", 80)),
        ("http://[fe80::1%25eth0]", Proxy("http", "fe80::1%eth0", 80)),
        ("http://[fe80::1%eth0]", Proxy("http", "fe80::1%eth0", 80)),
        ("http://bücher.example", Proxy("http", "xn--bcher-kva.example", 80)),
        ("http://ann@proxy", Proxy("http", "proxy", 80, "ann")),
        ("ann:pw@proxy:81", Proxy("http", "proxy", 81, "ann", "pw")),
        ("http://ann:@proxy", Proxy("http", "proxy", 80, "ann", "")),
        ("http://:pw@proxy", Proxy("http", "proxy", 80, "", "pw")),
        ("http://@proxy", Proxy("http", "proxy", 80)),
        ("http://a%40b:p%3Aw%2F%25@proxy", Proxy("http", "proxy", 80, "a@b", "p:w/%")),
        ("http://ann:p@w@proxy", Proxy("http", "proxy", 80, "ann", "p@w")),
        ("http://%C3%A4:%E2%82%AC@proxy", Proxy("http", "proxy", 80, "ä", "€")),
        ("socks5://a%3Ab:pw@proxy", Proxy("socks5", "proxy", 1080, "a:b", "pw")),
        ("socks4://ann@proxy", Proxy("socks4", "proxy", 1080, "ann")),
        (f"socks5://{'u' * 255}:{'p' * 255}@h", Proxy("socks5", "h", 1080, "u" * 255, "p" * 255)),
    ],
)
def test_a_url_says_scheme_place_and_credentials(url, proxy):
    assert parse_proxy(url) == proxy


def test_a_url_without_a_scheme_gets_the_one_that_is_wanted():
    assert parse_proxy("proxy.example", "socks5h") == Proxy("socks5h", "proxy.example", 1080)
    assert parse_proxy("http://proxy.example", "socks5h").scheme == "http"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "must have a host"),
        ("http://", "must have a host"),
        ("http://:3128", "must have a host"),
        ("http://-.example..com", "invalid"),
        (f"http://{'a' * 64}.example", "invalid"),
        (f"http://{'a.' * 130}example", "invalid"),
        ("http://pro xy", "invalid"),
        ("http://pro\nxy", "invalid"),
        ("http://\ud800", "not valid"),
        ("ftp://proxy", "begins with http, https, socks4, socks4a, socks5, socks5h, not ftp$"),
        ("socks6://proxy", "begins with"),
        (f"{'x' * 30}://proxy", f"not {'x' * 20}$"),
        ("http://proxy/path", "such as"),
        ("http://proxy?query", "such as"),
        ("http://proxy#fragment", "such as"),
        ("http://proxy:http", "such as"),
        ("http://proxy:3128:3129", "such as"),
        ("http://[::1", "such as"),
        ("http://[::1]x", "such as"),
        ("http://[proxy]", "invalid IPv6"),
        ("http://[10.0.0.1]", "invalid IPv6"),
        ("http://[]", "invalid IPv6"),
        ("http://proxy:0", "1 to 65535"),
        ("http://proxy:65536", "1 to 65535"),
        ("http://proxy:" + "9" * 5000, "1 to 65535"),
        ("http://%FF@proxy", "UTF-8"),
        ("http://ann:%FF@proxy", "UTF-8"),
        ("http://a%0Ab@proxy", "control"),
        ("http://ann:%00@proxy", "control"),
        ("http://ann:\ud800@proxy", "UTF-8|control"),
        ("http://a%3Ab:pw@proxy", "colon"),
        ("https://a%3Ab:pw@proxy", "colon"),
        ("socks4://ann:pw@proxy", "SOCKS4"),
        ("socks4a://ann:@proxy", "SOCKS4"),
        (f"socks5://{'u' * 256}@proxy", "255 bytes"),
        (f"socks5h://ann:{'%C3%A4' * 128}@proxy", "255 bytes"),
    ],
)
def test_what_is_no_url_of_a_proxy_raises_and_names_the_argument(url, words):
    with pytest.raises(ValueError, match=words) as caught:
        parse_proxy(url)
    assert str(caught.value).startswith("proxy: ")


@pytest.mark.parametrize("url", [None, b"http://proxy", 3128, ("proxy", 3128), True])
def test_what_is_no_str_raises_and_names_the_argument(url):
    with pytest.raises(TypeError, match=f"proxy: a URL as str, not {type(url).__name__}"):
        parse_proxy(url)


def test_properties_follow_from_the_scheme():
    schemes = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
    proxies = [Proxy(scheme, "proxy", 1) for scheme in schemes]
    assert [proxy.secure for proxy in proxies] == [False, True, False, False, False, False]
    assert [proxy.is_socks for proxy in proxies] == [False, False, True, True, True, True]
    assert [proxy.resolves_names for proxy in proxies] == [True, True, False, True, False, True]


@pytest.mark.parametrize(
    ("host", "text"),
    [("proxy", "proxy:1"), ("10.0.0.1", "10.0.0.1:1"), ("::1", "[::1]:1"), ("fe80::1%eth0", "[fe80::1]:1")],
)
def test_host_and_port_are_written_as_in_a_url(host, text):
    assert str(Proxy("http", host, 1, "ann", SECRET)) == f"http://{text}"


def test_the_password_is_not_shown():
    proxy = parse_proxy(f"http://ann:{SECRET}@proxy")
    assert "ann" in repr(proxy)
    assert SECRET not in repr(proxy)
    assert SECRET not in f"{proxy} {proxy!r}"


# Where a piece of the password stands once something around it is not as it should be.
BROKEN = [
    f"ftp://ann:{SECRET}@proxy",
    f"http://ann:{SECRET}@proxy/path",
    f"http://ann:x/{SECRET}@proxy",
    f"http://ann:x?{SECRET}@proxy",
    f"http://ann:x#{SECRET}@proxy",
    f"http://ann:{SECRET}@",
    f"http://ann:{SECRET}@[proxy]",
    f"http://ann:{SECRET}@[proxy",
    f"http://ann:{SECRET}@proxy:99999",
    f"http://ann:{SECRET}@pro xy",
    f"http://ann:{SECRET}%FF@proxy",
    f"http://ann:{SECRET}%00@proxy",
    f"http://a%3An:{SECRET}@proxy",
    f"socks4://ann:{SECRET}@proxy",
    f"socks5://ann:{SECRET * 100}@proxy",
    f"http:/ann:{SECRET}@proxy/",
    f"ann:x/[{SECRET}]@proxy",
]


@pytest.mark.parametrize("url", BROKEN)
def test_no_error_shows_a_password(url):
    with pytest.raises(ValueError, match="proxy: ") as caught:
        parse_proxy(url)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@given(st.text())
@example("http://[::%1]")
def test_any_text_is_a_proxy_or_a_value_error(text):
    try:
        proxy = parse_proxy(text)
    except ValueError:
        return
    assert proxy.host
    assert proxy.host.isascii()
    assert 1 <= proxy.port <= 65535

"""Cookies of the opening: what a server sets is read as browsers read it, and is never an error."""

from __future__ import annotations

import time
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from urllib.request import Request

import pytest
from hypothesis import given, strategies as st

import tkws
from tests.peers import Log
from tkws.client.cookies import cookie_header, store_cookies
from tkws.http.headers import Headers
from tkws.protocol.uri import parse_uri

SERVER = parse_uri("wss://example.org/a/b?c")


def answer(*cookies: str) -> Headers:
    return Headers.received([(b"Set-Cookie", cookie.encode("latin-1")) for cookie in cookies])


def kept(*cookies: str, url: str = "wss://example.org/a/b?c") -> dict[str, str | None]:
    jar = CookieJar()
    store_cookies(jar, parse_uri(url), answer(*cookies))
    return {cookie.name: cookie.value for cookie in jar}


@pytest.mark.parametrize(
    ("cookie", "name", "value"),
    [
        ("a=b", "a", "b"),
        ("  a = b ; Path=/", "a", "b"),
        ("a=", "a", ""),
        ("a=b=c", "a", "b=c"),
        ("a=\xc3\xa4", "a", "\xc3\xa4"),
        ("a=b\tc", "a", "b\tc"),
        ("a=b; Max-Age", "a", "b"),
        ("a=b; Max-Age=x", "a", "b"),
        ("a=b; Max-Age=" + "9" * 5000, "a", "b"),
        ("a=b; Max-Age=0000000000000000000000060", "a", "b"),
        ("a=b; Expires=soon; Version=x; Port=x; Comment; ; =; Domain=; Path=x; Unheard=of", "a", "b"),
        ("a=b; Expires=Fri, 31 Dec 9999 23:59:59 GMT; HttpOnly; SameSite=Lax; Secure", "a", "b"),
        ("a=b; Expires=Fri, 31 Dec " + "9" * 5000 + " 23:59:59 GMT", "a", "b"),
        ("a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60", "a", "b"),
        ("a=b; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a", "b"),
    ],
)
def test_a_cookie_is_kept(cookie, name, value):
    assert kept(cookie) == {name: value}


@pytest.mark.parametrize(
    "cookie",
    [
        "", ";", "=", "=b", "a", "; a=b", "a=b\x00", "a=\x1bb", "a\x7f=b", "a=b; Path=/\x01",
        "a=b; x\rB: y=z",
        "a=" + "b" * 4096, "a" * 4097 + "=", "a=b; Max-Age=0", "a=b; Max-Age=-" + "9" * 5000,
        "a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=b; Domain=other.org", "a=b; Domain=org",
    ],
)  # fmt: skip
def test_a_cookie_is_ignored_and_the_others_are_kept(cookie):
    assert kept("before=1", cookie, "behind=2") == {"before": "1", "behind": "2"}


def test_a_cookie_does_not_last_for_ever():
    jar = CookieJar()
    store_cookies(jar, SERVER, answer("a=b; Max-Age=" + "9" * 400))
    [cookie] = jar
    assert cookie.expires is not None
    assert 399 < (cookie.expires - time.time()) / 86_400 <= 400


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("ws://localhost:81/", True),
        ("ws://a.localhost/", True),
        ("ws://127.0.0.1/", True),
        ("ws://[::1]:81/", True),
        ("wss://example.org/", True),
        ("ws://example.org/", False),
        ("ws://localhost.example.org/", False),
        ("ws://192.168.0.1/", False),
    ],
)
def test_secure_cookies_go_where_nobody_listens_in(url, trusted):
    jar = CookieJar()
    store_cookies(jar, parse_uri(url), answer("a=b; Secure", "c=d"))
    wanted = {"a", "c"} if trusted else {"c"}
    assert {cookie.name for cookie in jar} == wanted
    [(_, value)] = cookie_header(jar, parse_uri(url))
    assert {pair.partition("=")[0] for pair in value.split("; ")} == wanted


def test_a_secure_cookie_does_not_leave_tls():
    jar = CookieJar()
    store_cookies(jar, SERVER, answer("a=b; Secure; Path=/"))
    assert cookie_header(jar, parse_uri("wss://example.org/")) == [("Cookie", "a=b")]
    assert cookie_header(jar, parse_uri("ws://example.org/")) == []


@pytest.mark.parametrize("domain", ["localhost", ".LocalHost"])
def test_a_name_without_dots_may_be_the_domain_of_its_own_cookie(domain):
    assert kept(f"a=b; Domain={domain}", url="ws://localhost/") == {"a": "b"}
    assert kept(f"a=b; Domain={domain}", url="ws://other/") == {}
    assert kept(f"a=b; Domain={domain}; Domain=org", url="ws://localhost/") == {}


ATTRIBUTES = st.sampled_from(
    [
        "Max-Age=",
        "Expires=",
        "Path=/",
        "Domain=.",
        "Domain=example.org",
        "Secure",
        "9" * 30,
        "Thu, 01 Jan 2030",
        "a=b",
    ]
)


@pytest.mark.slow
@given(st.lists(ATTRIBUTES | st.text(st.characters(max_codepoint=0xFF), max_size=9), max_size=8))
def test_nothing_that_a_server_sets_is_an_error(parts):
    """Neither is the warning by which http.cookiejar tells of its own faults."""
    jar = CookieJar()
    for separator in (";", "; ", ""):
        store_cookies(jar, SERVER, answer(separator.join(parts), "z=z"))
    cookie_header(jar, SERVER)
    assert "z" in {cookie.name for cookie in jar}


# ---- on the loop


def test_a_secure_cookie_of_a_loopback_server_comes_back(root, pump_until):
    server = tkws.serve(master=root)
    server.live("/chat", heard := Log())
    page = tkws.Response(
        302, headers=[("Location", "/chat"), ("Set-Cookie", "a=b; Secure"), ("Set-Cookie", "c")]
    )
    server.page("/", page)
    log = Log(connect=lambda ws, message: ws.close())
    tkws.open(server.url, log, master=root, cookies=CookieJar())
    pump_until(lambda: log.over)
    assert heard.one("connect").headers["Cookie"] == "a=b"
    server.close()


class OwnJar(CookieJar):
    """A jar of the program's that fails."""

    def extract_cookies(self, response: object, request: Request) -> None:
        raise LookupError("the jar is lost")


class OwnPolicy(DefaultCookiePolicy):
    """A rule of the program's that fails."""

    def set_ok(self, cookie: Cookie, request: Request) -> bool:
        raise LookupError("the rule is lost")


@pytest.mark.parametrize("jar", [OwnJar(), CookieJar(OwnPolicy())], ids=["jar", "policy"])
def test_what_the_programs_jar_raises_is_reported_and_it_opens(
    root, peers, log, pump_until, callback_errors, jar
):
    listening = peers.listen()
    tkws.open(listening.url, log, master=root, cookies=jar)
    listening.accept().accept("Set-Cookie: a=b")
    pump_until(lambda: log.open and callback_errors)
    assert isinstance(callback_errors.pop(), LookupError)
    assert log.types == ["connect"]

"""Which proxy is gone through: the argument's, the environment's, or none."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, strategies as st

from tkws.net.proxyenv import environment_proxy, is_excepted, proxy_for
from tkws.net.proxyurl import Proxy

ALL = {
    "wss": "http://wss:1",
    "ws": "http://ws:1",
    "socks": "socks5://socks:1",
    "https": "http://https:1",
    "http": "http://http:1",
    "all": "http://all:1",
}


def chosen(settings, *, secure=True, host="example.org", port=443):
    proxy = environment_proxy(secure=secure, host=host, port=port, settings=settings)
    return proxy and proxy.host


# ---- which setting


@pytest.mark.parametrize(
    ("secure", "order"),
    [(True, ["wss", "socks", "https", "all"]), (False, ["ws", "socks", "https", "http", "all"])],
)
def test_the_setting_that_fits_best_is_taken(secure, order):
    left = dict(ALL)
    for key in order:
        assert chosen(left, secure=secure) == key
        del left[key]
    assert chosen(left, secure=secure) is None


def test_an_empty_setting_is_none():
    assert chosen({"wss": "", "https": "http://https:1"}) == "https"
    assert chosen({"wss": ""}) is None
    assert environment_proxy(secure=False, host="h.test", port=80, settings={"http": " "}) is None


@pytest.mark.parametrize(
    ("settings", "proxy"),
    [
        ({"https": "proxy:3128"}, Proxy("http", "proxy", 3128)),
        ({"https": " http://proxy:3128\n"}, Proxy("http", "proxy", 3128)),
        ({"https": "https://ann:p%40w@proxy"}, Proxy("https", "proxy", 443, "ann", "p@w")),
        ({"all": "socks5://proxy"}, Proxy("socks5", "proxy", 1080)),
        ({"all": "socks://proxy:9/"}, Proxy("socks5h", "proxy", 9)),
        ({"socks": "proxy:9"}, Proxy("socks5h", "proxy", 9)),
        ({"socks": "http://proxy:9"}, Proxy("socks5h", "proxy", 9)),
        ({"socks": "socks4a://proxy"}, Proxy("socks4a", "proxy", 1080)),
    ],
)
def test_a_setting_is_read_as_people_write_it(settings, proxy):
    assert environment_proxy(secure=True, host="example.org", port=443, settings=settings) == proxy


def test_a_setting_that_cannot_be_read_is_named_without_its_password():
    with pytest.raises(ValueError, match=r"^proxy: .*\(in https_proxy of the environment\)$") as caught:
        chosen({"https": "ftp://ann:hunter2@proxy"})
    assert "hunter2" not in str(caught.value)


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
def test_this_machine_is_reached_directly(host):
    assert chosen(ALL, host=host) is None
    assert chosen({"all": "ftp://no proxy at all"}, host=host) is None


@pytest.mark.parametrize("host", ["localhost.example.org", "mylocalhost", "128.0.0.1", "::2", "::"])
def test_what_only_looks_like_this_machine_is_not(host):
    assert chosen(ALL, host=host) == "wss"


def test_an_excepted_server_is_reached_directly():
    assert chosen({**ALL, "no": "example.com, .org"}) is None
    assert chosen({**ALL, "no": "example.org:80"}) == "wss"
    assert chosen({"all": "ftp://no proxy at all", "no": "*"}) is None


# ---- no_proxy

EXCEPTED = [
    ("example.org", 443, "*"),
    ("10.0.0.1", 443, "*"),
    ("::1", 443, "a, *"),
    ("example.org", 443, "*:443"),
    ("example.org", 443, "example.org"),
    ("example.org", 443, "EXAMPLE.Org"),
    ("Example.ORG", 443, "example.org"),
    ("example.org.", 443, "example.org"),
    ("example.org", 443, "example.org."),
    ("example.org", 443, ".example.org"),
    ("example.org", 443, "*.example.org"),
    ("a.example.org", 443, "example.org"),
    ("a.example.org", 443, ".example.org"),
    ("a.example.org", 443, "*.example.org"),
    ("a.b.example.org", 443, ".example.org"),
    ("example.org", 443, "org"),
    ("intranet", 443, "intranet"),
    ("example.org", 443, "example.org:443"),
    ("a.example.org", 8443, ".example.org:8443"),
    ("example.org", 443, "a.test,example.org,b.test"),
    ("example.org", 443, " a.test , example.org\t"),
    ("example.org", 443, "a.test example.org"),
    ("example.org", 443, ",,example.org,,"),
    ("xn--bcher-kva.example", 443, "bücher.example"),
    ("10.0.0.1", 443, "10.0.0.1"),
    ("10.0.0.1", 443, "10.0.0.1:443"),
    ("10.0.0.1", 443, "10.0.0.0/8"),
    ("10.0.0.1", 443, "10.1.2.3/8"),
    ("10.0.0.1", 443, "10.0.0.0/255.0.0.0"),
    ("10.0.0.1", 443, "10.0.0.0/8:443"),
    ("10.0.0.1", 443, "0.0.0.0/0"),
    ("::ffff:10.0.0.1", 443, "10.0.0.0/8"),
    ("2001:db8::1", 443, "2001:db8::1"),
    ("2001:db8::1", 443, "2001:DB8:0:0::1"),
    ("2001:db8::1", 443, "[2001:db8::1]"),
    ("2001:db8::1", 443, "[2001:db8::1]:443"),
    ("2001:db8::1", 443, "2001:db8::/32"),
    ("2001:db8::1", 443, "[2001:db8::/32]"),
    ("fe80::1%eth0", 443, "fe80::1"),
    ("fe80::1%eth0", 443, "fe80::/10"),
]

NOT_EXCEPTED = [
    ("example.org", 443, ""),
    ("example.org", 443, ", ,"),
    ("example.org", 443, "."),
    ("example.org", 443, "*."),
    ("example.org", 443, "a.example.org"),
    ("example.org", 443, "example.com"),
    ("badexample.org", 443, "example.org"),
    ("badexample.org", 443, ".example.org"),
    ("badexample.org", 443, "*.example.org"),
    ("example.org.test", 443, "example.org"),
    ("example.org", 443, "example.org:80"),
    ("example.org", 443, "*:80"),
    ("example.org", 443, "example.org:https"),
    ("example.org", 443, "example.org:443443"),
    ("example.org", 443, "http://example.org"),
    ("example.org", 443, "10.0.0.0/8"),
    ("example.org", 443, "0.0.0.0/0"),
    ("example.org", 443, "ex*ple.org"),
    ("example.org", 443, "ä" * 64),
    ("10.0.0.1", 443, "10.0.0.2"),
    ("10.0.0.1", 443, "10.0.0.1:80"),
    ("10.0.0.1", 443, "11.0.0.0/8"),
    ("10.0.0.1", 443, "10.0.0.0/33"),
    ("10.0.0.1", 443, "0.1"),
    ("10.0.0.1", 443, ".1"),
    ("10.0.0.1", 443, "10."),
    ("10.0.0.1", 443, "::/0"),
    ("10.0.0.1", 443, "example.org"),
    ("2001:db8::1", 443, "[2001:db8::1]:80"),
    ("2001:db8::1", 443, "2001:db8::1:443"),
    ("2001:db8::1", 443, "2001:db9::/32"),
    ("2001:db8::1", 443, "[2001:db8::1"),
    ("2001:db8::1", 443, "[]"),
    ("2001:db8::1", 443, "0.0.0.0/0"),
]


@pytest.mark.parametrize(("host", "port", "no_proxy"), EXCEPTED)
def test_no_proxy_takes_out(host, port, no_proxy):
    assert is_excepted(host, port, no_proxy)


@pytest.mark.parametrize(("host", "port", "no_proxy"), NOT_EXCEPTED)
def test_no_proxy_leaves_in(host, port, no_proxy):
    assert not is_excepted(host, port, no_proxy)


@pytest.mark.parametrize(("host", "port", "no_proxy"), EXCEPTED)
def test_entries_do_not_disturb_each_other(host, port, no_proxy):
    others = ",".join(
        entry for _, _, entry in NOT_EXCEPTED if "example.org" not in entry or host != "example.org"
    )
    assert is_excepted(host, port, f"{others},{no_proxy}")


@given(st.text(), st.sampled_from(["example.org", "10.0.0.1", "2001:db8::1", "x"]))
def test_no_text_breaks_no_proxy(no_proxy, host):
    assert is_excepted(host, 443, no_proxy) in (True, False)


# ---- the argument and the process


def ask(setting, **where):
    return proxy_for(setting, **{"secure": True, "host": "example.org", "port": 443, **where})


def test_the_environment_is_asked_on_demand(environment):
    assert ask(True) is None
    environment.setenv("HTTPS_PROXY", "http://upper:1")
    assert ask(True) == Proxy("http", "upper", 1)
    environment.setenv("https_proxy", "http://lower:1")
    assert ask(True) == Proxy("http", "lower", 1)
    assert ask(True, host="localhost") is None
    environment.setenv("NO_PROXY", "example.org")
    assert ask(True) is None
    environment.setenv("wss_proxy", "ftp://proxy")
    environment.setenv("NO_PROXY", "")
    with pytest.raises(ValueError, match="wss_proxy"):
        ask(True)


@pytest.mark.parametrize("setting", [None, False])
def test_none_is_none_whatever_the_environment_says(environment, setting):
    environment.setenv("https_proxy", "http://proxy:1")
    assert ask(setting) is None


@pytest.mark.parametrize("host", ["example.org", "localhost", "127.0.0.1"])
def test_a_given_proxy_is_taken_whatever_the_environment_says(environment, host):
    environment.setenv("https_proxy", "http://proxy:1")
    environment.setenv("no_proxy", "*")
    assert ask("http://given:2", host=host) == Proxy("http", "given", 2)


@pytest.mark.parametrize("setting", [0, 1, b"http://proxy", object()])
def test_another_argument_is_refused(setting):
    with pytest.raises(TypeError, match="proxy: a URL as str"):
        ask(setting)


def test_a_bad_url_is_refused():
    with pytest.raises(ValueError, match="proxy: "):
        ask("ftp://proxy")


def test_socks_needs_the_extra_and_says_so(environment):
    environment.setitem(sys.modules, "socksio", None)
    environment.setenv("all_proxy", "socks5h://ann:hunter2@proxy")
    for setting in ("socks4://proxy", "socks5://proxy", True):
        with pytest.raises(ImportError, match=r'pip install "tkws\[socks\]"') as caught:
            ask(setting)
        assert caught.value.name == "socksio"
    assert ask("http://proxy:1") == Proxy("http", "proxy", 1)


def test_socks_with_the_extra(environment):
    assert ask("socks5://proxy") == Proxy("socks5", "proxy", 1080)

"""tkws through real proxies: tinyproxy, squid, microsocks and dante, with what they say when they refuse."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

import tkws
from tests.interop.proxies import HIDDEN_NAME, USER, Proxies
from tests.peers import Log

pytestmark = pytest.mark.usefixtures("environment", "heartbeat")

# Seconds that a conversation may take; proxies have other things to do on a busy machine.
PATIENCE = 20.0

WAYS = [
    ("tinyproxy", "http"),
    ("tinyproxy with a user", "http"),
    ("squid", "http"),
    ("squid with a user", "http"),
    ("squid with Digest", "http"),
    ("squid over TLS", "https"),
    ("microsocks", "socks5"),
    ("microsocks", "socks5h"),
    ("microsocks with a user", "socks5"),
    ("microsocks with a user", "socks5h"),
    ("dante", "socks4"),
    ("dante", "socks4a"),
    ("dante", "socks5"),
    ("dante", "socks5h"),
]

each_way = pytest.mark.parametrize(
    ("name", "scheme"), WAYS, ids=[f"{scheme}: {name}" for name, scheme in WAYS]
)


@pytest.fixture(scope="module")
def proxies(certificate):
    """The real proxies, which are started on demand and stopped when this module is done."""
    made = Proxies(certificate.private_key_and_cert_chain_pem.bytes())
    yield made
    made.stop()


@pytest.fixture
def echo(root):
    """``echo(ssl=None)``: a server that returns each message, on 127.0.0.1."""
    made: list[tkws.HTTPServer] = []

    def handle(ws, type, message):
        if type in ("text", "binary"):
            ws.send(message)

    def start(ssl: ssl.SSLContext | None = None) -> tkws.HTTPServer:
        made.append(tkws.serve(master=root, ssl=ssl, handler=handle, hosts=["*"]))
        return made[-1]

    yield start
    for server in made:
        server.close()


@pytest.fixture
def closed_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def converse(root, pump_until, url: str, **options) -> Log:
    """A small message, a ping and a large message there and back, then an end in good order."""
    large = bytes(range(256)) * 4096
    log = Log(
        connect=lambda ws, _: ws.send("hello"),
        text=lambda ws, _: ws.ping(b"?"),
        pong=lambda ws, _: ws.send(large),
        binary=lambda ws, _: ws.close(),
    )
    tkws.open(url, log, master=root, **options)
    pump_until(lambda: log.over, PATIENCE)
    assert log.types == ["connect", "text", "pong", "binary", "close", "disconnect"], log.events[0]
    assert log.one("text") == "hello"
    assert log.one("binary") == large
    return log


def refusal(root, pump_until, url: str, **options) -> tkws.OpenError:
    """What the opening fails by."""
    tkws.open(url, log := Log(), master=root, **options)
    pump_until(lambda: log.over, PATIENCE)
    assert log.types == ["error", "disconnect"]
    return log.one("error")


# ---- conversations


@each_way
def test_a_conversation(root, pump_until, proxies, echo, client_ssl, name, scheme):
    proxy = proxies[name]
    converse(root, pump_until, echo().url, proxy=proxy.url(scheme), proxy_ssl=client_ssl)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tinyproxy", "squid over TLS"])
def test_the_program_of_the_page(proxies, ca, pump_until, tmp_path, name):
    page = (Path(__file__).parents[2] / "docs" / "howto" / "proxies.md").read_text(encoding="utf-8")
    _, _, source = page.partition("```python notest\n")
    authorities = tmp_path / "authorities.pem"
    ca.cert_pem.write_to_path(str(authorities))
    secure = "TLS" in name
    url = proxies[name].url("https" if secure else "http")
    command = [sys.executable, "-W", "error", "-c", source.partition("```")[0], url]
    child = subprocess.Popen(
        [*command, str(authorities)] if secure else command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        pump_until(lambda: child.poll() is not None, PATIENCE)
    finally:
        child.kill()
        printed, _ = child.communicate()
    types = [line.split(b" ", 1)[0] for line in printed.splitlines()]
    assert types == [b"connect", b"close", b"disconnect"], printed


@each_way
def test_a_conversation_over_tls(root, pump_until, proxies, echo, client_ssl, server_ssl, name, scheme):
    proxy = proxies[name]
    url = echo(server_ssl).url
    converse(root, pump_until, url, proxy=proxy.url(scheme), proxy_ssl=client_ssl, ssl=client_ssl)


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_the_environments_proxy_resolves_the_name(root, pump_until, proxies, echo, environment, ca, scheme):
    environment.setenv("https_proxy", proxies["squid"].url("http"))
    certified, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    ca.issue_cert(HIDDEN_NAME).configure_cert(certified)
    ca.configure_trust(trusting)
    server = echo(certified if scheme == "wss" else None)
    url = f"{scheme}://{HIDDEN_NAME}:{server.port}/"
    converse(root, pump_until, url, ssl=trusting if scheme == "wss" else None)


def test_an_exception_in_the_environment_is_reached_directly(
    root, pump_until, proxies, echo, environment, system_resolver
):
    environment.setenv("all_proxy", proxies["squid for nobody"].url("http"))
    system_resolver[HIDDEN_NAME] = ["127.0.0.1"]
    url = f"ws://{HIDDEN_NAME}:{echo().port}/"
    assert refusal(root, pump_until, url).phase == "proxy"
    environment.setenv("no_proxy", f"example.org,{HIDDEN_NAME}")
    converse(root, pump_until, url)


@pytest.mark.parametrize("name", ["microsocks", "dante"])
def test_a_socks_proxy_resolves_the_name(root, pump_until, proxies, request, name):
    *_, (address, *_) = socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)[0]
    resolver = request.getfixturevalue("system_resolver")  # from here on
    log = Log(connect=lambda ws, _: ws.close())
    server = tkws.serve(address, master=root, handler=Log())
    tkws.open(f"ws://localhost:{server.port}/", log, master=root, proxy=proxies[name].url("socks5h"))
    pump_until(lambda: log.over, PATIENCE)
    assert log.types == ["connect", "close", "disconnect"]
    assert not resolver.threads
    server.close()


def test_a_proxy_that_dies_ends_the_connection(root, pump_until, proxies, echo):
    proxy = proxies.start("tinyproxy")
    tkws.open(echo().url, log := Log(), master=root, proxy=proxy.url("http"))
    pump_until(lambda: log.open, PATIENCE)
    proxy.stop()
    pump_until(lambda: log.over, PATIENCE)
    assert log.types == ["connect", "close", "disconnect"]
    assert log.one("close")[0] == tkws.CloseCode.ABNORMAL_CLOSURE


# ---- refusals


@pytest.mark.parametrize("name", ["tinyproxy with a user", "squid with a user"])
def test_an_http_proxy_that_wants_a_user(root, pump_until, proxies, name):
    proxy = proxies[name]
    error = refusal(root, pump_until, "ws://127.0.0.1:9/", proxy=proxy.url("http", user=None))
    assert (error.phase, error.status) == ("proxy", 407)
    assert error.headers["proxy-authenticate"].startswith("Basic")
    assert b"<html" in error.body.lower()
    assert "wants a user and a password (407)" in str(error)
    assert f"http://user:password@{proxy.place}" in str(error)


@pytest.mark.parametrize(("name", "status"), [("tinyproxy with a user", 401), ("squid with a user", 407)])
def test_an_http_proxy_that_refuses_a_user(root, pump_until, proxies, name, status):
    proxy = proxies[name]
    error = refusal(root, pump_until, "ws://127.0.0.1:9/", proxy=proxy.url("http", password="wrong"))
    assert (error.phase, error.status) == ("proxy", status)
    assert f"refuses the user '{USER}' with that password ({status})" in str(error)
    assert "wrong" not in str(error)


@pytest.mark.parametrize("name", ["tinyproxy for port 443", "squid for nobody"])
def test_a_rule_that_forbids_it(root, pump_until, proxies, name):
    error = refusal(root, pump_until, "ws://127.0.0.1:9/", proxy=proxies[name].url("http"))
    assert (error.phase, error.status) == ("proxy", 403)
    assert b"<html" in error.body.lower()
    assert "did not connect to 127.0.0.1:9: 403" in str(error)


@pytest.mark.parametrize(("name", "status"), [("tinyproxy", 500), ("squid", 503), ("squid over TLS", 503)])
def test_a_server_that_an_http_proxy_cannot_reach(
    root, pump_until, proxies, closed_port, client_ssl, name, status
):
    proxy = proxies[name].url("https" if "TLS" in name else "http")
    error = refusal(root, pump_until, f"ws://127.0.0.1:{closed_port}/", proxy=proxy, proxy_ssl=client_ssl)
    assert (error.phase, error.status) == ("proxy", status)
    assert error.body


@pytest.mark.parametrize(
    ("name", "scheme"),
    [("microsocks", "socks5"), ("dante", "socks4"), ("dante", "socks4a"), ("dante", "socks5h")],
)
def test_a_server_that_a_socks_proxy_cannot_reach(root, pump_until, proxies, closed_port, name, scheme):
    url = f"ws://127.0.0.1:{closed_port}/"
    error = refusal(root, pump_until, url, proxy=proxies[name].url(scheme))
    assert (error.phase, error.status) == ("proxy", None)
    reason = "request rejected or failed" if scheme.startswith("socks4") else "connection refused"
    assert str(error).endswith(f"did not connect to 127.0.0.1:{closed_port}: {reason}")


def test_a_socks_proxy_that_wants_a_user(root, pump_until, proxies):
    proxy = proxies["microsocks with a user"]
    without = refusal(root, pump_until, "ws://127.0.0.1:9/", proxy=proxy.url("socks5", user=None))
    wrong = refusal(root, pump_until, "ws://127.0.0.1:9/", proxy=proxy.url("socks5", password="wrong"))
    assert without.phase == wrong.phase == "proxy"
    assert "wants a user and a password (SOCKS5)" in str(without)
    assert f"refuses the user '{USER}' with that password (SOCKS5)" in str(wrong)


# ---- another protocol than the one that is spoken


@pytest.mark.parametrize(
    ("name", "scheme", "words"),
    [
        ("microsocks", "http", "proxy"),
        ("dante", "http", "proxy"),
        ("microsocks", "https", "proxy"),
        ("squid over TLS", "http", "proxy"),
        ("microsocks", "socks4a", "proxy"),
    ],
)
def test_a_proxy_that_speaks_something_else(root, pump_until, proxies, client_ssl, name, scheme, words):
    proxy = proxies[name]
    error = refusal(
        root, pump_until, "ws://127.0.0.1:9/", proxy=f"{scheme}://{proxy.place}", proxy_ssl=client_ssl
    )
    assert error.phase == "proxy"
    assert error.status is None
    assert words in str(error)


@pytest.mark.slow
def test_a_certificate_of_an_unknown_authority(root, pump_until, proxies):
    proxy = proxies["squid over TLS"].url("https")
    error = refusal(
        root, pump_until, "ws://127.0.0.1:9/", proxy=proxy, proxy_ssl=ssl.create_default_context()
    )
    assert error.phase == "proxy"
    assert "trust that authority by proxy_ssl=ssl.create_default_context(cafile=...)" in str(error)

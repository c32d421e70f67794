"""Web pages against a server on this machine: foreign, opaque and rebound origins, also of a browser."""

from __future__ import annotations

import pytest

import tkws
from tests.interop.chromium import Chromium
from tests.peers import Log

FOREIGN = (
    "http://evil.example", "https://evil.example", "null", "file://", "data:", "about:blank", "",
    "chrome-extension://abcdefghijklmnop", "moz-extension://abc", "http://localhost.evil.example",
    "http://127.0.0.1.evil.example", "http://evil.example#localhost", "http://user@localhost",
)  # fmt: skip


def status(peers, server, *lines: str, host: str = "localhost") -> int:
    peer = peers.connect(server)
    peer.ask("/feed", *lines, host=host)
    return int(peer.take_until().split()[1])


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_or_opaque_origin_is_refused(root, peers, pump_until, origin):
    server = tkws.serve(master=root, handler=Log())
    assert status(peers, server, f"Origin: {origin}") == 403
    server.configure(origins=["https://*.good.example"])
    assert status(peers, server, f"Origin: {origin}") == 403
    server.close()


@pytest.mark.parametrize(
    ("origin", "admitted"),
    [
        ("https://a.good.example", True),
        ("https://a.b.good.example", True),
        ("https://good.example", False),
        ("https://evilgood.example", False),
        ("https://a.good.example.evil.example", False),
        ("http://a.good.example", False),
        ("https://a.good.example:444", False),
    ],
)
def test_a_wildcard_stands_for_subdomains_alone(root, peers, pump_until, origin, admitted):
    server = tkws.serve(
        master=root, handler=(log := Log()), origins=["https://*.good.example"], close_timeout=0.1
    )
    assert status(peers, server, f"Origin: {origin}") == (101 if admitted else 403)
    server.close()
    pump_until(lambda: not server.connections)
    assert log.open is admitted


# ---- a browser

# The page tries each URL, tells its own server what came of it, and goes on to the next page.
PAGE = """<!doctype html><script>
const tries = %r.map(url => new Promise(resolve => {
  const socket = new WebSocket(url)
  socket.onopen = () => resolve(fetch('/told?open=' + encodeURIComponent(url)))
  socket.onerror = () => resolve(fetch('/told?refused=' + encodeURIComponent(url)))
}))
Promise.all(tries).then(() => { location.href = %r })
</script>"""

NAMES = "--host-resolver-rules=MAP evil.example 127.0.0.1"


@pytest.mark.slow
def test_what_a_browser_lets_two_origins_do(root, pump_until, overheard):
    told: list[tuple[str, str]] = []

    def tell(request: tkws.Request) -> str:
        told.extend(request.query)
        return ""

    victim = tkws.serve(master=root, handler=(log := Log()))
    evil = tkws.serve(master=root, hosts=["evil.example"])
    own = f"ws://127.0.0.1:{victim.port}/feed"
    rebound = f"ws://evil.example:{victim.port}/feed"
    home = f"http://127.0.0.1:{victim.port}/"
    victim.page("/", PAGE % ([own], "about:blank"))
    evil.page("/", PAGE % ([own, rebound], home))
    for server in (victim, evil):
        server.page("/told", tell)
    browser = Chromium(NAMES, page=f"http://evil.example:{evil.port}/")
    try:
        pump_until(lambda: len(told) >= 3)
    finally:
        browser.stop()
    assert sorted(told) == [("open", own), ("refused", own), ("refused", rebound)]
    assert any("The origin 'http://evil.example" in line for line in overheard)
    assert any("The host 'evil.example" in line for line in overheard)
    pump_until(lambda: log.over)
    [request] = log.all("connect")
    assert request.headers["Origin"] == home.removesuffix("/")
    victim.close()
    evil.close()

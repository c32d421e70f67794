"""A browser at a tkws server: its page, its origin, and what becomes of a connection whose page goes."""

from __future__ import annotations

import json

import pytest

import tkws
from tests.interop.others import PROGRAMS

PEER = "chromium"
PATIENCE = 15.0

# What `new WebSocket` comes to: what it first hears.
HEARS = """
new Promise(resolve => {
  window.socket = new WebSocket(%s)
  socket.onmessage = ({ data }) => resolve(data)
  socket.onclose = ({ code }) => resolve(code)
})
"""


# All that comes up to "all".
COLLECTS = """
window.seen = new Promise(resolve => {
  const seen = []
  socket.onmessage = ({ data }) => data === 'all' ? resolve(seen) : seen.push(data)
})
0
"""


@pytest.fixture
def server(greeting) -> tkws.HTTPServer:
    """A server with a page and its style."""
    server = greeting("<!doctype html><title>Grüße</title><p id='here'>a page")
    server.page("/colour.css", b"p { color: rgb(1, 2, 3) }")
    return server


def address(server: tkws.HTTPServer, scheme: str = "http", path: str = "/") -> str:
    return f"{scheme}://127.0.0.1:{server.port}{path}"


def test_it_shows_the_page(tab, server) -> None:
    tab.show(address(server))
    assert tab.evaluate("document.title") == "Grüße"
    assert tab.evaluate("document.getElementById('here').textContent") == "a page"
    assert tab.evaluate("fetch('/colour.css').then(answer => answer.text())") == "p { color: rgb(1, 2, 3) }"
    assert tab.evaluate("fetch('/nowhere').then(answer => answer.status)") == 404


def test_it_runs_scripts_of_a_directory(tab, server) -> None:
    server.directory("/scripts", PROGRAMS / "node")
    tab.show(address(server))
    assert tab.evaluate("import('/scripts/party.mjs').then(module => typeof module.Party)") == "function"


def test_a_page_of_the_server_is_admitted(tab, server, heard) -> None:
    tab.show(address(server))
    assert tab.evaluate(HEARS % json.dumps(address(server, "ws", "/talk"))) == "welcome"
    (request,) = heard["connect"]
    assert request.headers["origin"] == address(server)[:-1]
    assert "HeadlessChrome" in request.headers["user-agent"]
    assert tab.evaluate("socket.extensions") == "permessage-deflate"


def test_a_page_of_another_server_is_not(root, tab, server, heard) -> None:
    stranger = tkws.serve(master=root)
    stranger.page("/", "elsewhere")
    tab.show(address(stranger))
    assert tab.evaluate(HEARS % json.dumps(address(server, "ws", "/talk"))) == 1006
    assert not heard.events


def test_a_page_that_is_loaded_again_goes_away_first(tab, server, heard, pump_until) -> None:
    tab.show(address(server))
    tab.evaluate(HEARS % json.dumps(address(server, "ws", "/talk")))
    tab.evaluate("location.reload()")
    pump_until(lambda: heard.over, PATIENCE)
    assert heard["close"] == [(1001, "")]


@pytest.mark.parametrize(
    ("message", "code"), [("x" * 1001, 1009), ("x" * 100_000, 1009)], ids=["long", "compressed well"]
)
def test_its_page_is_told_why_it_was_cut_off(root, tab, server, heard, message, code) -> None:
    tab.show(address(server))
    tab.evaluate(HEARS % json.dumps(address(server, "ws", "/talk")))
    heard.opened[0].configure(max_message=1000)
    script = "new Promise(resolve => { socket.onclose = ({ code }) => resolve(code); socket.send(%s) })"
    assert tab.evaluate(script % json.dumps(message)) == code
    assert heard["error"][0].code == code
    assert heard["close"][0][0] == 1006


@pytest.mark.slow
def test_the_page_sees_every_message(tab, server, heard) -> None:
    tab.show(address(server))
    tab.evaluate(HEARS % json.dumps(address(server, "ws", "/talk")))
    tab.evaluate(COLLECTS)
    for number in range(2000):
        heard.opened[0].send(f"value {number}")
    heard.opened[0].send("all")
    assert tab.evaluate("seen") == [f"value {number}" for number in range(2000)]

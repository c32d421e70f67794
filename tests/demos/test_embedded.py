"""The window behind http.server: both ways in, from threads, with clients that know no tkws."""

from __future__ import annotations

import base64
import socket
import tkinter as tk
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import tkws
from demos.embedded.site import Site
from demos.embedded.window import EmbeddedWindow

PumpUntil = Callable[..., None]

KEY = base64.b64encode(bytes(16)).decode()
HELLO = b"\x81\x85\x00\x00\x00\x00hello"  # a text message of a client, masked with zeros


@pytest.fixture
def window(display_root: tk.Tk, pump_until: PumpUntil) -> Iterator[EmbeddedWindow]:
    made = EmbeddedWindow(display_root, Site(("127.0.0.1", 0)))
    yield made
    made.close()
    pump_until(lambda: not made.clients)


def request(path: str, **more: str) -> bytes:
    fields = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
        **more,
    }
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode()


@pytest.fixture
def call(window: EmbeddedWindow) -> Iterator[Callable[[bytes], socket.socket]]:
    """``call(data)``: a plain socket that has sent this to the site."""
    made: list[socket.socket] = []

    def call(data: bytes) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", window._site.port), timeout=5)
        made.append(sock)
        sock.sendall(data)
        sock.setblocking(False)
        return sock

    yield call
    for sock in made:
        sock.close()


def read(sock: socket.socket, pump_until: PumpUntil, until: bytes) -> bytes:
    received = b""

    def more() -> bool:
        nonlocal received
        try:
            received += sock.recv(65536)
        except BlockingIOError:
            pass
        return until in received

    pump_until(more)
    return received


@pytest.mark.parametrize(("path", "way"), [("/live", "test and upgrade"), ("/taken", "takeover")])
def test_a_socket_changes_hands(
    window: EmbeddedWindow, call: Callable[[bytes], socket.socket], pump_until: PumpUntil, path: str, way: str
) -> None:
    sock = call(request(path))
    answer = read(sock, pump_until, b"this is the window.")
    assert answer.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
    assert tkws.sec_websocket_accept(KEY).encode() in answer
    sock.send(HELLO)
    pump_until(lambda: "Ash: hello" in window.lines)
    window.frame.entry.insert(0, "back to you")
    window.frame.submit()
    assert b"\x81\x0bback to you" in read(sock, pump_until, b"back to you")
    sock.close()
    pump_until(lambda: "Ash: disconnected (1006)" in window.lines)
    assert window.lines[0] == f"Ash: connected by {way}"


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/live", "/taken"])
def test_what_came_too_early_is_not_lost(
    window: EmbeddedWindow, call: Callable[[bytes], socket.socket], pump_until: PumpUntil, path: str
) -> None:
    call(request(path) + HELLO)
    pump_until(lambda: "Ash: hello" in window.lines)


@pytest.mark.slow
def test_clients_come_by_both_ways_at_once(
    display_root: tk.Tk, window: EmbeddedWindow, pump_until: PumpUntil
) -> None:
    events: list[Any] = []
    for number in range(20):
        url = f"ws://{window.url}/{'taken' if number % 2 else 'live'}"
        tkws.open(url, lambda ws, *event: events.append(event), master=display_root)
    pump_until(lambda: len(window.clients) == 20)
    pump_until(lambda: sum(type == "text" for type, _ in events) == 20)
    window.send_to_all("all of you")
    pump_until(lambda: sum(message == "all of you" for _, message in events) == 20)
    assert len(set(window.clients.values())) == 20


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (request("/live", Origin="https://elsewhere.example"), b"403"),
        (request("/taken", Origin="https://elsewhere.example"), b"403"),
        (request("/taken", **{"Sec-WebSocket-Version": "8"}), b"426"),
        (request("/live", Host="rebound.example"), b"403"),
        (b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", b"404"),
    ],
)
def test_what_does_not_fit_is_refused_by_the_site(
    window: EmbeddedWindow,
    call: Callable[[bytes], socket.socket],
    pump_until: PumpUntil,
    asked: bytes,
    status: bytes,
) -> None:
    sock = call(asked)
    assert read(sock, pump_until, b"\r\n\r\n").split()[1] == status
    assert window.lines == []


def test_the_page_is_the_sites_own(
    window: EmbeddedWindow, pump_until: PumpUntil, fetch: Callable[[str], Any]
) -> None:
    page = fetch(f"http://{window.url}/")
    pump_until(page.done)
    status, headers, body = page.result()
    assert status == 200
    assert headers["Server"].startswith("BaseHTTP")
    assert "/live" in body


def test_the_window_closes_with_clients_in_it(
    display_root: tk.Tk, window: EmbeddedWindow, pump_until: PumpUntil
) -> None:
    closed: list[tuple[int, str]] = []

    def on_event(ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "close":
            closed.append(message)

    for path in ("/live", "/taken"):
        tkws.open(f"ws://{window.url}{path}", on_event, master=display_root)
    pump_until(lambda: len(window.clients) == 2)
    window.close = lambda: None  # type: ignore[method-assign] # the fixture need not
    EmbeddedWindow.close(window)
    pump_until(lambda: len(closed) == 2)
    assert {code for code, _ in closed} == {1001}

"""The curl command at a tkws server: an opening by hand, and pages beside it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from http.client import HTTPMessage, parse_headers
from io import BytesIO
from pathlib import Path

import pytest

import tkws

PEER = "curl command"
PATIENCE = 15.0

# The key of RFC 6455, 1.3, and the answer to it.
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

OPENING = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}

Answer = tuple[int, HTTPMessage, bytes]
Curl = Callable[..., Answer]


@pytest.fixture
def server(greeting) -> tkws.HTTPServer:
    """A server with a page, which greets and ends each connection."""
    return greeting("<!doctype html><p>Grüße", goodbye="bye", close_timeout=0.1)


@pytest.fixture
def curl(server, pump_until, tmp_path: Path) -> Curl:
    """``curl(path, *options)``: the status, the headers and the bytes behind them."""
    program = shutil.which("curl")
    if program is None:
        pytest.skip("no curl: install curl (Debian)")

    def curl(path: str, *options: str) -> Answer:
        said = tmp_path / "said"
        url = f"http://127.0.0.1:{server.port}{path}"
        command = [program, "-q", "-sS", "-i", "-N", "--noproxy", "*", "--max-time", str(PATIENCE)]
        with said.open("wb") as out, subprocess.Popen([*command, *options, url], stdout=out) as process:
            pump_until(lambda: process.poll() is not None, 2 * PATIENCE)
        assert process.returncode == 0
        head, _, body = said.read_bytes().partition(b"\r\n\r\n")
        status, _, lines = head.partition(b"\r\n")
        return int(status.split()[1]), parse_headers(BytesIO(lines + b"\r\n\r\n")), body

    return curl


def fields(headers: dict[str, str]) -> list[str]:
    """The options that add these header fields."""
    return [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]


def test_an_opening_by_hand(curl: Curl, heard, pump_until) -> None:
    status, headers, frames = curl("/talk", *fields(OPENING))
    assert status == 101
    assert headers["Sec-WebSocket-Accept"] == ACCEPT
    assert headers["Upgrade"].lower() == "websocket"
    assert headers["Connection"].lower() == "upgrade"
    assert "Sec-WebSocket-Extensions" not in headers
    assert frames == b"\x81\x07welcome\x88\x05\x03\xe8bye"
    pump_until(lambda: heard.over, PATIENCE)
    assert heard["connect"][0].headers["User-Agent"].startswith("curl/")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"Sec-WebSocket-Key": "short"}, 400),
        ({"Sec-WebSocket-Version": "12"}, 426),
        ({"Origin": "http://evil.example"}, 403),
    ],
)
def test_an_opening_that_is_wrong(curl: Curl, heard, wrong, status) -> None:
    found, headers, _ = curl("/talk", *fields(OPENING | wrong))
    assert found == status
    assert headers.get("Sec-WebSocket-Version") == ("13" if status == 426 else None)
    assert not heard.events


def test_a_page(curl: Curl) -> None:
    status, headers, body = curl("/")
    assert (status, body.decode()) == (200, "<!doctype html><p>Grüße")
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert int(headers["Content-Length"]) == len(body)


def test_the_head_of_a_page(curl: Curl) -> None:
    whole, head = curl("/"), curl("/", "--head")
    assert head[0] == 200
    assert head[1]["Content-Length"] == whole[1]["Content-Length"]
    assert head[2] == b""


def test_two_pages_on_one_connection(curl: Curl, server) -> None:
    url = f"http://127.0.0.1:{server.port}/"
    _, _, rest = curl("/nowhere", "-w", "%{num_connects};", url)
    assert rest.endswith(b"0;")


def test_a_path_that_is_not_served(curl: Curl) -> None:
    assert curl("/nowhere")[0] == 404
    assert curl("/", "-d", "data")[0] == 405


def test_a_page_is_asked_where_a_websocket_is(curl: Curl, heard) -> None:
    status, headers, _ = curl("/talk")
    assert (status, headers["Upgrade"]) == (426, "websocket")
    assert not heard.events

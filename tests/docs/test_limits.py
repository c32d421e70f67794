"""The table of the limits: each row is one, with its real value, and no limit is left out.

What happens when a limit is met is tested where that happens; here is that the page names the same one.
"""

from __future__ import annotations

import inspect
import re
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

import tkws
from tests.protocol.wire import close
from tkws.client.opening import OpenSettings
from tkws.connection import delivery, driver
from tkws.http import server as http_server
from tkws.http.answers import ClientConnection
from tkws.jsonrpc import JSONRPC
from tkws.net import listen
from tkws.options import ConnectionOptions, ServerOptions
from tkws.protocol import closetimer, messages
from tkws.protocol.engine import Engine
from tkws.protocol.frames import Role
from tkws.serving import httpconnection, httpserver

PAGE = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", PAGE, re.MULTILINE)
SECTIONS = dict(re.findall(r"^## (For .+)\n((?:(?!## ).*\n)+)", PAGE, re.MULTILINE))
UNNAMED = [
    (section, name, value)
    for section, text in SECTIONS.items()
    for name, value in re.findall(r"^\| \((.+?)\) \| ([^|]+) \|", text, re.MULTILINE)
]

# Options that say what is done, not how much.
NO_LIMITS = {
    "handler",
    "ping",
    "compression",
    "fragment_size",
    "stream",
    "over_rate",
    "low_water",
    "offline_buffer",
    "reentrant",
    "echo_close_reason",
    "slow_peer",
    "codec",
    "codec_errors",
    "trusted_proxies",
}

KIB, MIB = 1024, 1024 * 1024


def kept_behind_a_close() -> int:
    """Megabytes that stay in memory of ten that come behind a Close."""
    engine = Engine(Role.SERVER, 0.0)
    engine.receive_data(close(1000).encode(masked=True), 0.0)
    tracemalloc.start()
    try:
        for _ in range(160):
            engine.receive_data(bytes(64 * KIB), 0.0)
        return tracemalloc.get_traced_memory()[0] // MIB
    finally:
        tracemalloc.stop()


def default(function: Callable[..., object], argument: str) -> str:
    return repr(inspect.signature(function).parameters[argument].default)


VALUES: dict[tuple[str, str], Callable[[], str]] = {
    ("For a server", "connections that are no WebSocket yet"): lambda: (
        f"{httpserver.EXTRA_HTTP_CONNECTIONS} above `max_connections`"
    ),
    ("For a server", "accepted in one go"): lambda: f"{listen.MAX_ACCEPTS}",
    ("For an address", "connections that are no WebSocket yet"): lambda: (
        f"{httpserver.EXTRA_HTTP_CONNECTIONS_PER_ADDRESS} above `max_connections_per_address`"
    ),
    ("For a connection before it is a WebSocket", "rate at which a page is taken"): lambda: (
        f"{httpconnection.MIN_READ_RATE} times `handshake_timeout`"
    ),
    ("For a connection before it is a WebSocket", "header fields"): lambda: f"{http_server.MAX_FIELDS}",
    ("For a connection before it is a WebSocket", "body of a request"): lambda: f"{http_server.MAX_SKIPPED}",
    ("For a WebSocket", "events behind a busy handler"): lambda: (
        f"{delivery.MAX_NESTED_EVENTS}, or {delivery.MAX_NESTED_SIZE // MIB} MiB"
    ),
    ("For a WebSocket", "bytes of a part"): lambda: (
        f"{messages.PART_SIZE}, compressed {messages.COMPRESSED_PIECE * 1032}"
    ),
    ("For a WebSocket", "bytes of a stream that wait"): lambda: f"{driver.STREAM_HIGH_WATER}",
    ("For a WebSocket", "bytes that a peer must take before a Close"): lambda: f"{closetimer.MIN_READ_RATE}",
    ("For a WebSocket", "wait for the end of TCP after both Closes"): lambda: f"{closetimer.LINGER}",
    ("For a WebSocket", "requests of a peer whose methods run"): lambda: default(JSONRPC, "max_running"),
    ("For a WebSocket", "messages of a batch of JSON-RPC"): lambda: default(JSONRPC, "max_batch"),
    ("For a WebSocket", "nesting of JSON"): lambda: "that of Python's recursion",
    ("For a WebSocket", "length of a number of JSON"): lambda: f"{sys.get_int_max_str_digits()}",
    ("For a WebSocket", "bytes behind a Close"): lambda: f"{kept_behind_a_close()}",
}


@pytest.mark.parametrize(("name", "default"), ROWS)
def test_a_default_is_the_real_one(name: str, default: str) -> None:
    [field] = [field for field in fields(ServerOptions) if field.name == name]
    assert default == repr(field.default)


def test_every_limit_has_one_row() -> None:
    names = sorted({field.name for field in fields(ServerOptions)} - NO_LIMITS)
    assert sorted(name for name, _ in ROWS) == names


@pytest.mark.parametrize(("section", "name", "value"), UNNAMED)
def test_a_value_that_is_no_option_is_the_real_one(section: str, name: str, value: str) -> None:
    assert value == VALUES[section, name]()


def test_every_limit_that_is_no_option_has_one_row() -> None:
    assert sorted((section, name) for section, name, _ in UNNAMED) == sorted(VALUES)


def test_no_row_is_of_another_shape() -> None:
    rows = re.findall(r"^\| [^|]+ \|", "".join(SECTIONS.values()), re.MULTILINE)
    heads = [row for row in rows if row == "| option |"]
    assert len(heads) == len(SECTIONS) == 4
    assert len(rows) == len(ROWS) + len(UNNAMED) + len(heads)


def test_the_limits_of_an_opening_are_the_real_ones() -> None:
    said = re.search(
        r"`timeout` \((\d+) seconds .+\), (\w+) redirects, (\d+) KiB for the head .+? (\d+) KiB for its body",
        PAGE.replace("\n", " "),
    )
    assert said is not None
    sizes = inspect.signature(ClientConnection).parameters
    assert float(said[1]) == inspect.signature(tkws.open).parameters["timeout"].default
    redirects = next(field.default for field in fields(OpenSettings) if field.name == "max_redirects")
    assert (said[2], redirects) == ("ten", 10)
    assert int(said[3]) * KIB == sizes["max_header_bytes"].default
    assert int(said[4]) * KIB == sizes["max_body_bytes"].default


def test_what_differs_in_a_client_is_said() -> None:
    ours = {field.name: field.default for field in fields(ServerOptions)}
    differ = {
        field.name: field.default for field in fields(ConnectionOptions) if ours[field.name] != field.default
    }
    said = dict(re.findall(r"`(\w+)` is (None|[\d.]+\d)", PAGE.rpartition("In a client")[2]))
    assert said == {name: repr(default) for name, default in differ.items()}

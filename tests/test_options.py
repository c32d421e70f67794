"""Options: what is refused and by which name, how names are shortened, what Tk's ``configure`` tells."""

from __future__ import annotations

import dataclasses
import math
import socket
from functools import partial

import pytest

import tkws
from tkws import Deflate
from tkws.options import (
    ConnectionOptions,
    ServerOptions,
    changed,
    complete,
    describe,
    ignore,
)

SECONDS = ["keepalive", "pong_timeout", "close_timeout"]
COUNTS = ["max_message", "max_fragments", "high_water", "low_water"]
SERVER_COUNTS = ["max_header_bytes", "max_connections", "max_connections_per_address"]

WRONG_TYPES = [
    *[(name, value) for name in [*SECONDS, "handshake_timeout"] for value in ("1", None, True, 1j)],
    *[(name, value) for name in COUNTS for value in ("1", None, True, 1.0)],
    *[(name, value) for name in SERVER_COUNTS for value in ("1", False, 1.0)],
    ("max_connections", None),
    *[("fragment_size", value) for value in ("1", True, 1.0)],
    ("handler", None),
    ("handler", "print"),
    ("ping", None),
    ("ping", 7),
    ("compression", None),
    ("compression", 1),
    ("compression", "deflate"),
    ("reentrant", None),
    ("echo_close_reason", 1),
    ("reentrant", 1),
    ("origins", "https://example.org"),
    ("origins", {"https://example.org"}),
    ("origins", b"https://example.org"),
    ("origins", [None]),
    ("hosts", "localhost"),
    ("hosts", 5),
    ("hosts", ["localhost", 5]),
]

WRONG_VALUES = [
    *[(name, value) for name in [*SECONDS, "handshake_timeout"] for value in (-1, -0.5, math.inf, math.nan)],
    *[(name, value) for name in COUNTS for value in (-1, -(10**9))],
    *[(name, value) for name in SERVER_COUNTS for value in (0, -1)],
    ("handshake_timeout", 0),
    ("max_message", 0),
    ("fragment_size", 0),
    ("fragment_size", -1),
    ("max_fragments", 0),
    ("ping", "x" * 126),
    ("ping", b"x" * 126),
    ("ping", "é" * 63),
    ("ping", "\ud800"),
    *[
        ("origins", [origin])
        for origin in ("example.org", "https://example.org/", "https://a b", "", "//a", "a:80")
    ],
    *[("origins", [origin]) for origin in ("https://u@example.org", "https://example.org?x", "Nulls", "*/x")],
    *[("origins", [origin]) for origin in ("https://b\xfc*.example", "https://\u2488.example")],
    *[("hosts", [host]) for host in ("*\xfc.example", "a.\u2488.example")],
    *[
        ("hosts", ["localhost", host])
        for host in ("localhost:80", "[::1]:80", "http://a", "a/b", "a b", "u@a", "*:80")
    ],
]


@pytest.mark.parametrize(("name", "value"), WRONG_TYPES)
def test_a_value_of_a_wrong_type_is_refused_by_name(name, value):
    with pytest.raises(TypeError, match=f"^{name}: "):
        ServerOptions(**{name: value})


@pytest.mark.parametrize(("name", "value"), WRONG_VALUES)
def test_a_value_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"^{name}: "):
        ServerOptions(**{name: value})


def test_the_low_mark_is_not_above_the_high_one():
    with pytest.raises(ValueError, match="^low_water: at most high_water"):
        ConnectionOptions(high_water=100, low_water=101)
    assert ConnectionOptions(high_water=100, low_water=100).low_water == 100


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("keepalive", 0),
        ("keepalive", 0.5),
        ("pong_timeout", 0),
        ("close_timeout", 0),
        ("low_water", 0),
        ("max_message", 1),
        ("fragment_size", 1),
        ("fragment_size", None),
        ("ping", "x" * 125),
        ("ping", b"x" * 125),
        ("compression", False),
        ("compression", Deflate(level=1)),
        ("max_connections_per_address", None),
        ("max_connections_per_address", 1),
        ("origins", []),
        ("origins", ("https://example.org",)),
        (
            "origins",
            ["*", "null", "*.example.org", "https://*", "*://a:*", "app://.", "file://", "http://[::1]:80"],
        ),
        ("hosts", ["localhost"]),
        ("hosts", ["*", "*.Example.org.", "127.0.0.1", "::1", "[::1]", "my_box", ""]),
    ],
)
def test_what_is_allowed(name, value):
    assert getattr(ServerOptions(**{name: value}), name) == value


def test_defaults_of_client_and_server():
    client, server = ConnectionOptions(), ServerOptions()
    assert (client.keepalive, server.keepalive) == (0, 30)  # tcllib's
    assert client.max_message == 16 * 1024 * 1024
    assert server.handshake_timeout == 10
    assert server.max_header_bytes == 16 * 1024
    assert server.max_connections == 10_000
    assert server.max_connections_per_address is None
    assert client.handler is ignore
    assert ignore(None, "text", "nobody listens") is None


def test_options_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ConnectionOptions().keepalive = 3


def test_the_payload_of_pings_in_bytes():
    assert ConnectionOptions(ping="é").for_engine().ping_payload == "é".encode()
    assert ConnectionOptions(ping=b"\0").for_engine().ping_payload == b"\0"


def test_the_setting_of_the_compression():
    setting = Deflate(level=1)
    assert ConnectionOptions(compression=setting).deflate is setting
    assert ConnectionOptions(compression=True).deflate == Deflate()
    assert ConnectionOptions(compression=False).deflate is None


def test_a_connection_of_a_server_has_the_servers_options():
    options = ServerOptions(keepalive=7, max_message=9, origins=["*"]).for_connection(print)
    assert type(options) is ConnectionOptions
    assert (options.keepalive, options.max_message, options.handler) == (7, 9, print)


# ---- names


def test_a_change_makes_new_options():
    before = ConnectionOptions()
    after = changed(before, {"keepalive": 5, "ping": "x"})
    assert (after.keepalive, after.ping) == (5, "x")
    assert (before.keepalive, before.ping) == (0, b"")
    assert type(changed(ServerOptions(), {"hosts": ["a"]})) is ServerOptions


def test_a_change_is_checked():
    with pytest.raises(ValueError, match="^keepalive: "):
        changed(ConnectionOptions(), {"keepalive": -1})
    with pytest.raises(TypeError, match="^unknown option 'color': there are close_timeout, "):
        changed(ConnectionOptions(), {"color": "red"})
    with pytest.raises(TypeError, match="^unknown option 'origins': "):
        changed(ConnectionOptions(), {"origins": []})


KEYWORDS = ["keep", "keepaliv", "Keepalive", "-keepalive"]


@pytest.fixture
def configurables(root, peers):
    """A connection and a server."""
    ws, _ = peers.taken(root)
    server = tkws.serve(master=root)
    yield ws, server
    server.close()


@pytest.fixture
def keyword_calls(root, configurables):
    """Each call that takes options as keywords, as a function of these."""
    ws, server = configurables
    with socket.socket() as sock:
        yield [
            partial(tkws.open, "ws://127.0.0.1:1/", print, master=root),
            partial(tkws.serve, master=root),
            partial(tkws.server, sock, master=root),
            partial(tkws.takeover, sock, print, master=root),
            partial(tkws.configure, ws),
            ws.configure,
            ws.config,
            server.configure,
            server.config,
        ]


@pytest.mark.parametrize("word", KEYWORDS)
def test_a_keyword_is_the_whole_name(configurables, keyword_calls, word):
    for call in keyword_calls:
        with pytest.raises(TypeError, match=f"^unknown option '{word}': did you mean keepalive\\?$"):
            call(**{word: 1})
    assert [configurable["keepalive"] for configurable in configurables] == [30, 30]


@pytest.mark.parametrize("word", [*KEYWORDS, "keepalive"])
def test_a_str_may_be_abbreviated(configurables, word):
    for configurable in configurables:
        configurable[word] = 7
        assert configurable["keepalive"] == configurable[word] == configurable.cget(word) == 7
        assert configurable.configure(word)[0] == "keepalive"
    assert tkws.configure(configurables[0], word)[-1] == 7


@pytest.mark.parametrize("word", ["ping", "PING", "pi", "Pi", "-ping", "-pi"])
def test_names_are_shortened_as_in_tk(word):
    assert complete(word, ["ping", "pong_timeout"]) == "ping"


def test_a_whole_name_wins_over_a_longer_one():
    assert complete("ping", ["pinging", "ping"]) == "ping"


def test_an_ambiguous_or_unknown_name_says_what_there_is():
    with pytest.raises(TypeError, match="^option 'p' is ambiguous: ping, pong_timeout$"):
        complete("p", ["pong_timeout", "ping", "other"])
    with pytest.raises(TypeError, match="^unknown level 'x': there are a, b$"):
        complete("x", ["b", "a"], "level")
    for word in ("", "-"):
        with pytest.raises(TypeError, match=f"^unknown option {word!r}: "):
            complete(word, ["a"])


@pytest.mark.parametrize("word", [None, 5, b"ping"])
def test_a_name_is_a_str(word):
    with pytest.raises(TypeError, match=f"^what: str, not {type(word).__name__}$"):
        complete(word, ["ping"], "what")


def test_a_description_is_that_of_a_widget():
    options = ConnectionOptions(keepalive=5)
    assert describe(options, "keepalive") == ("keepalive", "keepalive", "Keepalive", 0.0, 5)


@pytest.mark.parametrize(
    ("word", "nearest"),
    [
        ("keepalve", "keepalive"),
        ("Keep_Alive", "keepalive"),
        ("-keepalife", "keepalive"),
        ("pongtimeout", "pong_timeout"),
        ("maxmessage", "max_message"),
        ("compresion", "compression"),
        ("handlers", "handler"),
    ],
)
def test_an_unknown_option_names_the_nearest(configurables, keyword_calls, word, nearest):
    message = f"^unknown option {word!r}: did you mean {nearest}\\?$"
    ws, server = configurables
    by_name = [
        lambda: ws.configure(word),
        lambda: ws.cget(word),
        lambda: ws[word],
        lambda: ws.__setitem__(word, 1),
        lambda: server.cget(word),
        lambda: tkws.configure(ws, word),
    ]
    for call in [*by_name, *(partial(call, **{word: 1}) for call in keyword_calls)]:
        with pytest.raises(TypeError, match=message):
            call()


@pytest.mark.parametrize(
    ("function", "word", "message"),
    [
        (tkws.open, "timout", "'timout': did you mean timeout"),
        (tkws.open, "recconect", "did you mean reconnect"),
        (tkws.open, "header", "did you mean headers"),
        (tkws.open, "max_redirect", "did you mean max_redirects"),
        (tkws.serve, "prot", "did you mean port"),
        (tkws.serve, "origin", "'origin': did you mean origins"),
        (tkws.serve, "x" * 10**6, "unknown option"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else value.__name__,
)
def test_a_misspelt_argument_is_named_too(root, function, word, message):
    arguments = ("ws://h/", print) if function is tkws.open else ()
    with pytest.raises(TypeError, match=message):
        function(*arguments, master=root, **{word: 1})


def test_a_misspelt_word_is_named_too():
    with pytest.raises(TypeError, match="unknown level 'wran': did you mean warn"):
        tkws.loglevel("wran")


def test_conninfo_names_the_nearest(root, peers):
    ws, _ = peers.taken(root)
    with pytest.raises(TypeError, match="^unknown what 'peernam3': did you mean peername"):
        tkws.conninfo(ws, "peernam3")

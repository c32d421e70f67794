"""Every argument of the public functions, given a value of a wrong type, is refused in one form.

That form is ``NAME: WHAT IT MUST BE, not TYPE``. The arguments are those of the signatures, so a new one is
tried too; `ANY` lists those that take anything.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import inspect
import re
import socket
import types
from collections.abc import Iterable
from typing import Any

import pytest

import tkws
import tkws.aio
import tkws.testing

pytestmark = pytest.mark.thorough

# Of no type that any argument takes.
WRONG = object()

URL = "ws://127.0.0.1:1/"

ANY = {
    ("takeover", "info"),
    ("Request", "peer"),
    ("spawn", "name"),  # asyncio makes a str of anything
    ("run", "debug"),  # likewise a bool
    ("Admit", "data"),
}


async def coroutine_function(*arguments: object) -> None:
    pass


# What the arguments without a default are given.
RIGHT = {
    tkws.open: {"url": URL, "handler": print},
    tkws.serve: {},
    tkws.server: {"listening_socket": socket},
    tkws.takeover: {"sock": socket, "handler": print},
    tkws.send: {"ws": tkws.WebSocket, "type": "text"},
    tkws.close: {"ws": tkws.WebSocket},
    tkws.configure: {"ws": tkws.WebSocket},
    tkws.conninfo: {"ws": tkws.WebSocket, "what": "type"},
    tkws.find: {},
    tkws.live: {"server": tkws.Server, "path": "/", "handler": print},
    tkws.test: {"server": tkws.Server, "sock": socket, "path": "/", "headers": {}},
    tkws.upgrade: {"sock": socket},
    tkws.loglevel: {},
    tkws.trace: {"ws": tkws.WebSocket, "callback": print},
    tkws.validate: {"headers": {}},
    tkws.sec_websocket_accept: {"key": ""},
    tkws.batched: {"handler": print},
    tkws.json: {"handler": print},
    tkws.latest: {"handler": print},
    tkws.variable: {"var": WRONG},
    tkws.virtual_event: {"widget": WRONG},
    tkws.Backoff: {},
    tkws.Codec: {"encode": print, "decode": print},
    tkws.JSONRPC: {},
    tkws.Deflate: {},
    tkws.Request: {},
    tkws.Response: {"status": 200},
    tkws.Admit: {},
    tkws.basic_auth: {"check": print},
    tkws.bearer_auth: {"check": print},
    tkws.aio.command: {"function": coroutine_function},
    tkws.aio.connect: {"uri": URL},
    tkws.aio.serve: {"handler": coroutine_function},
    tkws.aio.handler: {"function": coroutine_function},
    tkws.aio.stream: {"ws": tkws.WebSocket},
    tkws.aio.spawn: {"coroutine": asyncio},
    tkws.aio.run: {"main": coroutine_function},
    tkws.testing.run_until: {"condition": print},
    tkws.testing.connected_pair: {"client": print, "server": print},
    tkws.testing.Link: {"target": URL},
    tkws.testing.Recorder: {},
    tkws.testing.FakeClock: {},
}

METHODS = {
    "call": {"method": ""},
    "notify": {"method": ""},
    "send": {"message": ""},
    "send_value": {"value": ""},
    "send_json": {"value": ""},
    "send_stream": {"source": [b""]},
    "receive_into": {"target": print},
    "ping": {},
    "pong": {},
    "close": {},
    "configure": {},
    "cget": {"option": "ping"},
    "join": {"group": "room"},
    "leave": {"group": "room"},
}

SERVER_METHODS = {
    "live": {"path": "/", "handler": print},
    "page": {"path": "/", "content": ""},
    "directory": {"path": "/", "folder": "."},
    "admit": {},
    "members": {"group": "room"},
    "broadcast": {"message": ""},
    "is_live": {"path": "/"},
    "close": {},
    "shutdown": {},
    "configure": {},
    "cget": {"option": "ping"},
}

CONNECTION_METHODS = {
    "send": {"message": ""},
    "send_value": {"value": ""},
    "send_json": {"value": ""},
    "ping": {},
    "pong": {},
    "close": {},
}

LOOP_METHODS = {
    "call_soon": {"callback": print},
    "call_soon_threadsafe": {"callback": print},
    "call_later": {"seconds": 1, "callback": print},
    "watch": {"fd": 0, "readable": None, "writable": None},
    "unwatch": {"fd": 0},
}


def names(function) -> list[str]:
    return [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    ]


def arguments(functions) -> list[tuple[object, str]]:
    """Each function with the name of each of its arguments."""
    return [
        (function, name)
        for function in functions
        for name in names(function)
        if (function.__name__, name) not in ANY
    ]


def arguments_of_methods(methods: Iterable[str], owner: type) -> list[tuple[str, str]]:
    return [(method, name) for method in methods for name in names(getattr(owner, method))[1:]]


def refused(function, given: dict[str, object], name: str) -> None:
    """Call ``function`` with one wrong argument, and look at the error."""
    with pytest.raises(TypeError, match=rf"^{re.escape(name)}: .+, not object$"):
        function(**{**given, name: WRONG})


@pytest.fixture
def right(root, peers):
    """Makes what `RIGHT` only names."""
    ends = socket.socketpair()
    listening = socket.create_server(("127.0.0.1", 0))
    coroutines = []
    made = {
        tkws.WebSocket: peers.taken(root, tkws.JSONRPC(), codec=tkws.JSON)[0],
        tkws.Server: tkws.serve(master=root),
    }

    def make(given: dict[str, object], function: object) -> dict[str, object]:
        filled = {}
        for name, value in given.items():
            if value is socket:
                filled[name] = listening if function is tkws.server else ends[0]
            elif value is asyncio:
                filled[name] = coroutine = coroutine_function()
                coroutines.append(coroutine)
            else:
                filled[name] = made[value] if value in (tkws.WebSocket, tkws.Server) else value
        if callable(function) and "master" in names(function):
            filled.setdefault("master", root)
        return filled

    yield make
    made[tkws.Server].close()
    for coroutine in coroutines:
        coroutine.close()
    for sock in (*ends, listening):
        sock.close()


@pytest.mark.parametrize(("function", "name"), arguments(RIGHT))
def test_an_argument_of_a_function(right, function, name):
    refused(function, right(RIGHT[function], function), name)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (options, field.name)
        for options in (tkws.ConnectionOptions, tkws.ServerOptions)
        for field in dataclasses.fields(options)
    ],
)
def test_an_option(root, right, options, name):
    refused(options, {}, name)
    if options is tkws.ServerOptions:
        refused(tkws.serve, {"master": root}, name)
    else:
        refused(right({"ws": tkws.WebSocket}, None)["ws"].configure, {}, name)


@pytest.mark.parametrize(("method", "name"), arguments_of_methods(METHODS, tkws.WebSocket))
def test_an_argument_of_a_connection(right, method, name):
    ws = right({"ws": tkws.WebSocket}, None)["ws"]
    refused(getattr(ws, method), METHODS[method], name)


@pytest.mark.parametrize(("method", "name"), arguments_of_methods(SERVER_METHODS, tkws.HTTPServer))
def test_an_argument_of_a_server(right, method, name):
    server = right({"server": tkws.Server}, None)["server"]
    refused(getattr(server, method), right(SERVER_METHODS[method], None), name)


@pytest.mark.parametrize(("method", "name"), arguments_of_methods(LOOP_METHODS, tkws.loop.Loop))
def test_an_argument_of_a_loop(right, method, name):
    ws = right({"ws": tkws.WebSocket}, None)["ws"]
    refused(getattr(ws.loop, method), LOOP_METHODS[method], name)


@pytest.mark.parametrize(("method", "name"), arguments_of_methods(CONNECTION_METHODS, tkws.aio.Connection))
def test_an_argument_of_a_connection_that_is_awaited(right, root, method, name):
    connection = tkws.aio.stream(right({"ws": tkws.WebSocket}, None)["ws"])
    with pytest.raises(TypeError, match=rf"^{name}: .+, not object$"):
        tkws.aio.run(getattr(connection, method)(**{**CONNECTION_METHODS[method], name: WRONG}), master=root)


@pytest.mark.parametrize("name", ["event", "variable", "closed", "idle"])
def test_an_argument_of_what_waits(root, name):
    function = getattr(tkws.aio, name)
    first = names(function)[0]
    with pytest.raises(TypeError, match=rf"^{first}: .+, not object$"):
        tkws.aio.run(function(*[WRONG] * (2 if name == "event" else 1)), master=root)


def test_the_sequence_of_an_event(root):
    with pytest.raises(TypeError, match="^sequence: str, not object$"):
        tkws.aio.run(tkws.aio.event(root, WRONG), master=root)


def test_the_backplane_of_a_server(right):
    server = right({"server": tkws.Server}, None)["server"]
    with pytest.raises(TypeError, match=r"^backplane: .+, not object$"):
        server.backplane = WRONG


def test_one_of_several_handlers():
    with pytest.raises(TypeError, match=r"^handlers: .+, not object$"):
        tkws.tee(print, WRONG)


ASYNC: Any = coroutine_function


class AsyncBackplane:
    def publish(self, group, message):
        raise AssertionError

    async def subscribe(self, deliver):
        raise AssertionError


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("url", lambda ws, server: tkws.open(ASYNC, print, master=server.loop.master)),
        ("headers", lambda ws, server: tkws.open(URL, print, headers=ASYNC)),
        ("source", lambda ws, server: ws.send_stream(ASYNC)),
        ("on_progress", lambda ws, server: ws.send_stream([b""], on_progress=ASYNC)),
        ("on_end", lambda ws, server: ws.send_stream([b""], on_end=ASYNC)),
        ("target", lambda ws, server: ws.receive_into(ASYNC)),
        ("on_progress", lambda ws, server: ws.receive_into(print, on_progress=ASYNC)),
        ("on_end", lambda ws, server: ws.receive_into(print, on_end=ASYNC)),
        ("on_result", lambda ws, server: ws.call("m", on_result=ASYNC)),
        ("on_error", lambda ws, server: ws.call("m", on_error=functools.partial(ASYNC))),
        ("callback", lambda ws, server: tkws.trace(ws, ASYNC)),
        ("content", lambda ws, server: server.page("/", ASYNC)),
        ("on_empty", lambda ws, server: server.shutdown(on_empty=ASYNC)),
        ("backplane", lambda ws, server: setattr(server, "backplane", AsyncBackplane())),
        (
            "codec",
            lambda ws, server: ws.configure(codec=types.SimpleNamespace(encode=str, decode=ASYNC)),
        ),
        ("encode", lambda ws, server: tkws.Codec(ASYNC, str)),
        ("decode", lambda ws, server: tkws.Codec(str, ASYNC)),
        ("key", lambda ws, server: tkws.latest(print, key=ASYNC)),
        ("retry", lambda ws, server: tkws.Backoff(retry=ASYNC)),
        ("condition", lambda ws, server: tkws.testing.run_until(ASYNC)),
        ("handler", lambda ws, server: tkws.testing.Recorder(ASYNC)),
    ],
)
def test_an_async_function_that_nothing_would_await(right, name, call):
    made = right({"ws": tkws.WebSocket, "server": tkws.Server}, None)
    with pytest.raises(TypeError, match=f"^{name}: .*, not an async function"):
        call(**made)
    assert made["server"].backplane is None
    assert not made["server"].closed


def test_every_public_function_is_tried():
    public = {
        getattr(module, name)
        for module in (tkws, tkws.aio, tkws.testing)
        for name in module.__all__
        if inspect.isfunction(getattr(module, name))
    }
    assert {function.__name__ for function in public - set(RIGHT)} <= {
        "tee", "event", "variable", "closed", "idle", "loop", "is_transient",
    }  # fmt: skip
    assert inspect.iscoroutinefunction(tkws.aio.event)

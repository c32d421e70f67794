"""The public face, name by name: what is here was promised, so a change is made here first."""

from __future__ import annotations

import enum
import inspect
import subprocess
import sys

import pytest

import tkws

COMMANDS = {
    "open": (
        "(url, handler, *, master=None, protocols=(), headers=(), timeout=30.0, proxy=True, proxy_ssl=None, "
        "proxy_headers=(), ssl=None, server_hostname=None, unix=None, sock=None, connect_to=None, "
        f"local_addr=None, origin=None, user_agent='tkws/{tkws.__version__}', digest=False, cookies=None, "
        "reconnect=None, max_redirects=10, owner=None, "
        "**options)"
    ),
    "send": "(ws, type, message='', final=True)",
    "server": "(listening_socket, *, master=None, **options)",
    "live": "(server, path, handler, protocol='*')",
    "trace": "(ws, callback)",
    "test": "(server, sock, path, headers, query=())",
    "upgrade": "(sock, *, initial=b'')",
    "takeover": "(sock, handler, server=False, info=None, *, initial=b'', master=None, **options)",
    "conninfo": "(ws, what)",
    "find": "(host='*', port='*')",
    "configure": "(ws, option=None, **options)",
    "loglevel": "(level=None)",
    "close": "(ws, code=1000, reason='')",
    "validate": "(headers, method='GET', version='1.1')",
    "sec_websocket_accept": "(key)",
    "serve": (
        "(host='127.0.0.1', port=0, *, master=None, ssl=None, unix=None, sock=None, reuse_port=False, "
        "**options)"
    ),
}

CHECKS = {
    "basic_auth": "(check, realm='WebSocket')",
    "bearer_auth": "(check, realm='WebSocket')",
}

HANDLERS = {
    "batched": "(handler, every=0.03333333333333333)",
    "json": "(handler)",
    "latest": "(handler, every=0.016666666666666666, key=None)",
    "tee": "(*handlers)",
    "variable": "(var)",
    "virtual_event": "(widget)",
}

METHODS = {
    "WebSocket": {
        "send": "(self, message, *, final=True, compress=None, expires=None)",
        "send_value": "(self, value, *, compress=None)",
        "send_json": "(self, value, *, compress=None)",
        "send_stream": (
            "(self, source, *, text=False, size=None, fragment_size=None, compress=None, on_progress=None, "
            "on_end=None)"
        ),
        "call": "(self, method, params=None, *, timeout=None, on_result=None, on_error=None)",
        "notify": "(self, method, params=None)",
        "receive_into": "(self, target, *, max_size=None, on_progress=None, on_end=None)",
        "ping": "(self, payload=b'')",
        "pong": "(self, payload=b'')",
        "close": "(self, code=1000, reason='')",
        "pause": "(self)",
        "resume": "(self)",
        "reconnect_now": "(self)",
        "join": "(self, group)",
        "leave": "(self, group)",
        "configure": "(self, option=None, **changes)",
        "config": "(self, option=None, **changes)",
        "cget": "(self, option)",
        "keys": "(self)",
        "__getitem__": "(self, option)",
        "__setitem__": "(self, option, value)",
    },
    "Server": {
        "live": "(self, path, handler=None, protocol='*', *, stream=None)",
        "members": "(self, group)",
        "broadcast": "(self, message, path='*', *, to=None, exclude=None, compress=None)",
        "page": "(self, path, content)",
        "directory": "(self, path, folder)",
        "close": "(self, code=1001, reason='')",
        "shutdown": "(self, timeout=10.0, on_empty=None, code=1001, reason='')",
        "configure": "(self, option=None, **changes)",
        "cget": "(self, option)",
        "keys": "(self)",
    },
    "JSONRPC": {
        "__init__": "(self, handler=None, *, max_running=100, max_batch=100)",
        "method": "(self, name)",
        "cancel_request": "(self, ws, id)",
        "wrap": "(self, message)",
        "unwrap": "(self, value)",
        "new_id": "(self, number)",
    },
    "Call": {"cancel": "(self)"},
    "JSONCodec": {"encode": "(self, value)", "decode": "(self, message)"},
    "Upload": {"cancel": "(self, *, finish=False)"},
    "Download": {"cancel": "(self)"},
    "HTTPServer": {"admit": "(self, path='*', check=None)"},
    "Backplane": {"publish": "(self, group, message)", "subscribe": "(self, deliver)"},
    "Handler": {f"on_{event}": "(self, ws, message)" for event in tkws.Event},
}

PROPERTIES = {
    "WebSocket": {
        "state", "close_code", "close_reason", "latency", "buffered_amount", "statistics", "retry_in",
        "groups", "tls",
    },
    "Upload": {"sent"},
    "Server": {"connections", "options", "backplane"},
    "HTTPServer": {"url", "port", "addresses", "ssl"},
}  # fmt: skip

OTHERS = {
    "__version__", "Admit", "Backoff", "Backplane", "Call", "CallTimeout", "CloseCode", "Codec",
    "CodecError", "ConnectionClosed", "ConnectionOptions", "Deflate", "Download", "Event", "EventHandler",
    "HTTPServer", "Handler", "HandshakeError", "Headers", "JSON", "JSONCodec", "JSONRPC", "JSONRPCError",
    "MessagesLost", "OpenError", "OpenTimeout", "Part", "ProtocolError", "Request", "Response", "Role",
    "Server", "ServerOptions", "State", "StateError", "Statistics", "URLError", "Upload", "WebSocket",
    "TLSInfo", "Timings", "TracedFrame", "WebSocketError", "compiled", "is_transient",
}  # fmt: skip


def bare(function) -> str:
    """A signature without its annotations; an enum's member as its number."""
    signature = inspect.signature(function)
    parameters = [
        parameter.replace(
            annotation=parameter.empty,
            default=int(parameter.default)
            if isinstance(parameter.default, enum.IntEnum)
            else parameter.default,
        )
        for parameter in signature.parameters.values()
    ]
    return str(signature.replace(parameters=parameters, return_annotation=signature.empty))


def test_the_public_names():
    assert set(tkws.__all__) == {*COMMANDS, *HANDLERS, *CHECKS, *OTHERS}
    assert len(tkws.__all__) == len(set(tkws.__all__))
    assert all(hasattr(tkws, name) for name in tkws.__all__)


@pytest.mark.parametrize(("name", "signature"), [*COMMANDS.items(), *HANDLERS.items(), *CHECKS.items()])
def test_signatures_of_functions(name, signature):
    assert bare(getattr(tkws, name)) == signature


@pytest.mark.parametrize(
    ("kind", "name", "signature"),
    [(kind, name, signature) for kind, methods in METHODS.items() for name, signature in methods.items()],
)
def test_signatures_of_methods(kind, name, signature):
    assert bare(getattr(getattr(tkws, kind), name)) == signature


@pytest.mark.parametrize(("kind", "names"), PROPERTIES.items())
def test_properties(kind, names):
    for name in names:
        assert isinstance(inspect.getattr_static(getattr(tkws, kind), name), property)


def test_every_public_thing_is_explained():
    for name in tkws.__all__:
        value = getattr(tkws, name)
        if not isinstance(value, str):
            assert inspect.getdoc(value), name
    for kind, methods in METHODS.items():
        for name in methods:
            assert name.startswith("__") or inspect.getdoc(getattr(getattr(tkws, kind), name)), (kind, name)


def test_the_types_of_events():
    assert [str(event) for event in tkws.Event] == [
        "connect", "text", "binary", "value", "ping", "pong", "close", "timeout", "error", "disconnect",
        "drain", "retry", "part",
    ]  # fmt: skip
    assert all(event == str(event) for event in tkws.Event)


def test_the_states():
    assert [state.name for state in tkws.State] == ["CONNECTING", "OPEN", "CLOSING", "CLOSED"]
    assert [role.name for role in tkws.Role] == ["CLIENT", "SERVER"]


def test_the_version_is_the_packages():
    assert tkws.__version__.count(".") >= 1
    assert tkws.__version__[0].isdigit()


# Takes long to import, or is an extra, and only some programs need it.
LATER = {
    "numpy", "asyncio", "json", "http.client", "http.cookiejar", "urllib.request", "email", "datetime",
    "random", "mimetypes", "idna", "socksio", "tkws.aio", "tkws.client.cookies", "tkws.console",
    "tkws.testing",
}  # fmt: skip


def run_alone(script: str) -> None:
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_importing_it_starts_nothing():
    run_alone(
        "import threading, tkinter; import tkws; "
        "assert tkinter._default_root is None; assert threading.active_count() == 1"
    )


def test_importing_it_loads_what_every_program_needs_and_no_more():
    run_alone(
        "import sys, tkinter; before = set(sys.modules); import tkws; "
        f"late = ({LATER!r} - before) & set(sys.modules); assert not late, late"
    )


def test_all_public_names_are_there_after_a_starred_import():
    run_alone("import tkws; from tkws import *; assert all(name in globals() for name in tkws.__all__)")

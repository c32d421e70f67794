"""A connection that fails says so to a person, once, with the button that helps."""

from __future__ import annotations

import json
import socket
import ssl
import tkinter as tk
from collections.abc import Callable, Iterator
from tkinter import ttk
from typing import Any

import pytest

import tkws
from tests.console.conftest import Echo
from tkws.console.client.advice import Remedy, advise, changed_by
from tkws.console.client.target import NO_PROXY, Target
from tkws.console.log.events import is_abnormal
from tkws.console.log.log import Direction, Row
from tkws.console.window.window import Console

PumpUntil = Callable[..., None]

pytestmark = pytest.mark.slow


def buttons(console: Console) -> dict[str, ttk.Button]:
    made = [widget for widget in console.banner._buttons.winfo_children() if isinstance(widget, ttk.Button)]
    return {str(button.cget("text")): button for button in made}


def rows(console: Console) -> list[tuple[str, str | bytes]]:
    return [(row.type, row.payload) for row in console.log.rows]


def connect(console: Console, pump_until: PumpUntil, url: str, **options: Any) -> None:
    console.connect_to(Target(url=url, proxy=NO_PROXY, ping_interval=0, **options))
    pump_until(lambda: console.session.is_open or console.banner.text)


@pytest.fixture
def secure(display_root: tk.Tk, server_ssl: ssl.SSLContext, pump_until: PumpUntil) -> Iterator[str]:
    server = tkws.serve(master=display_root, ssl=server_ssl, handler=lambda *_: None)
    yield server.url
    server.close()
    pump_until(lambda: not server.connections)


def test_nobody_listens(console: Console, own_host: str, pump_until: PumpUntil) -> None:
    with socket.create_server((own_host, 0)) as reserved:
        port = reserved.getsockname()[1]
    connect(console, pump_until, f"ws://{own_host}:{port}/")
    assert console.banner.text == f"Nothing listens at {own_host}:{port}."
    pump_until(lambda: console.session.state is tkws.State.CLOSED)
    assert [type for type, _ in rows(console)] == ["open", "error"], "one row for each happening"
    console.side.refresh()
    assert console.side.handshake == "", "no request was sent"
    server = tkws.serve(own_host, port, master=console.root, handler=lambda *_: None)
    console.root.update()
    buttons(console)["Try again"].invoke()
    pump_until(lambda: console.session.is_open)
    assert console.banner.text == ""
    assert rows(console)[2] == ("open", f"Connection 2: connecting to ws://{own_host}:{port}/")
    console.session.disconnect()
    server.close()
    pump_until(lambda: not server.connections)


def test_a_certificate_that_is_not_trusted(console: Console, secure: str, pump_until: PumpUntil) -> None:
    connect(console, pump_until, secure)
    place = secure.removeprefix("wss://").rstrip("/")
    what = "was signed by an authority that this machine does not know"
    assert console.banner.text == f"The certificate of {place} {what}."
    assert [*buttons(console)] == ["Trust this certificate…", "Choose an authority…"]
    buttons(console)["Choose an authority…"].invoke()
    pump_until(lambda: console.root.focus_lastfor() is console.address.options.ca_file)


def test_tls_where_there_is_none_and_none_where_there_is(
    console: Console, echo: Echo, secure: str, pump_until: PumpUntil
) -> None:
    connect(console, pump_until, echo.url.replace("ws:", "wss:"))
    assert console.banner.text.endswith(" does not use TLS.")
    buttons(console)["Try ws://"].invoke()
    pump_until(lambda: console.session.is_open)
    assert console.session.target is not None
    assert console.session.target.url == console.address.entry.get() == echo.url
    connect(console, pump_until, secure.replace("wss:", "ws:"))
    assert [*buttons(console)] == ["Try wss://"]


def test_a_refusal_shows_what_the_server_answered(console: Console, pump_until: PumpUntil) -> None:
    body = json.dumps({"error": {"code": 7, "message": "no such feed"}})
    with socket.create_server(("127.0.0.1", 0)) as listener:
        console.connect_to(Target(url=f"ws://127.0.0.1:{listener.getsockname()[1]}/", proxy=NO_PROXY))
        pump_until(lambda: console.session.ws is not None and console.session.ws.request is not None)
        peer, _ = listener.accept()
    with peer:
        head = "HTTP/1.1 401 Unauthorized\r\nX-Why: a token is missing\r\nContent-Type: application/json\r\n"
        peer.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        pump_until(lambda: console.banner.text)
        assert console.banner.text == "The server answered 401 Unauthorized."
        shown = console.conversation.detail.text
        assert "X-Why: a token is missing\n" in shown
        assert json.dumps(json.loads(body), indent=2) in shown
        assert "GET / HTTP/1.1" in console.side.handshake, "this one was sent"
        buttons(console)["Headers"].invoke()
        pump_until(lambda: console.root.focus_lastfor() is console.address.options.headers)


def test_to_cancel_is_no_error(console: Console, pump_until: PumpUntil) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        console.connect_to(Target(url=f"ws://127.0.0.1:{listener.getsockname()[1]}/", proxy=NO_PROXY))
        console.root.update()
        assert str(console.address.button.cget("text")) == "Cancel"
        console.address.button.invoke()
        pump_until(lambda: console.session.state is tkws.State.CLOSED)
    assert console.banner.text == ""
    assert rows(console)[1:] == [("close", "Cancelled")]
    assert not is_abnormal(console.log.rows[-1])


def test_a_connection_that_is_back_has_no_banner(
    console: Console, own_host: str, pump_until: PumpUntil
) -> None:
    with socket.create_server((own_host, 0)) as reserved:
        port = reserved.getsockname()[1]
    connect(console, pump_until, f"ws://{own_host}:{port}/", reconnect=True)
    server = tkws.serve(own_host, port, master=console.root, handler=lambda *_: None)
    assert console.banner.text
    pump_until(lambda: console.session.is_open)
    assert console.banner.text == ""
    assert console.session.request_sent
    console.session.disconnect()
    server.close()
    pump_until(lambda: not server.connections)


@pytest.mark.parametrize(
    ("type", "payload", "abnormal"),
    [
        ("close", "Closed: 1000", False),
        ("close", "Closed: 1001 Going away", False),
        ("close", "Closed: 1005", False),
        ("close", "Closed: 1006 The connection was lost", True),
        ("close", "Closed: 4001 as you like", True),
        ("close", "The client closed: 1006 The connection broke", True),
        ("close", "The server closed: 4001 as you like", True),
        ("close", "The server closed: 1000", False),
        ("error", "anything", True),
        ("timeout", "anything", True),
        ("text", "Closed: 4001", False),
        ("retry", "Attempt 2", False),
    ],
)
def test_ends_that_are_not_in_order_are_red(type: str, payload: str, abnormal: bool) -> None:
    assert is_abnormal(Row(0, 0.0, Direction.NOTE, type, payload)) is abnormal


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (18, "is self-signed."),
        (10, "has expired."),
        (62, "is for another name."),
        (99, "is not accepted (odd)."),
    ],
)
def test_nothing_is_said_that_only_a_program_can_do(code: int, words: str) -> None:
    cause = ssl.SSLCertVerificationError()
    cause.verify_code, cause.verify_message = code, "odd"
    error = tkws.OpenError("... trust it by ssl=ssl.create_default_context(cafile=...)", phase="tls")
    error.__cause__ = cause
    sentence, remedies = advise(error, Target(url="wss://[::1]:1/"))
    assert sentence == f"The certificate of [::1]:1 {words}"
    assert Remedy.TRUST in remedies
    error.__cause__ = None
    assert (
        "ssl"
        not in advise(tkws.OpenError("It fails: load one into the context given as ssl", phase="tls"), None)[
            0
        ]
    )


def test_a_remedy_changes_one_thing() -> None:
    target = Target(url="ws://host/feed?wss:=1", protocols=("a",), headers=(("A", "1"),))
    changed = changed_by(Remedy.WITH_TLS, target)
    assert changed == Target(url="wss://host/feed?wss:=1", protocols=("a",), headers=(("A", "1"),))
    assert changed_by(Remedy.WITHOUT_TLS, changed) == target
    assert changed_by(Remedy.TRY_AGAIN, target) is target
    assert changed_by(Remedy.PROXY, target) is None

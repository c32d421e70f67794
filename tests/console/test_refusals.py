"""The server's window tells who was refused and why, and admits the next one at the press of a button."""

from __future__ import annotations

import logging
import socket
import tkinter as tk
from collections.abc import Callable, Iterator
from tkinter import ttk

import pytest

import tkws
from tkws.console.log.view import Filter
from tkws.console.server.refusals import Refusal, RefusalWatch
from tkws.console.server.serversession import Mode
from tkws.console.server.serverwindow import ServerWindow

PumpUntil = Callable[..., None]

pytestmark = pytest.mark.slow


@pytest.fixture
def window(display_root: tk.Tk, pump_until: PumpUntil) -> Iterator[ServerWindow]:
    made = ServerWindow(display_root, Mode.ECHO, {})
    display_root.update()
    yield made
    made.session.close()
    pump_until(lambda: not made.session.names)
    made.destroy()


def ask(window: ServerWindow, pump_until: PumpUntil, host: str, *fields: str) -> bytes:
    """Ask for a WebSocket, and return the first line of the answer."""
    head = ["GET /feed HTTP/1.1", f"Host: {host}", "Connection: Upgrade", "Upgrade: websocket", *fields]
    head += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
    answer = b""
    with socket.create_connection(("127.0.0.1", window.session.server.port)) as sock:
        sock.sendall("\r\n".join([*head, "", ""]).encode())
        sock.setblocking(False)

        def answered() -> bool:
            nonlocal answer
            try:
                answer += sock.recv(4096)
            except BlockingIOError:
                pass
            return b"\r\n\r\n" in answer

        pump_until(answered)
    return answer.splitlines()[0]


def press(window: ServerWindow, label: str) -> None:
    """Press the one button of the banner."""
    [button] = window.banner._buttons.winfo_children()
    assert isinstance(button, ttk.Button)
    assert str(button.cget("text")) == label
    button.invoke()


def test_a_page_of_another_origin_is_told_and_admitted(window: ServerWindow, pump_until: PumpUntil) -> None:
    host = f"127.0.0.1:{window.session.server.port}"
    assert b"403" in ask(window, pump_until, host, "Origin: http://localhost:3000")
    pump_until(lambda: window.banner.text)
    assert window.banner.text == "A page of http://localhost:3000 was refused."
    row = window.log.rows[-1]
    assert row.type == "refused"
    assert "was refused with 403: The origin 'http://localhost:3000' may not connect" in str(row.payload)
    press(window, "Admit http://localhost:3000")
    assert window.banner.text == ""
    assert b"101" in ask(window, pump_until, host, "Origin: http://localhost:3000")
    assert b"403" in ask(window, pump_until, host, "Origin: http://localhost:4000")


def test_a_request_to_another_host_is_told_and_admitted(window: ServerWindow, pump_until: PumpUntil) -> None:
    port = window.session.server.port
    assert b"403" in ask(window, pump_until, f"dev.example:{port}")
    pump_until(lambda: window.banner.text)
    assert window.banner.text == "A request to the host dev.example was refused."
    press(window, "Admit dev.example")
    assert b"101" in ask(window, pump_until, f"dev.example:{port}")
    assert b"101" in ask(window, pump_until, f"127.0.0.1:{port}"), "the names of this machine stay"


def test_a_bad_request_is_told_without_a_button(window: ServerWindow, pump_until: PumpUntil) -> None:
    host = f"127.0.0.1:{window.session.server.port}"
    assert b"101" not in ask(window, pump_until, host, "Sec-WebSocket-Version: 7")
    pump_until(lambda: window.banner.text)
    assert "was refused with 4" in window.banner.text
    assert not window.banner._buttons.winfo_children()


def test_the_head_of_each_request_is_shown(window: ServerWindow, pump_until: PumpUntil) -> None:
    host = f"127.0.0.1:{window.session.server.port}"
    ask(window, pump_until, host, "X-Client: a browser")
    pump_until(lambda: any(row.type == "connect" for row in window.log.rows))
    window.conversation.refresh()
    [row] = [row for row in window.log.rows if row.type == "connect"]
    window.conversation.table.select(row.number)
    assert "\n\nGET /feed HTTP/1.1\n" in window.conversation.detail.text
    assert "X-Client: a browser" in window.conversation.detail.text
    canvas = window.conversation.table.rows_widget
    assert isinstance(canvas, tk.Canvas)
    texts = [canvas.itemcget(items[-1], "text") for _, items in window.conversation.table._lines]
    assert any(" connected to" in text for text in texts)
    assert not any("⏎" in text for text in texts), "the head is for the detail pane"


def test_an_empty_table_says_what_is_true(window: ServerWindow, pump_until: PumpUntil) -> None:
    conversation = window.conversation
    conversation.view.filter = Filter(text="nowhere")
    conversation.refresh()
    assert conversation.table.placeholder.startswith("The filter hides all there is: 1 row.")
    conversation.view.filter = Filter()
    conversation.clear()
    conversation.refresh()
    assert conversation.table.placeholder.startswith("Nobody is connected.")
    ws = tkws.open(window.session.server.url, lambda *_: None, master=window.root, proxy=None)
    pump_until(lambda: window.session.names and ws.state is tkws.State.OPEN)
    conversation.clear()
    conversation.refresh()
    assert conversation.table.placeholder.startswith("Nothing has come since")
    ws.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)


def test_the_log_is_left_as_it_was() -> None:
    logger = logging.getLogger("tkws.server")
    before = logger.level, list(logger.handlers)
    refusals: list[Refusal] = []
    watch = RefusalWatch(refusals.append)
    logger.info("refused %r: there is no room for another connection", ("::1", 7))
    watch.close()
    watch.close()
    logger.info("refused %r with %d: %s", ("::1", 7), 403, "why")
    assert refusals == [(("::1", 7), None, "there is no room for another connection")]
    assert (logger.level, logger.handlers) == before

"""The server's window: who is connected, what they say, and what is sent to them."""

from __future__ import annotations

import os
import tkinter as tk
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import tkws
from tests.peers import Log as Heard
from tests.windows import cut_off
from tkws.console.look import DARK
from tkws.console.run import run_server_window
from tkws.console.server.serversession import Mode
from tkws.console.server.serverwindow import ServerWindow
from tkws.console.terminal.status import Status

PumpUntil = Callable[..., None]

pytestmark = pytest.mark.slow


@pytest.fixture
def window(display_root: tk.Tk, pump_until: PumpUntil) -> Iterator[ServerWindow]:
    made = ServerWindow(display_root, Mode.ECHO, {"port": 0})
    display_root.update()
    yield made
    made.session.close()
    pump_until(lambda: not made.session.names)
    made.destroy()


@pytest.fixture
def join(display_root: tk.Tk, window: ServerWindow, pump_until: PumpUntil) -> Callable[[], Heard]:
    """Somebody who connects, and remembers what comes."""

    def join() -> Heard:
        log = Heard()
        tkws.open(window.session.server.url + "room", log, master=display_root)
        pump_until(lambda: log.open)
        return log

    return join


def said(window: ServerWindow) -> list[tuple[str, str, Any]]:
    window.conversation.refresh()
    return [(row.peer, row.direction.value, row.payload) for row in window.log.rows if row.type == "text"]


def test_an_echo_is_shown_with_who_it_was(window: ServerWindow, join: Any, pump_until: PumpUntil) -> None:
    one, other = join(), join()
    other.ws.send("hello")
    pump_until(lambda: other.all("text") == ["hello"])
    assert one.all("text") == []
    assert said(window) == [("#2", "in", "hello"), ("#2", "out", "hello")]
    assert str(window._count.cget("text")) == "2 connections"
    values = window._list.item("#2", "values")
    assert values[2] == "/room"


def test_a_chat_goes_to_the_others(window: ServerWindow, join: Any, pump_until: PumpUntil) -> None:
    one, other = join(), join()
    window._mode.current(1)
    window._mode.event_generate("<<ComboboxSelected>>")
    window.update()
    one.ws.send("hello")
    pump_until(lambda: other.all("text") == ["hello"])
    assert one.all("text") == []
    assert said(window) == [("#1", "in", "hello"), ("from #1", "out", "hello")]


def test_the_box_sends_to_everybody_or_to_who_is_selected(
    window: ServerWindow, join: Any, pump_until: PumpUntil
) -> None:
    assert not window.send("message", "nobody")
    assert window.banner.text == "Nobody is connected."
    one, other = join(), join()
    window.sendbox.text.insert("1.0", "all")
    window.sendbox.submit()
    window._list.selection_set("#2")
    window.update()
    assert str(window._recipients.cget("text")) == "The box below sends to #2."
    window.send("message", "one")
    window.send("ping", b"?")
    pump_until(lambda: other.all("text") == ["all", "one"] and other.all("ping") == [b"?"])
    assert one.all("text") == ["all"]
    assert said(window) == [("all", "out", "all"), ("#2", "out", "one")]


def test_a_connection_that_is_selected_is_closed(
    window: ServerWindow, join: Any, pump_until: PumpUntil
) -> None:
    one, other = join(), join()
    window._list.selection_set("#1")
    window.disconnect()
    pump_until(lambda: one.over)
    assert one.one("close") == (1000, "Closed by the server")
    assert not other.over
    pump_until(lambda: window._list.get_children() == ("#2",))
    assert str(window._count.cget("text")) == "1 connection"


def test_a_server_that_waits_for_a_peer_closes_in_good_order(
    window: ServerWindow, join: Any, pump_until: PumpUntil
) -> None:
    peer = join()
    peer.ws.pause()
    for _ in range(20):
        peer.ws.send(os.urandom(300_000), compress=False)
    [ws] = window.session.names
    pump_until(lambda: ws.buffered_amount > 1 << 20)
    window.session.close()
    peer.ws.resume()
    pump_until(lambda: peer.over and not window.session.names)
    assert peer.one("close")[0] == 1001


def test_a_peer_that_does_not_read_is_made_to_wait_and_loses_nothing(
    window: ServerWindow, join: Any, pump_until: PumpUntil
) -> None:
    peer = join()
    sent = [os.urandom(300_000) for _ in range(20)]  # cannot be compressed
    peer.ws.pause()
    for message in sent:
        peer.ws.send(message, compress=False)
    [ws] = window.session.names
    pump_until(lambda: ws.buffered_amount > 1 << 20)
    peer.ws.resume()
    pump_until(lambda: len(peer.all("binary")) == len(sent))
    assert peer.all("binary") == sent


def test_the_address_is_copied(window: ServerWindow) -> None:
    window.copy_url()
    assert window.clipboard_get() == window.session.server.url
    window.clipboard_clear()


def test_it_has_help_as_every_window(window: ServerWindow) -> None:
    bar = window.root.nametowidget(str(window.root.cget("menu")))
    last = bar.nametowidget(bar.entrycget("end", "menu"))
    assert str(bar.entrycget("end", "label")).strip() == "Help"
    labels = [str(last.entrycget(index, "label")).strip() for index in range(int(last.index("end")) + 1)]
    assert [label.rstrip("…") for label in labels] == ["Keys", "About"]


def test_the_panes_give_way_in_a_small_window(window: ServerWindow) -> None:
    root, panes = window.root, (window._side, window.conversation.detail)
    for size, shown in (("1000x640", [True, True]), ("480x340", [False, False])):
        root.geometry(size)
        root.update()
        assert [bool(pane.winfo_ismapped()) for pane in panes] == shown
    assert not cut_off(root)
    window.toggle_side()
    root.update()
    assert window._side.winfo_ismapped()
    window.toggle_side()
    root.update()
    assert not window._side.winfo_ismapped()
    window._go_to_list()
    root.update()
    assert window._side.winfo_ismapped()


def test_it_can_be_dark(window: ServerWindow) -> None:
    window.toggle_theme()
    window.update()
    assert window.sendbox.text.cget("background") == DARK.surface


def test_an_address_that_is_taken_is_told(
    display_root: tk.Tk, window: ServerWindow, capfd: pytest.CaptureFixture[str]
) -> None:
    root = tk.Tk()
    status = run_server_window(root, Mode.ECHO, {"port": window.session.server.port}, theme="light")
    assert status is Status.FAILED
    assert "Address already in use" in capfd.readouterr().err

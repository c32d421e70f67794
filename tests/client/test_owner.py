"""A connection that ends with a widget."""

from __future__ import annotations

import tkinter

import pytest

import tkws
import tkws.aio
from tests.peers import Log
from tkws.protocol.frames import Opcode

pytestmark = pytest.mark.display


@pytest.fixture
def window(display_root) -> tkinter.Toplevel:
    return tkinter.Toplevel(display_root)


def ends_of(widget: tkinter.Misc) -> tuple[str, ...]:
    """What watches the end of a widget."""
    return widget.tk.splitlist(widget.tk.call("trace", "info", "command", str(widget)))


@pytest.fixture
def opened(display_root, window, peers, pump_until):
    """``ws, log, peer``: an open connection that belongs to `window`."""
    log, listening = Log(), peers.listen()
    ws = tkws.open(listening.url, log, owner=window)
    peer = listening.accept()
    peer.accept()
    pump_until(lambda: log.open)
    return ws, log, peer


@pytest.mark.parametrize("how", ["destroy", "parent", "tcl"])
def test_it_ends_with_its_widget(display_root, window, opened, pump_until, how):
    ws, log, peer = opened
    if how == "tcl":
        display_root.tk.call("destroy", str(window))
    else:
        (window if how == "destroy" else display_root).destroy()
    assert ws.state is tkws.State.CLOSED
    assert log.types == ["connect"]
    assert tkws.find() == []
    if how != "parent":
        assert peer.hear() == [(Opcode.CLOSE, b"\x03\xe9")]
        peer.wait_for_end()
        display_root.update()
    assert log.types == ["connect"]


def test_others_go_on(display_root, window, opened, peers, pump_until):
    other, listening = Log(), peers.listen()
    ws = tkws.open(listening.url, other, master=display_root)
    peer = listening.accept()
    peer.accept()
    pump_until(lambda: other.open)
    window.destroy()
    peer.text("hello")
    pump_until(lambda: other.all("text") == ["hello"])
    ws.close()
    peer.bye()
    peer.sock.close()
    pump_until(lambda: other.over)


def test_nothing_watches_the_widget_after_the_end(display_root, window, opened, pump_until):
    ws, log, peer = opened
    assert len(ends_of(window)) == 1
    ws.close()
    peer.bye()
    peer.sock.close()
    pump_until(lambda: log.over)
    assert not ends_of(window)
    window.destroy()


@pytest.mark.parametrize("phase", ["asking", "connecting", "waiting", "handler"])
def test_it_ends_in_every_phase(display_root, window, peers, pump_until, phase):
    log, listening = Log(), peers.listen()
    if phase == "handler":
        log.actions["connect"] = lambda ws, message: window.destroy()
    rule = tkws.Backoff(initial=60) if phase == "waiting" else None
    ws = tkws.open(listening.url, log, owner=window, reconnect=rule)
    if phase != "asking":
        peer = listening.accept()
    if phase == "waiting":
        peer.sock.close()
        pump_until(lambda: "retry" in log.types)
    elif phase == "handler":
        peer.accept()
        pump_until(lambda: log.open)
    before = log.types[:]
    if phase != "handler":
        window.destroy()
    display_root.update()
    assert ws.state is tkws.State.CLOSED
    assert ws.retry_in is None
    assert log.types == before


def test_a_widget_is_any_widget_and_the_window_itself(display_root, peers, pump_until):
    label = tkinter.Label(display_root)
    first, second = Log(), Log()
    listening = peers.listen()
    one = tkws.open(listening.url, first, owner=label)
    two = tkws.open(listening.url, second, owner=display_root, master=label)
    label.destroy()
    assert (one.state, two.state) == (tkws.State.CLOSED, tkws.State.CONNECTING)
    with pytest.raises(tkws.StateError, match="^join: only"):
        two.join("room")
    two.leave("room")
    display_root.destroy()
    assert two.state is tkws.State.CLOSED


def test_an_owner_that_will_not_do(display_root, window, root, peers):
    listening = peers.listen()
    near, _ = peers.sockets()
    with pytest.raises(TypeError, match="^owner: a widget, not int"):
        tkws.open(listening.url, print, owner=5)
    with pytest.raises(ValueError, match="^owner: a widget of the same interpreter"):
        tkws.open(listening.url, print, owner=window, master=root)
    with pytest.raises(TypeError, match="^owner: give the widget to aio.spawn"):
        tkws.aio.connect(listening.url, owner=window)
    closed = peers.keep(near)
    closed.close()
    with pytest.raises(ValueError, match="^sock: "):
        tkws.open(listening.url, print, owner=window, sock=closed)
    assert not ends_of(window)
    window.destroy()
    with pytest.raises(tkws.StateError, match="does not exist"):
        tkws.open(listening.url, print, owner=window)
    assert tkws.find() == []

"""The bell: who may ring it, and what becomes of it when its connection breaks."""

from __future__ import annotations

import _tkinter
import socket
import threading
import tkinter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tkws.loop import bell
from tkws.loop.bell import Bell
from tkws.testing.reset import reset_on_close


@pytest.fixture
def heard() -> list[bool]:
    """What `Bell.silence` returned, each time that Tcl called."""
    return []


@pytest.fixture
def ringing(root, heard) -> Iterator[Bell]:
    """A bell that is silenced as soon as Tcl calls."""
    made = Bell(root.tk, lambda *_: heard.append(made.silence()))
    yield made
    made.close()
    assert not root.tk.call("info", "commands", "tkws*")
    assert not root.tk.call("file", "channels", "sock*")


class Meddler:
    """A Tcl interpreter that does something else before it connects, or connects to another port."""

    def __init__(self, tkapp: Any, meddle: Callable[[str, int], None], elsewhere: int | None = None) -> None:
        self._tkapp = tkapp
        self._meddle = meddle
        self._elsewhere = elsewhere

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tkapp, name)

    def call(self, *words: Any) -> Any:
        if words[0] == "socket":
            self._meddle(*words[1:])
            if self._elsewhere is not None:
                return self._tkapp.call("socket", words[1], self._elsewhere)
        return self._tkapp.call(*words)


def test_it_is_heard_once_for_each_ring(ringing, heard, pump_until) -> None:
    for count in range(1, 4):
        ringing.ring()
        pump_until(lambda count=count: len(heard) == count)
    assert heard == [True, True, True]
    assert ringing.silence() is False


def test_a_thread_rings_it(ringing, heard, pump_until) -> None:
    thread = threading.Thread(target=ringing.ring)
    thread.start()
    pump_until(lambda: heard == [True])
    thread.join()


def test_rings_that_were_not_heard_count_as_one(ringing, heard, pump_until, root) -> None:
    for _ in range(3):
        ringing.ring()
    pump_until(lambda: heard)
    for _ in range(10):
        root.tk.dooneevent(_tkinter.DONT_WAIT)
    assert all(heard)
    assert len(heard) <= 3


def test_an_exception_of_a_callback_does_not_silence_it(root, pump_until) -> None:
    heard: list[bool] = []

    def fail(*_event: object) -> None:
        heard.append(made.silence())
        raise ValueError("as asked")

    made = Bell(root.tk, fail)
    for count in (1, 2):
        made.ring()
        with pytest.raises(ValueError, match="as asked"):
            pump_until(lambda count=count: len(heard) == count + 1)
    made.close()


@pytest.mark.parametrize("said", [None, b"", b"x" * 32, b"short"])
def test_strangers_are_turned_away(root, pump_until, said) -> None:
    strangers: list[socket.socket] = []

    def connect(host: str, port: int) -> None:
        for _ in range(3):
            strangers.append(socket.create_connection((host, port)))
            if said is not None:
                strangers[-1].sendall(said)
                if not said:
                    strangers[-1].shutdown(socket.SHUT_WR)

    heard: list[bool] = []
    made = Bell(Meddler(root.tk, connect), lambda *_: heard.append(made.silence()))
    for stranger in strangers:
        stranger.settimeout(5)
        try:
            assert stranger.recv(1) == b""
        except ConnectionError:
            pass
        stranger.close()
    assert heard == []
    made.ring()
    pump_until(lambda: heard == [True])
    made.close()


def test_nobody_comes(root, monkeypatch) -> None:
    monkeypatch.setattr(bell, "CONNECT_TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as other:
        elsewhere = Meddler(root.tk, lambda *_: None, other.getsockname()[1])
        with pytest.raises(OSError, match="does not arrive"):
            Bell(elsewhere, print)
    assert not root.tk.call("file", "channels", "sock*")


def test_tcl_cannot_connect(root) -> None:
    def refuse(*_: object) -> None:
        raise tkinter.TclError("couldn't open socket: connection refused")

    with pytest.raises(OSError, match="couldn't open socket"):
        Bell(Meddler(root.tk, refuse), print)


def test_all_low_descriptors_are_taken(root, monkeypatch) -> None:
    monkeypatch.setattr(bell, "MAX_DESCRIPTOR", 2)
    with pytest.raises(OSError, match="no room for descriptors"):
        Bell(root.tk, print)


@pytest.mark.parametrize("how", ["closed", "reset"])
def test_a_broken_connection_counts_as_a_ring_and_is_mended(ringing, heard, pump_until, how) -> None:
    broken = ringing._socket
    if how == "reset":
        reset_on_close(broken)
        broken.close()
    else:
        broken.shutdown(socket.SHUT_RDWR)
    pump_until(lambda: heard == [True])
    ringing.ring()
    ringing.mend()
    ringing.mend()
    assert ringing._socket not in (None, broken)
    broken.close()
    ringing.ring()
    pump_until(lambda: heard == [True, True])


def test_after_its_end_it_is_silent(root) -> None:
    made = Bell(root.tk, print)
    made.close()
    made.close()
    made.ring()
    assert not root.tk.call("info", "commands", "tkws*")

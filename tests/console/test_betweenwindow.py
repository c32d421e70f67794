"""The window of a server between clients and another server."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator
from tkinter import ttk
from typing import Any

import pytest

import tkws
from tests.console.programs import PATIENCE, Start, echo
from tests.peers import Log
from tests.windows import cut_off
from tkws.console.client.target import Target
from tkws.console.server.between import Passage, Way
from tkws.console.server.betweenwindow import BetweenWindow

PumpUntil = Callable[..., None]

pytestmark = pytest.mark.slow


@pytest.fixture
def window(display_root: tk.Tk, pump_until: PumpUntil) -> Iterator[BetweenWindow]:
    server = tkws.serve(master=display_root, handler=echo)
    made = BetweenWindow(display_root, Target(url=server.url, ping_interval=0, proxy="none"), {"port": 0})
    display_root.update()
    yield made
    made.between.close()
    pump_until(lambda: not made.between._pairs)
    made.destroy()


@pytest.fixture
def client(display_root: tk.Tk, window: BetweenWindow, pump_until: PumpUntil) -> tuple[tkws.WebSocket, Log]:
    log = Log()
    ws = tkws.open(window.between.url, log, master=display_root)
    pump_until(lambda: log.open)
    return ws, log


def press(window: BetweenWindow, text: str) -> None:
    """Press the button with this text."""
    (button,) = [
        each for each in descendants(window) if isinstance(each, ttk.Button) and each.cget("text") == text
    ]
    button.invoke()


def descendants(widget: tk.Misc) -> Iterator[tk.Misc]:
    for child in widget.winfo_children():
        yield child
        yield from descendants(child)


def choose(box: ttk.Combobox, text: str) -> None:
    box.set(text)
    box.event_generate("<<ComboboxSelected>>")
    box.update()


def test_messages_are_held_edited_and_dropped(
    window: BetweenWindow, client: Any, pump_until: PumpUntil
) -> None:
    ws, log = client
    choose(window._passages[Way.TO_SERVER], "Hold")
    assert window.between.passage[Way.TO_SERVER] is Passage.HOLD
    for word in ("one", "two", "three", "four"):
        ws.send(word)
    pump_until(lambda: len(window.between.held) == 4)
    window.held.show()
    assert str(window.held._title.cget("text")) == "4 messages held"
    press(window, "Pass on")
    pump_until(lambda: log.all("text") == ["one"])
    window.held._list.selection_set("3")
    press(window, "Drop")
    window.held._list.selection_set("2")
    press(window, "Edit")
    assert window.sendbox.text.get("1.0", "end-1c") == "two"
    window.sendbox.text.insert("end", "!")
    window.sendbox.submit()
    pump_until(lambda: log.all("text") == ["one", "two!"])
    choose(window._passages[Way.TO_SERVER], "Pass on")
    pump_until(lambda: log.all("text") == ["one", "two!", "four"])
    assert str(window.held._title.cget("text")) == "0 messages held"


def test_the_box_sends_to_either_side(window: BetweenWindow, client: Any, pump_until: PumpUntil) -> None:
    _, log = client
    choose(window._way, "To the clients")
    assert window.send("message", "news")
    choose(window._way, "To the server")
    assert window.send("message", "echo")
    pump_until(lambda: log.all("text") == ["news", "echo"])
    assert not window.send("ping", b"")
    assert window.banner.text == "Only messages can be sent from here."


def test_nobody_gets_what_is_sent_to_nobody(window: BetweenWindow) -> None:
    assert not window.send("message", "x")
    assert window.banner.text == "Nobody is connected."


@pytest.mark.parametrize(
    ("typed", "seconds", "shown"),
    [
        ("0.25", 0.25, "0.25 s"),
        (" 1 s ", 1.0, "1 s"),
        ("-1", 0.0, "0 s"),
        ("soon", 0.0, "0 s"),
        ("nan", 0.0, "0 s"),
        ("61", 0.0, "0 s"),
    ],
)
def test_a_delay_is_typed(window: BetweenWindow, typed: str, seconds: float, shown: str) -> None:
    entry = window._delays[Way.TO_CLIENT]
    entry.delete(0, "end")
    entry.insert(0, typed)
    entry.event_generate("<FocusOut>")
    window.update()
    assert window.between.delay[Way.TO_CLIENT] == seconds
    assert entry.get() == shown
    assert (window.banner.text != "") == (shown == "0 s")


def test_faults_are_buttons(
    display_root: tk.Tk, window: BetweenWindow, client: Any, pump_until: PumpUntil
) -> None:
    ws, log = client
    press(window, "Stall")
    ws.send("late")
    assert log.all("text") == []
    press(window, "Flow")
    pump_until(lambda: log.all("text") == ["late"])
    press(window, "Cut")
    pump_until(lambda: log.over)
    assert ws.close_code == 1006
    press(window, "Refuse")
    refused = Log()
    tkws.open(window.between.url, refused, master=display_root)
    pump_until(lambda: refused.over)
    assert refused.all("error")
    press(window, "Accept")
    accepted = Log()
    tkws.open(window.between.url, accepted, master=display_root)
    pump_until(lambda: accepted.open)


def test_nothing_is_cut_off_light_or_dark(window: BetweenWindow) -> None:
    for _ in range(2):
        window.update()
        assert cut_off(window) == []
        window.toggle_theme()


@pytest.mark.parametrize("size", ["1080x680", "520x360"])
def test_a_small_window_has_what_matters(window: BetweenWindow, size: str) -> None:
    window.root.geometry(size)
    window.update()
    assert window.held.winfo_ismapped() == (size == "1080x680")
    assert window.sendbox.winfo_ismapped()


def test_a_program_prints_both_ways(start: Start, echoes: tkws.HTTPServer, pump_until: PumpUntil) -> None:
    program = start("between", echoes.url, "--port", "0", "--no-gui")
    pump_until(lambda: program.said("Listening at "), timeout=PATIENCE)
    client = start(program.err.decode().split()[2].rstrip(","), "--expect", "^one$", "--within", "inf")
    client.type("one\n")
    pump_until(lambda: client.over and program.said("Disconnected"), timeout=PATIENCE)
    assert client.process.returncode == 0
    assert program.out.decode().splitlines() == ["#1 > one", "#1 < one"]


def test_a_port_that_is_taken_is_told(start: Start, echoes: tkws.HTTPServer, pump_until: PumpUntil) -> None:
    program = start("between", echoes.url, "--port", str(echoes.port), "--no-gui")
    pump_until(lambda: program.over, timeout=PATIENCE)
    assert program.process.returncode == 1
    assert b"in use" in program.err

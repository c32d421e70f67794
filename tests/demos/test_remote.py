"""The remote: who is let in, what guests may call, who is told, and the windows in which it is done."""

from __future__ import annotations

import json
import tkinter as tk
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

import tkws
from demos.remote.app import House as App
from demos.remote.controller import ControllerWindow
from demos.remote.guests import Guest, Guests
from demos.remote.host import NOT_YOURS, Host
from demos.remote.house import ROOMS, House, Lamp
from demos.remote.remote import Remote
from tests.peers import Log
from tests.windows import cut_off, descendants, of_other_colours
from tkws.console.look import DARK, LIGHT, theme_of

PumpUntil = Callable[..., None]


class Watching:
    """A guest without a window."""

    def __init__(self) -> None:
        self.located = 0

    def rooms_changed(self) -> None: ...

    def lamp_changed(self, room: str) -> None: ...

    def status_changed(self) -> None: ...

    def locate(self) -> str:
        self.located += 1
        return "a test"


@pytest.fixture
def host(root: tk.Tk, pump_until: PumpUntil) -> Iterator[Host]:
    made = Host(root)
    yield made
    made.close()
    pump_until(lambda: not made.server.connections)


@pytest.fixture
def enter(host: Host, root: tk.Tk, pump_until: PumpUntil) -> Iterator[Callable[..., Remote]]:
    """``enter(name, *rooms)``: a guest who has been invited and is connected."""
    made: list[Remote] = []

    def enter(name: str, *rooms: str) -> Remote:
        guest = host.invite(name, rooms or ROOMS)
        remote = Remote(host.url, guest.token, Watching(), root)
        made.append(remote)
        pump_until(lambda: remote.connected)
        return remote

    yield enter
    for remote in made:
        remote.close()
    pump_until(lambda: not tkws.find() or not any(remote._ws in tkws.find() for remote in made))


def calls(host: Host, guest: Guest, root: tk.Tk) -> tuple[tkws.WebSocket, list[Any], list[Any]]:
    """A connection of a guest that calls what it likes."""
    results: list[Any] = []
    errors: list[Any] = []
    headers = {"Authorization": f"Bearer {guest.token}"}
    return tkws.open(host.url, tkws.JSONRPC(), master=root, headers=headers), results, errors


def test_a_lamp_checks_what_comes() -> None:
    assert Lamp().changed({"on": True, "level": 5}) == Lamp(True, 5)
    for changes, words in (
        ({"on": 1}, "on must be true or false"),
        ({"level": 0}, "level must be a whole number from 1 to 100"),
        ({"level": True}, "level must be a whole number from 1 to 100"),
        ({"level": 50.0}, "level must be a whole number from 1 to 100"),
        ({"colour": ["warm"]}, "colour must be one of warm, white, rose, leaf, sky"),
        ({"watts": 5}, "a lamp has no 'watts'"),
    ):
        with pytest.raises(ValueError, match=words):
            Lamp().changed(changes)


def test_a_house_knows_its_rooms_and_what_makes_a_difference() -> None:
    house = House()
    assert house.set("hall", {"on": True})
    assert not house.set("hall", {"on": True})
    with pytest.raises(ValueError, match="there is no room 'attic'"):
        house.set("attic", {"on": True})


def test_an_invitation_needs_a_name_of_its_own_and_a_room() -> None:
    guests = Guests()
    assert guests.invite("  ann  ", ["hall"]).name == "ann"
    for name, rooms, words in (
        ("", ["hall"], "A name has 1 to 20 characters"),
        ("x" * 21, ["hall"], "A name has 1 to 20 characters"),
        ("a\x1bb", ["hall"], "A name has 1 to 20 characters"),
        ("ANN", ["hall"], "ANN has been invited already"),
        ("bob", [], "Choose at least one room"),
    ):
        with pytest.raises(ValueError, match=words):
            guests.invite(name, rooms)


@pytest.mark.parametrize("way", ["header", "query"])
def test_only_those_with_a_token_are_let_in(host: Host, root: tk.Tk, pump_until: PumpUntil, way: str) -> None:
    guest = host.invite("ann", ROOMS)
    for token, allowed in ((guest.token, True), (guest.token[:-1], False), ("é", False), ("", False)):
        log = Log()
        if way == "header":
            tkws.open(host.url, log, master=root, headers={"Authorization": f"Bearer {token}"})
        else:
            tkws.open(f"{host.url}?token={quote(token)}", log, master=root)
        pump_until(lambda log=log, allowed=allowed: ("connect" if allowed else "error") in log.types)
        if not allowed:
            assert log.one("error").status == 401
    assert len(host.connections(guest)) == 1


def test_a_guest_steers_their_rooms_and_the_others_of_the_room_are_told(
    host: Host, enter: Callable[..., Remote], pump_until: PumpUntil
) -> None:
    said: list[tuple[str, str, str]] = []
    host.on_event = lambda *event: said.append(event)
    ann, bob = enter("ann"), enter("bob", "hall")
    assert (ann.name, list(ann.lamps), list(bob.lamps)) == ("ann", list(ROOMS), ["hall"])
    ann.set("hall", on=True, level=20)
    ann.set("kitchen", colour="sky")
    assert ann.lamps["hall"] == Lamp(True, 20), "here at once"
    pump_until(lambda: bob.lamps["hall"] == Lamp(True, 20) and host.house.lamps["kitchen"].colour == "sky")
    assert ("ann", "hall: 20 %, warm", "hall") in said
    host.change("hall", {"on": False}, "the house")
    pump_until(lambda: not ann.lamps["hall"].on and not bob.lamps["hall"].on)


def test_a_slider_that_is_dragged_sends_its_last_value_and_not_all(
    host: Host, enter: Callable[..., Remote], pump_until: PumpUntil
) -> None:
    said: list[str] = []
    host.on_event = lambda who, what, room: said.append(what)
    ann = enter("ann")
    del said[:]
    for level in range(1, 100):
        ann.set("hall", on=True, level=level)
    pump_until(lambda: host.house.lamps["hall"].level == 99)
    assert said == ["hall: 1 %, warm", "hall: 99 %, warm"]


def test_what_is_not_allowed_is_answered_with_an_error(
    host: Host, root: tk.Tk, pump_until: PumpUntil
) -> None:
    guest = host.invite("bob", ["hall"])
    ws, results, errors = calls(host, guest, root)
    pump_until(lambda: ws.state is tkws.State.OPEN)
    for params in (
        {"room": "kitchen", "on": True},
        {"room": ["hall"], "on": True},
        {"room": "hall", "level": 1000},
        {"room": "hall", "who": "ann"},
        {"on": True},
    ):
        ws.call("set", params, on_result=results.append, on_error=errors.append)
    ws.call("set", {"room": "hall", "level": 9}, on_result=results.append)
    pump_until(lambda: results)
    assert [error.code for error in errors] == [NOT_YOURS, NOT_YOURS, -32602, -32602, -32602]
    assert results == [{"on": False, "level": 9, "colour": "warm"}]
    ws.close()


def test_what_the_house_refuses_is_shown_and_taken_back(
    host: Host, enter: Callable[..., Remote], pump_until: PumpUntil
) -> None:
    ann = enter("ann", "hall")
    ann.lamps["kitchen"] = Lamp()
    ann.set("kitchen", on=True)
    pump_until(lambda: "not yours" in ann.problem or list(ann.lamps) == ["hall"])
    pump_until(lambda: list(ann.lamps) == ["hall"])
    assert not host.house.lamps["kitchen"].on


def test_a_guest_is_located(host: Host, enter: Callable[..., Remote], pump_until: PumpUntil) -> None:
    said: list[str] = []
    host.on_event = lambda who, what, room: said.append(f"{who} {what}")
    ann = enter("ann")
    (guest,) = host.guests
    host.locate(guest)
    pump_until(lambda: said[-1].startswith("ann answered in "))
    assert said[-1].endswith(" ms: a test")
    assert ann._listener.located == 1  # type: ignore[attr-defined] # a Watching


def test_a_guest_who_does_not_answer_is_told(host: Host, root: tk.Tk, pump_until: PumpUntil) -> None:
    said: list[str] = []
    host.on_event = lambda who, what, room: said.append(f"{who} {what}")
    guest = host.invite("ann", ROOMS)
    calls(host, guest, root)
    pump_until(lambda: host.connections(guest) and "ann has come" in said)
    host.locate(guest)
    pump_until(lambda: said[-1].startswith("ann did not answer: "))


def test_a_guest_who_is_removed_is_out_at_once_and_does_not_come_back(
    host: Host, enter: Callable[..., Remote], pump_until: PumpUntil
) -> None:
    ann = enter("ann")
    (guest,) = host.guests
    host.withdraw(guest)
    pump_until(lambda: not ann.connected)
    assert (ann.problem, ann.retry_in) == ("The invitation was withdrawn.", None)
    pump_until(lambda: not host.connections(guest))


def test_a_guest_comes_back_when_the_house_does(root: tk.Tk, pump_until: PumpUntil) -> None:
    first = Host(root)
    guest = first.invite("ann", ROOMS)
    ann = Remote(first.url, guest.token, Watching(), root)
    pump_until(lambda: ann.connected)
    port = first.server.port
    first.close()
    pump_until(lambda: not ann.connected and ann.retry_in is not None)
    second = Host(root, port=port)
    second.guests._guests.append(guest)
    second.change("hall", {"on": True}, "the house")
    ann.reconnect()
    pump_until(lambda: ann.connected)
    assert ann.lamps["hall"].on
    ann.close()
    second.close()


def test_the_page_is_there_without_a_token_and_does_not_have_one(host: Host, pump_until: PumpUntil) -> None:
    guest = host.invite("ann", ROOMS)
    with ThreadPoolExecutor(1) as pool:
        page = pool.submit(
            lambda: urllib.request.urlopen(host.page_url(guest).partition("#")[0], timeout=20).read().decode()
        )
        pump_until(page.done)
    assert "tkws remote" in page.result()
    assert guest.token not in page.result()


# In windows


@pytest.fixture
def app(display_root: tk.Tk, pump_until: PumpUntil) -> Iterator[App]:
    made = App(display_root, Host(display_root))
    yield made
    made.close()
    display_root.update()
    display_root.destroy()
    pump_until(lambda: not tkws.find())


@pytest.fixture
def ann(app: App, pump_until: PumpUntil) -> ControllerWindow:
    """The window of a guest with all rooms."""
    window = app.open_remote(app.host.invite("ann", ROOMS))
    pump_until(lambda: window.remote.connected)
    window.update()
    return window


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_cut_off_or_of_another_colour(
    display_root: tk.Tk, pump_until: PumpUntil, theme: str
) -> None:
    theme_of(display_root).use(theme)
    app = App(display_root, Host(display_root))
    window = app.open_remote(app.host.invite("ann", ROOMS))
    pump_until(lambda: window.remote.connected)
    card = app.window.ask_guest()
    display_root.geometry("{}x{}".format(*display_root.minsize()))
    display_root.update()
    assert not cut_off(display_root)
    assert not of_other_colours(display_root, DARK if theme == "dark" else LIGHT)
    card.dismiss()
    app.close()
    display_root.update()
    display_root.destroy()
    pump_until(lambda: not tkws.find())


@pytest.mark.slow
def test_a_slider_and_colours_are_moved_by_pointer_and_keys(
    app: App, ann: ControllerWindow, pump_until: PumpUntil
) -> None:
    card, lamps = ann.panel.cards["hall"], app.host.house.lamps
    slider, swatches = card.slider, card.swatches
    slider.event_generate("<Button-1>", x=slider.winfo_width(), y=4)
    pump_until(lambda: lamps["hall"] == Lamp(True, 100))
    slider.focus_force()
    pump_until(lambda: slider.focus_get() is slider)
    slider.event_generate("<Left>")
    pump_until(lambda: lamps["hall"].level == 95)
    swatches.event_generate("<Button-1>", x=swatches.winfo_width() - 2, y=4)
    pump_until(lambda: lamps["hall"].colour == "sky")
    swatches.focus_force()
    pump_until(lambda: swatches.focus_get() is swatches)
    swatches.event_generate("<Right>")
    pump_until(lambda: lamps["hall"].colour == "warm")
    card.switch.invoke()
    pump_until(lambda: not lamps["hall"].on)
    assert app.window.lines[-1] == "ann: hall: off"
    assert sum(": hall: " in line for line in app.window.lines) == 1, "one line for one who goes on"
    assert app.window.panel.cards["hall"]._state["text"] == "off"


@pytest.mark.slow
def test_a_guest_is_invited_by_hand_and_comes_in(app: App, pump_until: PumpUntil) -> None:
    card = app.window.ask_guest()
    assert app.window.ask_guest() is card
    card.submit()
    assert "A name has" in card._error.get()
    card.name.set("bob")
    for room in ROOMS[1:]:
        card.chosen[room].set(False)
    card.submit()
    (bob,) = app.host.guests
    assert (bob.name, bob.rooms) == ("bob", (ROOMS[0],))
    fields = [each.get() for each in descendants(card) if isinstance(each, tk.Entry)]
    assert fields[0].endswith(f"-m demos.remote --connect {app.host.url} --token {bob.token}")
    assert fields[1] == app.host.page_url(bob)
    copy = next(each for each in descendants(card) if each.winfo_class() == "TButton")
    copy.invoke()  # type: ignore[attr-defined] # a button
    assert (copy.cget("text"), card.clipboard_get()) == ("Copied", fields[0])
    card.dismiss()
    assert app.window.invitation is None
    window = app.open_remote(bob)
    pump_until(lambda: window.remote.connected)
    assert list(window.panel.cards) == [ROOMS[0]]


@pytest.mark.slow
def test_a_window_that_is_located_says_so_and_one_that_is_removed_says_why(
    app: App, ann: ControllerWindow, pump_until: PumpUntil
) -> None:
    (guest,) = app.host.guests
    app.host.locate(guest)
    pump_until(lambda: ann._here.winfo_ismapped() and "answered in" in app.window.lines[-1])
    app.host.withdraw(guest)
    pump_until(lambda: "The invitation was withdrawn." in ann._status["text"])
    assert not ann._again.winfo_ismapped()
    stranger = app.open_remote(guest)
    pump_until(lambda: "The token is not valid." in stranger._status["text"])


@pytest.mark.slow
def test_a_window_says_when_it_tries_again(app: App, ann: ControllerWindow, pump_until: PumpUntil) -> None:
    app.host.close()
    pump_until(lambda: "Next attempt in" in ann._status["text"])
    ann.panel.cards["hall"].switch.invoke()
    assert not ann.remote.lamps["hall"].on, "nothing is changed while the house is not there"
    ann._again.invoke()
    pump_until(lambda: "Cannot connect" in ann._status["text"])


def test_the_messages_are_plain_json_rpc(host: Host, root: tk.Tk, pump_until: PumpUntil) -> None:
    guest = host.invite("script", ["hall"])
    log = Log()
    ws = tkws.open(f"{host.url}?token={guest.token}", log, master=root)
    pump_until(lambda: "connect" in log.types)
    ws.send('{"jsonrpc": "2.0", "id": 1, "method": "enter"}')
    pump_until(lambda: "text" in log.types)
    assert json.loads(log.one("text"))["result"] == {
        "you": "script",
        "rooms": {"hall": {"on": False, "level": 60, "colour": "warm"}},
    }
    ws.close()

"""Fields and boxes edit as everywhere: real keys and a real pointer in the console's window."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import messagebox, ttk

import pytest

from tests.console.conftest import Echo, Hands
from tkws.console.log.log import Direction
from tkws.console.look import theme_of
from tkws.console.send.history import Entry
from tkws.console.window.window import Console

PumpUntil = Callable[..., None]

pytestmark = pytest.mark.slow


def fields(console: Console) -> dict[str, tk.Text | ttk.Entry]:
    """Everything that is typed in."""
    options = console.address.options
    return {
        "box": console.sendbox.text,
        "headers": options.headers,
        "address": console.address.entry,
        "filter": console.conversation.filter.text,
        "protocols": options.protocols,
        "proxy": options.proxy,
    }


NAMES = ["box", "headers", "address", "filter", "protocols", "proxy"]


@pytest.fixture(params=NAMES)
def field(request: pytest.FixtureRequest, console: Console, hands: Hands) -> tk.Text | ttk.Entry:
    """A field or a box that is empty and has the focus."""
    console.address.toggle_options()
    console.root.update()
    made = fields(console)[request.param]
    if isinstance(made, tk.Text):
        made.delete("1.0", "end")
    else:
        made.delete(0, "end")
    hands.go_to(made)
    return made


def content(field: tk.Text | ttk.Entry) -> str:
    return field.get("1.0", "end-1c") if isinstance(field, tk.Text) else field.get()


def test_a_field_edits_as_fields_do_everywhere(field: tk.Text | ttk.Entry, hands: Hands) -> None:
    hands.type("one two  three")
    hands.press("ctrl+BackSpace")
    assert content(field) == "one two  "
    hands.press("ctrl+BackSpace")
    assert content(field) == "one "
    hands.press("ctrl+a")
    hands.type("x")
    assert content(field) == "x", "what is typed replaces what is selected"
    hands.press("ctrl+z")
    assert content(field) == "one ", "one step undoes it"
    hands.press("ctrl+y")
    assert content(field) == "x"
    hands.press("ctrl+z", "ctrl+shift+z")
    assert content(field) == "x"
    hands.press("ctrl+a", "ctrl+x")
    assert content(field) == ""
    hands.press("ctrl+v", "ctrl+v", "shift+Left", "ctrl+c", "ctrl+a", "ctrl+v")
    assert content(field) == "x", "what is pasted replaces what is selected"
    hands.press("Home", "ctrl+Delete")
    assert content(field) == ""


@pytest.mark.parametrize("key", "behijnuw")
def test_keys_of_emacs_do_nothing_to_a_field(console: Console, hands: Hands, key: str) -> None:
    box = console.sendbox.text
    box.insert("1.0", "abc\ndef")
    box.mark_set("insert", "1.1")
    hands.go_to(box)
    hands.press(f"ctrl+{key}")
    assert content(box) == "abc\ndef"


@pytest.mark.parametrize("lock", [False, True], ids=["", "Caps_Lock"])
@pytest.mark.parametrize("name", ["box", "address"])
def test_a_key_of_a_menu_does_one_thing(
    console: Console, hands: Hands, monkeypatch: pytest.MonkeyPatch, name: str, lock: bool
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(messagebox, "askokcancel", lambda title, *_, **__: asked.append(title))
    monkeypatch.setattr(console.sending, "send_file", lambda: asked.append("file"))
    monkeypatch.setattr(console.files, "open", lambda: asked.append("open"))
    console.log.add(Direction.IN, "text", "kept")
    field = fields(console)[name]
    field.insert("1.0" if isinstance(field, tk.Text) else 0, "abc")
    hands.go_to(field)
    dark = theme_of(console).is_dark
    hands.press("Home", "Right")
    if lock:
        hands.press("Caps_Lock")
    try:
        hands.press("ctrl+d", "ctrl+k")
    finally:
        if lock:
            hands.press("Caps_Lock")
    assert content(field) == "abc"
    assert theme_of(console).is_dark is not dark
    assert asked == ["Clear"]
    assert [row.payload for row in console.log.rows] == ["kept"], "not unless one agrees"


def test_the_wheel_changes_no_choice(console: Console, hands: Hands) -> None:
    console.settings.addresses = ["ws://one/", "ws://two/"]
    console.address.update_history()
    boxes = [console.sendbox.kind, console.conversation.filter._type, console.address.entry]
    before = [box.get() for box in boxes]
    for box in boxes:
        hands.click(box, button=5)
        hands.click(box, button=4)
        hands.click(box, button=5)
    assert [box.get() for box in boxes] == before


def test_the_menu_of_a_field_cuts_and_pastes(console: Console, hands: Hands) -> None:
    box = console.sendbox.text
    box.insert("1.0", "abc")
    hands.go_to(box)
    hands.press("ctrl+a", "shift+F10", "Down", "Down", "Down", "Return")  # undo, redo, cut
    assert content(box) == ""
    hands.click(console.address.entry, button=3, keys="Down Down Down Return")  # undo, redo, paste
    assert console.address.entry.get() == "abc"


def test_the_edit_menu_acts_where_the_focus_is(console: Console, hands: Hands) -> None:
    box = console.sendbox.text
    box.insert("1.0", "abc")
    console.log.add(Direction.IN, "text", "a row")
    console.conversation.refresh()
    hands.go_to(box)
    hands.press("alt+e", "s")  # Select all
    assert box.selection_get() == "abc"
    hands.go_to(console.conversation.table.rows_widget)
    hands.press("alt+e", "s")
    assert [row.payload for row in console.conversation.table.selection] == ["a row"]


# ---- what is sent


def test_a_draft_survives_a_look_at_what_was_sent(connected: Console, hands: Hands, echo: Echo) -> None:
    box = connected.sendbox.text
    hands.go_to(box)
    hands.type("one")
    hands.press("Return")
    hands.type("a draft")
    hands.press("Up")
    assert content(box) == "one"
    hands.press("Down")
    assert content(box) == "a draft"
    hands.press("Up", "Return")
    assert content(box) == "a draft", "the draft is there to be sent next"
    assert connected.sendbox.history.entries == [Entry("Text", "one")]


def test_return_in_an_empty_box_sends_nothing(
    connected: Console, hands: Hands, pump_until: PumpUntil
) -> None:
    hands.go_to(connected.sendbox.text)
    for kind in ("Text", "Hex", "Base64", "Ping"):
        connected.sendbox.kind.set(kind)
        hands.press("Return", "KP_Enter")
    assert not [row for row in connected.log.rows if row.direction is Direction.OUT]
    connected.send("message", "")
    pump_until(lambda: [row.payload for row in connected.log.rows if row.direction is Direction.IN] == [""])


def test_return_on_a_row_puts_it_into_the_box(connected: Console, echo: Echo, hands: Hands) -> None:
    connected.log.add(Direction.IN, "text", "a row")
    connected.log.add(Direction.IN, "binary", b"\0\xff")
    connected.sendbox.text.insert("1.0", "a draft")
    connected.conversation.refresh()
    hands.press("ctrl+m", "Return")
    assert connected.sendbox.entry == Entry("Hex", "00 ff")
    hands.press("ctrl+m", "Up", "ctrl+r")
    assert connected.sendbox.entry == Entry("Text", "a row")
    hands.press("Up", "Up")
    assert connected.sendbox.entry == Entry("Text", "a draft"), "what stood there is one step back"
    assert echo.heard == []


def test_many_messages_are_sent_in_the_background_once_one_agrees(
    connected: Console, echo: Echo, hands: Hands, pump_until: PumpUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [False, True]
    asked: list[str] = []

    def ask(_title: str, question: str, **_: object) -> bool:
        asked.append(question)
        return answers.pop(0)

    monkeypatch.setattr(messagebox, "askokcancel", ask)
    for number in range(30_000):
        connected.log.add(Direction.IN, "text", f"row {number}")
    connected.conversation.refresh()
    pump_until(lambda: len(connected.conversation.view.rows) >= 30_000)
    hands.press("ctrl+m", "ctrl+a", "Return")
    assert echo.heard == []
    hands.press("Return")
    assert asked == ["Send these 30,000 messages again?"] * 2
    pump_until(lambda: connected.sending.progress is not None and echo.heard)
    connected.sendbox.show_progress(connected.sending.progress)
    connected.root.update()
    hands.click(connected.sendbox._stop)
    assert connected.sending.replay is None
    sent = [row.payload for row in connected.log.rows if row.direction is Direction.OUT]
    assert 0 < len(sent) < 30_000
    assert connected._done.cget("text") == f"Stopped after {len(sent):,} of 30,000 messages"

"""The chat's windows on a screen: what is typed, clicked and shown, with a real server behind them."""

from __future__ import annotations

import _tkinter
import tkinter as tk
from collections.abc import Callable, Iterator

import pytest

from demos.chat.app import App, default_nick
from demos.chat.conversation import Conversation
from demos.chat.host import Host
from demos.chat.lists import elide
from demos.chat.person import Kind, Line, ServerStatus
from demos.chat.prompt import Prompt
from demos.chat.window import ChatWindow

PumpUntil = Callable[..., None]

_MOST_EVENTS = 2000


@pytest.fixture
def app(display_root: tk.Tk, _pump: tk.Tk) -> Iterator[App]:
    host = Host(display_root)
    host.start()
    made = App(display_root, host.url, host)
    yield made
    made.close()
    for _ in range(_MOST_EVENTS):  # so many widgets leave more behind than is taken for rest
        if not _pump.tk.dooneevent(_tkinter.DONT_WAIT):
            break


@pytest.fixture
def open_window(app: App, pump_until: PumpUntil) -> Callable[[str], ChatWindow]:
    """``open_window(nick)``: a window of somebody who is in the lobby."""

    def open_window(nick: str) -> ChatWindow:
        window = app.open_window(nick)
        pump_until(lambda: window.person.rooms["lobby"].you == nick)
        return window

    return open_window


def text_of(window: ChatWindow, room: str = "lobby") -> str:
    return window._conversations[room].text.get("1.0", "end")


def prompt_of(window: ChatWindow) -> Prompt:
    prompt = window._prompt
    assert prompt is not None
    return prompt


def labels_of(widget: tk.Misc) -> str:
    """Every label's text below a widget."""
    texts = []
    for child in widget.winfo_children():
        if child.winfo_class() == "TLabel":
            texts.append(str(child.cget("text")) or str(child.getvar(str(child.cget("textvariable")))))
        texts.append(labels_of(child))
    return "\n".join(filter(None, texts))


@pytest.mark.slow
def test_two_windows_talk_and_mark_what_is_unread(
    open_window: Callable[[str], ChatWindow], pump_until: PumpUntil
) -> None:
    ann, bob = open_window("ann"), open_window("bob")
    ann.type_line("Hello bob")
    pump_until(lambda: "Hello bob" in text_of(bob))
    assert "own" in ann._conversations["lobby"].text.tag_names("end-2l")
    assert "own" not in bob._conversations["lobby"].text.tag_names("end-2l")
    for window in (ann, bob):
        window.show_room("tea")
    pump_until(lambda: len(ann.person.rooms["tea"].people) == len(bob.person.rooms["tea"].people) == 2)
    ann.show_room("lobby")
    bob.type_line("tea?")
    pump_until(lambda: ann.person.rooms["tea"].unread == 1)
    assert ann.title() == "(1) #lobby - ann - tkws chat"
    assert [(row.name, row.unread) for row in ann._sidebar.rooms._rows] == [("lobby", 0), ("tea", 1)]
    ann.next_room(1)
    assert "New messages" in text_of(ann, "tea")
    assert ann.title() == "#tea - ann - tkws chat"
    ann.next_room(1)
    assert "New messages" not in text_of(ann, "tea")
    ann.next_room(1)
    ann.leave_room()
    assert list(ann.person.rooms) == ["lobby"]
    ann.leave_room()
    assert list(ann.person.rooms) == ["lobby"], "the only room is not left"


def test_what_was_sent_comes_back_with_up_and_down(
    open_window: Callable[[str], ChatWindow], pump_until: PumpUntil
) -> None:
    composer = open_window("ann")._composer
    composer.winfo_toplevel().update()
    for line in ("one", "two"):
        composer.type(line)
        composer.submit()
    composer.type("draft")
    composer.entry.focus_force()
    pump_until(lambda: composer.entry.focus_get() is composer.entry)
    shown = []
    for key in ("Up", "Up", "Up", "Down", "Down", "Down"):
        composer.entry.event_generate(f"<{key}>")
        shown.append(composer.entry.get())
    assert shown == ["two", "one", "one", "two", "draft", "draft"]


def test_a_line_that_cannot_be_sent_stays_in_the_field(
    open_window: Callable[[str], ChatWindow], app: App, pump_until: PumpUntil
) -> None:
    ann = open_window("ann")
    ann.type_line("x" * 2001)
    assert "this has 2001" in text_of(ann)
    assert len(ann._composer.entry.get()) == 2001
    ann.toggle_server()
    pump_until(lambda: ann.person.status is ServerStatus.LOST)
    ann.type_line("is anybody there?")
    assert ann._composer.entry.get() == "is anybody there?"


@pytest.mark.slow
def test_a_restart_shows_a_banner_and_a_button_that_comes_back(
    open_window: Callable[[str], ChatWindow], pump_until: PumpUntil
) -> None:
    ann, bob = open_window("ann"), open_window("bob")
    ann.toggle_server()
    pump_until(lambda: ann.person.status is bob.person.status is ServerStatus.LOST)
    assert "The server was stopped." in labels_of(bob._banner)
    assert [window._banner.button.cget("text") for window in (ann, bob)] == ["Start server", "now"]
    assert "Next attempt in" in labels_of(bob._banner)
    bob._banner.button.invoke()
    pump_until(lambda: "Cannot connect" in labels_of(bob._banner))
    ann._banner.button.invoke()
    pump_until(lambda: ann.person.rooms["lobby"].you)
    pump_until(lambda: bob.person.rooms["lobby"].you)
    assert not ann._banner.winfo_ismapped()
    assert not bob._banner.winfo_ismapped()
    pump_until(lambda: bob.person.latency is not None)
    assert "Connected" in labels_of(bob._status)
    assert " ms" in labels_of(bob._status)


def test_the_first_question_is_ones_name(app: App, pump_until: PumpUntil) -> None:
    window = app.open_window()
    prompt = prompt_of(window)
    assert prompt.value.get() == default_nick()
    prompt.value.set("  ")
    prompt._answer()
    assert "at least one character" in labels_of(prompt)
    prompt.value.set("ada")
    prompt._answer()
    assert window._prompt is None
    pump_until(lambda: window.person.rooms["lobby"].you == "ada")


def test_a_new_room_and_a_new_nickname_are_asked_for(
    open_window: Callable[[str], ChatWindow], pump_until: PumpUntil
) -> None:
    window = open_window("ann")
    window._ask_room()
    window._ask_room()
    prompt = prompt_of(window)
    prompt.value.set("Käse")
    prompt._answer()
    assert "letters (a to z)" in labels_of(prompt)
    prompt.value.set("#Tea Time")
    prompt._answer()
    pump_until(lambda: window.person.rooms["tea-time"].you)
    window._ask_nick()
    prompt_of(window).dismiss()
    window._ask_nick()
    prompt_of(window).value.set("ada")
    prompt_of(window)._answer()
    pump_until(lambda: "You are now ada" in text_of(window, "tea-time"))
    assert window.title() == "#tea-time - ada - tkws chat"


def test_the_end_is_followed_only_while_it_is_in_view(display_root: tk.Tk, pump_until: PumpUntil) -> None:
    shown = Conversation(display_root)
    shown.pack(fill="both", expand=True)
    display_root.geometry("300x200")
    display_root.update()

    def say(number: int, who: str = "bob") -> None:
        shown.add(Line(Kind.SAID, f"line {number}", float(number), who, own=who == "ann"))
        display_root.update()

    for number in range(30):
        say(number)
    assert shown.text.yview()[1] == 1.0
    shown.text.yview_moveto(0)
    display_root.update()
    say(31)
    assert shown.text.yview()[0] == 0.0
    assert shown._down.winfo_ismapped()
    shown._down.invoke()
    display_root.update()
    assert shown.text.yview()[1] == 1.0
    assert not shown._down.winfo_ismapped()
    shown.text.yview_moveto(0)
    say(32, "ann")
    assert shown.text.yview()[1] == 1.0, "one's own line is always shown"


def test_a_link_is_opened(display_root: tk.Tk, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    shown = Conversation(display_root)
    shown.pack(fill="both", expand=True)
    display_root.geometry("500x200")
    shown.add(Line(Kind.SAID, "see https://example.org/a?b=c, or javascript:alert(1)", 1.0, "bob"))
    display_root.update()
    first, last = shown.text.tag_ranges("link")
    assert shown.text.get(first, last) == "https://example.org/a?b=c"
    box = shown.text.bbox(first)
    assert box is not None
    x, y, width, height = box
    shown.text.event_generate("<Motion>", x=x + width // 2, y=y + height // 2)
    shown.text.event_generate("<Button-1>", x=x + width // 2, y=y + height // 2)
    assert opened == ["https://example.org/a?b=c"]


def test_a_name_that_is_too_long_ends_in_dots(display_root: tk.Tk) -> None:
    canvas = tk.Canvas(display_root)
    assert elide(canvas, "short", "TkDefaultFont", 500) == "short"
    cut = elide(canvas, "a very long nickname", "TkDefaultFont", 80)
    assert cut.endswith("…")
    assert cut[:-1] in "a very long nickname"


def test_the_last_window_leaves_the_loop(
    app: App, open_window: Callable[[str], ChatWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[bool] = []
    monkeypatch.setattr(app.root, "quit", lambda: left.append(True))
    ann, bob = open_window("ann"), open_window("bob")
    ann.close()
    assert (app.windows, left) == ([bob], [])
    bob.close()
    assert left == [True]

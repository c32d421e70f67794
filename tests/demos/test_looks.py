"""How the demos' windows look and are walked through, in both themes and on a small screen."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import tkws
from demos.asyncio_thread import BridgeWindow
from demos.chat.app import App as Chat
from demos.chat.host import Host as ChatHost
from demos.chat.window import ChatWindow
from demos.dashboard.app import App as Dashboard
from demos.dashboard.host import Host as DashboardHost
from demos.embedded.site import Site
from demos.embedded.window import EmbeddedWindow
from demos.look import MessageLog
from demos.worker import WorkerWindow
from demos.wsgi import WSGIWindow
from tests.windows import cut_off, descendants, of_other_colours, tab_order
from tkws.console.look import DARK, LIGHT, theme_of

PumpUntil = Callable[..., None]


def embedded(root: tk.Tk) -> EmbeddedWindow:
    return EmbeddedWindow(root, Site(("127.0.0.1", 0)))


def dashboard(root: tk.Tk) -> Dashboard:
    host = DashboardHost(root)
    return Dashboard(root, host.server.url, host)


def chat(root: tk.Tk) -> Chat:
    host = ChatHost(root)
    host.start()
    app = Chat(root, host.url, host)
    app.open_window("ann")
    return app


# What Tab leads through, from what has the focus at first.
ORDERS: dict[Callable[[tk.Tk], Any], list[str]] = {
    BridgeWindow: ["field", "Send to devices", "Play a device"],
    WorkerWindow: ["field", "Add a remark", "Start"],
    WSGIWindow: ["field", "Send to all", "Open in browser"],
    embedded: ["field", "Send to all", "Open in browser"],
    dashboard: ["Plot"],
    chat: ["field", "Send", "+ New", "rooms", "you"],
}


@pytest.fixture
def fill(display_root: tk.Tk, pump_until: PumpUntil) -> Iterator[Callable[..., tk.Misc]]:
    """``fill(demo, theme)``: a demo's window, which is closed after the test."""
    made: list[Any] = []

    def fill(demo: Callable[[tk.Tk], Any], theme: str = "light") -> tk.Misc:
        theme_of(display_root).use(theme)
        made.append(demo(display_root))
        window = made[-1].windows[0] if demo is chat else display_root
        pump_until(lambda: window.winfo_ismapped() and is_ready(made[-1]))
        if demo is WorkerWindow:
            made[-1].toggle()
        window.update()
        return window

    yield fill
    for demo in made:
        demo.close()
    display_root.update()
    display_root.destroy()
    pump_until(lambda: not tkws.find())


def is_ready(demo: Any) -> bool:
    """Whether what comes by the network at once has come."""
    if isinstance(demo, WorkerWindow):
        return bool(demo.frame.log.plain)
    return not isinstance(demo, Dashboard) or demo.window.samples > 0


@pytest.mark.slow
@pytest.mark.parametrize("demo", ORDERS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_of_another_colour_than_the_theme(
    fill: Callable[..., tk.Misc], demo: Callable[[tk.Tk], Any], theme: str
) -> None:
    assert not of_other_colours(fill(demo, theme), DARK if theme == "dark" else LIGHT)


@pytest.mark.slow
@pytest.mark.parametrize("demo", ORDERS)
def test_nothing_is_cut_off_on_a_small_screen(
    fill: Callable[..., tk.Misc], demo: Callable[[tk.Tk], Any]
) -> None:
    window = fill(demo)
    assert isinstance(window, tk.Tk | tk.Toplevel)
    px = theme_of(window).px
    assert window.minsize() <= (px(480), px(320))
    window.geometry(f"{px(480)}x{px(320)}")
    window.update()
    assert not cut_off(window)


@pytest.mark.slow
@pytest.mark.parametrize("demo", ORDERS)
def test_tab_leads_through_everything(fill: Callable[..., tk.Misc], demo: Callable[[tk.Tk], Any]) -> None:
    window = fill(demo)
    first = window.focus_lastfor()
    if first is window:
        first = window.tk_focusNext()
    assert first is not None
    assert [name_of(widget) for widget in tab_order(first)] == ORDERS[demo]


def name_of(widget: tk.Misc) -> str:
    """What is on a button; ``field`` for an entry."""
    if widget.winfo_class() == "TEntry":
        return "field"
    if widget.winfo_class() == "TButton":
        return str(widget.cget("text"))
    return {"RoomList": "rooms", "OwnNickname": "you"}.get(type(widget).__name__, str(widget))


@pytest.mark.parametrize("demo", [BridgeWindow, WSGIWindow, embedded])
def test_a_window_without_messages_says_what_to_do_until_one_comes(
    fill: Callable[..., tk.Misc], demo: Callable[[tk.Tk], Any]
) -> None:
    window = fill(demo)
    log = next(each for each in descendants(window) if isinstance(each, MessageLog))
    assert log.get("1.0", "end").startswith(("Nobody is connected yet.", "No line has come yet."))
    log.add("ann", "hello")
    log.show_hint("too late")
    assert log.get("1.0", "end").split()[1:] == ["ann", "hello"]


@pytest.mark.slow
def test_a_device_is_played_and_gets_its_answer(fill: Callable[..., tk.Misc], pump_until: PumpUntil) -> None:
    window = fill(BridgeWindow)
    log = next(each for each in descendants(window) if isinstance(each, MessageLog))
    button = next(each for each in descendants(window) if name_of(each) == "Play a device")
    button.invoke()  # type: ignore[attr-defined] # a button
    pump_until(lambda: log.plain == ["device: boiler 71.5"])
    field = next(each for each in descendants(window) if isinstance(each, tk.Entry))
    field.insert(0, "hold 70")
    next(each for each in descendants(window) if name_of(each) == "Send to devices").invoke()  # type: ignore[attr-defined] # a button
    pump_until(lambda: log.plain[1:] == ["you: hold 70", "device: received: hold 70"])


def test_who_is_here_gives_way_in_a_narrow_chat(fill: Callable[..., tk.Misc]) -> None:
    window = fill(chat)
    assert isinstance(window, ChatWindow)
    assert window._people.winfo_ismapped()
    window.geometry("480x320")
    window.update()
    assert not window._people.winfo_ismapped()
    window.geometry("860x600")
    window.update()
    assert window._people.winfo_ismapped()


def test_keys_in_a_list_without_a_current_room_do_no_harm(fill: Callable[..., tk.Misc]) -> None:
    window = fill(chat)
    assert isinstance(window, ChatWindow)
    rooms = window._sidebar.rooms
    rows = list(rooms._rows)
    looking_at = window.person.current_room
    rooms.show(rows[:1], "")
    rooms.focus_force()
    rooms.event_generate("<FocusIn>")
    rooms.event_generate("<Return>")
    assert window.person.current_room == looking_at
    rooms._pointed = len(rows) + 1
    rooms.event_generate("<Down>")
    assert rooms._pointed_row() == 0
    rooms.show(rows, looking_at)


def test_the_chat_is_used_by_keys_alone(fill: Callable[..., tk.Misc], pump_until: PumpUntil) -> None:
    window = fill(chat)
    assert isinstance(window, ChatWindow)
    window.show_room("tea")
    rooms, you = window._sidebar.rooms, window._sidebar._nickname
    rooms.focus_force()
    pump_until(lambda: window.focus_get() is rooms)
    rooms.event_generate("<Up>")
    rooms.event_generate("<Return>")
    assert window.person.current_room == "lobby"
    you.focus_force()
    pump_until(lambda: window.focus_get() is you)
    you.event_generate("<Return>")
    assert window._prompt is not None

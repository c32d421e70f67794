"""A window that is easy to use: its size and place, keys, empty views, contrast and focus."""

from __future__ import annotations

import re
import shutil
import subprocess
import tkinter as tk
from collections.abc import Callable
from itertools import pairwise
from tkinter import ttk

import pytest

import tkws
from tests.console.conftest import Echo, Hands
from tests.console.test_look import contrast
from tkws.console.client.target import NO_PROXY, Target
from tkws.console.look import DARK, LIGHT, Placeholder, set_icon, theme_of
from tkws.console.look.screenplace import geometry_of, kept_place
from tkws.console.server.serversession import Mode
from tkws.console.server.serverwindow import ServerWindow
from tkws.console.window.keysheet import KeySheet
from tkws.console.window.window import Console

PumpUntil = Callable[..., None]


def states(console: Console, title: str) -> dict[str, bool]:
    """Return which entries of a menu can be chosen when it opens."""
    return {label: state == "normal" for label, _, state in entries(console, title)}


def entries(console: Console, title: str) -> list[tuple[str, ...]]:
    """Return the label, key and state of each entry of a menu when it opens."""
    bar = console.nametowidget(console.root.cget("menu"))
    menu = bar.nametowidget(bar.entrycget(f" {title} ", "menu"))
    menu.tk.eval(menu.cget("postcommand"))
    return [
        tuple(str(menu.entrycget(number, name)).strip() for name in ("label", "accelerator", "state"))
        for number in range(menu.index("end") + 1)
        if menu.type(number) == "command"
    ]


@pytest.mark.parametrize(
    ("geometry", "screen", "unit", "later", "later_unit", "restored"),
    [
        ("1080x720+100+50", (1920, 1080), 1.0, (1920, 1080), 1.0, "1080x720+100+50"),
        ("1080x720+840+360", (1920, 1080), 1.0, (1280, 1024), 1.0, "1080x720+200+304"),
        ("1080x720+100+50", (1920, 1080), 1.0, (3840, 2160), 2.0, "2160x1440+200+100"),
        ("2160x1440+0+0", (3840, 2160), 2.0, (1024, 600), 1.0, "1024x600+0+0"),
        ("800x600+-50+-10", (1920, 1080), 1.0, (1920, 1080), 1.0, "800x600+0+0"),
        ("800x600+5000+5000", (1920, 1080), 1.0, (1920, 1080), 1.0, "800x600+1120+480"),
        ("2000x1200+3+4", (1920, 1080), 1.0, (1920, 1080), 1.0, "1920x1080+0+0"),
    ],
)
def test_a_place_fits_every_screen(
    geometry: str,
    screen: tuple[int, int],
    unit: float,
    later: tuple[int, int],
    later_unit: float,
    restored: str,
) -> None:
    found, wanted = (
        [int(number) for number in re.findall(r"\d+", text)]
        for text in (geometry_of(kept_place(geometry, screen, unit), later, later_unit), restored)
    )
    assert all(abs(one - other) <= 1 for one, other in zip(found, wanted, strict=True)), found


@pytest.mark.parametrize(
    "place", ["", "1080x720", "1080x720+0+0", "x", "9x9@2", "1x1@.5,nan", "-1x5@0.1,0.1"]
)
def test_a_place_that_makes_no_sense_is_none(place: str) -> None:
    assert geometry_of(place, (1920, 1080), 1.0) == ""
    assert kept_place("nonsense", (1920, 1080), 1.0) == ""


def test_what_can_be_used_is_seen() -> None:
    for palette in (LIGHT, DARK):
        for ground in (palette.surface, palette.side):
            for mark in (palette.border, palette.accent, palette.good, palette.waiting, palette.bad):
                assert contrast(mark, ground) >= 3, (mark, ground)
        assert contrast(palette.good, palette.surface) >= 4.5, "arrows are text"


@pytest.mark.slow
def test_entries_that_cannot_be_are_grey(connected: Console, pump_until: PumpUntil) -> None:
    assert states(connected, "Connection")["Disconnect"]
    assert states(connected, "Message")["Ping"]
    assert not states(connected, "Message")["Stop the replay"]
    assert not states(connected, "Message")["Lay out the JSON"]
    assert not states(connected, "Edit")["Show everything"]
    connected.conversation.filter.add_term("x")
    assert states(connected, "Edit")["Show everything"]
    connected.conversation.clear()
    assert not states(connected, "File")["Save the conversation…"]
    assert not states(connected, "Edit")["Clear the table…"]
    assert not states(connected, "Message")["Replay the messages sent"]
    connected.send("message", "x")
    assert states(connected, "Message")["Replay the messages sent"]
    connected.session.disconnect()
    pump_until(lambda: connected.session.over)
    assert not states(connected, "Connection")["Disconnect"]
    for entry in ("Ping", "Send a file…", "Send an empty message"):
        assert not states(connected, "Message")[entry]


@pytest.mark.slow
def test_keys_make_it_larger_and_smaller(console: Console, hands: Hands, pump_until: PumpUntil) -> None:
    theme, table = theme_of(console), console.conversation.table
    usual = table._row_height, theme.px(100)
    for key, zoom in (("ctrl+plus", 1), ("ctrl+equal", 2)):
        hands.press(key)
        assert theme.zoom == zoom
    assert theme.px(100) == pytest.approx(usual[1] * 1.21, abs=2)
    pump_until(lambda: table._row_height > usual[0])
    tops = [table._canvas.coords(back)[1] for back, _ in table._lines]
    assert {round(later - top) for top, later in pairwise(tops)} == {table._row_height}
    for key, zoom in (("ctrl+minus", 1), ("ctrl+0", 0)):
        hands.press(key)
        assert theme.zoom == zoom
    pump_until(lambda: (table._row_height, theme.px(100)) == usual)
    assert console.address.entry.get() == "", "no key was typed"
    console.root.update()  # a change of size makes hundreds of events


def test_the_zoom_has_bounds(display_root: tk.Tk) -> None:
    theme = theme_of(display_root)
    theme.zoom_to(1000)
    largest = theme.zoom, theme.px(100)
    theme.zoom_to(-1000)
    assert (theme.zoom, largest[0]) == (-largest[0], largest[0])
    assert theme.px(100) < largest[1]
    theme.zoom_to(0)


@pytest.mark.slow
@pytest.mark.parametrize("key", ["F1", "ctrl+slash"])
def test_a_sheet_of_all_keys(console: Console, hands: Hands, pump_until: PumpUntil, key: str) -> None:
    def sheets() -> list[KeySheet]:
        return [child for child in console.winfo_children() if isinstance(child, KeySheet)]

    hands.press(key)
    [sheet] = sheets()
    texts = labels(sheet)
    for title in ("File", "Connection", "Message", "Edit", "View", "Help"):
        for label, key, _ in entries(console, title):
            assert not key or {label, key} <= set(texts), label
    assert {"Ctrl++", "Ctrl+-", "Ctrl+0", "F5", "Ctrl+Shift+F"} <= set(texts)
    pump_until(lambda: isinstance(sheet.focus_get(), ttk.Button))  # when the sheet has come into sight
    hands.press_until(lambda: sheets() == [], "Escape")


def labels(widget: tk.Misc) -> list[str]:
    """Return the texts of the labels in a widget."""
    texts = [str(widget.cget("text"))] if widget.winfo_class() == "TLabel" else []
    return texts + [text for child in widget.winfo_children() for text in labels(child)]


def empty_texts(widget: tk.Misc) -> list[str]:
    """Return the texts that are shown in empty widgets."""
    own = [widget.text] if isinstance(widget, Placeholder) and widget.winfo_ismapped() else []
    return own + [text for child in widget.winfo_children() for text in empty_texts(child)]


@pytest.mark.slow
def test_empty_views_say_what_is_true(console: Console, echo: Echo, pump_until: PumpUntil) -> None:
    conversation = console.conversation
    conversation.refresh()
    assert "Type an address above" in conversation.table.placeholder
    pump_until(lambda: any("by its key, Ctrl+M" in text for text in empty_texts(conversation.detail)))
    pump_until(lambda: any("once they were sent" in text for text in empty_texts(console.side)))
    console.address.entry.insert(0, echo.url)
    conversation.refresh()
    assert conversation.table.placeholder.startswith("Not connected.\nPress F5")
    console.connect_to(Target(url=echo.url, proxy=NO_PROXY, ping_interval=0))
    conversation.clear()
    conversation.refresh()
    assert conversation.table.placeholder.startswith("Connecting.")
    pump_until(lambda: console.session.is_open)
    conversation.clear()
    conversation.refresh()
    assert conversation.table.placeholder.startswith("Connected; nothing has come since")
    pump_until(lambda: not empty_texts(console.side))
    conversation.live.show_by_key(("symbol",))
    pump_until(
        lambda: (
            empty_texts(conversation.live.keys)
            == ["No message has come yet.\nThe first with a field symbol makes a row."]
        )
    )
    console.send("message", '{"price": 1}')
    pump_until(lambda: any("No message shown has a field symbol" in text for text in empty_texts(console)))
    console.send("message", '{"symbol": "A"}')
    pump_until(lambda: not empty_texts(conversation.live.keys))
    conversation.live.plot_field(("gone",))
    pump_until(lambda: any("No value in this time" in text for text in empty_texts(conversation.live.plot)))


@pytest.mark.slow
def test_an_empty_server_says_how_to_reach_it(display_root: tk.Tk, pump_until: PumpUntil) -> None:
    window = ServerWindow(display_root, Mode.ECHO, {"port": 0})
    url = window.session.server.url
    window.conversation.clear()
    window.conversation.refresh()
    assert (
        window.conversation.table.placeholder
        == f"Nobody is connected.\nTo start a client: python -m tkws {url}"
    )
    pump_until(lambda: empty_texts(window.side) == ["Each client\nhas a row here."])
    client = tkws.open(url, lambda *_: None, master=display_root, proxy=None)
    pump_until(lambda: not empty_texts(window.side))
    client.close()
    window.session.close()
    pump_until(lambda: client.state is tkws.State.CLOSED and not window.session.names)
    window.destroy()


def test_tab_comes_to_everything_and_back(console: Console) -> None:
    console.root.update()
    seen = []
    widget: tk.Misc | None = console.address.entry
    while widget is not None and widget not in seen:
        seen.append(widget)
        widget = widget.tk_focusNext()
    for wanted in (
        console.address.button,
        console.conversation.filter.text,
        console.conversation.table.rows_widget,
        console.conversation.detail._text,
        console.sendbox.text,
        console.side._handshake,
    ):
        assert wanted in seen


@pytest.mark.parametrize("style", ["Bare.TButton", "Bad.TButton", "Treeview"])
def test_everything_shows_its_focus(display_root: tk.Tk, style: str) -> None:
    theme_of(display_root)
    assert re.search(r"focus|field", str(ttk.Style(display_root).layout(style)))


@pytest.mark.skipif(shutil.which("xprop") is None, reason="no xprop")
def test_the_window_has_an_icon(display_root: tk.Tk, pump_until: PumpUntil) -> None:
    display_root.title("a window with an icon")

    def properties() -> str:
        display_root.update()
        command = ["xprop", "-name", display_root.title()]
        return subprocess.run(command, capture_output=True, encoding="utf-8", check=False).stdout

    set_icon(display_root)
    pump_until(lambda: "_NET_WM_ICON(" in properties())

"""The table shows the rows that are in sight, and stays on them whatever comes or goes."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any

import pytest

from tkws.console.conversation.table import Table
from tkws.console.log.log import Direction, Log
from tkws.console.log.view import Filter, View

PumpUntil = Callable[..., None]


class Shown:
    """A table in a window, with its log and what it told."""

    def __init__(self, root: tk.Tk, rows: int, pump_until: PumpUntil, *, with_peers: bool = False) -> None:
        self.root = root
        self.pump_until = pump_until
        self.log = Log(capacity=320)
        self.view = View(self.log)
        self.picks = 0
        self.table = Table(root, self.view, self._picked, with_peers=with_peers)
        self.table.pack(fill="both", expand=True)
        self.resize(700, 400)
        self.add(rows)

    def resize(self, width: int, height: int) -> None:
        """The answer of the X server takes its time."""
        self.root.geometry(f"{width}x{height}")
        self.pump_until(lambda: (self.table.winfo_width(), self.table.winfo_height()) == (width, height))
        self.root.update()

    def _picked(self) -> None:
        self.picks += 1

    def add(self, rows: int) -> None:
        for _ in range(rows):
            self.log.add(Direction.IN, "text", f"message {self.log.next}", "#7")
        self.view.advance(9)
        self.table.draw()

    @property
    def texts(self) -> list[str]:
        """The last column of the lines that show something, from above."""
        canvas = self.table._canvas
        texts = [canvas.itemcget(items[-1], "text") for _, items in self.table._lines]
        return [text for text in texts if text]

    @property
    def bar(self) -> tuple[float, float]:
        return self.table._bar.get()  # type: ignore[return-value] # a pair, once it has been set

    def press(self, key: str) -> None:
        self.table._canvas.focus_force()
        self.table._canvas.event_generate(key)
        self.table.update()


@pytest.fixture
def shown(display_root: tk.Tk, pump_until: PumpUntil) -> Shown:
    return Shown(display_root, 100, pump_until)


def test_the_newest_rows_are_in_sight(shown: Shown) -> None:
    page = shown.table.page
    assert 10 < page < 40
    assert shown.texts == [f"message {number}" for number in range(100 - page, 100)]
    shown.add(5)
    assert shown.texts[-1] == "message 104"
    assert shown.bar[1] == 1.0


def test_only_the_lines_in_sight_are_made(shown: Shown) -> None:
    shown.add(1000)
    assert len(shown.table._canvas.find_all()) < 7 * (shown.table.page + 3)


def test_what_is_looked_at_stays_in_sight_whatever_comes(shown: Shown) -> None:
    shown.table._scroll("moveto", "0.5")
    before = shown.texts
    assert before[0] == "message 50"
    assert not shown.table.following
    shown.add(150)
    assert shown.texts == before
    shown.add(300)  # what was looked at is forgotten
    assert shown.texts[0] == f"message {shown.log.first}"
    shown.table.follow()
    assert shown.texts[-1] == "message 549"


@pytest.mark.parametrize(
    ("arguments", "first"),
    [
        (("moveto", "0"), 0),
        (("moveto", "-1"), 0),
        (("scroll", "-1", "units"), -1),
        (("scroll", "-1", "pages"), None),
    ],
)
def test_the_scroll_bar_scrolls(shown: Shown, arguments: tuple[str, ...], first: int | None) -> None:
    page = shown.table.page
    shown.table._scroll(*arguments)
    at = {0: 0, -1: 100 - page - 1, None: 100 - 2 * page}[first]
    assert shown.texts[0] == f"message {at}"
    assert shown.bar[0] == pytest.approx(at / 100)


def test_the_wheel_scrolls_and_its_end_follows_again(shown: Shown) -> None:
    shown.press("<Button-4>")
    assert not shown.table.following
    shown.press("<Button-5>")
    assert shown.table.following


def test_keys_move_the_cursor(shown: Shown) -> None:
    table = shown.table
    shown.press("<Home>")
    assert table.current is not None
    assert (table.current.number, shown.texts[0]) == (0, "message 0")
    shown.press("<Down>")
    shown.press("<Next>")
    assert table.current.number == 1 + table.page
    assert f"message {1 + table.page}" in shown.texts
    shown.press("<Up>")
    shown.press("<Prior>")
    assert table.current.number == 0
    shown.press("<End>")
    assert (table.current.number, table.following) == (99, True)
    assert shown.picks == 6


def test_rows_are_selected_with_shift(shown: Shown) -> None:
    shown.press("<End>")
    shown.press("<Shift-Up>")
    shown.press("<Shift-Up>")
    assert [row.number for row in shown.table.selection] == [97, 98, 99]
    shown.press("<<SelectAll>>")
    assert len(shown.table.selection) == 100
    shown.press("<Escape>")
    assert shown.table.selection == []
    assert shown.table.current is None


def test_a_row_is_picked_by_a_click(shown: Shown) -> None:
    table = shown.table
    top = int(shown.texts[0].split()[1])
    height = table._row_height
    for button, line in (("<Button-1>", 2), ("<Shift-Button-1>", 4)):
        table._canvas.event_generate(button, x=100, y=line * height + height // 2)
    assert [row.number for row in table.selection] == [top + 2, top + 3, top + 4]
    assert not table.following
    shown.add(10)
    assert shown.texts[0] == f"message {top}"


def test_a_click_below_the_last_row_picks_none(display_root: tk.Tk, pump_until: PumpUntil) -> None:
    shown = Shown(display_root, 2, pump_until)
    shown.table._canvas.event_generate("<Button-1>", x=100, y=300)
    assert shown.table.selection == []


def test_the_filter_changes_what_is_in_sight(shown: Shown) -> None:
    shown.table.select(50)
    shown.view.filter = Filter(text="5")
    shown.view.advance(9)
    shown.table.redraw()
    found = [f"message {number}" for number in range(100) if "5" in str(number)]
    assert shown.texts == found[-shown.table.page :]
    assert shown.table.current is not None
    shown.view.filter = Filter(text="6")
    shown.view.advance(9)
    assert shown.table.current is None


def test_an_empty_table_gives_a_hint(display_root: tk.Tk, pump_until: PumpUntil) -> None:
    shown = Shown(display_root, 0, pump_until)
    shown.table.placeholder = "Nothing yet"
    shown.table.draw()
    canvas = shown.table._canvas
    assert canvas.itemcget(shown.table._placeholder_item, "text") == "Nothing yet"
    shown.add(1)
    assert canvas.itemcget(shown.table._placeholder_item, "text") == ""


def test_a_server_has_a_column_for_the_peer(display_root: tk.Tk, pump_until: PumpUntil) -> None:
    shown = Shown(display_root, 1, pump_until, with_peers=True)
    _, items = shown.table._lines[0]
    cells: list[Any] = [shown.table._canvas.itemcget(item, "text") for item in items]
    assert cells[1:] == ["↓", "#7", "text", "9", "message 0"]


def test_a_window_that_grows_shows_more(shown: Shown) -> None:
    before = shown.table.page
    shown.resize(900, 600)
    assert shown.table.page > before
    assert len(shown.texts) == shown.table.page
    shown.resize(500, 200)
    assert len(shown.texts) == shown.table.page < before


@pytest.mark.slow
@pytest.mark.parametrize("character", ["W", "i", "漢", "\N{ROLLING ON THE FLOOR LAUGHING}", "\n"], ids=ascii)
def test_no_text_reaches_beyond_the_edge(shown: Shown, character: str) -> None:
    shown.log.add(Direction.IN, "text", character * 1000)
    shown.add(0)
    canvas = shown.table._canvas
    for _, items in shown.table._lines:
        if box := canvas.bbox(items[-1]):
            assert box[2] <= canvas.winfo_width()

"""The panel of the watches, with a person's hands: added, found, counted, rung, and removed."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable
from typing import Any

import pytest

from tests.console.conftest import Echo, Hands
from tests.windows import cut_off
from tkws.console.log.log import Direction
from tkws.console.watch.kinds import ABOVE, BELOW, GAP, LATENCY, PATTERN, SILENCE
from tkws.console.watch.panel import WatchPanel
from tkws.console.window.window import Console

PumpUntil = Callable[..., None]

pytestmark = pytest.mark.slow


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When the bell rang."""
    rang: list[float] = []
    monkeypatch.setattr(tk.Misc, "bell", lambda *_: rang.append(time.monotonic()))
    return rang


def panel_of(console: Console) -> WatchPanel:
    return console.conversation.watch


def receive(console: Console, *texts: str) -> None:
    for text in texts:
        console.log.add(Direction.IN, "text", text)
    console.conversation.refresh()


def lines(console: Console) -> list[tuple[str, str, str]]:
    """What the panel shows of each watch: its condition, the count, and the last time."""
    panel = panel_of(console)
    found = []
    for row in panel._rows.values():
        row.refresh()
        label = row._watch.condition.label
        last = str(row._last["text"]) if row._last.winfo_manager() else ""
        found.append((label, str(row._count["text"]), last.partition(" ")[2]))
    return found


def is_marked(console: Console, number: int) -> bool:
    table = console.conversation.table
    console.conversation.refresh()
    (line,) = [at for at, drawn in enumerate(table._drawn) if drawn is not None and drawn[0] == number]
    back, _ = table._lines[line]
    colours = table._theme.colours
    shown = str(table._canvas.itemcget(back, "state")), str(table._canvas.itemcget(back, "fill"))
    return shown == ("normal", colours.mark)


def test_a_person_adds_a_watch_by_keys_and_goes_to_what_it_found(
    connected: Console, echo: Echo, hands: Hands, pump_until: PumpUntil, rings: list[float]
) -> None:
    panel = panel_of(connected)
    assert not panel.is_shown
    hands.press("ctrl+shift+w")
    pump_until(lambda: connected.root.focus_get() is panel.text)
    hands.type("apple")
    hands.press("Return")
    hands.press("ctrl+e")
    for text in ("apple", "pear", "an apple"):
        hands.type(text)
        hands.press("Return")
    pump_until(lambda: echo.heard == ["apple", "pear", "an apple"])
    pump_until(lambda: panel.watches.count == 4, timeout=20)  # sent and come back
    texts = {row.payload for row in connected.log.rows if row.number in panel.watches.marks}
    assert texts == {"apple", "an apple"}
    assert lines(connected) == [("apple", "4", "")]
    assert rings
    assert "4 watched" in str(connected._counts["text"])
    hands.press("ctrl+shift+n")
    first = connected.conversation.table.current
    hands.press("ctrl+shift+n")
    second = connected.conversation.table.current
    assert first is not None
    assert second is not None
    assert [first.number, second.number] == sorted(panel.watches.marks)[:2]
    hands.press("ctrl+shift+w")
    pump_until(lambda: not panel.is_shown)


def test_marks_are_drawn_in_both_themes(console: Console, rings: list[float]) -> None:
    panel_of(console).add(GAP, "n")
    receive(console, '{"n": 1}', '{"n": 2}', '{"n": 5}', '{"n": 6}')
    for _ in range(2):
        assert [is_marked(console, number) for number in range(4)] == [False, False, True, False]
        console.toggle_theme()
        console.update()
    assert lines(console) == [("gap in n", "1", "5 after 2, 2 missing")]
    assert len(rings) == 1


def test_a_silence_is_told_with_a_note_and_a_ring(
    connected: Console, pump_until: PumpUntil, rings: list[float]
) -> None:
    panel_of(connected).add(SILENCE, "1 ms")
    pump_until(lambda: connected.log.rows[-1].type == "watch")
    assert connected.log.rows[-1].payload == "silence of 0.001 s: nothing for 0.001 s"
    assert is_marked(connected, connected.log.next - 1)
    assert len(rings) == 1


def test_the_bell_rings_once_a_second_and_can_be_switched_off(
    console: Console, rings: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("tkws.console.watch.panel._monotonic", lambda: now)
    panel = panel_of(console)
    panel.add(PATTERN, "x")
    receive(console, "x", "x")
    now = 1000.9
    receive(console, "x")
    assert len(rings) == 1
    now = 1001.1
    receive(console, "x")
    assert len(rings) == 2
    panel.rings.set(False)
    now = 1010.0
    receive(console, "x")
    assert len(rings) == 2
    assert panel.watches.count == 5


def test_old_messages_do_not_ring(console: Console, rings: list[float]) -> None:
    console.log.add(Direction.IN, "text", "x", when=time.time() - 3600)
    panel_of(console).add(PATTERN, "x")
    console.conversation.refresh()
    assert panel_of(console).watches.count == 1
    assert not rings


def test_what_is_not_understood_is_told_and_stays_to_be_mended(console: Console) -> None:
    panel = panel_of(console)
    panel.toggle()
    panel.text.insert(0, "/(/")
    panel._submit()
    assert str(panel._fault["text"]).startswith("/(/: ")
    assert panel.text.get() == "/(/"
    panel.text.delete(0, "end")
    panel.text.insert(0, "/x/")
    panel._submit()
    assert str(panel._fault["text"]) == panel.text.get() == ""
    assert lines(console) == [("/x/", "0", "")]


def test_marks_stay_until_the_last_watch_is_removed(console: Console) -> None:
    panel = panel_of(console)
    panel.add(PATTERN, "x")
    panel.add(PATTERN, "y")
    receive(console, "x", "y")
    first, second = panel.watches.all
    panel.remove(first)
    assert panel.watches.marks == {0, 1}
    panel.remove(second)
    assert panel.watches.marks == set()
    console.conversation.refresh()
    assert "watched" not in str(console._counts["text"])


def test_a_field_of_the_message_shown_offers_its_gaps(console: Console) -> None:
    receive(console, '{"seq": 1, "name": "x"}')
    actions = {action.label: action for action in console.conversation.detail.fields.actions}
    assert actions["Gaps"].possible(1)
    assert not actions["Gaps"].possible("x")
    actions["Gaps"].run(("seq",), 1)
    assert lines(console) == [("gap in seq", "0", "")]


def test_a_click_on_what_was_found_shows_it(console: Console) -> None:
    panel = panel_of(console)
    panel.add(PATTERN, "x")
    receive(console, "x", *"y" * 100)
    (row,) = panel._rows.values()
    row.refresh()
    row._last.invoke()
    current: Any = console.conversation.table.current
    assert current.number == 0


@pytest.mark.parametrize("dpi", [96, 192])
def test_nothing_that_is_needed_is_cut_off(
    console: Console, scale: Callable[[float], None], dpi: int
) -> None:
    scale(dpi)
    panel = panel_of(console)
    for kind, text in ((ABOVE, "10"), (BELOW, "10"), (LATENCY, "10"), (GAP, "a_rather_long_name.of.a_field")):
        panel.add(kind, text)
    console.root.geometry("x".join(str(size * dpi // 96) for size in (700, 450)))
    console.root.update()
    assert not cut_off(console.root)


def test_marked_rows_that_were_not_in_sight_are_counted(
    console: Console, hands: Hands, pump_until: PumpUntil
) -> None:
    def counts() -> str:
        return str(console._counts.cget("text"))

    panel_of(console).add(PATTERN, "/err/")
    hands.go_to(console.conversation.table.rows_widget)
    receive(console, "err", *["row"] * 200, "err")
    pump_until(lambda: "2 watched, 1 not seen yet" in counts())
    hands.press("ctrl+shift+n")
    pump_until(lambda: "2 watched" in counts() and "not seen" not in counts())
    hands.press("ctrl+n")
    receive(console, "err")
    pump_until(lambda: "3 watched" in counts() and "not seen" not in counts())
    other = tk.Tk()

    def is_elsewhere() -> bool:
        other.update()
        return not console.tk.call("focus")

    try:
        other.focus_force()
        pump_until(is_elsewhere)
        receive(console, "err")
        console.conversation.refresh()
        checked = panel_of(console)._timer
        pump_until(lambda: panel_of(console)._timer != checked)
        assert "4 watched, 1 not seen yet" in counts()
    finally:
        other.destroy()
    hands.go_to(console.conversation.table.rows_widget)
    pump_until(lambda: "4 watched" in counts() and "not seen" not in counts())


def test_rows_that_are_gone_are_not_waited_for(console: Console) -> None:
    watches = panel_of(console).watches
    panel_of(console).add(PATTERN, "/err/")
    receive(console, "err", *["row"] * 200)
    assert watches.unseen == {0}
    console.log.clear()
    assert watches.note_seen([])
    assert watches.unseen == set()

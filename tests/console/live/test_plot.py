"""The plot in the console's window: lines appear, follow the stream, stand still, go, and are exported."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.console.conftest import Hands
from tests.windows import cut_off, of_other_colours
from tkws.console.live.panel import LivePanel
from tkws.console.log.log import Direction
from tkws.console.look import DARK, LIGHT, theme_of
from tkws.console.window.window import Console

PumpUntil = Callable[..., None]

pytestmark = pytest.mark.slow


def receive(console: Console, symbol: str, *prices: float, ago: float = 0.0) -> None:
    for price in prices:
        payload = json.dumps({"type": "trade", "symbol": symbol, "price": price})
        console.log.add(Direction.IN, "text", payload, when=time.time() - ago)
    console.conversation.refresh_soon()


@pytest.fixture
def live(console: Console) -> LivePanel:
    receive(console, "BTC", 1.5, ago=5)
    receive(console, "BTC", 2.5, ago=3)
    receive(console, "ETH", 20.5, ago=2)
    console.conversation.refresh()
    return console.conversation.live


def legend(live: LivePanel) -> list[tuple[str, str]]:
    """The names of the lines and their last values."""
    live.plot.draw()
    values = [str(label.cget("text")) for label in live.plot._values]
    return list(zip([series.source.label for series in live.plot.series], values, strict=True))


def points(live: LivePanel, line: int = 0) -> list[float]:
    """The coordinates of a line; none while it is hidden."""
    canvas, item = live.plot._canvas, live.plot._lines[line]
    return canvas.coords(item) if canvas.itemcget(item, "state") == "normal" else []


def test_a_field_is_plotted_and_follows_the_stream(
    live: LivePanel, console: Console, hands: Hands, pump_until: PumpUntil
) -> None:
    hands.press("ctrl+j")
    pump_until(lambda: legend(live) == [("price", "20.50")] and live.plot.winfo_ismapped())
    pump_until(lambda: len(points(live)) >= 6 and live.plot._canvas.winfo_height() > 50)
    receive(console, "BTC", 70.5)
    pump_until(lambda: legend(live) == [("price", "70.50")])
    live.plot.draw()
    heights = points(live)[1::2]
    assert min(heights) == heights[-1], "the newest value is the highest point"
    hands.press("ctrl+j")
    pump_until(lambda: not live.plot.winfo_ismapped())
    hands.press("ctrl+j")
    pump_until(lambda: bool(live.plot.winfo_ismapped()))
    assert len(live.plot.series) == 1


def test_the_keys_of_a_table_are_lines_of_their_own(live: LivePanel, pump_until: PumpUntil) -> None:
    live.show_by_key(("symbol",), ("price",))
    tree = live.keys.tree
    pump_until(lambda: (live.keys.draw(), len(tree.get_children()) == 2)[1])
    for item in tree.get_children():
        tree.selection_set(item)
        live.plot_likely()
        live.plot_likely()  # a second time changes nothing
    pump_until(lambda: legend(live) == [("price · BTC", "2.50"), ("price · ETH", "20.50")])
    pump_until(lambda: bool(points(live, 0) and points(live, 1)))
    live.plot._own_scales.set(True)
    live.plot.draw()
    pump_until(lambda: bool(points(live, 0) and points(live, 1)))
    live.remove_line(live.plot.series[0])
    assert [label for label, _ in legend(live)] == ["price · ETH"]
    assert points(live, 1) == []
    live.remove_line(live.plot.series[0])
    assert not live.plot.winfo_manager(), "it is hidden after the last line"


def test_there_are_as_many_lines_as_colours(live: LivePanel, console: Console, pump_until: PumpUntil) -> None:
    for number in range(len(LIGHT.lines)):
        live.plot_field((f"field{number}",))
    assert live.plot.room == 0
    live.plot_field(("price",))
    assert console.banner.text == "The plot has no colour for one more line. Remove one first."
    assert legend(live)[0] == ("field0", "no value yet")


def test_it_stands_still_while_the_table_is_paused(
    live: LivePanel, console: Console, pump_until: PumpUntil
) -> None:
    live.plot_field(("price",))
    pump_until(lambda: len(points(live)) >= 6)
    console.conversation.toggle_pause()
    live.plot.draw()
    before = points(live)
    receive(console, "BTC", 99.5)
    console.conversation.refresh()
    live.plot.draw()
    assert points(live) == before
    console.conversation.toggle_pause()
    pump_until(lambda: legend(live) == [("price", "99.5")])


def test_a_conversation_of_the_past_is_shown_at_its_end(console: Console, pump_until: PumpUntil) -> None:
    for ago in (9005, 9002, 9000):
        receive(console, "BTC", ago, ago=ago)
    console.conversation.refresh()
    live = console.conversation.live
    live.plot_field(("price",))
    pump_until(lambda: bool(legend(live)) and len(points(live)) >= 6)


def test_without_a_number_it_is_said(console: Console) -> None:
    console.log.add(Direction.IN, "text", '{"a": "b"}')
    console.conversation.refresh()
    console.conversation.live.toggle_plot()
    assert console.banner.text == "There are no JSON messages with a number yet to be plotted."


def test_it_is_exported(live: LivePanel, console: Console, tmp_path: Path, pump_until: PumpUntil) -> None:
    live.plot_field(("price",))
    path = tmp_path / "plot.csv"
    console.files.save_values([series.source for series in live.plot.series], path)
    pump_until(path.exists)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "time,price"
    assert [line.partition(",")[2] for line in lines[1:]] == ["1.5", "2.5", "20.5"]


@pytest.mark.parametrize("name", ["light", "dark"])
def test_it_has_the_colours_of_the_theme_and_room_for_its_buttons(
    live: LivePanel, console: Console, name: str
) -> None:
    live.plot_field(("price",))
    theme_of(console).use(name)
    console.root.update()
    palette = LIGHT if name == "light" else DARK
    of_no_palette = of_other_colours(console.conversation, palette)
    assert [widget for widget in of_no_palette if widget.winfo_parent() != str(live.plot._legend)] == []
    assert cut_off(live.plot) == []

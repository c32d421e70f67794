"""The table by key in the console's window: shown, sorted and opened by keys and pointer."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.console.conftest import Hands
from tests.windows import of_other_colours
from tkws.console.live.panel import LivePanel
from tkws.console.log.log import Direction
from tkws.console.look import DARK, LIGHT, theme_of
from tkws.console.window.window import Console

PumpUntil = Callable[..., None]

pytestmark = pytest.mark.slow


def trade(symbol: str, price: float, **others: object) -> str:
    return json.dumps({"type": "trade", "symbol": symbol, "price": price, **others})


def receive(console: Console, *payloads: str) -> None:
    for payload in payloads:
        console.log.add(Direction.IN, "text", payload)
    console.conversation.refresh_soon()


def cells(live: LivePanel) -> list[tuple[str, ...]]:
    """Key, value and number of messages of the rows, from above."""
    live.keys.draw()
    tree = live.keys.tree
    return [
        (tree.set(item, "key"), tree.set(item, "value"), tree.set(item, "count"))
        for item in tree.get_children()
    ]


@pytest.fixture
def live(console: Console, pump_until: PumpUntil) -> LivePanel:
    """The table by symbol, with three symbols."""
    receive(console, *(trade(symbol, price) for price in (1.5, 2.5) for symbol in ("BTC", "ETH", "SOL")))
    receive(console, '{"type": "heartbeat"}')
    console.conversation.refresh()
    made = console.conversation.live
    made.toggle()
    pump_until(lambda: cells(made) == [("BTC", "2.5", "2"), ("ETH", "2.5", "2"), ("SOL", "2.5", "2")])
    return made


def test_each_value_of_a_field_has_a_row(live: LivePanel, console: Console, pump_until: PumpUntil) -> None:
    assert (live.keys.key.get(), live.keys.value.get()) == ("symbol", "price")
    assert live.keys._note.cget("text") == "3 keys   ·   1 without it"
    receive(console, trade("ETH", 9), trade("ADA", 7))
    pump_until(lambda: cells(live)[1:] == [("ETH", "9", "3"), ("SOL", "2.5", "2"), ("ADA", "7", "1")])
    live.toggle()
    assert not live.is_by_key
    receive(console, trade("ETH", 11))
    console.conversation.refresh()
    live.toggle()
    pump_until(lambda: cells(live)[1:2] == [("ETH", "11", "4")])


def test_a_field_is_chosen_from_those_that_there_are(live: LivePanel, pump_until: PumpUntil) -> None:
    live.keys._offer(live.keys.key)
    assert list(live.keys.key.cget("values")) == ["type", "symbol", "price"]
    live.keys.key.set("type")
    live.keys.value.set("symbol")
    live.keys.key.event_generate("<<ComboboxSelected>>")
    pump_until(lambda: cells(live) == [("trade", "SOL", "6"), ("heartbeat", "", "1")])


def test_it_is_sorted_by_a_click_on_a_heading(
    live: LivePanel, console: Console, pump_until: PumpUntil
) -> None:
    receive(console, trade("SOL", 1), trade("BTC", 30))
    by_value = str(live.keys.tree.heading("value", "command"))
    console.tk.call(by_value)
    pump_until(lambda: [key for key, *_ in cells(live)] == ["SOL", "ETH", "BTC"])
    console.tk.call(by_value)
    pump_until(lambda: [key for key, *_ in cells(live)] == ["BTC", "ETH", "SOL"])
    console.tk.call(str(live.keys.tree.heading("key", "command")))
    pump_until(lambda: [key for key, *_ in cells(live)] == ["BTC", "ETH", "SOL"])


def test_a_row_shows_its_last_message_and_leads_to_all_of_them(
    live: LivePanel, console: Console, hands: Hands, pump_until: PumpUntil
) -> None:
    hands.go_to(live.keys.tree)
    hands.press("Down", "Down")
    pump_until(lambda: '"ETH"' in console.conversation.detail.text)
    hands.press("Return")
    assert not live.is_by_key
    pump_until(lambda: len(console.conversation.view.rows) == 2)
    assert console.conversation.filter.text.get() == "symbol=ETH"


def test_the_messages_have_the_cursor_on_the_one_that_is_shown(
    live: LivePanel, console: Console, hands: Hands, pump_until: PumpUntil
) -> None:
    table, detail = console.conversation.table, console.conversation.detail
    table.select(0)
    hands.go_to(live.keys.tree)
    hands.press("Down", "Down")
    pump_until(lambda: '"ETH"' in detail.text)
    hands.press("Escape")
    assert not live.is_by_key
    assert table.current is detail.row is not None
    assert '"ETH"' in detail.text


def test_keys_lead_there_and_back(live: LivePanel, console: Console, hands: Hands) -> None:
    hands.press("Escape")
    assert live.is_by_key, "Escape in another field does not leave the view"
    hands.go_to(live.keys.tree)
    hands.press("Escape")
    assert not live.is_by_key
    hands.press("ctrl+g")
    assert live.is_by_key
    hands.press("ctrl+g")
    assert not live.is_by_key


def test_the_filter_and_clearing_begin_anew(live: LivePanel, console: Console, pump_until: PumpUntil) -> None:
    console.conversation.filter.add_term("price<2")
    pump_until(lambda: [count for *_, count in cells(live)] == ["1", "1", "1"])
    console.conversation.filter.clear()
    pump_until(lambda: [count for *_, count in cells(live)] == ["2", "2", "2"])
    console.conversation.clear()
    pump_until(lambda: cells(live) == [])
    receive(console, trade("NEW", 1))
    pump_until(lambda: cells(live) == [("NEW", "1", "1")])


def test_without_messages_of_json_it_is_said(console: Console) -> None:
    receive(console, "hello")
    console.conversation.refresh()
    console.conversation.live.toggle()
    assert console.banner.text == "There are no JSON messages yet to be shown by key."
    assert not console.conversation.live.is_by_key


def test_a_key_may_be_any_text(console: Console, pump_until: PumpUntil) -> None:
    console.root.geometry("1000x1000")  # all rows are in sight
    odd = ["", " ", "a b", "{x}", "$HOME", "[exit]", "\ud800", "\x00", "\u202e", "-1"]
    receive(console, *(json.dumps({"k": key, "v": 1.5}) for key in odd * 2))
    console.conversation.refresh()
    live = console.conversation.live
    live.show_by_key(("k",))
    pump_until(lambda: [count for *_, count in cells(live)] == ["2"] * len(odd))
    assert [key for key, *_ in cells(live)][:2] == ["(empty)", " "]


def click_on(console: Console, hands: Hands, text: str) -> None:
    """Click on a text in the detail pane."""
    widget = console.conversation.detail._text
    console.root.update()
    box = widget.bbox(widget.search(text, "1.0"))
    assert box is not None
    x, y, _, height = box
    hands.click(widget, x + 2, y + height // 2)


@pytest.mark.parametrize("where", ["symbol", '"BTC"'])
def test_a_click_on_a_field_offers_what_to_do_with_it(
    where: str, console: Console, hands: Hands, pump_until: PumpUntil
) -> None:
    receive(console, trade("BTC", 1.5), trade("ETH", 2.5))
    console.conversation.refresh()
    console.conversation.table.select(0)
    fields = console.conversation.detail.fields
    click_on(console, hands, where)
    assert fields._label.cget("text") == "symbol = BTC"
    buttons = {str(button.cget("text")): button for button in fields._buttons.winfo_children()}
    console.root.update()
    hands.click(buttons["Only this"])
    pump_until(lambda: [row.number for row in console.conversation.view.rows] == [0])
    assert console.conversation.filter.text.get() == "symbol=BTC"
    console.conversation.filter.clear()
    hands.click(buttons["Not this"])
    pump_until(lambda: [row.number for row in console.conversation.view.rows] == [1])
    hands.click(buttons["By key"])
    assert console.conversation.live.keys.key.get() == "symbol"
    console.conversation.detail.show(None)
    assert not fields.winfo_manager()


def test_the_field_is_always_that_of_the_message_that_is_shown(
    console: Console, hands: Hands, pump_until: PumpUntil
) -> None:
    receive(console, trade("BTC", 1.5), '{"type": "heartbeat"}', "hello", trade("ETH", 2.5, pad="x" * 9))
    console.conversation.refresh()
    table, fields = console.conversation.table, console.conversation.detail.fields
    table.select(0)
    click_on(console, hands, "symbol")

    def shown() -> tuple[str, str]:
        text = console.conversation.detail._text
        ranges = text.tag_ranges("field")
        label = str(fields._label.cget("text")) if fields.winfo_manager() else ""
        return label, text.get(*ranges).strip() if ranges else ""

    assert shown() == ("symbol = BTC", '"symbol": "BTC",')
    hands.go_to(table.rows_widget)
    hands.press("Down")
    assert shown() == ("", ""), "a message without the field"
    hands.press("Down")
    assert shown() == ("", "")
    hands.press("Down")
    assert shown() == ("symbol = ETH", '"symbol": "ETH",')
    buttons = {str(button.cget("text")): button for button in fields._buttons.winfo_children()}
    console.root.update()
    hands.click(buttons["Only this"])
    pump_until(lambda: [row.number for row in console.conversation.view.rows] == [3])
    table.select(-1)
    assert shown() == ("", "")


def test_a_key_whose_last_message_was_dropped_shows_no_other_message(
    console: Console, hands: Hands, pump_until: PumpUntil
) -> None:
    console.log._capacity = 32
    receive(console, trade("OLD", 1.5), *(trade("NEW", price) for price in range(20)))
    console.conversation.live.show_by_key(("symbol",))
    keys = console.conversation.live.keys
    pump_until(lambda: [cell[0] for cell in cells(console.conversation.live)] == ["OLD", "NEW"])
    receive(console, *(trade("NEW", price) for price in range(40)))
    pump_until(lambda: console.conversation.view.rows[0].number > 0)
    detail = console.conversation.detail
    keys.tree.selection_set(keys.tree.get_children()[1])
    pump_until(lambda: '"NEW"' in detail.text)
    keys.tree.selection_set(keys.tree.get_children()[0])
    pump_until(lambda: detail.row is None)


def test_a_filter_that_cannot_be_read_says_why_and_changes_nothing(
    console: Console, hands: Hands, pump_until: PumpUntil
) -> None:
    receive(console, trade("BTC", 1.5), trade("ETH", 2.5))
    bar = console.conversation.filter
    hands.go_to(bar.text)
    hands.type("price>2 ")
    pump_until(lambda: [row.number for row in console.conversation.view.rows] == [1])
    hands.type("/(/")
    hands.press("Return")
    assert str(bar._fault.cget("text")).startswith("/(/: ")
    pump_until(lambda: bool(bar._fault.winfo_ismapped()))
    assert [row.number for row in console.conversation.view.rows] == [1]
    hands.press("BackSpace", "BackSpace", "BackSpace", "Return")
    pump_until(lambda: not bar._fault.winfo_ismapped())


def test_what_the_filter_looks_for_is_marked_in_the_message(console: Console) -> None:
    receive(console, trade("BTC-EUR", 1.5, note="eur"))
    console.conversation.refresh()
    console.conversation.table.select(0)
    text = console.conversation.detail._text

    def marked() -> list[str]:
        ranges = [str(index) for index in text.tag_ranges("found")]
        return [text.get(begin, end) for begin, end in zip(ranges[::2], ranges[1::2], strict=True)]

    console.conversation.filter.add_term("EUR")
    console.conversation.filter.add_term("/b.c/")
    console.conversation.filter.add_term("-heartbeat")
    assert marked() == ["BTC", "EUR", "eur"]
    console.conversation.filter.clear()
    assert marked() == []


@pytest.mark.parametrize("name", ["light", "dark"])
def test_it_has_the_colours_of_the_theme(live: LivePanel, console: Console, name: str) -> None:
    theme_of(console).use(name)
    console.root.update()
    others = of_other_colours(console.conversation, LIGHT if name == "light" else DARK)
    assert [widget for widget in others if widget.winfo_ismapped()] == []

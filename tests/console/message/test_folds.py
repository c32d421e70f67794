"""Folding JSON, and the changes since the message before, by keys and pointer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from tests.console.conftest import Hands
from tkws.console.log.log import Direction
from tkws.console.window.window import Console

PumpUntil = Callable[..., None]

pytestmark = pytest.mark.slow

VALUE = {"a": {"x": 1, "y": [10, "},[", 30]}, "e": {}, "f": [], "s": '{"', "b": [{"z": None}]}


def receive(console: Console, *payloads: str) -> None:
    for payload in payloads:
        console.log.add(Direction.IN, "text", payload)
    console.conversation.refresh()
    console.conversation.table.select(console.log.rows[-1].number)
    console.root.update()


def seen(console: Console) -> list[str]:
    """The lines that are in sight, as they are seen."""
    text = console.conversation.detail._text
    return str(text.tk.call(text, "get", "-displaychars", "1.0", "end-1c")).split("\n")


def click_beside(console: Console, hands: Hands, line: int) -> None:
    detail = console.conversation.detail
    console.root.update()
    place = detail._text.dlineinfo(f"{line}.0")
    assert place is not None
    hands.click(detail._gutter, 6, place[1] + place[3] // 2)


def test_a_click_beside_a_bracket_folds_and_unfolds(console: Console, hands: Hands) -> None:
    receive(console, json.dumps(VALUE))
    detail = console.conversation.detail
    whole = json.dumps(VALUE, indent=2)
    assert "\n".join(seen(console)) == whole
    click_beside(console, hands, 4)  # y
    assert seen(console)[:5] == ["{", '  "a": {', '    "x": 1,', '    "y": [ 3 elements ]', "  },"]
    click_beside(console, hands, 2)  # a
    assert seen(console)[:3] == ["{", '  "a": { 2 fields },', '  "e": {},']
    assert detail.text == whole, "what is folded is there"
    click_beside(console, hands, 2)
    assert seen(console)[3] == '    "y": [ 3 elements ]', "and what is folded in it stays so"
    click_beside(console, hands, 1)
    assert seen(console) == ["{ 5 fields }"]
    hands.go_to(detail._text)
    hands.press("ctrl+a", "ctrl+c")
    assert console.clipboard_get() == whole
    hands.press("plus")
    assert "\n".join(seen(console)) == whole


def test_keys_fold_all_and_find_unfolds_what_is_found(
    console: Console, hands: Hands, pump_until: PumpUntil
) -> None:
    receive(console, json.dumps(VALUE))
    detail = console.conversation.detail
    hands.go_to(detail._text)
    hands.press("minus")
    folded = [
        "{",
        '  "a": { 2 fields },',
        '  "e": {},',
        '  "f": [],',
        '  "s": "{\\"",',
        '  "b": [ 1 element ]',
        "}",
    ]
    pump_until(lambda: seen(console) == folded)
    hands.press("ctrl+f")
    hands.type("30")
    pump_until(lambda: "      30" in seen(console))
    assert seen(console)[-2:] == ['  "b": [ 1 element ]', "}"]
    assert detail.text == json.dumps(VALUE, indent=2)
    receive(console, "text")
    assert seen(console) == ["text"]
    receive(console, json.dumps(VALUE))
    assert "\n".join(seen(console)) == json.dumps(VALUE, indent=2)


def test_a_large_message_is_folded_in_slices(console: Console, hands: Hands, pump_until: PumpUntil) -> None:
    receive(console, json.dumps([{"number": number, "text": "x" * 50} for number in range(3000)]))
    detail = console.conversation.detail
    hands.go_to(detail._text)
    begin = time.process_time()
    hands.press("minus")
    assert time.process_time() - begin < 1
    pump_until(lambda: detail._folds.is_done)
    assert seen(console)[:3] == ["[", "  { 2 fields },", "  { 2 fields },"]
    hands.press("ctrl+End")
    pump_until(lambda: seen(console)[-2:] == ["  { 2 fields }", "]"] and detail._folds.is_done)


def test_the_changes_are_those_since_the_message_of_the_same_key(
    console: Console, hands: Hands, pump_until: PumpUntil
) -> None:
    trades = [{"symbol": symbol, "price": price} for price in (1.5, 1.75) for symbol in ("A", "B")]
    receive(console, *map(json.dumps, trades))
    detail = console.conversation.detail
    hands.press("ctrl+shift+d")
    pump_until(lambda: detail.text.endswith("price: 1.5 → 1.75  (+0.25)\n"))
    assert "with symbol = B" in detail.text
    hands.press("ctrl+m", "Up")
    pump_until(lambda: "with symbol = A" in detail.text)
    hands.press("Up")
    pump_until(lambda: detail.text.startswith("No message with symbol = B before"))
    detail._mode.set("Pretty")
    detail._show()
    detail.fields.pick(("price",))
    console.root.update()
    buttons = {str(button.cget("text")): button for button in detail.fields._buttons.winfo_children()}
    hands.click(buttons["Changes"])
    pump_until(lambda: 'symbol: "A" → "B"' in detail.text)
    assert "with price = 1.5" in detail.text

"""Finding a text in the message that is shown, by keys as a person does."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from tests.console.conftest import Hands
from tests.windows import of_other_colours
from tkws.console.log.log import Direction
from tkws.console.look import DARK, LIGHT, theme_of
from tkws.console.window.window import Console

PumpUntil = Callable[..., None]

pytestmark = pytest.mark.slow


def receive(console: Console, *payloads: str | bytes) -> None:
    """Show the last one of some messages."""
    for payload in payloads:
        console.log.add(Direction.IN, "text" if isinstance(payload, str) else "binary", payload)
    console.conversation.refresh()
    console.conversation.table.select(console.log.rows[-1].number)
    console.root.update()


def tagged(console: Console, tag: str) -> list[str]:
    text = console.conversation.detail._text
    ranges = [str(index) for index in text.tag_ranges(tag)]
    return [text.get(begin, end) for begin, end in zip(ranges[::2], ranges[1::2], strict=True)]


def count(console: Console) -> str:
    return str(console.conversation.detail.find._count.cget("text"))


def place(console: Console) -> str:
    """The line of the match that is gone to."""
    return str(console.conversation.detail._text.tag_ranges("current-hit")[0]).split(".")[0]


def test_keys_find_a_text_and_go_from_match_to_match(
    console: Console, hands: Hands, pump_until: PumpUntil
) -> None:
    receive(console, json.dumps({"bid": 1, "ask": 2, "BID size": "no bid"}))
    detail = console.conversation.detail
    hands.go_to(detail._text)
    hands.press("ctrl+f")
    pump_until(lambda: console.root.focus_get() is detail.find.entry)
    hands.type("bid")
    pump_until(lambda: count(console) == "1 of 3")
    assert tagged(console, "hit") == ["bid", "BID", "bid"]
    assert place(console) == "2"
    hands.press("Return")
    assert (count(console), place(console)) == ("2 of 3", "4")
    hands.press("Return", "Return")
    assert (count(console), place(console)) == ("1 of 3", "2"), "after the last one comes the first"
    hands.press("shift+Return")
    assert count(console) == "3 of 3"
    hands.press("Escape")
    assert console.root.focus_get() is detail._text
    assert tagged(console, "hit") == tagged(console, "current-hit") == []
    assert not detail.find.winfo_ismapped()


def test_elsewhere_the_key_goes_to_the_filter(console: Console, hands: Hands, pump_until: PumpUntil) -> None:
    receive(console, "hello")
    hands.press("ctrl+f")
    pump_until(lambda: console.root.focus_get() is console.conversation.filter.text)
    hands.press("ctrl+i")
    pump_until(lambda: console.root.focus_get() is console.conversation.detail.find.entry)


def test_what_is_selected_is_looked_for(console: Console, hands: Hands, pump_until: PumpUntil) -> None:
    receive(console, "one two one")
    text = console.conversation.detail._text
    hands.go_to(text)
    text.tag_add("sel", "1.0", "1.3")
    hands.press("ctrl+f")
    assert console.conversation.detail.find.entry.get() == "one"
    pump_until(lambda: count(console) == "1 of 2")


def test_the_next_message_is_searched_too(console: Console, hands: Hands, pump_until: PumpUntil) -> None:
    receive(console, "a cat", "no dog", "a cat and a cat")
    hands.press("ctrl+i")
    hands.type("cat")
    pump_until(lambda: count(console) == "1 of 2")
    hands.press("ctrl+m", "Up")
    pump_until(lambda: count(console) == "Not in this message")
    hands.press("Up")
    pump_until(lambda: count(console) == "1 of 1")
    assert tagged(console, "current-hit") == ["cat"]


def test_a_regular_expression_is_found_and_a_wrong_one_is_told(
    console: Console, hands: Hands, pump_until: PumpUntil
) -> None:
    receive(console, "id=17 id=4 \U0001f600id=9")
    hands.press("ctrl+i")
    hands.type(r"/id=\d+/")
    pump_until(lambda: count(console) == "1 of 3")
    assert tagged(console, "hit") == ["id=17", "id=4", "id=9"]
    hands.press("BackSpace", "BackSpace")
    hands.type("(/")
    pump_until(lambda: count(console).startswith(r"/id=\d(/: "))
    assert tagged(console, "hit") == []


def test_all_of_a_large_message_is_searched_and_no_key_costs_a_second(
    console: Console, hands: Hands, pump_until: PumpUntil
) -> None:
    words = ["x" * 1999 + "needle" + "y" * 120_000, "needle", "z" * 120_000 + "needle"]
    receive(console, json.dumps(words))
    detail = console.conversation.detail
    hands.press("ctrl+i")
    hands.go_to(detail.find.entry)
    begin = time.process_time()
    detail.find._text.set("needle")
    console.root.update_idletasks()
    assert time.process_time() - begin < 0.5
    pump_until(lambda: count(console) == "1 of 3")
    hands.press("shift+Return")
    assert detail._text.bbox("current-hit.first") is not None, "it is in sight"
    assert count(console) == "3 of 3"


@pytest.mark.parametrize("name", ["light", "dark"])
def test_json_has_the_colours_of_the_theme(
    console: Console, hands: Hands, pump_until: PumpUntil, name: str
) -> None:
    theme_of(console).use(name)
    receive(console, '{"a b": "c: 1", "n": -1.5e3, "t": [true, null, {}]}')
    detail = console.conversation.detail
    pump_until(lambda: tagged(console, "literal") == ["true", "null"])
    assert tagged(console, "name") == ['"a b"', '"n"', '"t"']
    assert tagged(console, "string") == ['"c: 1"']
    assert tagged(console, "number") == ["-1.5e3"]
    colours = LIGHT if name == "light" else DARK
    assert str(detail._text.tag_cget("name", "foreground")) == colours.name
    hands.press("ctrl+i")
    hands.type("c")
    pump_until(lambda: count(console) == "1 of 1")
    others = of_other_colours(console.conversation, colours)
    assert [widget for widget in others if widget.winfo_ismapped()] == []


def test_what_is_not_json_has_no_colours(console: Console, pump_until: PumpUntil) -> None:
    receive(console, "[INFO] 17 is true")
    pump_until(lambda: console.conversation.detail._text.get("1.0", "1.end") == "[INFO] 17 is true")
    assert tagged(console, "number") == tagged(console, "literal") == []


def test_a_large_message_is_coloured_where_one_looks(console: Console, pump_until: PumpUntil) -> None:
    receive(console, json.dumps([*range(9000), "end"]))
    detail = console.conversation.detail
    detail.read_all()
    pump_until(lambda: "1" in tagged(console, "number"))
    assert len(tagged(console, "number")) < 1000
    detail._text.see("end")
    pump_until(lambda: tagged(console, "string") == ['"end"'])

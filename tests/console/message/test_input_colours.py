"""JSON in the box: its colours, on several lines and on one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from tests.console.conftest import Hands
from tkws.console.look import DARK, LIGHT, theme_of
from tkws.console.window.window import Console

PumpUntil = Callable[..., None]

pytestmark = pytest.mark.slow


def tagged(console: Console, tag: str) -> list[str]:
    text = console.sendbox.text
    ranges = [str(index) for index in text.tag_ranges(tag)]
    return [text.get(begin, end) for begin, end in zip(ranges[::2], ranges[1::2], strict=True)]


@pytest.mark.parametrize("name", ["light", "dark"])
def test_json_that_is_typed_has_colours(
    console: Console, hands: Hands, pump_until: PumpUntil, name: str
) -> None:
    theme_of(console).use(name)
    hands.go_to(console.sendbox.text)
    hands.type('{"a": [1, true, "b')
    pump_until(lambda: tagged(console, "string") == ['"b'])
    assert (tagged(console, "name"), tagged(console, "number")) == (['"a"'], ["1"])
    assert tagged(console, "literal") == ["true"]
    colours = LIGHT if name == "light" else DARK
    assert str(console.sendbox.text.tag_cget("string", "foreground")) == colours.string
    hands.press("ctrl+a")
    hands.type('plain "text" 1')
    pump_until(
        lambda: tagged(console, "name") == tagged(console, "string") == tagged(console, "number") == []
    )


def test_colours_are_where_they_belong_beside_emoji(console: Console, pump_until: PumpUntil) -> None:
    console.sendbox.text.insert("1.0", '{"\U0001f600": "\U0001f600", "b": 2}')
    pump_until(lambda: tagged(console, "number") == ["2"])
    assert tagged(console, "string") == ['"\U0001f600"']


def test_json_is_laid_out_and_put_on_one_line(console: Console, hands: Hands, pump_until: PumpUntil) -> None:
    box = console.sendbox
    hands.go_to(box.text)
    hands.type('{"a": [1, 2]}')
    hands.press("ctrl+shift+j")
    pump_until(lambda: box.entry.text == '{\n  "a": [\n    1,\n    2\n  ]\n}')
    box.minify()
    assert box.entry.text == '{"a":[1,2]}'
    hands.press("ctrl+z")
    pump_until(lambda: box.entry.text.startswith('{\n  "a"'))
    hands.press("ctrl+a")
    hands.type("{")
    box.minify()
    assert console.banner.text.startswith("Not JSON: line 1, column 2")


def test_a_key_in_large_json_costs_no_second(console: Console, pump_until: PumpUntil) -> None:
    box = console.sendbox
    box.kind.set("JSON")
    box.text.insert("1.0", json.dumps([*range(45_000)]))
    console.root.update()
    assert len(box.entry.text) > 243_000
    box.text.focus_force()
    begin = time.process_time()
    for _ in range(4):
        box.text.event_generate("<Key>", keysym="y")
        console.root.update()
    assert (time.process_time() - begin) / 4 < 0.3
    begin = time.process_time()
    box.text.delete("end-5c", "end")
    box.beautify()
    console.root.update()
    assert time.process_time() - begin < 5

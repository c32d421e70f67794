"""What is shown of a payload is what came, of any size, and what cannot be seen is seen."""

from __future__ import annotations

import json
import time
import tkinter as tk
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from tests.console.conftest import Hands
from tkws.console.log.log import Direction
from tkws.console.text.reading import MAX_LINE, Kind, Mode, read
from tkws.console.text.visible import copied, visible_line, visible_parts
from tkws.console.window.window import Console

PumpUntil = Callable[..., None]

NASTY = "a\0b\x1b[31mc\td\u202ee\u200bf\x7f\u2028g\r\nh"
SEEN = "a\\x00b\\x1b[31mc\td\\u202ee\\u200bf\\x7f\\u2028g\\r\nh"


def shown(payload: str | bytes, mode: Mode = Mode.TEXT) -> str:
    return "".join(
        part.text for piece in read(payload, mode) for part in piece if part.kind is not Kind.BREAK
    )


def test_what_cannot_be_seen_is_written_as_an_escape() -> None:
    assert shown(NASTY) == SEEN
    assert visible_line(NASTY) == SEEN.replace("\t", "⇥").replace("\n", "⏎")
    escapes = [text for text, is_escape in visible_parts(NASTY) if is_escape]
    assert escapes == ["\\x00", "\\x1b", "\\u202e", "\\u200b", "\\x7f", "\\u2028", "\\r"]
    assert visible_parts("\\x1b") == [("\\x1b", False)], "these four characters are no escape"


def test_the_clipboard_gets_what_came_but_nothing_that_acts() -> None:
    assert copied(NASTY) == SEEN
    family = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL} \N{HEAVY BLACK HEART}\ufe0f é 漢\n\tx"
    assert copied(family) == family
    assert copied("\ud800") == "\\ud800"


@given(text=st.text())
def test_nothing_else_changes(text: str) -> None:
    plain = "".join(char for char in text if char.isprintable() and char.isascii())
    assert shown(plain) == (plain or "(empty)")
    assert visible_line(plain) == copied(plain) == plain


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("payload", ["", b""])
def test_an_empty_payload_is_said_to_be_empty(payload: str | bytes, mode: Mode) -> None:
    assert [*read(payload, mode)] == [[("(empty)", Kind.REMARK)]]


@pytest.mark.parametrize("size", [MAX_LINE, MAX_LINE + 1, 100_000])
def test_long_lines_are_broken_and_nothing_is_lost(size: int) -> None:
    text = "".join(chr(ord("a") + number % 26) for number in range(size))
    parts = [part for piece in read(text, Mode.PRETTY) for part in piece]
    assert max(len(line) for line in "".join(part.text for part in parts).split("\n")) <= MAX_LINE
    assert sum(part.kind is Kind.BREAK for part in parts) == (size - 1) // MAX_LINE
    assert shown(text) == text


def test_bytes_are_read_across_slices() -> None:
    data = ("é漢" * 20_000).encode()
    assert shown(data) == data.decode()
    assert shown(data[:-1]) == data.decode()[:-1] + "\N{REPLACEMENT CHARACTER}"
    assert shown(bytes(100_000), Mode.PRETTY).splitlines()[-1].startswith("00018690  00 00 00")


def test_json_is_formatted_and_what_is_none_is_told() -> None:
    assert shown('{"a":[1,"\u202e"]}', Mode.PRETTY) == '{\n  "a": [\n    1,\n    "\\u202e"\n  ]\n}'
    assert shown('{"a":1,\n b}', Mode.PRETTY).endswith("line 2, column 2 on: no JSON, or nested too deeply)")
    assert shown("hello", Mode.PRETTY) == "hello"


# ---- in the window


def select_last(console: Console) -> None:
    console.conversation.refresh()
    console.conversation.table.select(console.log.rows[-1].number)
    console.root.update()


@pytest.mark.slow
def test_the_table_the_detail_and_the_clipboard_show_what_came(console: Console, hands: Hands) -> None:
    console.log.add(Direction.IN, "text", "")
    console.log.add(Direction.IN, "text", NASTY)
    select_last(console)
    canvas = console.conversation.table.rows_widget
    assert isinstance(canvas, tk.Canvas)
    texts = [canvas.itemcget(items[-1], "text") for _, items in console.conversation.table._lines]
    assert texts[:2] == ["(empty)", visible_line(NASTY)]
    assert console.conversation.detail.text == SEEN
    hands.press("ctrl+m", "ctrl+c")
    assert console.clipboard_get() == SEEN
    hands.go_to(console.conversation.detail._text)
    hands.press("ctrl+a", "ctrl+c")
    assert console.clipboard_get() == SEEN
    hands.press("ctrl+m", "Up")
    assert console.conversation.detail.text == "(empty)"


@pytest.mark.slow
def test_a_large_message_is_read_whole_as_one_scrolls(
    console: Console, hands: Hands, pump_until: PumpUntil, tmp_path: Path
) -> None:
    value = {"a": ["x" * 60_000, *range(30_000)]}
    text = json.dumps(value, separators=(",", ":"))
    console.log.add(Direction.IN, "text", text)
    select_last(console)
    detail = console.conversation.detail
    pump_until(lambda: detail.text.startswith('{\n  "a": [\n    "xxx'))
    assert "scroll down for more" in str(detail._title.cget("text"))
    hands.go_to(detail._text)
    hands.press("ctrl+a", "ctrl+c")
    assert console.clipboard_get() == detail.text == json.dumps(value, indent=2)
    pump_until(lambda: "scroll" not in str(detail._title.cget("text")))
    console.files.save_payload(console.log.rows[-1], tmp_path / "message.txt")
    pump_until((tmp_path / "message.txt").exists)
    assert (tmp_path / "message.txt").read_text(encoding="utf-8") == text
    pump_until(lambda: "Saved" in str(console._done.cget("text")))


@pytest.mark.slow
def test_scrolling_down_reads_more(console: Console, hands: Hands, pump_until: PumpUntil) -> None:
    console.log.add(Direction.IN, "text", "\n".join(f"line {number}" for number in range(20_000)))
    select_last(console)
    detail = console.conversation.detail
    before = len(detail.text)
    assert before < 100_000
    hands.go_to(detail._text)

    def reads_more_to_the_end() -> bool:
        detail._text.see("end")
        return detail.text.endswith("line 19999")

    pump_until(reads_more_to_the_end)


@pytest.mark.slow
def test_a_key_in_a_large_text_costs_no_second(console: Console, hands: Hands, pump_until: PumpUntil) -> None:
    text = "x" * 243_000
    console.clipboard_clear()
    console.clipboard_append(text)
    box = console.sendbox.text
    hands.go_to(box)
    hands.press("ctrl+v")
    assert len(box.get("1.0", "end-1c")) == len(text)
    box.event_generate("<Key>", keysym="y")  # the first one settles the lines
    console.root.update()
    begin = time.process_time()
    for _ in range(4):
        box.event_generate("<Key>", keysym="y")
        console.root.update()
    assert (time.process_time() - begin) / 4 < 0.3
    assert console.sendbox.entry.text == f"{text}yyyyy"
    hands.press("ctrl+a", "BackSpace", "y")
    assert console.sendbox.entry.text == "y"
    pump_until(lambda: str(box.cget("wrap")) == "char")

"""The table's columns: fields of messages and the time since the row above, by keys and pointer."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.console.conftest import Hands
from tkws.console.conversation.columns import MAX_FIELDS, Columns
from tkws.console.log.log import Direction, Row
from tkws.console.window.window import Console

PumpUntil = Callable[..., None]


def row(payload: str | bytes, when: float = 0.0, direction: Direction = Direction.IN) -> Row:
    return Row(1, when, direction, "text", payload)


def columns() -> Columns:
    return Columns(len, lambda pixels: 1)


def test_a_field_has_a_column_until_it_is_removed() -> None:
    made = columns()
    assert [column.heading for column in made.all] == ["Time", "", "Type", "Size", "Text"]
    before = made.all[-1].x
    made.toggle_field(("v", "price"))
    assert [column.heading for column in made.all][-2:] == ["v.price", "Text"]
    assert made.all[-1].x == before + 13
    assert made.cells(row('{"v": {"price": "1.50"}}'), None)[-1] == "1.50"
    made.toggle_field(("v", "price"))
    assert made.all[-1].x == before


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ('{"a": 1.0}', "1.0"),
        ('{"a": null}', "null"),
        ('{"a": [1, {"b": 2}]}', '[1, {"b": 2}]'),
        ('{"a": "\\u202e\\n"}', "\\u202e⏎"),
        ('{"a": ""}', ""),
        ('{"b": 1}', ""),
        ("hello", ""),
        ("{", ""),
        (b'{"a": 7}', "7"),
        (b"\xff", ""),
        (json.dumps({"a": "x" * 99}), f"{'x' * 15}…"),
        (json.dumps({"a": 1, "b": "x" * 100_000}), "(large)"),
    ],
)
def test_any_message_has_a_cell(payload: str | bytes, text: str) -> None:
    made = columns()
    made.toggle_field(("a",))
    assert made.cells(row(payload), None)[-1] == text
    assert made.cells(row("refused", direction=Direction.NOTE), None)[-1] == ""


def test_so_many_fields_have_room() -> None:
    made = columns()
    for number in range(MAX_FIELDS):
        made.toggle_field((f"f{number}",))
    with pytest.raises(ValueError, match="no room for more than 8 fields"):
        made.toggle_field(("more",))
    made.toggle_field(("f0",))
    made.toggle_field(("more",))


def test_the_time_since_the_row_above() -> None:
    made = columns()
    made.with_delta = True
    made.lay_out()
    texts = [made.cells(row("", 10 + since), row("", 10.0))[1] for since in (0, 0.0625, -0.5, 999, 6000, 1e6)]
    assert texts == ["+0.000 s", "+0.062 s", "-0.500 s", "+999.000 s", "+100 min", "+278 h"]
    assert made.cells(row("", 1.0), None)[1] == "", "the first row"


# ---- in the window


def receive(console: Console, *payloads: str) -> None:
    for number, payload in enumerate(payloads):
        console.log.add(Direction.IN, "text", payload, when=1e9 + number / 4)
    console.conversation.refresh()
    console.root.update()


def drawn(console: Console) -> list[list[str]]:
    """The texts of the lines, without the time."""
    table = console.conversation.table
    canvas = table._canvas
    lines = [[canvas.itemcget(item, "text") for item in items][1:] for _, items in table._lines]
    return [line for line in lines if any(line)]


@pytest.mark.slow
def test_a_field_that_is_clicked_becomes_a_column(
    console: Console, hands: Hands, pump_until: PumpUntil
) -> None:
    receive(console, '{"s": "A", "p": 1.5}', '{"s": "B"}', "hello")
    console.conversation.table.select(0)
    fields = console.conversation.detail.fields
    fields.pick(("p",))
    console.root.update()
    buttons = {str(button.cget("text")): button for button in fields._buttons.winfo_children()}
    hands.click(buttons["Column"])
    pump_until(lambda: [line[-2] for line in drawn(console)] == ["1.5", "", ""])
    head = console.conversation.table._head
    assert "p" in [head.itemcget(item, "text") for item in head.find_all()]
    receive(console, '{"p": "2"}')
    pump_until(lambda: [line[-2] for line in drawn(console)] == ["1.5", "", "", "2"])
    menu = {str(action.label): action for action in console.conversation._column_menu.actions() if action}
    assert [*menu] == ["Show the time since the row above", "Remove p", "Add s"]
    menu["Add s"].run()
    assert [line[-3:-1] for line in drawn(console)][:2] == [["1.5", "A"], ["", "B"]]
    menu["Remove p"].run()
    assert [line[-2] for line in drawn(console)] == ["A", "B", "", ""]


@pytest.mark.slow
def test_a_key_shows_the_time_since_the_row_above(
    console: Console, hands: Hands, pump_until: PumpUntil
) -> None:
    receive(console, "a", "b", "a")
    hands.press("ctrl+shift+e")
    pump_until(lambda: [line[0] for line in drawn(console)] == ["", "+0.250 s", "+0.250 s"])
    console.conversation.filter.add_term("a")
    pump_until(lambda: [line[0] for line in drawn(console)] == ["", "+0.500 s"])
    hands.press("ctrl+shift+e")
    pump_until(lambda: [line[0] for line in drawn(console)] == ["↓", "↓"])
    console.conversation.table.select(2)
    assert console.conversation.detail.text == "a"


@pytest.mark.slow
def test_the_menu_of_the_columns_opens_below_the_headings(
    console: Console, hands: Hands, pump_until: PumpUntil
) -> None:
    receive(console, '{"s": "A"}', '{"s": "B"}')
    console.root.after(50, console.conversation.choose_columns)
    menu = console.conversation._column_menu
    pump_until(lambda: menu._menu.menu is not None and menu._menu.menu.winfo_ismapped())
    hands.press("Down", "Down", "Return")
    pump_until(lambda: [line[-2] for line in drawn(console)] == ["A", "B"])


@pytest.mark.slow
def test_a_flood_is_drawn_with_columns(console: Console) -> None:
    """40 lines and 30 drawings a second are all that is parsed, however many messages come."""
    table = console.conversation.table
    for field in ("s", "p", "n"):
        table.toggle_field((field,))
    for number in range(20_000):
        console.log.add(Direction.IN, "text", json.dumps({"s": "A", "p": 1.5, "n": number}))
    calls: list[Row] = []
    cells = table._columns.cells
    table._columns.cells = lambda row, before: (calls.append(row), cells(row, before))[1]  # type: ignore[method-assign] # in its place
    while console.conversation.view.unseen:
        console.conversation.refresh()
        assert len(calls) <= len(table._lines)
        calls.clear()
    assert drawn(console)[-1][-2] == "19999" or drawn(console)[-2][-2] == "19999"

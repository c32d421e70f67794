"""A window under a flood: a person types and draws, Tk repaints, ``update`` returns, others are served."""

from __future__ import annotations

import shutil
import subprocess
import tkinter

import pytest

import tkws
from tests.flooding import flooding
from tkws.protocol.frames import Opcode

pytestmark = pytest.mark.slow

PATIENCE = 30.0

TYPED = "the window is alive"
STROKE = [(20, 20), (60, 90), (120, 40), (180, 110)]


class Board:
    """A window to type and to draw in, and a server with connections that it shows the count of.

    Attributes:
        messages: Of the flood.
        repaints: How often Tk was idle and drew a count that had changed.
        strokes: The points that the pointer was drawn over.
    """

    def __init__(self, root: tkinter.Tk) -> None:
        self.messages = self.repaints = 0
        self.strokes: list[tuple[int, int]] = []
        root.geometry("300x300+0+0")
        self.count = tkinter.Label(root)
        self.entry = tkinter.Entry(root)
        self.canvas = tkinter.Canvas(root, width=200, height=130, background="white")
        for widget in (self.count, self.entry, self.canvas):
            widget.pack()
        self.canvas.bind("<Button-1>", self.draw)
        self.canvas.bind("<B1-Motion>", self.draw)
        self.server = tkws.serve(master=root)
        self.server.live("/flood", self.take)
        self.server.live("/echo", lambda ws, type, message: type == "text" and ws.send(message))
        self.show()

    def draw(self, event: tkinter.Event[tkinter.Canvas]) -> None:
        """As in any program that draws."""
        self.strokes.append((event.x, event.y))
        if len(self.strokes) > 1:
            self.canvas.create_line(self.strokes[-2:], width=3)

    def take(self, ws: tkws.WebSocket, type: str, message: object) -> None:
        self.messages += type == "text"

    def show(self) -> None:
        """Have the count drawn each 16 ms."""
        self.count["text"] = f"{self.messages:,} messages"
        self.count.after_idle(self.drawn)
        self.next = self.count.after(16, self.show)

    def drawn(self) -> None:
        self.repaints += 1


@pytest.fixture
def board(display_root):
    board = Board(display_root)
    yield board
    board.count.after_cancel(board.next)
    display_root.update_idletasks()  # and with it what was to be called when idle


@pytest.fixture
def flooded(board, pump_until):
    """The board while another process floods it."""
    with flooding(board.server.port) as process:
        pump_until(lambda: board.messages, PATIENCE)
        yield board
        assert process.poll() is None, "the flood ended before the test"
        board.server.close()


@pytest.fixture
def person(pump_until):
    """Has xdotool do what a person does, while Tk's loop runs."""
    if shutil.which("xdotool") is None:
        pytest.skip("no xdotool")

    def act(*words: object) -> None:
        with subprocess.Popen(["xdotool", *map(str, words)]) as process:
            pump_until(lambda: process.poll() is not None, PATIENCE)
        assert process.returncode == 0

    return act


def test_what_a_person_types_arrives(flooded, person, pump_until):
    flooded.entry.focus_force()
    pump_until(lambda: flooded.entry.focus_displayof() is flooded.entry, PATIENCE)
    before = flooded.messages
    person("type", "--delay", "5", TYPED)
    pump_until(lambda: flooded.entry.get() == TYPED, PATIENCE)
    assert flooded.messages > before


def test_what_a_person_draws_is_drawn(flooded, person, pump_until):
    canvas = flooded.canvas
    pump_until(canvas.winfo_viewable, PATIENCE)
    x, y = canvas.winfo_rootx(), canvas.winfo_rooty()
    before = flooded.messages
    for index, (along, down) in enumerate(STROKE):
        person("mousemove", x + along, y + down, *(() if index else ("mousedown", 1)))
        pump_until(lambda point=(along, down): point in flooded.strokes, PATIENCE)
    person("mouseup", 1)
    assert len(canvas.find_all()) >= len(STROKE) - 1
    assert flooded.messages > before


def test_tk_repaints_while_messages_come(flooded, pump_until):
    messages, repaints = flooded.messages, flooded.repaints
    pump_until(lambda: flooded.messages > messages + 300_000, PATIENCE)
    assert flooded.repaints > repaints + 5


def test_update_returns(flooded, display_root, pump_until):
    for _ in range(5):
        display_root.update()
        messages = flooded.messages
        pump_until(lambda seen=messages: flooded.messages > seen, PATIENCE)  # it was not the flood that ended


def test_another_connection_is_served(flooded, peers):
    other = peers.connect(flooded.server)
    other.ask("/echo")
    assert other.answer()[0] == 101
    before = flooded.messages
    number = 0
    while number < 20 or flooded.messages == before:
        other.text(str(number))
        assert other.hear() == [(Opcode.TEXT, str(number).encode())]
        other.received.clear()
        number += 1
        assert number < 20_000, "there is no flood"

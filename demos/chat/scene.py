"""The conversation that ``--scripted`` plays: two windows of this process, one of another.

Each window knows the whole script and sends its own lines, through its own field and button, when the lines
before have arrived. The windows are not synchronized in any other way.
"""

from __future__ import annotations

import tkinter as tk
from dataclasses import dataclass

from demos.chat.app import App
from demos.chat.person import JoinedRoom, Kind, Line, ServerStatus
from demos.chat.window import ChatWindow
from demos.look import theme_of
from demos.stage import Box, Scene, geometry

_PACE_MS = 350
_CHECK_MS = 200


@dataclass(frozen=True, slots=True)
class Cue:
    """A line of the script."""

    who: str
    room: str
    text: str


SCRIPT = (
    Cue("ann", "lobby", "Hello! The server runs inside my window."),
    Cue("bob", "lobby", "Hi ann. I am a second window of the same program, and a client like any other."),
    Cue("cleo", "lobby", "And I am in another process. Is this thread safe?"),
    Cue("ann", "lobby", "There is no thread. Window, server and clients share Tk's own event loop."),
    Cue("bob", "tea", "The kettle is on, by the way."),
    Cue("bob", "tea", "Earl Grey or mint?"),
    Cue("cleo", "lobby", "Stop the server in ann's menu, and start it again: we come back by ourselves."),
    Cue("ann", "lobby", "A browser can join as well: Chat, Open in browser."),
)
CAST = ("ann", "bob", "cleo")
ROOMS = ("lobby", "tea")


class Actor:
    """Sends one person's lines in a window.

    Args:
        window: The window of that person; it joins the rooms of the script.
    """

    def __init__(self, window: ChatWindow) -> None:
        self._window = window
        self._sent = -1
        for room in ROOMS:
            window.person.join(room)

    def advance(self) -> int:
        """Return how many lines of the script have been sent; send the next one if it is this person's."""
        rooms = [self._window.person.rooms[name] for name in ROOMS]
        count = sum(line.kind is Kind.SAID for room in rooms for line in room.lines)
        here = all(len(room.people) == len(CAST) for room in rooms)
        mine = count < len(SCRIPT) and SCRIPT[count].who == self._window.person.nick
        if here and mine and self._sent < count:
            self._sent = count
            self._window.after(_PACE_MS, self._say, SCRIPT[count])
        return count

    def _say(self, cue: Cue) -> None:
        before = self._window.person.current_room
        self._window.show_room(cue.room)
        self._window.type_line(cue.text)
        self._window.show_room(before)


def play(app: App, scene: Scene) -> None:
    """Play the whole scene; the server of ``app`` must be running."""
    boxes = _boxes(app.root)
    windows = [app.open_window(nick, geometry(box)) for nick, box in zip(CAST[:2], boxes[:2], strict=True)]
    actors = [Actor(window) for window in windows]
    left, top, right, bottom = boxes[2]
    with_bars = left, top, right, bottom + theme_of(app.root).px(40)

    def on_line(window: ChatWindow, room: JoinedRoom, line: Line) -> None:
        if window is windows[0]:
            print(as_text(room, line), flush=True)
        counts = [actor.advance() for actor in actors]
        if min(counts) == len(SCRIPT):
            scene.finish(windows, [with_bars])

    app.on_line = on_line
    theme = "dark" if theme_of(app.root).is_dark else "light"
    part = ["--connect", app.address, "--nick", CAST[2], "--geometry", geometry(boxes[2]), "--theme", theme]
    scene.start_program("demos.chat", "--scripted", *part)


def play_part(app: App, scene: Scene, nick: str, position: str) -> None:
    """Play one person's part in the scene of another process; it ends with that process's server.

    Args:
        app: The application, which has no window yet.
        scene: The scene, which fails if it takes too long.
        nick: The nickname of the person.
        position: The geometry of the window.
    """
    window = app.open_window(nick, position)
    actor = Actor(window)
    app.on_line = lambda window, room, line: actor.advance()

    def check() -> None:
        if window.person.status is ServerStatus.LOST:
            window.close()
        else:
            window.after(_CHECK_MS, check)

    window.after(_CHECK_MS, check)


def as_text(room: JoinedRoom, line: Line) -> str:
    """Return a line of the transcript."""
    speaker = f"{line.who}: " if line.who else "* "
    return f"#{room.name:<6} {speaker}{line.text}"


def _boxes(root: tk.Tk) -> list[Box]:
    """Return the positions of the windows: side by side, or two above one on a narrow screen."""
    px = theme_of(root).px
    columns = 3 if root.winfo_screenwidth() // 3 >= px(560) else 2
    across = root.winfo_screenwidth() // columns
    down = root.winfo_screenheight() // (1 if columns == 3 else 2)
    width, height = across - px(8), min(down, px(760)) - px(40)  # the remaining space is for titles and menus
    corners = [(number % columns * across, number // columns * down) for number in range(len(CAST))]
    return [(left, top, left + width, top + height) for left, top in corners]

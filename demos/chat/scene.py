"""The conversation that ``--scripted`` plays: two windows of this process, one of another.

Every window knows the whole script and says its own lines, by its own field and button, when
it has heard those before. Nothing else keeps the windows together, as with people.
"""

from __future__ import annotations

import tkinter as tk
from dataclasses import dataclass

from demos.chat.app import App
from demos.chat.person import Contact, Kind, Line, Place
from demos.chat.window import ChatWindow
from demos.look import theme_of
from demos.stage import Box, Scene, geometry

_PACE_MS = 350
_LOOK_MS = 200


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
    Cue("cleo", "lobby", "Stop the server in ann's menu, and start it again: we come back with one click."),
    Cue("ann", "lobby", "A browser can join as well: Chat, Open in browser."),
)
CAST = ("ann", "bob", "cleo")
ROOMS = ("lobby", "tea")


class Actor:
    """Says one person's lines in a window.

    Args:
        window: That person's window; it joins the rooms of the script.
    """

    def __init__(self, window: ChatWindow) -> None:
        self._window = window
        self._said = -1
        for room in ROOMS:
            window.person.join(room)

    def heard(self) -> int:
        """Return how many lines of the script have been said, and say the next if it is one's own."""
        places = [self._window.person.places[room] for room in ROOMS]
        count = sum(line.kind is Kind.SAID for place in places for line in place.lines)
        here = all(len(place.people) == len(CAST) for place in places)
        mine = count < len(SCRIPT) and SCRIPT[count].who == self._window.person.nick
        if here and mine and self._said < count:
            self._said = count
            self._window.after(_PACE_MS, self._say, SCRIPT[count])
        return count

    def _say(self, cue: Cue) -> None:
        looked_at = self._window.person.looking_at
        self._window.show_room(cue.room)
        self._window.type_line(cue.text)
        self._window.show_room(looked_at)


def play(app: App, scene: Scene) -> None:
    """Play the whole scene; the server of ``app`` runs."""
    boxes = _boxes(app.root)
    windows = [app.open_window(nick, geometry(box)) for nick, box in zip(CAST[:2], boxes[:2], strict=True)]
    actors = [Actor(window) for window in windows]
    left, top, right, bottom = boxes[2]
    with_bars = left, top, right, bottom + theme_of(app.root).px(40)

    def heard(window: ChatWindow, place: Place, line: Line) -> None:
        if window is windows[0]:
            print(as_text(place, line), flush=True)
        counts = [actor.heard() for actor in actors]
        if min(counts) == len(SCRIPT):
            scene.finish(windows, [with_bars])

    app.heard = heard
    theme = "dark" if theme_of(app.root).is_dark else "light"
    part = ["--connect", app.address, "--nick", CAST[2], "--geometry", geometry(boxes[2]), "--theme", theme]
    scene.start_program("demos.chat", "--scripted", *part)


def play_part(app: App, scene: Scene, nick: str, place: str) -> None:
    """Play one person's part in a scene that another process began; ends with its server.

    Args:
        app: Has no window yet.
        scene: Fails where it takes too long.
        nick: Whose part.
        place: The geometry of the window.
    """
    window = app.open_window(nick, place)
    actor = Actor(window)
    app.heard = lambda window, place, line: actor.heard()

    def look() -> None:
        if window.person.contact is Contact.LOST:
            window.close()
        else:
            window.after(_LOOK_MS, look)

    window.after(_LOOK_MS, look)


def as_text(place: Place, line: Line) -> str:
    """Return a line of the transcript."""
    speaker = f"{line.who}: " if line.who else "* "
    return f"#{place.name:<6} {speaker}{line.text}"


def _boxes(root: tk.Tk) -> list[Box]:
    """Where the windows stand: side by side, or two above one on a narrow screen."""
    px = theme_of(root).px
    columns = 3 if root.winfo_screenwidth() // 3 >= px(560) else 2
    across = root.winfo_screenwidth() // columns
    down = root.winfo_screenheight() // (1 if columns == 3 else 2)
    width, height = across - px(8), min(down, px(760)) - px(40)  # the rest is for titles and menus
    corners = [(number % columns * across, number // columns * down) for number in range(len(CAST))]
    return [(left, top, left + width, top + height) for left, top in corners]

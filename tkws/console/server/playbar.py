"""The bar of the server's window that chooses a recording, plays and pauses it, and shows how far it is."""

from __future__ import annotations

import math
import tkinter as tk
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from tkinter import filedialog, ttk
from typing import Any

import tkws
from tkws.console.conversation.files import CONVERSATIONS, as_path
from tkws.console.look import Action, theme_of
from tkws.console.server.playback import Playback
from tkws.console.server.recording import Recording, load_recording
from tkws.console.server.serversession import ServerSession
from tkws.console.text.payload import preview
from tkws.console.window.menus import Menu
from tkws.loop import loop_for
from tkws.plurals import counted

_NO_PAUSES = "No pauses"
_TIMES = "\N{MULTIPLICATION SIGN}"
_SPEEDS = (*(f"{speed:g}{_TIMES}" for speed in (0.1, 0.5, 1, 2, 5, 10, 100)), _NO_PAUSES)
_MAX_NAME = 24  # characters


class PlayBar(ttk.Frame):
    """Hidden while nothing is played.

    Args:
        parent: The parent widget, in which it is packed at the bottom.
        session: The server.
        selected: Returns the connections of which the progress is of interest; otherwise the newest one is.
        on_error: Called with a sentence if a file cannot be played.
    """

    def __init__(
        self,
        parent: tk.Misc,
        session: ServerSession,
        selected: Callable[[], list[tkws.WebSocket]],
        on_error: Callable[[str], object],
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._selected = selected
        self._on_error = on_error
        self._loading: Generator[None, None, Recording] | None = None
        self._repeats = tk.BooleanVar(self, False)
        self._build()
        self.speed.bind("<<ComboboxSelected>>", lambda _: self._set_speed())
        self.bind("<Destroy>", lambda _: self._stop_loading(), add=True)

    def _build(self) -> None:
        gap = theme_of(self).px(8)
        controls, below = ttk.Frame(self), ttk.Frame(self)
        quiet = "Quiet.TButton"
        self.pause: ttk.Button = ttk.Button(controls, style=quiet, command=self.toggle, width=7)
        restart = ttk.Button(controls, text="Restart", style=quiet, command=self.restart, width=7)
        self.speed: ttk.Combobox = ttk.Combobox(
            controls, values=_SPEEDS, state="readonly", width=9, font=theme_of(self).body, height=len(_SPEEDS)
        )
        self.repeats: ttk.Checkbutton = ttk.Checkbutton(
            controls, text="Loop", variable=self._repeats, command=self._set_repeats
        )
        stop = ttk.Button(controls, text="Stop", style=quiet, command=self.stop, width=5)
        for widget in (self.pause, restart, self.speed, self.repeats, stop):
            widget.pack(side="left", fill="y", padx=(0, gap))
        self._name = ttk.Label(below, style="Small.TLabel")
        self._bar = ttk.Progressbar(below, maximum=1.0)
        self._progress = ttk.Label(below, style="Small.TLabel")
        self._name.pack(side="left")
        self._progress.pack(side="right")
        self._bar.pack(side="left", fill="x", expand=True, padx=gap)
        controls.pack(fill="x")
        below.pack(fill="x", pady=(gap, 0))

    @property
    def playback(self) -> Playback | None:
        """The present playing; None without one."""
        return self._session.playback

    def choose(self, path: Path | None = None) -> None:
        """Play a recording to each client; ask for the file unless it is given."""
        path = path or as_path(
            filedialog.askopenfilename(parent=self, title="Play a recording", filetypes=CONVERSATIONS)
        )
        if path is not None:
            self._stop_loading()
            self._loading = load_recording(path)
            self._load(self._loading)

    def toggle(self) -> None:
        """Pause or resume; a no-op without a recording."""
        if self.playback is not None:
            (self.playback.resume if self.playback.paused else self.playback.pause)()
            self.refresh()

    def restart(self) -> None:
        """Play from the beginning to each client; a no-op without a recording."""
        if self.playback is not None:
            self.playback.restart()
            self.refresh()

    def stop(self) -> None:
        """Stop to play, and hide the bar."""
        self._session.stop_playing()
        self.refresh()

    def refresh(self) -> None:
        """Show how far the playing is, or hide the bar without one."""
        playback = self.playback
        if playback is None:
            self.pack_forget()
            return
        if not self.winfo_manager():
            self.pack(side="bottom", fill="x", pady=(theme_of(self).px(10), 0))
        self._name.configure(text=preview(playback.recording.name, _MAX_NAME))
        self.pause.configure(text="Resume" if playback.paused else "Pause")
        self.speed.set(_speed_text(playback.speed))
        self._repeats.set(playback.repeats)
        self._show_progress(playback)

    def _show_progress(self, playback: Playback) -> None:
        names = self._session.names
        ws = next(iter(self._selected() or reversed(list(names))), None)
        head = None if ws is None else playback.head_of(ws)
        total = len(playback.recording.cues)
        if ws is None or head is None:
            self._bar.configure(value=0.0)
            self._progress.configure(text=counted(total, "message", style=","))
            return
        self._bar.configure(value=head.index / total)
        rounds = f", round {head.rounds + 1:,}" if head.rounds else ""
        self._progress.configure(text=f"{names.get(ws, '')}: {head.index:,} of {total:,}{rounds}")

    def _load(self, steps: Generator[None, None, Recording]) -> None:
        """Read a part of the file now, and the next a little later."""
        if steps is not self._loading:
            return
        try:
            next(steps)
        except StopIteration as end:
            self._loading = None
            self._play(end.value)
        except (OSError, ValueError) as error:
            self._loading = None
            self._on_error(f"The recording cannot be played: {error}")
        else:
            loop_for(self).call_later(0.001, partial(self._load, steps))

    def _play(self, recording: Recording) -> None:
        settings: dict[str, Any] = {}
        if self.playback is not None:
            settings = {"speed": self.playback.speed, "repeats": self.playback.repeats}
        self._session.play(recording, **settings)
        self.refresh()

    def _stop_loading(self) -> None:
        if self._loading is not None:
            self._loading.close()
            self._loading = None

    def _set_speed(self) -> None:
        self.speed.selection_clear()
        if self.playback is not None:
            text = self.speed.get()
            self.playback.speed = math.inf if text == _NO_PAUSES else float(text.rstrip(_TIMES))

    def _set_repeats(self) -> None:
        if self.playback is not None:
            self.playback.repeats = self._repeats.get()


def _speed_text(speed: float) -> str:
    return _NO_PAUSES if speed == math.inf else f"{speed:g}{_TIMES}"


def play_menu(play: PlayBar) -> Menu:
    """Return the menu that plays a recording to the clients of a server."""

    def playing() -> bool:
        return play.playback is not None

    def label() -> str:
        return "Resume playing" if play.playback is not None and play.playback.paused else "Pause playing"

    return [
        Action("Play a recording…", play.choose, "p"),
        Action(label, play.toggle, "F8", possible=playing),
        Action("Restart from the beginning", play.restart, possible=playing),
        Action("Stop playing", play.stop, "F9", possible=playing),
    ]

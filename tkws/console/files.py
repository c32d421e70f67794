"""What the console does with files: open, save, send, replay; each a bit at a time."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from tkinter import filedialog
from typing import TYPE_CHECKING

import tkws
from tkws.console import archive
from tkws.console.log import Row, sent_messages
from tkws.console.replay import Replay
from tkws.loop import loop_for

if TYPE_CHECKING:
    from tkws.console.window import Console

_TYPES = [("JSON Lines", "*.jsonl"), ("All files", "*")]


class Files:
    """The actions of the menus that ask for a file; each also takes its path.

    Args:
        console: Whose conversation, and whose connection.

    Attributes:
        replay: The replay that runs; None for none.
    """

    def __init__(self, console: Console) -> None:
        self.replay: Replay | None = None
        self._console = console

    def open(self, path: Path | None = None) -> None:
        """Append a saved conversation to this one."""
        path = path or self._ask("Open a conversation")
        if path is not None:
            self._run(self._load(path), f"{path.name} is opened")

    def save(self, path: Path | None = None, *, shown_only: bool = False) -> None:
        """Save the conversation, or what the filter lets through of it."""
        if path is None:
            name = filedialog.asksaveasfilename(
                parent=self._console,
                title="Save what is shown" if shown_only else "Save the conversation",
                defaultextension=".jsonl",
                filetypes=_TYPES,
                initialfile="conversation.jsonl",
            )
            if not name:
                return
            path = Path(name)
        rows = list(self._console.conversation.view.rows if shown_only else self._console.log.rows)
        self._run(archive.save(rows, path), f"{len(rows):,} rows are saved in {path.name}")

    def send(self, path: Path | None = None) -> None:
        """Send a file as a binary message."""
        if path is None:
            name = filedialog.askopenfilename(parent=self._console, title="Send a file as a binary message")
            if not name:
                return
            path = Path(name)
        try:
            self._console.session.send_file(path)
        except (OSError, tkws.StateError) as error:
            self._console.banner.show(str(error))

    def replay_log(self) -> None:
        """Send again, at its pace, what was sent in this conversation."""
        self._replay(sent_messages(self._console.log.rows), 1.0)

    def replay_file(self, path: Path | None = None, *, speed: float = 1.0) -> None:
        """Send again what a saved conversation sent."""
        path = path or self._ask("Replay a conversation")
        if path is None:
            return
        try:
            rows = [row for part in archive.load(path) for row in part]
        except (OSError, ValueError) as error:
            self._console.banner.show(str(error))
        else:
            self._replay(sent_messages(rows), speed)

    def stop_replay(self) -> None:
        """End the replay that runs."""
        if self.replay is not None:
            self.replay.stop()

    def _replay(self, rows: list[Row], speed: float) -> None:
        console = self._console
        self.stop_replay()
        if not rows:
            console.banner.show("Nothing was sent in it that could be sent again.")
        elif not console.session.is_open:
            console.banner.show("Connect first: a replay sends to the server that is connected.")
        else:
            replay = Replay(console.session, rows, speed, self._replayed)
            self.replay = None if replay.over else replay

    def _replayed(self, why: str) -> None:
        self.replay = None
        if why:
            self._console.banner.show(f"{why}.")

    def _load(self, path: Path) -> Generator[object]:
        for rows in archive.load(path):
            for row in rows:
                self._console.log.add(row.direction, row.type, row.payload, row.peer, row.time)
            self._console.conversation.refresh_soon()
            yield None

    def _ask(self, title: str) -> Path | None:
        name = filedialog.askopenfilename(parent=self._console, title=title, filetypes=_TYPES)
        return Path(name) if name else None

    def _run(self, steps: Generator[object], done: str) -> None:
        """Take a step, and the others one by one with some time between them."""
        if self._console.gone:
            steps.close()
            return
        try:
            next(steps)
        except StopIteration:
            self._console.say(done)
        except (OSError, ValueError) as error:
            self._console.banner.show(str(error))
        else:
            loop_for(self._console).call_later(0.001, self._run, steps, done)

"""The actions of the console that use files: open, save, send, replay. Long ones go in steps."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from tkinter import filedialog

import tkws
from tkws.console import archive
from tkws.console.conversation import Conversation
from tkws.console.log import Row, sent_messages
from tkws.console.replay import Replay
from tkws.console.session import Session
from tkws.loop import loop_for

_TYPES = (("JSON Lines", "*.jsonl"), ("All files", "*"))


class Files:
    """The actions of the menus that use files. Each asks for a path unless it is given one.

    Args:
        session: The connection, for sending.
        conversation: The conversation to save, and to add rows to.
        on_done: Called with a sentence when something has been opened or saved.
        on_error: Called with a sentence when an action fails.

    Attributes:
        replay: The replay that is running; None otherwise.
    """

    def __init__(
        self,
        session: Session,
        conversation: Conversation,
        on_done: Callable[[str], object],
        on_error: Callable[[str], object],
    ) -> None:
        self.replay: Replay | None = None
        self._session = session
        self._conversation = conversation
        self._on_done = on_done
        self._on_error = on_error
        self._closed = False

    def close(self) -> None:
        """Stop opening and saving; a file that has not been saved completely is not written."""
        self._closed = True

    def open(self, path: Path | None = None) -> None:
        """Append a saved conversation to this one."""
        path = path or self._ask_conversation("Open a conversation")
        if path is not None:
            self._run(self._load(path), f"Opened {path.name}")

    def save(self, path: Path | None = None, *, shown_only: bool = False) -> None:
        """Save the conversation, or only the rows that pass the filter."""
        path = path or _as_path(
            filedialog.asksaveasfilename(
                parent=self._conversation,
                title="Save what is shown" if shown_only else "Save the conversation",
                defaultextension=".jsonl",
                filetypes=_TYPES,
                initialfile="conversation.jsonl",
            )
        )
        if path is not None:
            rows = list(self._conversation.view.rows if shown_only else self._session.log.rows)
            self._run(archive.save(rows, path), f"Saved {len(rows):,} rows in {path.name}")

    def send(self, path: Path | None = None) -> None:
        """Send a file as a binary message."""
        path = path or _as_path(
            filedialog.askopenfilename(parent=self._conversation, title="Send a file as a binary message")
        )
        if path is None:
            return
        try:
            self._session.send_file(path)
        except (OSError, tkws.StateError) as error:
            self._on_error(str(error))

    def replay_log(self) -> None:
        """Send the messages that were sent in this conversation again, at their original pace."""
        self._start_replay(sent_messages(self._session.log.rows), 1.0)

    def replay_file(self, path: Path | None = None, *, speed: float = 1.0) -> None:
        """Send the messages that were sent in a saved conversation again."""
        path = path or self._ask_conversation("Replay a conversation")
        if path is None:
            return
        try:
            rows = [row for part in archive.load(path) for row in part]
        except (OSError, ValueError) as error:
            self._on_error(str(error))
        else:
            self._start_replay(sent_messages(rows), speed)

    def stop_replay(self) -> None:
        """Stop the replay that is running; a no-op otherwise."""
        if self.replay is not None:
            self.replay.stop()

    def _start_replay(self, rows: list[Row], speed: float) -> None:
        self.stop_replay()
        if not rows:
            self._on_error("There are no sent messages to replay.")
        elif not self._session.is_open:
            self._on_error("Connect first: a replay sends messages to the server.")
        else:
            replay = Replay(self._session, rows, speed, self._replay_ended)
            self.replay = None if replay.done else replay

    def _replay_ended(self, reason: str) -> None:
        self.replay = None
        if reason:
            self._on_error(f"{reason}.")

    def _load(self, path: Path) -> Generator[object]:
        for rows in archive.load(path):
            for row in rows:
                self._session.log.add(row.direction, row.type, row.payload, row.peer, row.time)
            self._conversation.refresh_soon()
            yield None

    def _ask_conversation(self, title: str) -> Path | None:
        return _as_path(filedialog.askopenfilename(parent=self._conversation, title=title, filetypes=_TYPES))

    def _run(self, steps: Generator[object], done: str) -> None:
        """Run one step now, and each further one a little later."""
        if self._closed:
            steps.close()
            return
        try:
            next(steps)
        except StopIteration:
            self._on_done(done)
        except (OSError, ValueError) as error:
            self._on_error(str(error))
        else:
            loop_for(self._conversation).call_later(0.001, self._run, steps, done)


def _as_path(name: str) -> Path | None:
    """Return the answer of a file dialog, which is empty if it was cancelled."""
    return Path(name) if name else None

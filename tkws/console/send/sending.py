"""Jobs that take a while to send: a file, many messages, a replay. Each has a progress and can be stopped."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from tkinter import filedialog, messagebox

import tkws
from tkws.console.client.session import Session
from tkws.console.conversation.conversation import Conversation
from tkws.console.conversation.files import CONVERSATIONS, as_path
from tkws.console.log import archive
from tkws.console.log.log import Row, sent_messages
from tkws.console.send.replay import Replay
from tkws.console.send.sendbox import Progress
from tkws.console.text.payload import byte_count
from tkws.plurals import counted


class Sending:
    """The actions of the menus that send for a while. Those that need a path ask for it unless it is given.

    Args:
        session: The connection.
        conversation: The parent of the dialogs; its sent messages can be replayed.
        on_done: Called with a sentence when the user has stopped something.
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

    @property
    def progress(self) -> Progress | None:
        """How far the file or the messages are that are being sent; None without any."""
        upload, replay = self._session.upload, self.replay
        if upload is not None and not upload.done:
            sent, total = upload.sent, upload.total or 0
            text = f"{self._session.upload_name}: {byte_count(sent)} of {byte_count(total)}"
            return Progress(text, sent / total if total else 0.0)
        if replay is not None:
            text = f"Sending {replay.sent:,} of {replay.total:,}"
            return Progress(text, replay.sent / replay.total, self.stop_replay)
        return None

    @property
    def is_open(self) -> bool:
        """Whether something can be sent now."""
        return self._session.is_open

    @property
    def has_sent(self) -> bool:
        """Whether there are sent messages to replay."""
        return bool(sent_messages(self._conversation.log.rows))

    def send_file(self, path: Path | None = None) -> None:
        """Send a file as a binary message."""
        path = path or as_path(
            filedialog.askopenfilename(parent=self._conversation, title="Send a file as a binary message")
        )
        if path is None:
            return
        try:
            self._session.send_file(path)
        except (OSError, tkws.StateError) as error:
            self._on_error(str(error))

    def send_rows(self, rows: list[Row]) -> None:
        """Send messages again, without delays, once the user has agreed."""
        count = "this message" if len(rows) == 1 else f"these {counted(len(rows), 'message', style=',')}"
        size = byte_count(sum(row.size for row in rows))
        if messagebox.askokcancel(
            "Send again", f"Send {count} again?", detail=f"{size} in all.", parent=self._conversation
        ):
            self._start_replay(rows, math.inf)

    def replay_log(self) -> None:
        """Send the messages that were sent in this conversation again, at their original pace."""
        self._start_replay(sent_messages(self._conversation.log.rows), 1.0)

    def replay_file(self, path: Path | None = None, *, speed: float = 1.0) -> None:
        """Send the messages that were sent in a saved conversation again."""
        path = path or as_path(
            filedialog.askopenfilename(
                parent=self._conversation, title="Replay a conversation", filetypes=CONVERSATIONS
            )
        )
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
        replay = self.replay
        if replay is not None:
            replay.stop("")
            self._on_done(f"Stopped after {replay.sent:,} of {counted(replay.total, 'message', style=',')}")

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

"""Opening and saving files, of a conversation or of one message. Long work goes in steps."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from tkinter import filedialog

from tkws.console.conversation.conversation import Conversation
from tkws.console.live.export import save_csv
from tkws.console.live.series import Source
from tkws.console.log import archive
from tkws.console.log.log import Row
from tkws.console.text.payload import byte_count
from tkws.loop import loop_for
from tkws.plurals import counted

CONVERSATIONS = (("JSON Lines", "*.jsonl"), ("All files", "*"))
"""The types of files for a dialog that asks for a conversation."""


class Files:
    """The actions of the menus that open or save. Each asks for a path unless it is given one.

    Args:
        conversation: The conversation to save, and to add rows to.
        on_done: Called with a sentence when something has been opened or saved.
        on_error: Called with a sentence when an action fails.
    """

    def __init__(
        self,
        conversation: Conversation,
        on_done: Callable[[str], object],
        on_error: Callable[[str], object],
    ) -> None:
        self._conversation = conversation
        self._on_done = on_done
        self._on_error = on_error
        self._closed = False
        conversation.detail.save = self.save_payload
        conversation.live.export = self.save_values
        conversation.bind("<Destroy>", lambda _: self._stop(), add=True)

    def open(self, path: Path | None = None) -> None:
        """Append a saved conversation to this one."""
        path = path or as_path(
            filedialog.askopenfilename(
                parent=self._conversation, title="Open a conversation", filetypes=CONVERSATIONS
            )
        )
        if path is not None:
            self._run(self._load(path), f"Opened {path.name}")

    def save(self, path: Path | None = None, *, shown_only: bool = False) -> None:
        """Save the conversation, or only the rows that pass the filter."""
        path = path or as_path(
            filedialog.asksaveasfilename(
                parent=self._conversation,
                title="Save what is shown" if shown_only else "Save the conversation",
                defaultextension=".jsonl",
                filetypes=CONVERSATIONS,
                initialfile="conversation.jsonl",
            )
        )
        if path is not None:
            rows = list(self._conversation.view.rows if shown_only else self._conversation.log.rows)
            saved = counted(len(rows), "row", style=",")
            self._run(archive.save(rows, path), f"Saved {saved} in {path.name}")

    def save_payload(self, row: Row, path: Path | None = None) -> None:
        """Save the payload of one message exactly as it came, text as UTF-8."""
        suffix = "txt" if isinstance(row.payload, str) else "bin"
        path = path or as_path(
            filedialog.asksaveasfilename(
                parent=self._conversation,
                title="Save the message",
                initialfile=f"message-{row.number}.{suffix}",
            )
        )
        if path is not None:
            self._run(archive.save_payload(row.payload, path), f"Saved {byte_count(row.size)} in {path.name}")

    def save_values(self, sources: list[Source], path: Path | None = None) -> None:
        """Save the values of some fields, of the rows that pass the filter, as CSV."""
        path = path or as_path(
            filedialog.asksaveasfilename(
                parent=self._conversation,
                title="Export the plot",
                defaultextension=".csv",
                filetypes=(("CSV", "*.csv"), ("All files", "*")),
                initialfile="plot.csv",
            )
        )
        if path is not None:
            rows = list(self._conversation.view.rows)
            self._run(save_csv(rows, sources, path), f"Exported the plot to {path.name}")

    def _stop(self) -> None:
        """Stop opening and saving; a file that has not been saved completely is not written."""
        self._closed = True

    def _load(self, path: Path) -> Generator[object]:
        for rows in archive.load(path):
            for row in rows:
                self._conversation.log.add(row.direction, row.type, row.payload, row.peer, row.time)
            self._conversation.refresh_soon()
            yield None

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


def as_path(name: str) -> Path | None:
    """Return the answer of a file dialog, which is empty if it was cancelled."""
    return Path(name) if name else None

"""Keeps what stands in the message box, soon after each change, and shows it again at the same address."""

from __future__ import annotations

from tkws.console.memory.remembering import Remembering
from tkws.console.memory.secrecy import without_secrets
from tkws.console.send.history import Entry
from tkws.console.send.sendbox import SendBox

_TYPING_MS = 400  # it is stored so long after the first key


class Drafts:
    """Connects the message box with what is remembered of the address in use.

    Args:
        box: The box.
        remembering: The memory of the address in use.
    """

    def __init__(self, box: SendBox, remembering: Remembering) -> None:
        self._box = box
        self._remembering = remembering
        self._timer = ""
        box.history.load = remembering.sent
        box.history.keep = remembering.add_sent
        box.fill = remembering.fill
        self._kept: list[Entry] = []
        self._restart(remembering.go_to(""), [])
        box.text.bind("<<Modified>>", lambda _: self._keep_soon(), add=True)
        box.kind.bind("<<ComboboxSelected>>", lambda _: self._keep_soon(), add=True)
        box.bind("<Destroy>", lambda _: self._stop(), add=True)

    def go_to(self, url: str) -> bool:
        """Show the unsent message of an address, and return whether something else was put away for it.

        A text that was typed before there was any address goes along.
        """
        before = self._remembering.address
        if without_secrets(url) == before:
            return False
        self.flush()
        typed = self._box.unsent
        if not before:
            self._remembering.keep_unsent([])
        self._restart(self._remembering.go_to(url), [] if before else typed)
        return bool(before and typed)

    def flush(self) -> None:
        """Keep what is unsent now; a no-op if nothing has changed."""
        self._stop()
        unsent = self._box.unsent
        if unsent != self._kept:
            self._kept = unsent
            self._remembering.keep_unsent(unsent)

    def forget(self) -> None:
        """Begin a new history; what stands in the box stays there, and is not kept until it changes."""
        self._stop()
        present = self._box.unsent[-1:]
        self._box.restart(present)
        self._kept = present

    def _restart(self, stored: list[Entry], typed: list[Entry]) -> None:
        self._box.restart([*stored, *typed])
        self._kept = stored
        self.flush()

    def _keep_soon(self) -> None:
        if not self._timer:
            self._timer = self._box.after(_TYPING_MS, self.flush)

    def _stop(self) -> None:
        if self._timer:
            self._box.after_cancel(self._timer)
            self._timer = ""

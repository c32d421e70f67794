"""Keeps the watches of a window with the address at which they were added, and shows them there again."""

from __future__ import annotations

from tkws.console.memory.remembering import Remembering
from tkws.console.watch.panel import WatchPanel


class WatchList:
    """Connects the panel of the watches with what is remembered of the address in use.

    Args:
        panel: The panel.
        remembering: The memory of the address in use.
    """

    def __init__(self, panel: WatchPanel, remembering: Remembering) -> None:
        self._panel = panel
        self._remembering = remembering
        panel.on_added = self._add
        panel.on_removed = remembering.remove_watch

    def show(self, *, along: bool) -> None:
        """Show the watches of the address in use; those that are there go ``along``, or are put away."""
        if along:
            for each in self._panel.entered:
                self._add(*each)
        known = self._remembering.watches()
        if known != self._panel.entered:
            self._panel.replace(known)

    def _add(self, kind: str, text: str) -> None:
        if self._remembering.address:  # otherwise it goes along to the first one
            self._remembering.add_watch(kind, text)

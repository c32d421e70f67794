"""The filters that were used at an address before, in a menu below the filter."""

from __future__ import annotations

from functools import partial

from tkws.console.conversation.filterbar import FilterBar
from tkws.console.log.query import read_query
from tkws.console.look import Action, PopUpMenu
from tkws.console.memory.remembering import Remembering


class EarlierFilters:
    """Remembers each filter that is left standing, and offers it again: Down in the filter opens the menu.

    Args:
        bar: The filter.
        remembering: The memory of the address in use.
    """

    def __init__(self, bar: FilterBar, remembering: Remembering) -> None:
        self._bar = bar
        self._remembering = remembering
        self._menu = PopUpMenu(bar)
        for event in "<Return>", "<FocusOut>":
            bar.text.bind(event, lambda _: self._remember(), add=True)
        bar.text.bind("<Down>", lambda _: self.show_menu(), add=True)

    def show_menu(self) -> str:
        """Show the filters, the newest first."""
        self._remember()
        filters = self._remembering.filters()
        actions: list[Action | None] = [Action(text, partial(self._use, text)) for text in filters]
        if not actions:
            actions = [Action("No filter was used at this address yet", str, possible=lambda: False)]
        self._menu.open_below(self._bar.text, actions)
        return "break"

    def _use(self, text: str) -> None:
        field = self._bar.text
        field.delete(0, "end")
        field.insert(0, text)
        self._bar.apply()
        field.focus_set()

    def _remember(self) -> None:
        text = self._bar.text.get().strip()
        try:
            read_query(text)
        except ValueError:
            return
        if text:
            self._remembering.add_filter(text)

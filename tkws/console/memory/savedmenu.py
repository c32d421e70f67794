"""The menu of saved messages, and the forms for their names and for the values of ``{{variables}}``."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import messagebox

from tkws.console.look import Action, PopUpMenu
from tkws.console.look.form import Field, Form
from tkws.console.memory.remembering import Remembering
from tkws.console.memory.secrecy import has_secret
from tkws.console.send.history import Entry
from tkws.console.send.sendbox import SendBox
from tkws.console.send.variables import DYNAMIC, read_values, shown_values
from tkws.console.text.payload import preview

_MAX_SHOWN = 48  # characters of a name and of a message in the menu


class SavedMessages:
    """The actions for saved messages of the address in use.

    Args:
        box: The message box.
        remembering: The memory of the address.
        on_done: Called with a sentence when something has been saved or removed.
    """

    def __init__(self, box: SendBox, remembering: Remembering, on_done: Callable[[str], object]) -> None:
        self._box = box
        self._remembering = remembering
        self._on_done = on_done
        self._menu = PopUpMenu(box)
        box.ask_values = self.ask_values
        box.offer_saved(self.show_menu)

    def show_menu(self, below: tk.Misc | None = None) -> None:
        """Show the saved messages near a widget; None for the message box."""
        saved = self._remembering.saved()
        actions: list[Action | None] = [
            Action(_label(name, entry), partial(self._box.put, entry)) for name, entry in saved.items()
        ]
        actions += [
            *([None] if saved else []),
            Action("Save this message…", self.ask_name, possible=lambda: bool(self._box.entry.text.strip())),
            Action("Remove a saved message…", self.ask_removal, possible=lambda: bool(saved)),
            Action("Variables…", self.ask_variables),
        ]
        self._menu.open_below(below or self._box.text, actions)

    def ask_name(self) -> None:
        """Ask for a name, and save what stands in the box under it."""
        entry = self._box.entry
        names = list(self._remembering.saved())
        Form(self._box.text, "Save this message", [Field("Name", choices=names)], partial(self._save, entry),
            text="A message of the same name is replaced. {{variables}} are filled in when it is sent.",
            button="Save")  # fmt: skip

    def ask_removal(self) -> None:
        """Ask for the name of a saved message, and remove it."""
        names = list(self._remembering.saved())
        Form(self._box.text, "Remove a saved message", [Field("Name", choices=names)], self._remove,
            button="Remove")  # fmt: skip

    def ask_variables(self) -> None:
        """Ask for the values of all variables of the address."""
        values = shown_values(self._remembering.variables())
        Form(self._box.text, "Variables", [Field("Values", values, lines=8)],
            lambda lines: self._remembering.set_variables(read_values(lines)),
            text="One a line: name = value. In a message, {{name}} stands for the value. "
            f"These have a new value each time: {', '.join(DYNAMIC)}.",
            button="Keep")  # fmt: skip

    def ask_values(self, names: list[str], then: Callable[[], object]) -> None:
        """Ask for the values of some variables; call ``then()`` when they are known."""

        def accept(*values: str) -> None:
            self._remembering.set_variables(
                self._remembering.variables() | dict(zip(names, values, strict=True))
            )
            self._box.after_idle(then)

        Form(self._box.text, "Fill in", [Field(name) for name in names], accept, button="Send")

    def _save(self, entry: Entry, name: str) -> None:
        name = name.strip()
        if not name:
            raise ValueError("A saved message needs a name")
        if has_secret(*entry) and not messagebox.askokcancel(
            "Save this message",
            "It may contain a secret. Save it all the same?",
            detail="{{variables}} keep secrets out of saved messages.",
            parent=self._box,
        ):
            return
        self._remembering.save(name, entry)
        self._on_done(f"Saved as {name}")

    def _remove(self, name: str) -> None:
        if name not in self._remembering.saved():
            raise ValueError("There is no saved message of that name")
        self._remembering.remove(name)
        self._on_done(f"Removed {name}")


def _label(name: str, entry: Entry) -> str:
    return f"{preview(name, _MAX_SHOWN)}   {preview(entry.text, _MAX_SHOWN)}"

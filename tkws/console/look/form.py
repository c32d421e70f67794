"""A small window with fields to fill in, which does not hold up anything else meanwhile."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from tkinter import ttk
from typing import Final

from tkws.console.look import Sheet, theme_of


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form.

    Attributes:
        label: The text beside it.
        value: Its contents at first.
        choices: The contents that it offers; any others may be typed.
        lines: How many lines it has room for; Return begins a new line if there is more than one.
        hidden: Whether what is typed cannot be read, as for a password.
    """

    label: str
    value: str = ""
    choices: Sequence[str] = ()
    lines: int = 1
    hidden: bool = False


class Form(Sheet):
    """The window. Return or its button accept it, Escape cancels it.

    Args:
        parent: A widget of the window that it belongs to; a form that is open there is closed.
        title: The subject.
        fields: The fields.
        on_accept: Called with the contents of the fields; the text of a `ValueError` is shown, and the form
            stays.
        text: A sentence above the fields.
        button: The label of the button.

    Attributes:
        widgets: The fields' widgets.
    """

    def __init__(
        self,
        parent: tk.Misc,
        title: str,
        fields: Sequence[Field],
        on_accept: Callable[..., object],
        *,
        text: str = "",
        button: str = "OK",
    ) -> None:
        window = parent.winfo_toplevel()
        for child in window.winfo_children():
            if isinstance(child, Form):
                child.destroy()
        super().__init__(window, title)
        self._is_closed = False
        self._on_accept = on_accept
        self._owner = parent
        px = theme_of(self).px
        self.body.configure(padding=px(14))
        self.body.columnconfigure(1, weight=1)
        if text:
            label = ttk.Label(self.body, text=text, wraplength=px(420))
            label.grid(row=0, column=0, columnspan=2, sticky="w", pady=(0, px(8)))
        self.widgets: Final = [self._add(row, field) for row, field in enumerate(fields, 1)]
        self._fault = ttk.Label(self.body, style="Wrong.TLabel", wraplength=px(420))
        self._fault.grid(row=len(fields) + 1, column=0, columnspan=2, sticky="w")
        self.add_buttons(button, self.accept)
        self._fault.grid_remove()  # its row is kept for it
        self.show(self.widgets[0])

    def accept(self) -> None:
        """Hand over what was filled in, and close the form."""
        contents = [
            widget.get("1.0", "end-1c") if isinstance(widget, tk.Text) else widget.get()
            for widget in self.widgets
        ]
        try:
            self._on_accept(*contents)
        except ValueError as error:
            self._fault.configure(text=str(error))
            self._fault.grid()
        else:
            self.destroy()

    def close(self) -> None:
        """Cancel the form."""
        self.destroy()

    def destroy(self) -> None:
        """Destroy the form, and give the focus back; a no-op if another one has taken its place."""
        if self._is_closed:
            return
        self._is_closed = True
        super().destroy()
        if self._owner.winfo_exists():
            self._owner.focus_set()

    def _add(self, row: int, field: Field) -> tk.Text | ttk.Entry:
        px = theme_of(self).px
        label = ttk.Label(self.body, text=field.label, style="Soft.TLabel")
        label.grid(row=row, column=0, sticky="nw", padx=(0, px(10)), pady=px(7))
        widget = self._make(field)
        widget.grid(row=row, column=1, sticky="nsew", pady=px(3))
        if isinstance(widget, tk.Text):
            widget.insert("1.0", field.value)
            self.body.rowconfigure(row, weight=1)
        else:
            widget.insert(0, field.value)
            widget.selection_range(0, "end")
            for key in "<Return>", "<KP_Enter>":
                widget.bind(key, lambda _: self.accept())
        return widget

    def _make(self, field: Field) -> tk.Text | ttk.Entry:
        theme = theme_of(self)
        if field.lines > 1:
            box = tk.Text(self.body, height=field.lines, width=44, font=theme.mono, wrap="none", undo=True)
            box.configure(padx=theme.px(8), pady=theme.px(4))
            box.bind("<Tab>", lambda _: _leave(box))
            theme.follow(box, partial(theme.paint_text, box))
            return box
        if field.choices:
            return ttk.Combobox(self.body, values=list(field.choices), font=theme.body, width=36)
        return ttk.Entry(self.body, font=theme.body, width=38, show="•" if field.hidden else "")


def _leave(box: tk.Text) -> str:
    """Move on to the next widget, as Tab does in every other field."""
    following = box.tk_focusNext()
    if following is not None:
        following.focus_set()
    return "break"

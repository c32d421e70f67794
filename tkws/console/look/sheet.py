"""A sheet: a window over another one, in the colours of the theme, that Escape closes."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Final

from tkws.console.look.theme import theme_of

_SHOWN_FRACTION = 0.9  # of the screen, at most


class Sheet(tk.Toplevel):
    """An empty sheet; `show` makes it visible once it is filled.

    Args:
        parent: A widget of the window that it lies over.
        title: The title.

    Attributes:
        body: The frame for its contents.
    """

    def __init__(self, parent: tk.Misc, title: str) -> None:
        super().__init__(parent)
        self.withdraw()  # so that no empty window flashes up
        self.title(title)
        theme = theme_of(parent)
        self._over = parent.winfo_toplevel()
        self._focus_before = self._over.focus_lastfor()
        self.body: Final = ttk.Frame(self, padding=theme.px(20))
        self.body.pack(fill="both", expand=True)
        self.bind("<Escape>", lambda _: self.close())
        self.protocol("WM_DELETE_WINDOW", self.close)

    def add_buttons(self, label: str, command: Callable[[], object]) -> tuple[ttk.Button, ttk.Button]:
        """Add a row with a button that closes the sheet and one that calls ``command()``; return both."""
        px = theme_of(self).px
        bar = ttk.Frame(self.body)
        bar.grid(columnspan=2, sticky="e", pady=(px(14), 0))
        cancel = ttk.Button(bar, text="Cancel", style="Quiet.TButton", command=self.close)
        accept = ttk.Button(bar, text=label, command=command)
        cancel.pack(side="left", padx=px(8))
        accept.pack(side="left")
        return cancel, accept

    def show(self, first: tk.Misc | None = None) -> None:
        """Show the sheet over its window, on the screen as a whole if it fits.

        Args:
            first: The widget that gets the focus; None for the sheet.
        """
        self.transient(self._over)
        self.update_idletasks()
        screen = self.winfo_screenwidth(), self.winfo_screenheight()
        wanted = self.winfo_reqwidth(), self.winfo_reqheight()
        width = min(wanted[0], int(_SHOWN_FRACTION * screen[0]))
        height = min(wanted[1], int(_SHOWN_FRACTION * screen[1]))
        over = self._over
        left = over.winfo_rootx() + (over.winfo_width() - width) // 2
        top = over.winfo_rooty() + (over.winfo_height() - height) // 3
        left, top = max(0, min(left, screen[0] - width)), max(0, min(top, screen[1] - height))
        size = "" if (width, height) == wanted else f"{width}x{height}"  # none, so that it may still grow
        self.geometry(f"{size}+{left}+{top}")
        self.deiconify()
        (first or self).focus_set()

    def close(self) -> None:
        """Destroy the sheet, and give the focus back if it had it."""
        had_focus = self.focus_displayof() is not None
        self.destroy()
        if had_focus and self._focus_before is not None and self._focus_before.winfo_exists():
            self._focus_before.focus_force()

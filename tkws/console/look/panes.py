"""Panes that are shown and hidden."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk


def show_pane(panes: ttk.PanedWindow, pane: tk.Widget, shown: bool, *, weight: int = 0) -> None:
    """Show a pane as the last one of a paned window, or hide it; a no-op if it already is."""
    if shown and not is_pane_shown(pane):
        panes.add(pane, weight=weight)
    elif not shown and is_pane_shown(pane):
        panes.forget(pane)


def is_pane_shown(pane: tk.Widget) -> bool:
    """Return whether a pane is shown."""
    return bool(pane.winfo_manager())

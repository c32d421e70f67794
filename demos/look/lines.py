"""A text that lines are added to: when, who, what."""

from __future__ import annotations

import time
import tkinter as tk

from tkws.console.look import theme_of

_MOST_LINES = 1000


class Lines(tk.Text):
    """Shows the newest lines, and follows them while its end is in sight.

    Args:
        parent: Where it stands.

    Attributes:
        plain: The lines since the beginning, as ``"who: what"``.
    """

    def __init__(self, parent: tk.Misc) -> None:
        theme = theme_of(parent)
        colours, column = theme.colours, theme.px(140)
        super().__init__(
            parent, state="disabled", wrap="word", width=1, height=1, font=theme.body, borderwidth=0
        )
        self.configure(highlightthickness=0, padx=theme.px(16), pady=theme.px(10), cursor="arrow")
        self.configure(background=colours.surface, foreground=colours.text, tabs=(theme.px(66), column))
        self.configure(spacing1=theme.px(2), spacing3=theme.px(2))
        self.tag_configure("line", lmargin2=column)
        self.tag_configure("time", foreground=colours.faint, font=theme.small)
        self.tag_configure("who", font=theme.bold)
        self.tag_configure("note", foreground=colours.faint)
        self.tag_configure("own", foreground=colours.accent_strong)
        self.plain: list[str] = []

    def add(self, who: str, what: str, kind: str = "said") -> None:
        """Add a line.

        Args:
            who: Who said it.
            what: What was said.
            kind: ``said``, ``note`` for what happened, ``own`` for this side's.
        """
        self.plain.append(f"{who}: {what}")
        at_end = self.yview()[1] >= 1.0
        self.configure(state="normal")
        self.insert("end", time.strftime("%H:%M:%S"), ("line", "time"))
        self.insert("end", f"\t{who}", ("line", "who", kind), f"\t{what}\n", ("line", kind))
        if int(self.index("end-1c").split(".")[0]) > _MOST_LINES:
            self.delete("1.0", "2.0")
        self.configure(state="disabled")
        if at_end:
            self.see("end")

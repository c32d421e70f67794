"""A list of messages with time, sender and text."""

from __future__ import annotations

import time
import tkinter as tk

from tkws.console.look import theme_of

_MAX_LINES = 1000


class MessageLog(tk.Text):
    """Shows the last messages, and scrolls with them while its end is in sight.

    Args:
        parent: The parent widget.

    Attributes:
        plain: All messages so far, as ``"sender: text"``.
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
        self.tag_configure("sender", font=theme.bold)
        self.tag_configure("note", foreground=colours.faint)
        self.tag_configure("own", foreground=colours.accent_strong)
        self.tag_configure("hint", foreground=colours.soft, justify="center", spacing1=theme.px(24))
        self.plain: list[str] = []
        self._hinted = False

    def show_hint(self, text: str) -> None:
        """Show a sentence that says what to do next, until the first message comes."""
        if not self.plain:
            self._hinted = True
            self.configure(state="normal")
            self.delete("1.0", "end")
            self.insert("end", text, "hint")
            self.configure(state="disabled")

    def add(self, sender: str, text: str, kind: str = "message") -> None:
        """Add a message.

        Args:
            sender: The name of the sender.
            text: The text.
            kind: ``message``, ``note`` for an event, ``own`` for a message from this side.
        """
        self.plain.append(f"{sender}: {text}")
        at_end = self.yview()[1] >= 1.0
        self.configure(state="normal")
        if self._hinted:
            self._hinted = False
            self.delete("1.0", "end")
        self.insert("end", time.strftime("%H:%M:%S"), ("line", "time"))
        self.insert("end", f"\t{sender}", ("line", "sender", kind), f"\t{text}\n", ("line", kind))
        if int(self.index("end-1c").split(".")[0]) > _MAX_LINES:
            self.delete("1.0", "2.0")
        self.configure(state="disabled")
        if at_end:
            self.see("end")

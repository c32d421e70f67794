"""The messages of one room as scrolling text, with coloured nicknames, times and links."""

from __future__ import annotations

import re
import time
import tkinter as tk
import webbrowser
from tkinter import ttk
from typing import Any

from demos.chat.person import MAX_LINES, Kind, Line
from demos.look import nick_colour, theme_of

_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
_GROUP_SECONDS = 180.0  # messages of one person within this time share a heading


class Conversation(ttk.Frame):
    """The lines of one room. It scrolls with new lines while its end is in view."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self._theme = theme_of(self)
        self._last: Line | None = None
        self._day = ""
        self._unread_mark = False
        self.text = self._make_text()
        self._make_tags()
        self._bar = ttk.Scrollbar(self, command=self.text.yview)
        self.text.configure(yscrollcommand=self._scrolled)
        self.text.grid(row=0, column=0, sticky="nsew")
        self._bar.grid(row=0, column=1, sticky="ns", padx=self._theme.px(2), pady=self._theme.px(2))
        self.rowconfigure(0, weight=1)
        self.columnconfigure(0, weight=1)
        self._down = ttk.Button(
            self, text="New messages below", style="Quiet.TButton", takefocus=False, command=self.go_to_end
        )
        self.text.bind("<Configure>", self._resized)

    def add(self, line: Line, *, seen: bool = True) -> None:
        """Add a line at the end.

        Args:
            line: The line.
            seen: Whether the room is in view; the first line that is not seen gets a mark above it.
        """
        at_end = self._at_end()
        self.text.configure(state="normal")
        self._mark_unread(line, seen)
        self._mark_day(line)
        if line.kind is Kind.SAID:
            self._add_said(line)
        else:
            clock = f"   {_clock(line.time)}" if line.time else ""
            self._insert(f"{line.text}{clock}\n", line.kind.value)
        self._last = line
        self._delete_oldest()
        self.text.configure(state="disabled")
        if at_end or line.own:
            self.go_to_end()
        elif line.kind is Kind.SAID:
            self._down.place(relx=0.5, rely=1.0, y=-self._theme.px(8), anchor="s")

    def go_to_end(self) -> None:
        """Scroll to the newest line."""
        self.text.see("end")
        self._down.place_forget()

    def remove_unread_mark(self) -> None:
        """Remove the mark above the unread messages, when another room is shown."""
        if self._unread_mark:
            self.text.configure(state="normal")
            self.text.delete("unread.first", "unread.last")
            self.text.configure(state="disabled")
            self._unread_mark = False

    def _add_said(self, line: Line) -> None:
        own = ("own",) if line.own else ()
        last = self._last
        is_continuation = (
            last is not None
            and last.kind is Kind.SAID
            and last.who == line.who
            and line.time - last.time < _GROUP_SECONDS
        )
        if not is_continuation:
            nick = f"nick {line.who}"
            self.text.tag_configure(nick, foreground=nick_colour(self, line.who, dark=self._theme.is_dark))
            self._insert(line.who, "head", nick, *own)
            self._insert(f"   {_clock(line.time)}\n", "head", "time", *own)
        self._add_body(line.text, own)

    def _add_body(self, text: str, own: tuple[str, ...]) -> None:
        end = 0
        for link in _LINK.finditer(text):
            self._insert(text[end : link.start()], "body", *own)
            self._insert(link.group(), "body", "link", *own)
            end = link.end()
        self._insert(f"{text[end:]}\n", "body", *own)

    def _mark_unread(self, line: Line, seen: bool) -> None:
        if not seen and line.kind is Kind.SAID and not self._unread_mark:
            self._insert("New messages\n", "unread")
            self._unread_mark = True
            self._last = None

    def _mark_day(self, line: Line) -> None:
        day, today = _day(line.time), _day(time.time())
        if not line.time or day == self._day:
            return
        if self._day or day != today:
            self._insert(f"{'Today' if day == today else day}\n", "day")
            self._last = None
        self._day = day

    def _delete_oldest(self) -> None:
        lines = int(self.text.index("end-1c").split(".")[0])
        if lines > 2 * MAX_LINES:
            self.text.delete("1.0", f"{lines - 2 * MAX_LINES}.0")

    def _insert(self, text: str, *tags: str) -> None:
        self.text.insert("end", text, tags)

    def _at_end(self) -> bool:
        return self.text.yview()[1] >= 1.0

    def _scrolled(self, first: float, last: float) -> None:
        self._bar.set(first, last)
        if float(last) >= 1.0:
            self._bar.grid_remove() if float(first) <= 0.0 else self._bar.grid()
            self._down.place_forget()
        else:
            self._bar.grid()

    def _resized(self, _event: tk.Event[tk.Misc]) -> None:
        if not self._down.winfo_ismapped():
            self.text.see("end")

    def _make_text(self) -> tk.Text:
        theme, colours = self._theme, self._theme.colours
        return tk.Text(
            self,
            state="disabled",
            wrap="word",
            width=1,
            height=1,
            font=theme.body,
            background=colours.surface,
            foreground=colours.text,
            selectbackground=colours.accent_soft,
            selectforeground=colours.text,
            inactiveselectbackground=colours.accent_soft,
            highlightthickness=0,
            borderwidth=0,
            padx=0,
            pady=theme.px(8),
            cursor="arrow",
        )

    def _make_tags(self) -> None:
        theme, colours, text = self._theme, self._theme.colours, self.text
        margin = theme.px(20)
        sides = {"lmargin1": margin, "lmargin2": margin, "rmargin": theme.px(12)}
        middle = {**sides, "font": theme.small, "justify": "center", "spacing1": theme.px(8)}
        tint = dict.fromkeys(("background", "lmargincolor", "rmargincolor"), colours.own)
        tags: dict[str, dict[str, Any]] = {
            "head": {**sides, "font": theme.bold, "spacing1": theme.px(10)},
            "time": {"font": theme.small, "foreground": colours.faint},
            "body": {**sides, "spacing1": theme.px(3), "spacing2": theme.px(2), "spacing3": theme.px(3)},
            "own": tint,
            "link": {"foreground": colours.accent, "underline": True},
            "notice": {**middle, "foreground": colours.faint, "spacing3": theme.px(4)},
            "error": {**middle, "foreground": colours.bad, "spacing3": theme.px(4)},
            "day": {**middle, "foreground": colours.soft, "spacing3": theme.px(4)},
            "unread": {**middle, "foreground": colours.accent, "font": theme.small_bold},
        }
        for name, options in tags.items():
            text.tag_configure(name, options)
        text.tag_raise("sel")
        text.tag_bind("link", "<Enter>", lambda event: text.configure(cursor="hand2"))
        text.tag_bind("link", "<Leave>", lambda event: text.configure(cursor="arrow"))
        text.tag_bind("link", "<Button-1>", self._follow_link)

    def _follow_link(self, event: tk.Event[tk.Misc]) -> None:
        position = f"@{event.x},{event.y}"
        webbrowser.open(self.text.get(*self.text.tag_prevrange("link", f"{position}+1c")))


def _clock(seconds: float) -> str:
    return time.strftime("%H:%M", time.localtime(seconds))


def _day(seconds: float) -> str:
    date = time.localtime(seconds)
    return f"{time.strftime('%A', date)}, {date.tm_mday} {time.strftime('%B', date)}"

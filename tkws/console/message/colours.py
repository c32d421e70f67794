"""Colours the JSON of a text widget, only the lines in sight: Tk takes seconds to tag a large text."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator
from functools import partial

from tkws.console.look import LONG_LINE, theme_of
from tkws.console.message.jsontokens import Token, tokens
from tkws.console.message.shown import ShownText
from tkws.console.text.reading import Kind, Part

_CHUNK = 40  # lines that are coloured at once


class Colours:
    """The colours of a message that is shown.

    Args:
        widget: The text widget.
        shown: Its text.
    """

    def __init__(self, widget: tk.Text, shown: ShownText) -> None:
        self._widget = widget
        self._shown = shown
        self._painted: set[int] = set()
        theme_of(widget).follow(widget, lambda: set_colours(widget))

    def restart(self) -> None:
        """Begin again, with another text."""
        self._painted.clear()

    def paint(self) -> None:
        """Colour the lines in sight that are not coloured yet."""
        if not self._shown.json_length:
            return
        for chunk in {(line - 1) // _CHUNK for line in lines_in_sight(self._widget)} - self._painted:
            last = (chunk + 1) * _CHUNK
            if last < self._shown.line_count or self._shown.is_complete:
                self._painted.add(chunk)
            begin, text = self._shown.lines(chunk * _CHUNK + 1, last)
            text = text[: max(0, self._shown.json_length - begin)]
            add_colours(self._widget, text, lambda at, begin=begin: self._shown.index(begin + at))  # type: ignore[misc] # a default argument


class InputColours:
    """The colours of a box that JSON is typed in.

    Args:
        widget: The text widget; its owner calls `paint` after each change.
        is_json: Returns whether it has JSON.
    """

    def __init__(self, widget: tk.Text, is_json: Callable[[], bool]) -> None:
        self._widget = widget
        self._is_json = is_json
        theme_of(widget).follow(widget, lambda: set_colours(widget))
        widget.configure(yscrollcommand=lambda *_: self.paint())

    def paint(self) -> None:
        """Colour the lines in sight, but no line that is so long that Tk would take long with each key."""
        widget = self._widget
        for token in Token:
            widget.tag_remove(token, "1.0", "end")
        for line in set(lines_in_sight(widget)) if self._is_json() else ():
            if int(widget.index(f"{line}.end").partition(".")[2]) <= LONG_LINE:
                shown = ShownText(is_utf16=counts_utf16(widget))
                shown.add([Part(widget.get(f"{line}.0", f"{line}.end"), Kind.JSON)])
                add_colours(widget, shown.text(0, shown.length), partial(_index_in, shown, line))


def counts_utf16(widget: tk.Misc) -> bool:
    """Return whether text widgets count a character beyond U+FFFF as two, as in Tk 8.6."""
    return int(widget.tk.call("string", "length", "\U0001f600")) == 2


def lines_in_sight(widget: tk.Text) -> Iterator[int]:
    """Return the lines of a text widget that are in sight, without those that are folded."""
    bottom = widget.index(f"@0,{widget.winfo_height()}")
    index, last = widget.index("@0,0"), ""
    while index != last and widget.compare(index, "<=", bottom):
        yield int(index.partition(".")[0])
        index, last = widget.index(f"{index} + 1 display lines linestart"), index


def add_colours(widget: tk.Text, text: str, index: Callable[[int], str]) -> None:
    """Tag the tokens of a text, whose places in the widget ``index`` returns."""
    places: dict[Token, list[str]] = {}
    for token, begin, end in tokens(text):
        places.setdefault(token, []).extend((index(begin), index(end)))
    for token, found in places.items():
        widget.tag_add(token, *found)


def _index_in(shown: ShownText, line: int, at: int) -> str:
    return f"{line}.{shown.index(at).partition('.')[2]}"


def set_colours(widget: tk.Text) -> None:
    """Give the tags the colours of the palette in use."""
    colours = theme_of(widget).colours
    for token, colour in (
        (Token.NAME, colours.name),
        (Token.STRING, colours.string),
        (Token.NUMBER, colours.number),
        (Token.LITERAL, colours.literal),
    ):
        widget.tag_configure(token, foreground=colour)

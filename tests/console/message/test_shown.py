"""Where the characters of a shown text are in a text widget, and what a pattern matches across slices."""

from __future__ import annotations

import re
import tkinter as tk

import pytest
from hypothesis import given, strategies as st

from tkws.console.message.matches import MAX_MATCHES, Matches
from tkws.console.message.shown import ShownText
from tkws.console.text.reading import MAX_LINE, Kind, Mode, Part, read

ODD = '{"a": "\U0001f600 x \u202e", "b": [1, "é"], "\U0001f600": "%s"}' % ("\U0001f600y" * MAX_LINE)


def shown_of(*slices: str) -> ShownText:
    shown = ShownText()
    for text in slices:
        shown.add([Part(text, Kind.PLAIN)])
    return shown


def found(pattern: str, *slices: str) -> list[str]:
    shown = ShownText()
    matches = Matches(shown, re.compile(pattern, re.IGNORECASE))
    for text in slices:  # each is searched before the next one comes
        shown.add([Part(text, Kind.PLAIN)])
        while not matches.is_done:
            matches.advance()
    return [shown.text(*span) for span in matches.spans]


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("payload", [ODD, ODD * 8, ODD.encode(), "\U0001f600\n\n\U0001f600a", "x" * 50_000])
def test_each_character_is_where_the_widget_has_it(
    display_root: tk.Tk, payload: str | bytes, mode: Mode
) -> None:
    widget = tk.Text(display_root)
    display_root.update()
    shown = ShownText(is_utf16=display_root.tk.call("string", "length", "\U0001f600") == 2)
    for parts in read(payload, mode):
        shown.add(parts)
        widget.insert("end", "".join(part.text for part in parts))
    whole = "".join(shown.slices)
    assert shown.length == len(whole)
    for at in [*range(60), *range(MAX_LINE - 20, MAX_LINE + 20), shown.length - 2, shown.length - 1]:
        if at < shown.length:
            assert widget.get(*shown.span(at, at + 1)) == whole[at].strip("\n")  # no line end is tagged
            line, _ = shown.index(at).split(".")
            assert shown.line_of(at) == int(line)
    assert widget.get(*shown.span(0, shown.length)).replace("\n", "") == whole.replace("\n", "")
    assert shown.line_count == int(widget.index("end-1c").split(".")[0])


def test_the_lines_of_the_text_are_whole_where_the_widget_breaks_them() -> None:
    shown = ShownText()
    for parts in read('{"a":"%s","b":1}' % ("x" * 3 * MAX_LINE), Mode.PRETTY):
        shown.add(parts)
    assert shown.lines(1, 1) == (0, "{\n")
    begin, text = shown.lines(3, 3)  # in the middle of the long string
    assert (begin, text[:8]) == (2, '  "a": "')
    assert shown.lines(6, 99)[1].endswith('"b": 1\n}')


def test_a_match_is_found_across_slices() -> None:
    assert found("needle", "hay nee", "dle hay", " NEEDLE") == ["needle", "NEEDLE"]
    assert found("needle", *"a needle, a needle") == ["needle", "needle"]
    assert found("a+", "aa", "aa", "b a") == ["aaaa", "a"]
    assert found("^a", "a", "a", "a") == ["a"], "the text has one beginning"
    assert found(r"\bb", "a", "b b") == ["b"]
    assert found("x*", "ab", "xx") == ["xx"], "an empty match is none"
    assert found("b.*", "ab", "cd\ne") == ["bcd"]


@given(text=st.text("ab\n", max_size=60), size=st.integers(1, 9), word=st.text("ab", min_size=1, max_size=4))
def test_slices_make_no_difference_to_what_is_found(text: str, size: int, word: str) -> None:
    slices = [text[at : at + size] for at in range(0, len(text), size)]
    assert found(re.escape(word), *slices) == found(re.escape(word), text)


def test_so_many_matches_are_enough() -> None:
    matches = Matches(shown_of("a" * MAX_MATCHES, "a" * 9), re.compile("a"))
    while not matches.is_done:
        matches.advance()
    assert len(matches.spans) == MAX_MATCHES
    assert matches.is_full

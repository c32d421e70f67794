"""The history of the box: nothing that was typed is lost by going through it."""

from __future__ import annotations

from tkws.console.send.history import MAX_ENTRIES, Entry, History


def entry(text: str, kind: str = "Text") -> Entry:
    return Entry(kind, text)


def test_a_draft_is_there_again_after_going_up_and_down() -> None:
    history = History([entry("one"), entry("two", "Hex")])
    assert history.step(-1, entry("draft", "Base64")) == entry("two", "Hex")
    assert history.step(-1, entry("two", "Hex")) == entry("one")
    assert history.step(-1, entry("one")) is None
    assert history.step(1, entry("one")) == entry("two", "Hex")
    assert history.step(1, entry("two", "Hex")) == entry("draft", "Base64")
    assert history.step(1, entry("draft", "Base64")) is None


def test_a_changed_entry_stays_changed_until_something_is_sent() -> None:
    history = History([entry("one"), entry("two")])
    history.step(-1, entry("draft"))
    assert history.step(-1, entry("two, changed")) == entry("one")
    assert history.step(1, entry("one")) == entry("two, changed")
    history.add(entry("two, changed"))
    assert history.entries == [entry("one"), entry("two"), entry("two, changed")]
    assert history.draft == entry("draft"), "what was left for it is still to be sent"
    assert history.step(-1, entry("draft")) == entry("two, changed")
    assert history.step(-1, entry("two, changed")) == entry("two")


def test_a_message_that_is_sent_twice_is_one_entry_and_an_empty_one_is_none() -> None:
    history = History()
    for text in ("one", "one", "", "two", "one"):
        history.add(entry(text))
    assert history.entries == [entry("one"), entry("two"), entry("one")]
    assert history.step(-1, entry("")) == entry("one")


def test_the_oldest_entries_go() -> None:
    history = History(entry(str(number)) for number in range(MAX_ENTRIES + 5))
    assert history.entries[0] == entry("5")
    history.add(entry("new"))
    assert (history.entries[0], history.entries[-1]) == (entry("6"), entry("new"))

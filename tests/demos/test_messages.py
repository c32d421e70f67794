"""The chat's messages: what fits the schema is taken, what does not is refused in a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from demos.chat import messages
from demos.chat.messages import BadMessageError


def test_what_is_encoded_is_decoded() -> None:
    text = messages.encode("said", who="Zoë", text='"quoted"\n', time=1.5)
    assert "Zoë" in text
    assert messages.decode(text) == {"type": "said", "who": "Zoë", "text": '"quoted"\n', "time": 1.5}


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"say"', "{}", '{"type": 1}', "[" * 100_000])
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(BadMessageError):
        messages.decode(text)


@given(st.text())
def test_any_text_is_a_message_or_refused(text: str) -> None:
    try:
        message = messages.decode(text)
    except BadMessageError:
        return
    assert isinstance(message["type"], str)


@pytest.mark.parametrize(
    ("nick", "taken"), [("ada", "ada"), ("  Ada \t Lovelace ", "Ada Lovelace"), ("ÅÄÖ", "ÅÄÖ")]
)
def test_a_nickname_loses_needless_blanks(nick: str, taken: str) -> None:
    assert messages.check_nick(nick) == taken


@pytest.mark.parametrize("nick", ["", "   ", None, 7, "x" * 21, "a\x00b", "a\u202eb", "\u200b", "a\ufeff"])
def test_what_is_no_nickname_is_refused(nick: object) -> None:
    with pytest.raises(BadMessageError, match="nickname"):
        messages.check_nick(nick)


def test_the_longest_text_is_taken_and_one_more_is_not() -> None:
    assert messages.check_text(" " + "x" * messages.MAX_TEXT + "\n") == "x" * messages.MAX_TEXT
    with pytest.raises(BadMessageError, match=r"2000 characters at a time; this has 2001"):
        messages.check_text("x" * (messages.MAX_TEXT + 1))
    for nothing in ("", " \n", None, 3):
        with pytest.raises(BadMessageError, match="message is empty"):
            messages.check_text(nothing)


def test_the_longest_message_fits_into_what_the_server_reads() -> None:
    assert len(messages.encode("say", text="\U0001f375" * messages.MAX_TEXT).encode()) < messages.MAX_BYTES


@pytest.mark.parametrize("name", ["lobby", "a", "room-7", "x" * 24])
def test_a_room_may_be_called(name: str) -> None:
    assert messages.is_room(name)


@pytest.mark.parametrize("name", ["", "Lobby", "a b", "ä", "x" * 25, "a/b", "..", "*", "a\n"])
def test_a_room_may_not_be_called(name: str) -> None:
    assert not messages.is_room(name)


def test_a_taken_nickname_gets_a_number() -> None:
    taken = {"bob", "bob 2", "x" * 20}
    assert messages.unique("ann", taken.__contains__) == "ann"
    assert messages.unique("bob", taken.__contains__) == "bob 3"
    assert messages.unique("x" * 20, taken.__contains__) == "x" * 18 + " 2"

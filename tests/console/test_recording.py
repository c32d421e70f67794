"""What the server said in a conversation, and files in which it said nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tkws.console.log.log import Direction, Row
from tkws.console.server.recording import Cue, Recording, read_recording, recording_of

IN, OUT, NOTE = Direction.IN, Direction.OUT, Direction.NOTE


def rows(*parts: tuple[float, Direction, str | bytes, str]) -> list[Row]:
    return [
        Row(number, time, direction, "text" if isinstance(payload, str) else "binary", payload, peer)
        for number, (time, direction, payload, peer) in enumerate(parts)
    ]


def said(conversation: list[Row]) -> list[str | bytes]:
    return [cue.payload for cue in recording_of(conversation, "it").cues]


def test_of_a_clients_conversation_it_is_what_came_in_with_its_distances() -> None:
    conversation = [
        Row(0, 7.0, NOTE, "connect", "Connected"),
        *rows((9.0, OUT, "hello", ""), (10.0, IN, "one", ""), (10.5, IN, b"\1", ""), (12.0, IN, "two", "")),
        Row(5, 12.5, IN, "pong", b"x"),
    ]
    recording = recording_of(conversation, "feed")
    assert recording == Recording("feed", [Cue(0.0, "one"), Cue(0.5, b"\1"), Cue(2.0, "two")])
    assert recording.period == 3.0, "an average distance after the last one"


def test_where_the_clock_was_set_back_there_is_no_distance() -> None:
    conversation = rows((10, IN, "a", ""), (3, IN, "b", ""), (4, IN, "c", ""))
    assert [cue.offset for cue in recording_of(conversation, "it").cues] == [0, 0, 1]


def test_without_distances_it_begins_again_after_a_second() -> None:
    assert recording_of(rows((5, IN, "a", "")), "it").period == 1.0
    assert recording_of(rows((5, IN, "a", ""), (5, IN, "b", "")), "it").period == 1.0


def test_of_a_servers_conversation_it_is_what_its_first_client_was_sent() -> None:
    note = Row(0, 0.0, NOTE, "open", "Listening at ws://127.0.0.1:8765/")
    echo = rows(
        (1, IN, "a", "#1"),
        (1, OUT, "A", "#1"),
        (2, IN, "b", "#2"),
        (2, OUT, "B", "#2"),
        (3, OUT, "all", "all"),
    )
    assert said([note, *echo]) == ["A", "all"]
    chat = rows(
        (1, IN, "a", "#1"), (1, OUT, "a", "from #1"), (2, OUT, "for one", "#1"), (3, OUT, "b", "from #2")
    )
    assert said(chat) == ["for one", "b"]


def test_of_a_conversation_between_it_is_what_the_server_told_the_first_client() -> None:
    note = Row(0, 0.0, NOTE, "open", "Listening at ws://127.0.0.1:8766/, for ws://127.0.0.1:8765/")
    both = rows((1, OUT, "a", "#1"), (1, IN, "A", "#1"), (2, OUT, "b", "#2"), (2, IN, "B", "#2"))
    assert said([note, *both]) == ["A"]


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[..., Path]:
    def recorded(*lines: object) -> Path:
        path = tmp_path / "feed.jsonl"
        path.write_bytes(
            b"".join(
                line if isinstance(line, bytes) else f"{json.dumps(line)}\r\n".encode() for line in lines
            )
        )
        return path

    return recorded


GOOD = {"time": 1.0, "direction": "in", "type": "text", "text": "ä"}


def test_a_file_is_read_whoever_wrote_its_line_ends(recorded: Callable[..., Path]) -> None:
    path = recorded(b"\xef\xbb\xbf", GOOD, b"\n  \n", {**GOOD, "time": 3}, json.dumps(GOOD).encode())
    assert read_recording(path).cues == [Cue(0, "ä"), Cue(2, "ä"), Cue(2, "ä")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"price 5\n", "Expecting value"),
        (b'{"price": 5}\n', 'direction must be "in", "out" or "note"'),
        (b"[" * 100_000 + b"\n", "it is nested too deeply"),
        (b"\xff\xfe{\0\n", "it is not UTF-8"),
        ({**GOOD, "time": 10**400}, "time must be a number of seconds"),
        (b'{"time": NaN, "direction": "in", "type": "text", "text": ""}', "time must be a number of seconds"),
        (
            b'{"time": 1e999, "direction": "in", "type": "text", "text": ""}',
            "time must be a number of seconds",
        ),
        ({**GOOD, "direction": ["in"]}, "direction must be"),
        ({**GOOD, "text": "\ud800"}, "the text cannot be encoded as UTF-8"),
    ],
)
def test_a_bad_line_is_named(recorded: Callable[..., Path], line: Any, words: str) -> None:
    with pytest.raises(ValueError, match=rf"^feed\.jsonl, line 2: .*{words}"):
        read_recording(recorded(GOOD, line))


@pytest.mark.parametrize("line", [b"", b"\n", {**GOOD, "direction": "out"}, {**GOOD, "type": "ping"}])
def test_a_file_in_which_no_server_says_anything_is_refused(recorded: Callable[..., Path], line: Any) -> None:
    with pytest.raises(ValueError, match=r"^feed\.jsonl: no message of a server"):
        read_recording(recorded(line))

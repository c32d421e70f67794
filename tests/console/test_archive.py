"""A conversation that was saved is loaded as it was, and a file that is none is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tkws.console.log import archive
from tkws.console.log.log import Direction, Row

ROWS = [
    Row(0, 1.25, Direction.NOTE, "open", "Connecting to ws://localhost/"),
    Row(1, 2.5, Direction.OUT, "text", 'Grüße "und" 😀\n\u2028', ""),
    Row(2, 3.0, Direction.IN, "binary", b"\0\xff", "#1"),
    Row(3, 4.0, Direction.OUT, "ping", b""),
    Row(4, 5.0, Direction.IN, "text", "\ud800"),
]


def loaded(path: Path) -> list[Row]:
    return [row for part in archive.load(path) for row in part]


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "conversation.jsonl"
    *_, count = archive.save(ROWS, path)
    assert count == len(ROWS)
    assert loaded(path) == ROWS
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_each_row_is_a_line_of_json(tmp_path: Path) -> None:
    path = tmp_path / "conversation.jsonl"
    list(archive.save(ROWS[:3], path))
    assert [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]] == [
        {"time": 1.25, "direction": "note", "type": "open", "text": "Connecting to ws://localhost/"},
        {"time": 2.5, "direction": "out", "type": "text", "text": 'Grüße "und" 😀\n\u2028'},
        {"time": 3.0, "direction": "in", "type": "binary", "peer": "#1", "base64": "AP8="},
    ]


def test_a_long_one_takes_several_steps(tmp_path: Path) -> None:
    path = tmp_path / "conversation.jsonl"
    rows = [Row(number, 1.0, Direction.IN, "text", "x") for number in range(1200)]
    assert list(archive.save(rows, path)) == [500, 1000, 1200]
    assert [len(part) for part in archive.load(path)] == [500, 500, 200]
    assert loaded(path) == rows


def test_a_file_that_was_there_stays_when_the_new_one_is_not_finished(tmp_path: Path) -> None:
    path = tmp_path / "conversation.jsonl"
    path.write_text("before", encoding="utf-8")
    steps = archive.save([Row(0, 1.0, Direction.IN, "text", "x")] * 1000, path)
    next(steps)
    steps.close()
    assert path.read_text(encoding="utf-8") == "before"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        next(archive.save(ROWS, tmp_path / "nowhere" / "conversation.jsonl"))


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[]",
        "{}",
        '{"direction": "in", "type": "text"}',
        '{"direction": "in", "type": "text", "text": "a", "base64": "YQ=="}',
        '{"direction": "up", "type": "text", "text": "a"}',
        '{"direction": "in", "type": 1, "text": "a"}',
        '{"direction": "in", "type": "text", "text": "a", "time": "now"}',
        '{"direction": "in", "type": "text", "text": "a", "time": true}',
        '{"direction": "in", "type": "binary", "base64": "?"}',
    ],
)
def test_a_line_that_is_no_row_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "conversation.jsonl"
    path.write_text(f"{archive.to_json(ROWS[0])}\n\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"^conversation\.jsonl, line 3: "):
        loaded(path)

"""The record of what the tests ran on, and its table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import record
from tests.record import BEGIN, END, HEADING, PAGE, TESTS, Recorder

RUN = {"system": "Linux", "python": "3.14.1", "tcl": "9.0.4", "on": "2026-11-27"}

REPOSITORY = Path(__file__).parents[1]
CONFTEST = """
import functools, pathlib
from tests import record
record.Recorder = functools.partial(record.Recorder, folder=pathlib.Path({folder!r}))
pytest_configure = record.register
"""
TEST = """
def test_holds(): assert True
def test_fails(): assert False
"""


def counted(passed: int, failed: int = 0, error: int = 0, skipped: int = 0) -> dict[str, object]:
    return {**RUN, "passed": passed, "failed": failed, "error": error, "skipped": skipped}


@pytest.mark.parametrize(
    ("runs", "cells"),
    [
        ([counted(4400, skipped=9)], "4,400 | 9 | 0"),
        ([counted(4400, 2, 1, 9), counted(2, 1)], "4,402 | 9 | 1"),
        ([counted(1, 0, 1)], "1 | 0 | 1"),
    ],
    ids=["green", "repeated", "error"],
)
def test_a_row_counts_what_was_repeated_once(runs, cells) -> None:
    expected = f"| the same | Linux | 3.14.1 | 9.0.4 | {cells} | 2026-11-27 |"
    assert record.row("debian-3.14-tcl9", runs) == expected


def test_a_run_is_written_down_and_its_table_printed(tmp_path: Path) -> None:
    reporter = SimpleNamespace(stats={"passed": [1, 2, 3], "skipped": [1], "deselected": [1]})
    for name, repeats in (("windows", False), ("all", False), ("all", True)):
        Recorder(name, repeats=repeats, folder=tmp_path / "made").pytest_terminal_summary(reporter)
    lines = record.table(tmp_path / "made").splitlines()
    assert lines[:2] == HEADING.splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == [f"| {TESTS['all']}", f"| {TESTS['windows']}"]
    assert "| 6 | 1 | 0 |" in lines[2]
    assert sys.version.split(maxsplit=1)[0].rstrip("+") in lines[2]
    (line, again) = (tmp_path / "made" / "all.json").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == json.loads(again)


@pytest.mark.slow
def test_only_a_repetition_is_added_to_what_a_run_has_written(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.format(folder=str(tmp_path / "made")), encoding="utf-8")
    (tmp_path / "test_one.py").write_text(TEST, encoding="utf-8")
    counts = []
    for option in ("-q", "-q", "--last-failed"):
        subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:xvfb", f"--rootdir={tmp_path}", option],
            cwd=tmp_path,
            env={**os.environ, "TKWS_RECORD": "all", "PYTHONPATH": str(REPOSITORY)},
            stdout=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        lines = (tmp_path / "made" / "all.json").read_text(encoding="utf-8").splitlines()
        counts.append([(run["passed"], run["failed"]) for run in map(json.loads, lines)])
    assert counts == [[(1, 1)], [(1, 1)], [(1, 1), (0, 1)]]


def test_the_table_is_put_into_the_page_and_nothing_else_changes(monkeypatch, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    monkeypatch.setattr(record, "PAGE", page)
    monkeypatch.setattr(record, "table", lambda: "new")
    record.main(["--write"])
    assert page.read_text(encoding="utf-8") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"


def test_the_table_that_is_kept_has_lines_of_this_kind() -> None:
    text = PAGE.read_text(encoding="utf-8")
    kept = text.partition(BEGIN)[2].partition(END)[0].strip().splitlines()
    assert kept[:2] == HEADING.splitlines()
    assert {line.split(" | ")[0].removeprefix("| ") for line in kept[2:]} <= set(TESTS.values())

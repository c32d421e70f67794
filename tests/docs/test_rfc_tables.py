"""The pages that go through the RFCs line by line: each row is whole, and names what there is."""

from __future__ import annotations

import ast
import functools
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGES = ["rfc6455.md", "rfc7692.md"]
LEVELS = ("MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "RECOMMENDED", "MAY", "—")
QUOTED = re.compile(r"`([^`]+)`")

# How often MUST, MUST NOT, SHOULD and SHOULD NOT stand in a section of RFC 6455, counted in its text. Left
# out are the sections without any, and section 2, which explains the words.
WORDS = {
    "3": (1, 1, 0, 0), "4.1": (39, 0, 3, 0), "4.2.1": (1, 0, 0, 1), "4.2.2": (8, 2, 0, 0),
    "4.3": (1, 0, 0, 0), "4.4": (1, 0, 0, 0), "5.1": (3, 1, 0, 0), "5.2": (10, 0, 0, 0),
    "5.3": (3, 1, 0, 0), "5.4": (4, 6, 0, 0), "5.5": (1, 1, 0, 0), "5.5.1": (4, 2, 2, 0),
    "5.5.2": (1, 0, 1, 0), "5.6": (1, 0, 0, 0), "5.8": (1, 0, 0, 0), "6.1": (8, 0, 0, 0),
    "6.2": (5, 0, 0, 0), "7.1.1": (0, 0, 4, 0), "7.1.2": (1, 0, 1, 0), "7.1.7": (2, 1, 2, 1),
    "7.2.1": (2, 0, 0, 1), "7.2.2": (1, 0, 0, 0), "7.2.3": (0, 0, 3, 0), "7.3": (0, 0, 0, 1),
    "7.4.1": (0, 3, 1, 0), "8.1": (1, 0, 0, 0), "9": (1, 1, 0, 0), "9.1": (4, 1, 0, 0),
    "10.2": (0, 0, 2, 0), "10.3": (1, 0, 0, 0), "10.4": (1, 0, 1, 0), "10.6": (1, 0, 1, 0),
    "10.7": (1, 0, 2, 0), "11.1.1": (2, 0, 0, 0), "11.1.2": (2, 0, 0, 0), "11.3.1": (0, 1, 0, 0),
    "11.3.2": (0, 1, 0, 0), "11.3.3": (0, 1, 0, 0), "11.3.4": (0, 1, 0, 0), "11.3.5": (0, 1, 0, 0),
}  # fmt: skip

# The same of RFC 7692. Section 7 has two MUST with four conditions each, which have a row each.
WORDS_7692 = {
    "5": (8, 3, 0, 0), "6.1": (3, 1, 0, 0), "6.2": (2, 0, 0, 0), "7": (8, 0, 0, 0),
    "7.1.1.2": (1, 0, 0, 0), "7.1.2.1": (2, 0, 0, 0), "7.1.2.2": (2, 1, 0, 0), "7.2.1": (3, 4, 0, 0),
    "7.2.2": (6, 0, 0, 0),
}  # fmt: skip

# How many rows each section of RFC 7692 has, many of them in plain words.
ROWS = {
    "4": 1, "5": 15, "5.1": 1, "5.2": 1, "6": 1, "6.1": 7, "6.2": 2, "7": 10, "7.1.1.1": 5, "7.1.1.2": 4,
    "7.1.2.1": 4, "7.1.2.2": 6, "7.2.1": 13, "7.2.2": 9, "7.2.3": 1, "7.2.3.6": 1, "7.3": 1, "8": 2,
}  # fmt: skip


class Row(NamedTuple):
    """A row of a page."""

    section: str
    level: str
    requirement: str
    of: str
    module: str
    test: str
    state: str


def rows(text: str) -> list[Row]:
    """The rows of all tables; TypeError where one has too few cells or too many."""
    lines = [line for line in text.splitlines() if re.match(r"\| \d", line)]
    return [Row(*(cell.strip() for cell in line.strip("| ").split(" | "))) for line in lines]


@functools.cache
def names_of(file: str) -> set[str]:
    """The names of a module's functions; none where there is no such file."""
    path = REPOSITORY / file
    tree = ast.parse(path.read_text(encoding="utf-8") if path.is_file() else "")
    return {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}


def faults(row: Row) -> list[str]:
    """What is wrong with a row."""
    found = [f"no level: {level}" for level in row.level.split(", ") if level not in LEVELS]
    if row.of not in ("client", "server", "both", "others"):
        found.append(f"binds nobody: {row.of}")
    if not row.requirement:
        found.append("asks for nothing")
    found += [f"no module: {name}" for name in QUOTED.findall(row.module) if not is_module(name)]
    found += [f"no test: {name}" for name in QUOTED.findall(row.test) if not is_test(name)]
    state, _, reason = row.state.partition(":")
    if state == "done":
        if not QUOTED.search(row.module) or not QUOTED.search(row.test):
            found.append("done, but not said where, or by which test")
    elif state not in ("departed", "not applicable"):
        found.append(f"no state: {row.state}")
    elif not reason.strip():
        found.append("no reason")
    return found


def is_module(name: str) -> bool:
    return (REPOSITORY / name.replace(".", "/")).with_suffix(".py").is_file()


def is_test(name: str) -> bool:
    file, _, test = name.partition("::")
    return test.startswith("test_") and test in names_of(file)


def read(page: str) -> list[Row]:
    return rows((REPOSITORY / "docs" / page).read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_each_row_is_whole_and_names_what_there_is(page: str) -> None:
    found = [(row.section, row.requirement, faults(row)) for row in read(page)]
    assert found
    assert [each for each in found if each[2]] == []


@pytest.mark.parametrize("page", PAGES)
def test_the_rows_are_in_the_order_of_the_sections(page: str) -> None:
    sections = [[int(number) for number in row.section.split(".")] for row in read(page)]
    assert sections == sorted(sections)


@pytest.mark.parametrize(("page", "words_of"), [("rfc6455.md", WORDS), ("rfc7692.md", WORDS_7692)])
def test_each_word_of_the_rfc_has_its_row(page: str, words_of: dict[str, tuple[int, ...]]) -> None:
    found: dict[str, Counter[str]] = {}
    for row in read(page):
        found.setdefault(row.section, Counter()).update(row.level.split(", "))
    counts = {section: tuple(words[level] for level in LEVELS[:4]) for section, words in found.items()}
    assert {section: count for section, count in counts.items() if any(count)} == words_of


HERE = "`tests/docs/test_rfc_tables.py::test_a_row_that_is_wrong_is_noticed`"


def test_no_row_of_rfc_7692_is_missing() -> None:
    assert Counter(row.section for row in read("rfc7692.md")) == ROWS


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"level": "MUST, SHALL"}, "no level: SHALL"),
        ({"of": "proxy"}, "binds nobody: proxy"),
        ({"requirement": ""}, "asks for nothing"),
        ({"module": "`tkws.protocol.nothing`"}, "no module: tkws.protocol.nothing"),
        ({"test": "`tests/test_nothing.py::test_x`"}, "no test: tests/test_nothing.py::test_x"),
        (
            {"test": HERE.replace("noticed", "missed")},
            "no test: " + HERE.replace("noticed", "missed").strip("`"),
        ),
        ({"test": "—"}, "done, but not said where, or by which test"),
        ({"module": "—"}, "done, but not said where, or by which test"),
        ({"state": ""}, "no state: "),
        ({"state": "done, mostly"}, "no state: done, mostly"),
        ({"state": "departed"}, "no reason"),
        ({"state": "not applicable: "}, "no reason"),
    ],
)
def test_a_row_that_is_wrong_is_noticed(changes: dict[str, str], fault: str) -> None:
    right = Row("5.1", "MUST", "mask", "client", "`tkws.version`", HERE, "done")
    assert faults(right) == []
    assert faults(right._replace(**changes)) == [fault]

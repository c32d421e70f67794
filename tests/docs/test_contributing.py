"""CONTRIBUTING leads to places that are there; the files of a release agree."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import tkws

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
PLACES = re.findall(r"`(tkws/[\w/]+\.py)`(?:: ((?:`[\w.]+`(?:, | and )?)+))?", PAGE)


def definitions(tree: ast.AST, prefix: str = "") -> set[str]:
    """The dotted names of the classes and functions of a module."""
    found = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found |= {prefix + node.name} | definitions(node, f"{prefix}{node.name}.")
    return found


@pytest.mark.parametrize(("path", "names"), PLACES)
def test_a_place_is_there(path: str, names: str) -> None:
    source = (REPOSITORY / path).read_text(encoding="utf-8")
    assert set(re.findall(r"`([\w.]+)`", names)) <= definitions(ast.parse(source))


def test_there_are_places() -> None:
    assert len(PLACES) > 12


def test_each_folder_and_module_has_a_row() -> None:
    rows = " ".join(re.findall(r"^\| ([^|]+) \|", PAGE, re.MULTILINE))
    names = {path.stem for path in (REPOSITORY / "tkws").iterdir() if not path.name.startswith(("_", "py."))}
    assert names <= set(re.findall(r"`(\w+)`", rows))


CHANGELOG = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
SECTIONS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_newest_release_has_one_number_and_one_date() -> None:
    citation = (REPOSITORY / "CITATION.cff").read_text(encoding="utf-8")
    number, date = re.findall(r"^## \[([\d.a-z]+)\] - (\d{4}-\d\d-\d\d)$", CHANGELOG, re.MULTILINE)[0]
    assert number == tkws.__version__
    assert f"\nversion: {number}\ndate-released: {date}\n" in citation


def test_the_changelog_keeps_its_form() -> None:
    headings = re.findall(r"^## (.*)$", CHANGELOG, re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert len(headings) == len(set(headings))
    assert set(re.findall(r"^### (.*)$", CHANGELOG, re.MULTILINE)) <= SECTIONS

"""The pages are complete: each public name, option and event, each command and defect of tcllib's package."""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from dataclasses import fields
from itertools import chain, pairwise
from pathlib import Path

import pytest

import tkws
from tests.docs.reference import Reference, read
from tkws import options
from tkws.protocol.events import Event

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")

COMMANDS = (
    "open", "send", "close", "server", "live", "test", "upgrade", "takeover", "conninfo", "find", "configure",
    "loglevel", "validate", "sec-websocket-accept",
)  # fmt: skip


def first_cells(page: str) -> list[str]:
    """The first cells of the rows of all tables of a page."""
    return [
        line.split("|")[1].strip()
        for line in (DOCS / page).read_text(encoding="utf-8").splitlines()
        if line[:1] == "|"
    ]


def test_every_public_name_has_its_place_in_the_reference() -> None:
    names = Reference(read()).names()
    assert {name for name in tkws.__all__ if f"tkws.{name}" not in names} == {"__version__"}


@pytest.mark.parametrize("kind", [options.ConnectionOptions, options.ServerOptions, tkws.Deflate])
def test_every_option_is_explained(kind: type) -> None:
    (definition,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(definition, ast.ClassDef)
    body = definition.body
    explained = {
        statement.target.id
        for statement, following in pairwise(body)
        if isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and isinstance(following, ast.Expr)
        and isinstance(following.value, ast.Constant)
    }
    inherited = set(dir(kind.__base__))
    assert {field.name for field in fields(kind)} - inherited <= explained


@pytest.mark.parametrize("page", ["tcllib.md", "reference/events.md"])
def test_every_event_has_a_row(page: str) -> None:
    cells = " ".join(first_cells(page))
    text = (DOCS / page).read_text(encoding="utf-8")
    for event in Event:
        assert event.value in cells or f"`{event.value}`:" in text


def test_every_command_has_a_section() -> None:
    headings = " ".join(
        re.findall("^### (.*)$", (DOCS / "tcllib.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert [name for name in COMMANDS if not re.search(rf"\b{name}\b", headings)] == []


def test_every_defect_has_a_row() -> None:
    assert [cell for cell in first_cells("tcllib.md") if cell.isdigit()] == [str(n) for n in range(1, 27)]


def test_every_dependency_is_justified() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    names = {re.split(r"[\[>=<]", requirement)[0] for requirement in wanted} - {"tkws"}
    links = re.findall(r"\[([\w.-]+)\]\(http", (DOCS / "dependencies.md").read_text(encoding="utf-8"))
    assert names - {link.lower() for link in links} == set()


@pytest.mark.thorough
@pytest.mark.parametrize(
    "page", [REPOSITORY / "README.md", *sorted(DOCS.rglob("*.md"))], ids=lambda page: page.name
)
def test_links_lead_somewhere(page: Path) -> None:
    assert [
        link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()
    ] == []

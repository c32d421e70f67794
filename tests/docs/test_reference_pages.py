"""The pages of the reference say what the code says; ``python -m tests.docs.reference`` writes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.docstrings import Docstring, markdown
from tests.docs.members import members_of, signature
from tests.docs.reference import Reference, anchor, read

TEXTS = read()
REFERENCE = Reference(TEXTS)
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", TEXTS)
def test_a_page_is_as_the_code(page: str) -> None:
    assert TEXTS[page] == REFERENCE.page(page, TEXTS[page]), "write it: python -m tests.docs.reference"


@pytest.mark.parametrize("page", TEXTS)
def test_no_page_has_to_be_built(page: str) -> None:
    assert "{eval-rst}" not in TEXTS[page]


def anchors(text: str) -> list[str]:
    return [anchor(heading) for heading in re.findall(r"^#+ (.*)$", FENCE.sub("", text), re.MULTILINE)]


@pytest.mark.parametrize("page", TEXTS)
def test_each_heading_has_an_anchor_of_its_own(page: str) -> None:
    found = anchors(TEXTS[page])
    assert sorted(set(found)) == sorted(found)


@pytest.mark.thorough
@pytest.mark.parametrize("page", [*sorted(DOCS.rglob("*.md"))], ids=lambda page: page.name)
def test_links_into_pages_lead_to_a_heading(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = set(re.findall(r"\]\(([\w./-]*\.md)?#([^)]+)\)", text))
    assert {
        (file, fragment)
        for file, fragment in links
        if fragment not in anchors((page.parent / file if file else page).read_text(encoding="utf-8"))
    } == set()


class Example:
    """An example."""

    size: int = 3
    """Bytes."""

    @property
    def name(self) -> str:
        """Its name."""
        return ""

    def call(self, what: str, /, *, often: int = 1) -> bool:
        """Call it."""
        return bool(what * often)

    def undocumented(self) -> None: ...


def test_members_are_told_by_their_source() -> None:
    size, name, call = members_of(Example, set())
    assert (size.name, size.type, size.default, size.text) == ("size", "int", "3", "Bytes.")
    assert (name.name, name.type, name.is_method) == ("name", "str", False)
    assert call.signature == "call(what: str, /, *, often: int = 1) -> bool"


def test_a_long_signature_has_a_line_for_each_argument() -> None:
    def function(
        first: str, second_argument: str = "a long default, to fill the line of the page", *rest: int
    ) -> None: ...

    assert signature("function", function).splitlines() == [
        "function(",
        "    first: str,",
        "    second_argument: str = 'a long default, to fill the line of the page',",
        "    *rest: int,",
        ")",
    ]


def test_a_docstring_becomes_markdown() -> None:
    doc = Docstring.parse(
        """Do ``it`` as `other`::

            it = 1

        Then go.

        Args:
            a: One,
                two.
            **b: Three.
        """
    )
    shown = markdown(doc.text, lambda name: f"[{name}]")
    assert shown == "Do `it` as [other]:\n\n```py\nit = 1\n```\n\nThen go."
    assert doc.entries("Args") == [("a", "One, two."), ("**b", "Three.")]

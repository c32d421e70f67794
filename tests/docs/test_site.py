"""The list of pages for readers that are programs."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def twins() -> ModuleType:
    """The extension of the documentation, which is no package."""
    found = importlib.util.spec_from_file_location("twins", DOCS / "extensions" / "markdown_twins.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_list_has_each_page_once_and_says_what_it_is_about(twins: ModuleType) -> None:
    text = twins.llms_txt(DOCS)
    rows = re.findall(r"^- \[(.+)\]\((.+)\)(: .+)?$", text, re.MULTILINE)
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")} - {"index.md"}
    assert sorted(page for _, page, _ in rows) == sorted(pages)
    assert text.startswith("# tkws\n\n> WebSockets inside Tk's event loop")
    assert "## Reference\n\n- [Reference](reference/index.md)" in text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("# T\n\nOne `ws.send` is enough. Two are not.\n", "One `ws.send` is enough."),
        ("# T\n\n![picture](a.png)\n\nSee [the page](b.md) for it:\n", "See the page for it."),
        ("# T\n\n| a | b |\n| --- | --- |\n", ""),
    ],
)
def test_a_page_is_told_by_its_first_sentence(twins: ModuleType, text: str, sentence: str) -> None:
    assert twins.first_sentence(text) == sentence

"""Google-style docstrings as Markdown."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field

SECTIONS = ("Args", "Attributes", "Returns", "Raises")
_SECTION = re.compile(rf"^({'|'.join(SECTIONS)}):$", re.MULTILINE)
_ENTRY = re.compile(r"^(\*{0,2}[\w.]+): +", re.MULTILINE)
_CODE = re.compile(r"``(.+?)``|`([^`]+)`", re.DOTALL)

Link = Callable[[str], str]
"""Makes Markdown of the name between single backticks: a link, or code."""


@dataclass
class Docstring:
    """A docstring in its sections.

    Attributes:
        text: The paragraphs before the first section.
        sections: The text of each further section, without its indentation.
    """

    text: str
    sections: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, docstring: str) -> Docstring:
        """Take a docstring apart."""
        text, *rest = _SECTION.split(inspect.cleandoc(docstring))
        bodies = (textwrap.dedent(body).strip() for body in rest[1::2])
        return cls(text.strip(), dict(zip(rest[::2], bodies, strict=True)))

    def entries(self, section: str) -> list[tuple[str, str]]:
        """The names of a section such as Args, each with its explanation in one line."""
        _, *rest = _ENTRY.split("\n" + self.sections.get(section, ""))
        return [(name, one_line(text)) for name, text in zip(rest[::2], rest[1::2], strict=True)]


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def cell(text: str) -> str:
    """The text as it must stand in a table."""
    return one_line(text).replace("|", "\\|")


def markdown(text: str, link: Link) -> str:
    """Paragraphs as Markdown; one that is indented after ``::`` becomes a block of code."""
    blocks: list[str] = []
    code = False
    for paragraph in re.split(r"\n{2,}(?! )|(?<=::)\n{2,}", text):
        if code:
            body = textwrap.dedent(paragraph.strip("\n"))
            blocks.append(f"```{_language(body)}\n{body}\n```")
        else:
            blocks.append(inline(re.sub("::$", ":", paragraph), link))
        code = paragraph.endswith("::")
    return "\n\n".join(blocks)


def inline(text: str, link: Link) -> str:
    return _CODE.sub(lambda found: f"`{found[1]}`" if found[1] else link(found[2]), text)


def _language(text: str) -> str:
    try:
        ast.parse(text)
    except SyntaxError:
        return "text"
    return "py"

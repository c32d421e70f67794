"""``python -m tests.docs.reference``: writes what the pages of the reference take from the code.

A page says what it wants between two comments, and gets it there as Markdown, which can be read where
nothing is built::

    <!-- api: tkws.open tkws.WebSocket()-begin,fail tkws.Server=live,page -->
    <!-- end -->

``NAME`` is a function, a value or a class with its public members; ``NAME()`` a class that programs do not
construct; ``NAME-a,b`` leaves members out, ``NAME=a,b`` has these alone, and ``NAME=`` none.
`tests.docs.commandline` fills in what ``--help`` prints.
"""

from __future__ import annotations

import enum
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.docs import commandline
from tests.docs.docstrings import Docstring, cell, inline, markdown
from tests.docs.members import Member, documentation, members_of, signature

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
REGION = re.compile(r"(<!-- api: (.*?) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_WANTED = re.compile(r"([\w.]+?)(\(\))?(?:([-=])([\w,]*))?")


@dataclass(frozen=True)
class Entry:
    """What a page wants of one name.

    Attributes:
        page: The name of the page's file.
        name: The full name, such as ``tkws.aio.connect``.
        made_by_us: Whether programs do not construct this class.
        chosen: Names of members, to be left out or to be had alone.
        alone: Which of these it is.
    """

    page: str
    name: str
    made_by_us: bool
    chosen: frozenset[str]
    alone: bool

    @cached_property
    def value(self) -> Any:
        """What the name stands for."""
        module, _, name = self.name.rpartition(".")
        try:
            return getattr(import_module(module), name)
        except (AttributeError, ModuleNotFoundError):
            return import_module(self.name)

    @property
    def is_class(self) -> bool:
        return inspect.isclass(self.value)

    @property
    def is_exception(self) -> bool:
        return self.is_class and issubclass(self.value, Exception)

    @property
    def title(self) -> str:
        """The name as the heading has it."""
        return self.name.removeprefix("tkws.") if self.is_class else self.name


def entries(page: str, text: str) -> Iterator[Entry]:
    """Yield what a page wants."""
    for region in REGION.finditer(text):
        for word in region[2].split():
            found = _WANTED.fullmatch(word)
            assert found, f"{page}: {word}"
            chosen = frozenset(filter(None, (found[4] or "").split(",")))
            yield Entry(page, found[1], bool(found[2]), chosen, found[3] == "=")


class Reference:
    """All pages, and where each name stands."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._entries = [entry for page, text in texts.items() for entry in entries(page, text)]
        self._entries.sort(key=lambda entry: entry.name.count("."))  # `serve` is `tkws.serve`
        self._kinds = {entry.value for entry in self._entries if entry.is_class}
        self._places: dict[str, str] = {}
        for entry in self._entries:
            own = entry.name.rpartition(".")[2]
            self._note(entry.page, entry.title, entry.title, own)
            for member in self._members(entry):
                name = f"{entry.title}.{member.name}"
                heading = name if member.is_method else entry.title
                self._note(entry.page, heading, name, f"{own}.{member.name}")

    def names(self) -> set[str]:
        """The full names that have a place."""
        return {entry.name for entry in self._entries}

    def page(self, page: str, text: str) -> str:
        """Return a page with its regions filled."""

        def fill(region: re.Match[str]) -> str:
            wanted = list(entries(page, region[0]))
            level = _level(text[: region.start()]) + "#"
            parts = [self._part(entry, level) for entry in wanted]
            if all(entry.is_exception for entry in wanted):
                parts.insert(0, self._table_of_exceptions(wanted))
            return f"{region[1]}\n" + "\n\n".join(parts) + f"\n\n{region[4]}"

        return commandline.filled(REGION.sub(fill, text))

    def _members(self, entry: Entry) -> list[Member]:
        found = members_of(entry.value, self._kinds - {entry.value}) if entry.is_class else []
        return [member for member in found if (member.name in entry.chosen) == entry.alone]

    def _note(self, page: str, heading: str, *names: str) -> None:
        for name in names:
            self._places.setdefault(name, f"{page}#{anchor(heading)}")

    def _part(self, entry: Entry, level: str) -> str:
        """The section of one name."""
        doc = Docstring.parse(documentation(entry.name, entry.value))
        if inspect.ismodule(entry.value):
            return "\n\n".join(self._explanation(doc, entry))
        blocks = [f"{level} {entry.title}"]
        if entry.is_class and issubclass(entry.value, Exception):
            blocks.append(
                "Based on " + ", ".join(f"`{base.__name__}`" for base in entry.value.__bases__) + "."
            )
        if _is_called(entry.value) and not entry.made_by_us:
            blocks.append(f"```py\n{signature(entry.name, entry.value)}\n```")
        blocks += self._explanation(doc, entry)
        attributes = [member for member in self._members(entry) if not member.is_method]
        attributes += [Member(name, text) for name, text in doc.entries("Attributes")]
        if attributes:
            blocks.append(self._table(attributes, entry))
        for member in self._members(entry):
            if member.is_method:
                blocks.append(f"{level}# {entry.title}.{member.name}")
                blocks.append(f"```py\n{member.signature}\n```")
                blocks += self._explanation(Docstring.parse(member.text), entry)
        return "\n\n".join(blocks)

    def _explanation(self, doc: Docstring, entry: Entry) -> Iterator[str]:
        link = partial(self._link, entry=entry)
        if doc.text:
            yield markdown(doc.text, link)
        if arguments := doc.entries("Args"):
            rows = (f"| `{name}` | {cell(inline(text, link))} |" for name, text in arguments)
            yield "\n".join(("| argument | meaning |", "| --- | --- |", *rows))
        if "Returns" in doc.sections:
            yield f"**Returns:** {markdown(doc.sections['Returns'], link)}"
        if raised := doc.entries("Raises"):
            rows = (f"- {link(name)}: {inline(text, link)}" for name, text in raised)
            yield "\n".join(("**Raises:**", "", *rows))

    def _table(self, attributes: list[Member], entry: Entry) -> str:
        meanings = [cell(inline(each.text, partial(self._link, entry=entry))) for each in attributes]
        columns = {_noun(entry.value): [f"`{each.name}`" for each in attributes]}
        for heading in ("type", "default"):
            texts = [cell(getattr(each, heading)) for each in attributes]
            if any(texts):
                shown = "value" if heading == "default" and issubclass(entry.value, enum.Enum) else heading
                columns[shown] = [f"`{text}`" if text else "" for text in texts]
        columns["meaning"] = meanings
        rows = [columns, ["---"] * len(columns), *zip(*columns.values(), strict=True)]
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)

    def _table_of_exceptions(self, wanted: list[Entry]) -> str:
        rows = ["| exception | based on | when |", "| --- | --- | --- |"]
        for entry in wanted:
            bases = ", ".join(self._link(base.__name__, entry) for base in entry.value.__bases__)
            doc = Docstring.parse(inspect.getdoc(entry.value) or "")
            first = cell(inline(doc.text.partition("\n\n")[0], partial(self._link, entry=entry)))
            rows.append(f"| [`{entry.title}`](#{anchor(entry.title)}) | {bases} | {first} |")
        return "\n".join(rows)

    def _link(self, name: str, entry: Entry) -> str:
        for each in (f"{entry.title}.{name}", name, name.removeprefix("tkws.")):
            if each in self._places:
                page, _, fragment = self._places[each].partition("#")
                if (page, fragment) == (entry.page, anchor(entry.title)):
                    break
                return f"[`{name}`]({'' if page == entry.page else page}#{fragment})"
        return f"`{name}`"


def _level(before: str) -> str:
    """The mark of the last heading of a page before its end, such as ``##``."""
    prose = re.sub(r"^```.*?^```", "", REGION.sub("", before), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"^(#+) ", prose, re.MULTILINE)[-1]


def anchor(heading: str) -> str:
    """The fragment of a heading, as code hosts and MyST make it."""
    return re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))


def _is_called(value: Any) -> bool:
    """Tell whether a program may call it, and needs to know its arguments."""
    return inspect.isroutine(value) or (
        inspect.isclass(value) and not issubclass(value, enum.Enum | Exception) and not is_dataclass(value)
    )


def _noun(value: Any) -> str:
    if issubclass(value, enum.Enum):
        return "member"
    return (
        "option"
        if value.__name__.endswith("Options") or value.__name__ in ("Deflate", "Backoff")
        else "attribute"
    )


def read() -> dict[str, str]:
    """The pages as they are."""
    return {page.name: page.read_text(encoding="utf-8") for page in sorted(FOLDER.glob("*.md"))}


def main() -> None:
    """Write the pages anew."""
    texts = read()
    reference = Reference(texts)
    for page, text in texts.items():
        (FOLDER / page).write_text(reference.page(page, text), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

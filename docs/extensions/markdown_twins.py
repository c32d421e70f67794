"""For readers that are programs: beside each page its Markdown, and ``llms.txt``, a list of all pages.

``howto/tls.html`` has the twin ``howto/tls.md``, whose links lead to other twins. The list follows https://llmstxt.org:
the sections of the index, each page with its first sentence.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SENTENCE = re.compile(r".*?[.:](?=\s|$)", re.DOTALL)


def llms_txt(folder: Path) -> str:
    """Return the list of the pages in a folder of sources.

    Args:
        folder: It has ``index.md`` with the trees of contents.
    """
    index = (folder / "index.md").read_text(encoding="utf-8")
    title, summary = _title(index), first_sentence(index)
    lines = [f"# {title}", "", f"> {summary}"]
    for section, pages in _sections(folder, "index"):
        lines += ["", f"## {section}", ""]
        for page in pages:
            text = (folder / f"{page}.md").read_text(encoding="utf-8")
            lines.append(f"- [{_title(text)}]({page}.md): {first_sentence(text)}".rstrip(": "))
    return "\n".join(lines) + "\n"


def first_sentence(text: str) -> str:
    """Return the first sentence of the first paragraph of prose, without links."""
    for paragraph in re.split(r"\n{2,}", text)[1:]:
        if paragraph[:1].isalnum() or paragraph[:1] in "`[":
            prose = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", " ".join(paragraph.split()))
            found = _SENTENCE.match(prose)
            return re.sub(":$", ".", found[0]) if found else prose
    return ""


def _title(text: str) -> str:
    return text.partition("\n")[0].removeprefix("# ")


def _sections(folder: Path, page: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the trees of contents of a page, and of the pages in them that have their own."""
    text = (folder / f"{page}.md").read_text(encoding="utf-8")
    for tree in _TOCTREE.findall(text):
        caption = re.search(r"^:caption: (.*)$", tree, re.MULTILINE)
        names = [line for line in tree.splitlines() if line and not line.startswith(":")]
        pages = [str(Path(page).parent / name) for name in names]
        for each in list(pages):
            inner = [more for _, found in _sections(folder, each) for more in found]
            pages[pages.index(each) + 1 : pages.index(each) + 1] = inner
        yield caption[1] if caption else _title(text), pages


def _write(app: Any, exception: Exception | None) -> None:
    """Write both, once the pages have been built."""
    if exception is None and app.builder.name == "html":
        for page in app.env.found_docs:
            source, target = Path(app.env.doc2path(page)), Path(app.outdir, f"{page}.md")
            shutil.copyfile(source, target)
        Path(app.outdir, "llms.txt").write_text(llms_txt(Path(app.srcdir)), encoding="utf-8")


def _link(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Tell of the twin in the head of a page."""
    if doctree is not None:
        name = page.rpartition("/")[2]
        context["metatags"] += f'<link rel="alternate" type="text/markdown" href="{name}.md">'


def setup(app: Any) -> dict[str, bool]:
    """Connect both to the build."""
    app.connect("html-page-context", _link)
    app.connect("build-finished", _write)
    return {"parallel_read_safe": True}

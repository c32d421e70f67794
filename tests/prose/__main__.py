"""``python -m tests.prose [PATH ...]``: reads the prose of the package, and ends with 1 where it stumbles.

proselint brings the rules of English at large, `tests.prose.words` the project's own.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from proselint.checks import __register__
from proselint.registry import CheckRegistry
from proselint.tools import LintFile

from tests.prose.passages import Passage, passages
from tests.prose.words import NOT_FIRST, NOT_WRITTEN

REPOSITORY = Path(__file__).parents[2]

# proselint's rules for novels, for places and for typography do not fit a docstring.
LEFT_OUT = (
    "typography",
    "cliches",
    "hedging",
    "annotations",
    "lexical_illusions",
    "misc",
    "weasel_words",
    "restricted",
)


def python_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the Python files under ``paths``."""
    for path in paths:
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def findings(passage: Passage) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with a passage: the line, and a sentence."""
    text = re.sub(r"``.*?``|`[^`]*`", lambda code: "x" * len(code[0]), passage.text)
    for pattern, advice in NOT_WRITTEN.items():
        for match in re.finditer(pattern, text):
            yield _line(passage, match.start()), f'"{match[0].strip()}": {advice}'
    if passage.of_function:
        for pattern, advice in NOT_FIRST.items():
            if first := re.match(pattern, text):
                yield passage.line, f'"{first[0]}": {advice}'
    for result in LintFile("passage", text).lint():
        if not result.check_result.check_path.startswith(LEFT_OUT):
            yield passage.line, result.check_result.message


def _line(passage: Passage, offset: int) -> int:
    return passage.line + passage.text.count("\n", 0, offset)


def main(paths: list[str]) -> int:
    """Print what is found, one a line, and return 1 where there is any."""
    registry = CheckRegistry()
    if not registry.checks:
        registry.register_many(__register__)
    found = 0
    for path in python_files(map(Path, paths) if paths else [REPOSITORY / "tkws"]):
        for passage in passages(path):
            for line, sentence in findings(passage):
                found += 1
                print(f"{path}:{line}: {sentence}")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

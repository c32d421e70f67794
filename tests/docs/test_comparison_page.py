"""The page that compares libraries: each cell of its tables has a source, and it says when that was read."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "comparison.md").read_text(encoding="utf-8")


def test_every_cell_has_its_source() -> None:
    """Those of tkws itself may do without."""
    rows = [line for line in PAGE.splitlines() if re.match(r"\| .* \|$", line)]
    cells = [
        (name, cell)
        for name, *cells in ([cell.strip() for cell in row.strip("| ").split(" | ")] for row in rows)
        if re.search(r" [\d.]+$", name) and not name.startswith("tkws")
        for cell in cells
    ]
    assert len(cells) == 8 * (4 + 4)
    assert [cell for cell in cells if "](" not in cell[1]] == []


def test_the_date_is_told() -> None:
    assert re.search(r"sources were read on \d{4}-\d\d-\d\d", PAGE)

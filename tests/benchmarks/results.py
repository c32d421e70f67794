"""What was measured, kept in ``.cache/benchmarks`` until forgotten: a table may come of several runs."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / ".cache" / "benchmarks"

Round = dict[str, dict[str, Any]]


class Results:
    """The rounds of each scenario: for each contender its figures."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._file = folder / "results.jsonl"
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, scenario: str, rounds: list[Round]) -> None:
        """Keep some rounds of a scenario."""
        day = datetime.datetime.now(datetime.UTC).date().isoformat()
        with self._file.open("a", encoding="utf-8") as file:
            for runs in rounds:
                file.write(json.dumps({"scenario": scenario, "day": day, "runs": runs}) + "\n")

    def rounds(self, scenario: str) -> list[Round]:
        """Return all rounds of a scenario."""
        return [line["runs"] for line in self._lines() if line["scenario"] == scenario]

    def days(self) -> list[str]:
        """Return the days on which was measured."""
        return sorted({line["day"] for line in self._lines()})

    def forget(self) -> None:
        """Begin anew."""
        self._file.unlink(missing_ok=True)

    def _lines(self) -> list[dict[str, Any]]:
        if not self._file.exists():
            return []
        return [json.loads(line) for line in self._file.read_text(encoding="utf-8").splitlines()]

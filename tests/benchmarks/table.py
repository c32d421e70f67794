"""The table: medians of the rounds, and ratios to tkws within each round."""

from __future__ import annotations

from statistics import median

from tests.benchmarks.results import Round
from tests.benchmarks.scenarios import SCENARIOS

COLUMNS = "| contender | {unit} | tkws ÷ it | late p50 ms | p99 | max | repaints/s | CPU | MiB grown | lost |"


def section(name: str, rounds: list[Round]) -> list[str]:
    """Return the lines of a scenario's table."""
    scenario = SCENARIOS[name]
    lines = [f"### {scenario.title}", "", COLUMNS.format(unit=scenario.unit)]
    lines.append("|" + " --- |" + " ---: |" * (lines[-1].count("|") - 2))
    present = [name for name in scenario.contenders if all(name in runs for runs in rounds)]
    return [*lines, *(row(scenario.figure, name, rounds) for name in present), ""]


def row(figure: str, contender: str, rounds: list[Round]) -> str:
    """Return a contender's line."""

    def of(name: str) -> float:
        return median(runs[contender][name] for runs in rounds)

    cells = [contender, number(of(figure)), ratio(figure, contender, rounds)]
    cells += [number(of(name)) for name in ("late_p50", "late_p99", "late_max", "repaints")]
    cells += [
        f"{of('load'):.0%}",
        number(of("grown")),
        f"{sum(runs[contender]['lost'] for runs in rounds):,}",
    ]
    return "| " + " | ".join(cells) + " |"


def ratio(figure: str, contender: str, rounds: list[Round]) -> str:
    """Return how much of the contender's figure tkws has: the median over the rounds, and their range."""
    if contender == "tkws" or any("tkws" not in runs for runs in rounds):
        return ""
    ratios = sorted(runs["tkws"][figure] / (runs[contender][figure] or 1) for runs in rounds)
    return f"{median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})"


def number(value: float) -> str:
    """Return a number of three figures that count."""
    if value >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"

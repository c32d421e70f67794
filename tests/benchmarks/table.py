"""The tables: medians of the rounds, and ratios to tkws within each round."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from tests.benchmarks.inside import INSIDE
from tests.benchmarks.results import Round
from tests.benchmarks.scenarios import SCENARIOS

NAMES = {
    "tkws": "**tkws**",
    "tkws_compiled": "**tkws**, compiled",
    "bare": "bare Tk loop, bytes only",
    "slices": "bare Tk loop, fixed slices",
    "websockets_thread": "websockets, thread, queue, `after`",
    "websocket_client_thread": "websocket-client, thread, queue, `after`",
    "async_tkinter": "async-tkinter-loop, websockets",
    "picows_thread": "picows, thread, pipe",
    "tcllib": "tcllib, wish",
    "pyside6": "PySide6, QWebSocket",
}


def number(value: float) -> str:
    """Return a number of three figures that count, millions and billions in words."""
    if value >= 1e9:
        return f"{value / 1e9:.3g} G"
    if value >= 1e6:
        return f"{value / 1e6:.3g} M"
    if value >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


# The columns beside the figure that counts: heading, figure, and how it is written.
Column = tuple[str, str, Callable[[float], str]]
WINDOW: list[Column] = [
    ("late p50, ms", "late_p50", number),
    ("p99", "late_p99", number),
    ("max", "late_max", number),
    ("repaints/s", "repaints", lambda value: f"{value:.0f}"),
    ("CPU", "load", lambda value: f"{value:.0%}"),
    ("MiB grown", "grown", number),
]
CROWD: list[Column] = [
    ("connections a second, joining", "joining", number),
    ("KiB each", "kib_each", number),
    ("switches in an idle second", "idle_switches", number),
]

# What only timers tell.
TIMED = ("late_p50", "late_p99", "late_max", "repaints")


def section(scenario_name: str, rounds: list[Round]) -> list[str]:
    """Return the lines of a scenario's table."""
    scenario = SCENARIOS.get(scenario_name) or INSIDE[scenario_name]
    present = [each for each in dict.fromkeys([*NAMES, *rounds[0]]) if any(each in runs for runs in rounds)]
    figures = next((runs[present[0]] for runs in rounds if present[0] in runs), {}) if present else {}
    timed = getattr(scenario, "timers", False)
    columns = [each for each in [*WINDOW, *CROWD] if each[1] in figures and (timed or each[1] not in TIMED)]
    heads = ["", scenario.unit, "tkws ÷ it", *(head for head, _, _ in columns)]
    if "lost" in figures:
        heads.append("lost")
    lines = [f"### {scenario.title}", "", "| " + " | ".join(heads) + " |"]
    lines.append("|" + " --- |" + " ---: |" * (len(heads) - 1))
    return [*lines, *(row(scenario.figure, name, rounds, columns) for name in present), ""]


def row(figure: str, contender: str, rounds: list[Round], columns: list[Column]) -> str:
    """Return a contender's line."""
    mine = [runs[contender] for runs in rounds if contender in runs]

    def of(name: str) -> float:
        return median(figures[name] for figures in mine)

    cells = [NAMES.get(contender, contender), number(of(figure)), spread(ratios(figure, contender, rounds))]
    cells += [write(of(name)) for _, name, write in columns]
    if "lost" in mine[0]:
        cells.append(f"{sum(figures['lost'] for figures in mine):,}")
    return "| " + " | ".join(cells) + " |"


def ratios(figure: str, contender: str, rounds: list[Round], ours: str = "tkws") -> list[float]:
    """Return how much of the contender's figure tkws has, in each round that has both, in order.

    Args:
        figure: The figure.
        contender: Whose.
        rounds: The rounds.
        ours: "tkws" or "tkws_compiled".
    """
    if contender == ours:
        return []
    both = [runs for runs in rounds if contender in runs and ours in runs]
    return sorted(runs[ours][figure] / (runs[contender][figure] or 1) for runs in both)


def spread(values: list[float]) -> str:
    """Return the median, and the range where there is one."""
    if len(values) < 2:
        return f"{values[0]:.2f}" if values else ""
    return f"{median(values):.2f} ({values[0]:.2f} to {values[-1]:.2f})"

"""How tkws's cost grows with the number of clients: one line for each number, and ratios to the first."""

from __future__ import annotations

from statistics import median

from tests.benchmarks.results import Results, Round
from tests.benchmarks.table import number

# The clients, and the scenarios in which there are so many.
STEPS = {
    100: ("broadcast100", "among100"),
    1000: ("broadcast1k", "among1k"),
    10_000: ("broadcast10k", "among10k"),
}
HEADS = (
    "clients", "connections a second, joining", "KiB each", "switches in an idle second", "broadcast, ms",
    "µs for each", "to that at 100", "flood by one, messages/s", "to that at 100",
)  # fmt: skip


def growth(results: Results) -> list[str]:
    """Return the table, as far as there are figures."""
    lines, first = [], (0.0, 0.0)
    for clients, scenarios in STEPS.items():
        crowd, flooded = (results.rounds(name) for name in scenarios)
        if not (crowd and flooded):
            continue
        ms, rate = of("ms", crowd), of("rate", flooded)
        each = ms * 1000 / clients
        first = first if first[0] else (each, rate)
        cells = [
            f"{clients:,}",
            *(number(of(name, crowd)) for name in ("joining", "kib_each", "idle_switches")),
        ]
        cells += [number(ms), number(each), f"{each / first[0]:.2f}", number(rate), f"{rate / first[1]:.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    rule = "|" + " ---: |" * len(HEADS)
    return [
        "## How cost grows with the clients of a server",
        "",
        "| " + " | ".join(HEADS) + " |",
        rule,
        *lines,
        "",
    ]


def of(figure: str, rounds: list[Round]) -> float:
    """Return the median of tkws's figure."""
    return median(runs["tkws"][figure] for runs in rounds if "tkws" in runs)

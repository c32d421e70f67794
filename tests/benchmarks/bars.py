"""The bars that tkws is held to: for each what was measured, and whether it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from tests.benchmarks.inside import INSIDE
from tests.benchmarks.results import Results, Round
from tests.benchmarks.scenarios import SCENARIOS, TRAFFIC, WORK
from tests.benchmarks.table import number, ratios

# From the rounds, of "tkws" or "tkws_compiled".
Measure = Callable[[list[Round], str], float]

TK = ("websockets_thread", "websocket_client_thread", "async_tkinter", "picows_thread", "tcllib")
ALL = (*TK, "pyside6")

# What Tk does beside a connection.
BESIDE = [f"{work}_{traffic}" for work in WORK for traffic in TRAFFIC]


@dataclass(frozen=True)
class Bar:
    """A bar: in which scenario, what is measured, and its bound, below or above."""

    scenario: str
    what: str
    measure: Measure
    at_least: float = 0.0
    at_most: float | None = None

    def row(self, results: Results) -> str:
        """Return the bar's line in the table, empty where nothing was measured."""
        rounds = results.rounds(self.scenario)
        if not rounds:
            return ""
        title = (SCENARIOS.get(self.scenario) or INSIDE[self.scenario]).title
        sign, bound = ("≥", self.at_least) if self.at_most is None else ("≤", self.at_most)
        pure, compiled = (self._cells(rounds, ours) for ours in ("tkws", "tkws_compiled"))
        return f"| {title} | {self.what} | {sign} {number(bound)} | {pure} | {compiled} |"

    def _cells(self, rounds: list[Round], ours: str) -> str:
        if not any(ours in runs for runs in rounds):
            return " | "
        value = self.measure(rounds, ours)
        return f"{number(value)} | {'yes' if self.holds(value) else '**no**'}"

    def holds(self, value: float) -> bool:
        """Tell whether a value holds."""
        return value >= self.at_least if self.at_most is None else value <= self.at_most


def own(figure: str) -> Measure:
    """Return a measure: the median of a figure of tkws's."""
    return lambda rounds, ours: median(runs[ours][figure] for runs in rounds if ours in runs)


def total(figure: str) -> Measure:
    """Return a measure: the sum of a figure of tkws's."""
    return lambda rounds, ours: sum(runs[ours][figure] for runs in rounds if ours in runs)


def to(figure: str, other: str) -> Measure:
    """Return a measure: the ratio to another's figure."""
    return lambda rounds, ours: median(ratios(figure, other, rounds, ours))


def to_best(figure: str, others: tuple[str, ...], choose: Callable[[list[float]], float]) -> Measure:
    """Return a measure: the ratio to the figure of the best of the others."""

    def measure(rounds: list[Round], ours: str) -> float:
        measured = [ratios(figure, other, rounds, ours) for other in others]
        return choose([median(each) for each in measured if each])

    return measure


def broadcast(name: str) -> Bar:
    """Return the bar of a broadcast."""
    return Bar(name, "time, ratio to the bare loop", to("ms", "bare"), at_most=1.1)


BARS = [
    Bar("engine_client", "ratio to websockets' sans-IO layer", to("rate", "websockets"), at_least=20),
    Bar("engine_server", "ratio to websockets' sans-IO layer", to("rate", "websockets"), at_least=8),
    Bar("flood64", "rate, ratio to the best contender", to_best("rate", ALL, min), at_least=2),
    Bar("flood64", "timer's lateness, p99 in ms", own("late_p99"), at_most=5),
    Bar("flood64", "repaints/s", own("repaints"), at_least=55),
    Bar("paced50k", "messages lost", total("lost"), at_most=0),
    Bar("paced50k", "timer's lateness, p99 in ms", own("late_p99"), at_most=8),
    Bar("paced50k", "CPU a message, ratio to the bare loop", to("cpu_each", "bare"), at_most=1.2),
    Bar("paced50k", "CPU a message, ratio to the best contender", to_best("cpu_each", ALL, max), at_most=1),
    Bar("trip1", "rate, ratio to the bare loop", to("rate", "bare"), at_least=0.9),
    Bar("trip1", "rate, ratio to the best contender", to_best("rate", ALL, min), at_least=1),
    Bar("trip100", "rate, ratio to the loop with fixed slices", to("rate", "slices"), at_least=1),
    Bar("trip100", "rate, ratio to the best contender", to_best("rate", ALL, min), at_least=1),
    Bar("in1m", "bytes/s, ratio to the loop with fixed slices", to("rate", "slices"), at_least=0.95),
    Bar("in16m", "bytes/s, ratio to the loop with fixed slices", to("rate", "slices"), at_least=0.95),
    Bar("out64k", "bytes/s, ratio to the bare loop", to("rate", "bare"), at_least=0.8),
    Bar("out64k", "bytes/s, ratio to the best contender", to_best("rate", ALL, min), at_least=1),
    Bar("out16m", "bytes/s, ratio to the bare loop", to("rate", "bare"), at_least=0.8),
    Bar("out16m", "bytes/s, ratio to the best contender", to_best("rate", ALL, min), at_least=1),
    Bar("bursts64k", "bytes/s, ratio to picows", to("rate", "picows_thread"), at_least=1),
    Bar("json", "rate, ratio to the best with Tk", to_best("rate", TK, min), at_least=1),
    Bar("many", "CPU a message, ratio to the best contender", to_best("cpu_each", ALL, max), at_most=1),
    Bar("many", "timer's lateness, p99 in ms", own("late_p99"), at_most=8),
    *(Bar(name, "rounds/s, ratio to the bare loop", to("rounds", "bare"), at_least=0.9) for name in BESIDE),
    broadcast("broadcast100"),
    broadcast("broadcast1k"),
    broadcast("broadcast2k"),
    Bar("broadcast2k", "timer's lateness, p99 in ms", own("late_p99"), at_most=15),
    Bar("idle", "context switches, ratio to the bare loop", to("switches", "bare"), at_most=1),
    Bar("broadcast10k", "KiB of memory for each idle connection", own("kib_each"), at_most=5),
    Bar("broadcast10k", "timer's lateness, max in ms", own("late_max"), at_most=20),
    Bar("await_loop", "CPU, ratio to asyncio's own loop", to("rate", "asyncio"), at_least=0.75),
    Bar("await_echo", "CPU, ratio to websockets on asyncio", to("rate", "websockets"), at_least=1.5),
    Bar("await_flood", "CPU, ratio to websockets on asyncio", to("rate", "websockets"), at_least=3),
    Bar("await_flood", "timer's lateness, p99 in ms", own("late_p99"), at_most=10),
    Bar("await_flood", "repaints/s", own("repaints"), at_least=50),
    Bar("await_sleeps", "CPU, ratio to asyncio's own loop", to("ms", "asyncio"), at_most=1.3),
    Bar("import", "ms", own("ms"), at_most=40),
]

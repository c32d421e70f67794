"""What is measured: for each scenario the peer's task, what the window does, and the figure that counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

KIB = 1 << 10
MIB = 1 << 20

# Seconds that a run takes; fewer where a look is enough.
SECONDS = 1.0
QUICK_SECONDS = 0.4

ALL = (
    "tkws",
    "tkws_compiled",
    "bare",
    "slices",
    "websockets_thread",
    "websocket_client_thread",
    "async_tkinter",
    "picows_thread",
    "tcllib",
    "pyside6",
)
SERVERS = ("tkws", "tkws_compiled", "bare", "websockets_thread", "async_tkinter", "picows_thread", "pyside6")
WITHOUT_SLICES = tuple(name for name in ALL if name != "slices")
# Those that parse what they receive and show it in Tk.
PARSERS = tuple(name for name in ALL if name not in ("bare", "slices", "tcllib", "pyside6"))
OURS = ("tkws", "tkws_compiled", "bare")


@dataclass(frozen=True)
class Scenario:
    """One row of runs.

    Attributes:
        title: Its heading in the table.
        app: What the window does: see `apps`.
        peer: What the other end does: see `peers`.
        figure: The figure that is compared: ``rate`` (messages or bytes a second), ``cpu_each`` (µs of
            processor time for each message), ``switches``.
        unit: That of the figure.
        size: Payload bytes of a message.
        options: More of the peer's task.
        contenders: Who takes part.
        timers: Whether the window's timer and redraws run.
    """

    title: str
    app: str
    peer: str
    figure: str
    unit: str
    size: int = 64
    options: dict[str, Any] = field(default_factory=dict)
    contenders: tuple[str, ...] = ALL
    timers: bool = True

    @property
    def serves(self) -> bool:
        """Whether the contenders are servers."""
        return self.app == "crowd"

    def task(self, seconds: float) -> dict[str, Any]:
        """Return what both ends are told."""
        common = {"app": self.app, "peer": self.peer, "size": self.size, "timers": self.timers}
        return common | {"seconds": seconds, "binary": False} | self.options


def _round_trip(flight: int) -> Scenario:
    title = f"Round trips of 64 B text, {flight} in flight"
    return Scenario(title, "echo", "ask", "rate", "round trips/s", options={"flight": flight})


def _flood(size: int, name: str) -> Scenario:
    return Scenario(f"Flood of {name} text", "sink", "flood", "rate", "messages/s", size=size)


def _paced(rate: int) -> Scenario:
    title = f"{rate:,} messages/s of 64 B text"
    return Scenario(title, "sink", "pace", "cpu_each", "µs of CPU a message", options={"rate": rate})


def _binary(app: str, size: int, name: str) -> Scenario:
    peer, way = ("flood", "in") if app == "sink" else ("take", "out")
    title = f"{name} binary {way}"
    options = {"binary": True}
    contenders = ALL if app == "sink" else WITHOUT_SLICES
    return Scenario(title, app, peer, "rate", "bytes/s", size=size, options=options, contenders=contenders)


def _broadcast(clients: int) -> Scenario:
    title = f"Broadcast of 64 B text to {clients:,} clients"
    options = {"clients": clients, "play": "broadcasts"}
    return Scenario(title, "crowd", "swarm", "ms", "ms to the last", options=options, contenders=SERVERS)


def _among(clients: int) -> Scenario:
    title = f"Flood of 64 B text by one of {clients:,} clients"
    options = {"clients": clients, "play": "flood"}
    return Scenario(title, "crowd", "swarm", "rate", "messages/s", options=options, contenders=OURS)


WORK = {
    "after0": "A chain of `after(0)`",
    "idle": "A chain of `after_idle`",
    "after1": "A chain of `after(1)`",
    "animation": "An animation on a Canvas",
}
TRAFFIC = {
    "paced": ("sink", "pace", {"rate": 2000}, "2,000 messages/s of 64 B"),
    "asked": ("echo", "ask", {"flight": 1}, "round trips of 64 B, 1 in flight"),
    "alone": ("sink", "wait", {}, "an idle connection"),
}


def _beside(work: str, traffic: str) -> Scenario:
    app, peer, options, what = TRAFFIC[traffic]
    title = f"{WORK[work]} beside {what}"
    return Scenario(
        title,
        app,
        peer,
        "rounds",
        "rounds/s",
        options=options | {"work": work},
        contenders=OURS,
        timers=False,
    )


SCENARIOS = {
    "trip1": _round_trip(1),
    "trip100": _round_trip(100),
    "flood64": _flood(64, "64 B"),
    "flood1k": _flood(KIB, "1 KiB"),
    "paced10k": _paced(10_000),
    "paced50k": _paced(50_000),
    "paced100k": _paced(100_000),
    "in1m": _binary("sink", MIB, "1 MiB"),
    "in16m": _binary("sink", 16 * MIB, "16 MiB"),
    "out64k": _binary("source", 64 * KIB, "64 KiB"),
    "out16m": _binary("source", 16 * MIB, "16 MiB"),
    "bursts64k": Scenario(
        "64 KiB binary out, 4 for each `after(0)`, now and then acknowledged",
        "bursts",
        "take",
        "rate",
        "bytes/s",
        size=64 * KIB,
        options={"binary": True, "acknowledged": MIB},
        contenders=("tkws", "tkws_compiled", "picows_thread"),
    ),
    "json": Scenario(
        "Requests of 1 KiB of JSON, parsed, shown in a label and answered, 1 in flight",
        "answer",
        "ask",
        "rate",
        "requests/s",
        size=KIB,
        options={"flight": 1, "json": True},
        contenders=PARSERS,
    ),
    "many": Scenario(
        "50 clients with 200 messages/s of 64 B text each",
        "crowd",
        "swarm",
        "cpu_each",
        "µs of CPU a message",
        options={"clients": 50, "play": "pace", "rate": 200},
        contenders=tuple(name for name in SERVERS if name != "bare"),
    ),
    **{f"{work}_{traffic}": _beside(work, traffic) for work in WORK for traffic in TRAFFIC},
    "idle": Scenario(
        "Idle for 5 s, connected",
        "sink",
        "wait",
        "switches",
        "context switches",
        options={"seconds": 5.0},
        contenders=WITHOUT_SLICES,
        timers=False,
    ),
    "broadcast100": _broadcast(100),
    "broadcast1k": _broadcast(1000),
    "broadcast2k": _broadcast(2000),
    "broadcast10k": _broadcast(10_000),
    "among100": _among(100),
    "among1k": _among(1000),
    "among10k": _among(10_000),
    "connects": Scenario(
        "Connections opened a second",
        "crowd",
        "swarm",
        "rate",
        "connections/s",
        options={"clients": 1, "play": "connects"},
        contenders=SERVERS,
    ),
}

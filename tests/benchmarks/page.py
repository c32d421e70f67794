"""Writes docs/benchmarks.md from all that was measured: how, with what, the bars, and every table."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import tkinter
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks import pictures
from tests.benchmarks.bars import BARS
from tests.benchmarks.growth import growth
from tests.benchmarks.inside import INSIDE
from tests.benchmarks.results import Results
from tests.benchmarks.scenarios import SCENARIOS
from tests.benchmarks.table import section

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
PACKAGES = ("websockets", "websocket-client", "async-tkinter-loop", "picows", "PySide6-Essentials", "numpy")
TCLLIB = "puts [package require websocket]"

INTRODUCTION = """\
# Benchmarks

tkws beside what Tk programs use instead, and beside two floors: a Tk loop that counts bytes and knows no
WebSocket, and one that cuts messages at fixed places, decodes them and calls back for each. This page is
written by

    bash tests/benchmarks/run.sh --write

and the measuring itself is done by the same script with the names of scenarios, or with none for all.
"""

HOW = """\
## How it is measured

- Each contender is a window on a virtual screen, in a process of its own. A timer of 10 ms runs in it, whose
  lateness is given, and it asks for a redraw each 16 ms; what is drawn is counted.
- The other end is a process with a plain blocking socket. It sends bytes that were made before, for a
  second, and keeps to one processor, the contender to the others. The row of the bare loop shows how fast
  it can be.
- For a pace of so many messages a second the sender looks at the clock each 0.1 ms, and sends what is due.
- A round runs each contender once, for a second. Figures are medians over the rounds. The column of ratios
  has the median of the ratios within each round, and their range. Compare ratios: the rest is one machine
  on one day. It was busy with other work too, and there are few rounds: a range that spans 1 decides nothing.
- CPU is that of the contender's process, of one processor. "MiB grown" is the most memory that it had, less
  what it began with. "Lost" counts messages that were sent and never reached the program.
- Compression is off everywhere, and `tkws[speed]` is installed. tkws runs twice, as pure Python and compiled;
  the column of ratios compares with pure Python.
- Clients come 25 at a time. The time of a broadcast runs from the question of one client until the last one
  has the answer. The clients are one process, whose own work is in it, the same for all.
- A contender that is not in a table cannot do it, or failed at it.
"""

LIMITS = """\
Why the bars that are not held are not: [where the limits are](performance.md#where-the-limits-are). If such a
row matters to you:

- **Round trips and small messages**: install
  [the compiled wheel](howto/packaging.md#faster-the-compiled-wheel). Put several small values into one
  message where you can: most of the cost is for each message.
- **Broadcasts to thousands**: serve them from [several processes](scaling.md), each on a processor of its
  own, and let `slow_peer="skip"` pass by clients that do not keep up.
- **Large messages**: send them by `send_stream` and receive them by `receive_into` ([files](howto/files.md)),
  which need little memory. `import numpy` at the beginning if the first large message must be fast.
- **A window that does much beside its messages**: receive by [`latest` or `batched`](howto/live-data.md), so
  that messages cost little, and let animations ask for `after(16)`, not `after(0)`.
- **The import**: show the window first, and `import tkws` from an `after_idle` callback.
"""


def write(results: Results) -> None:
    """Write the page."""
    lines = [
        INTRODUCTION,
        *pictures.write(results, PAGE.parent),
        HOW,
        *machine(results),
        "",
        "## The tables",
        "",
    ]
    for name in [*INSIDE, *SCENARIOS]:
        rounds = results.rounds(name)
        if rounds:
            lines += section(name, rounds)
    lines += [*growth(results), *bars(results), "", LIMITS]
    PAGE.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def machine(results: Results) -> list[str]:
    """Say on what, with what and when."""
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    asked = subprocess.run(["tclsh"], input=TCLLIB, capture_output=True, encoding="utf-8", check=False)
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    kind = model[1] if model else platform.machine()
    when = f"Measured on {' and '.join(results.days())}, {how_often(results)},"
    where = f"on {os.cpu_count()} processors ({kind}) with Linux {platform.release().split('-')[0]}."
    tk = tkinter.Tcl().eval("info patchlevel")
    python = f"Python {platform.python_version()}, Tk {tk}"
    return [f"{when} {where}", f"{python}, {packages}, tcllib's websocket {asked.stdout.strip()}."]


def how_often(results: Results) -> str:
    """Say how many rounds there were, and which scenarios have more."""
    counts = {name: len(results.rounds(name)) for name in [*INSIDE, *SCENARIOS]}
    least = min(filter(None, counts.values()))
    more = ", ".join(f"`{name}` {count}" for name, count in counts.items() if count > least)
    added = f" (some have more: {more})" if more else ""
    return f"in {least} rounds{added}"


def bars(results: Results) -> list[str]:
    """Return the table of the bars."""
    rows = [bar.row(results) for bar in BARS]
    heads = [
        "## The bars",
        "",
        "| scenario | what | bar | pure Python | held | compiled | held |",
        "| --- | --- | --- | ---: | --- | ---: | --- |",
    ]
    return [*heads, *(row for row in rows if row)]

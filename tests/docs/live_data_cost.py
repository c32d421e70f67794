"""Measures what the programs of the page on live data cost, for the table on that page.

Run: ``python -m tests.docs.live_data_cost``, on a screen. It takes half a minute, and uses the port 8765.
"""

from __future__ import annotations

import dataclasses
import time
import tkinter as tk
from statistics import median

import tkws
from tests.benchmarks.meter import REDRAW_MS, TICK_MS, Meter
from tests.docs.blocks import Program
from tests.docs.pictures import program, serving, start

PAGE = "howto/live-data.md"
WARM_UP, SECONDS, ROUNDS = 0.5, 4.0, 3

Row = tuple[float, float, float, float]
"""Messages a second, redraws a second, the timer's lateness in ms (99 %), the share of a core."""


def watch(root: tk.Misc, meter: Meter) -> None:
    """Set the timers of a meter, and ask for redraws."""

    def tick() -> None:
        meter.tick()
        meter.expect()
        root.after(TICK_MS, tick)

    def redraw() -> None:
        root.after_idle(count)
        root.after(REDRAW_MS, redraw)

    def count() -> None:
        meter.repaints += 1

    meter.expect()
    root.after(TICK_MS, tick)
    redraw()


def measure(found: Program) -> Row:
    """Run a program for some seconds."""
    root: tk.Tk = start(found)["root"]
    [ws] = tkws.find()
    meter = Meter()
    watch(root, meter)
    root.after(round(1000 * WARM_UP), root.quit)
    root.mainloop()
    before, used = ws.statistics.messages_received, time.process_time()
    meter.begin()
    root.after(round(1000 * SECONDS), root.quit)
    root.mainloop()
    report = meter.report()
    rate = (ws.statistics.messages_received - before) / report["seconds"]
    share = (time.process_time() - used) / report["seconds"]
    for timer in root.tk.splitlist(root.tk.call("after", "info")):
        root.after_cancel(timer)
    root.destroy()
    return rate, report["repaints"] / report["seconds"], report["late_p99"], share


def main() -> None:
    """Print the table."""
    table = program(PAGE, "Treeview")
    bare = dataclasses.replace(table, text=table.text.replace("tkws.latest(show, key=sensor_of)", "show"))
    plot = program(PAGE, "Canvas")
    names = {
        "the table, by `latest`": table,
        "the plot, by `batched`": plot,
        "the table without `latest`": bare,
    }
    with serving(program(PAGE, "itertools")):
        for name, found in names.items():
            rate, redraws, late, share = map(
                median, zip(*(measure(found) for _ in range(ROUNDS)), strict=True)
            )
            print(f"| {name} | {rate:,.0f} | {redraws:.0f} | {late:.1f} ms | {share:.0%} |")


if __name__ == "__main__":
    main()

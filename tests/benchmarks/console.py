"""Whether the console stays alive under a flood, and what a full log takes.

A server in a process of its own sends messages of a dashboard's kind at a fixed rate; the console, in
its window on a screen (a virtual one will do), receives, logs and shows them. Meanwhile an idle
callback is asked for 100 times a second, which Tk runs only when nothing else is waiting: how many
come is how many times the window could have drawn. The memory is that of the process, before the
first row and when the log holds 100,000. Run: ``xvfb-run python -m tests.benchmarks.console``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import tkinter
from pathlib import Path

import tkws
from tkws.console.client.target import NO_PROXY, Target
from tkws.console.log.log import CAPACITY
from tkws.console.memory.settings import Settings
from tkws.console.window.window import Console
from tkws.loop import loop_for

RATE = 20_000
SECONDS = 8.0
BAR_IDLE = 60
BAR_MIB = 200
BEAT = 0.01


def message(number: int) -> str:
    """Return a reading as a dashboard gets it, of about 200 bytes."""
    return json.dumps(
        {
            "sensor": f"north-{number % 40}",
            "sequence": number,
            "value": number % 1000 / 10,
            "unit": "bar",
            "site": "works 4, hall B, line 12",
            "tags": ["live", "pressure", "calibrated"],
        }
    )


def serve(rate: float) -> None:
    """Be the server: print the URL, send to whoever comes, by the clock."""
    root = tkinter.Tcl()
    server = tkws.serve(master=root, compression=False)
    messages = [message(number) for number in range(1000)]
    loop = loop_for(root)

    @server.live("/")
    def feed(ws: tkws.WebSocket, type: str, _message: object) -> None:
        if type == "connect":
            send(ws, time.monotonic(), 0)
        elif type == "disconnect":
            root.quit()

    def send(ws: tkws.WebSocket, since: float, sent: int) -> None:
        if ws.state is not tkws.State.OPEN:
            return
        due = int((time.monotonic() - since) * rate)
        if ws.buffered_amount < 1 << 20:  # else the console is behind, which its count tells
            for number in range(sent, due):
                ws.send(messages[number % len(messages)])
        loop.call_later(0.002, send, ws, since, due)

    print(server.url, flush=True)
    root.mainloop(-1)


class Measurement:
    """Counts idle callbacks and messages second by second, then ends the loop."""

    def __init__(self, root: tkinter.Tk, console: Console, seconds: float) -> None:
        self._root = root
        self._console = console
        self._idle = 0
        self._asked = False
        self._loop = loop_for(root)
        self._end = time.monotonic() + seconds + 1.0
        self._last = (time.monotonic(), 0, 0)
        self.idle: list[float] = []
        self.rates: list[float] = []
        self._beat()
        self._loop.call_later(1.0, self._second)

    def _beat(self) -> None:
        if not self._asked:
            self._asked = True
            self._root.after_idle(self._was_idle)
        self._loop.call_later(BEAT, self._beat)

    def _was_idle(self) -> None:
        self._asked = False
        self._idle += 1

    def _second(self) -> None:
        now = time.monotonic()
        when, idle, rows = self._last
        if rows:  # the first second is for the opening
            self.idle.append((self._idle - idle) / (now - when))
            self.rates.append((self._console.log.next - rows) / (now - when))
        self._last = (now, self._idle, self._console.log.next)
        if now > self._end:
            self._root.quit()
        else:
            self._loop.call_later(1.0, self._second)


def resident() -> float:
    """Return the memory of this process in MiB."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise OSError("the system does not tell")


def measure(seconds: float, rate: float) -> bool:
    """Run the flood, print what was measured, and return whether it is above the bars."""
    program = [sys.executable, "-m", "tests.benchmarks.console", "--serve", "--rate", str(rate)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, encoding="utf-8") as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        root = tkinter.Tk()
        console = Console(root, Settings(), None)
        root.update()
        before = resident()
        console.connect_to(Target(url=url, proxy=NO_PROXY, compression=False, ping_interval=0.5))
        measurement = Measurement(root, console, seconds)
        root.mainloop()
        after, rows = resident(), len(console.log.rows)
        latencies = sorted(latency.seconds for latency in console.session.latencies)
        console.session.disconnect()
        root.destroy()
        server.wait(10)
    idle, rates = measurement.idle, measurement.rates
    print(f"Python {sys.version.split()[0]}, Tk {tkinter.TkVersion}, {os.cpu_count()} processors")
    print(f"arrived: {statistics.median(rates):,.0f} messages/s (least {min(rates):,.0f})")
    print(f"idle callbacks: {statistics.median(idle):.0f} a second (least {min(idle):.0f}; bar {BAR_IDLE})")
    print(f"memory: {after - before:.0f} MiB more with {rows:,} rows (bar {BAR_MIB} MiB for {CAPACITY:,})")
    print(f"round trip of a ping meanwhile: median {1000 * statistics.median(latencies):.1f} ms")
    enough = statistics.median(rates) >= 0.95 * rate and rows >= min(CAPACITY, 0.9 * rate * seconds)
    return enough and statistics.median(idle) >= BAR_IDLE and after - before < BAR_MIB


def main() -> int:
    """Measure, or be the server."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of flood (%(default)g)")
    parser.add_argument("--rate", type=float, default=RATE, help="messages a second (%(default)g)")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.rate)
        return 0
    return 0 if measure(options.seconds, options.rate) else 1


if __name__ == "__main__":
    sys.exit(main())

"""``python -m tests.soak [--seconds N] [--seed N]``: runs, says how it went, ends with 1 where it went wrong.

Takes two minutes unless told otherwise. The same seed brings the same faults at the same times.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import platform
import ssl
import subprocess
import sys
import time
import tkinter
from collections.abc import Iterator

import trustme

from tests.soak import meters
from tests.soak.plan import plan
from tests.soak.world import PATIENCE, TICK, World
from tkws.loop import loop_for

SAMPLES = 120  # of the memory in a run, though at most four a second
TIME_TO_END = 2 * PATIENCE * TICK  # seconds that the last connections have


def certificates() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context and a client's that trusts it."""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(client)
    return server, client


def run(seconds: float, seed: int) -> tuple[World, list[meters.Sample]]:
    """Run the world to its end, and read the memory meanwhile."""
    roots = [tkinter.Tcl() for _ in range(3)]
    root = roots[0]
    loop = loop_for(root)
    world = World(roots, plan(seed, seconds), *certificates(), seed)
    samples: list[meters.Sample] = []
    began = loop.now()

    def sample() -> None:
        if loop.now() - began > seconds:  # what the end lets go would hide what has grown
            return
        samples.append(meters.read(loop.now() - began))
        loop.call_later(max(seconds / SAMPLES, 0.25), sample)

    def give_up() -> None:
        world.wrong.append("it does not come to an end")
        root.quit()

    sample()
    loop.call_later(seconds, world.end)
    loop.call_later(seconds + TIME_TO_END, give_up)
    root.mainloop(-1)
    world.close()
    for each in roots:
        loop_for(each).close()
    return world, samples


@contextlib.contextmanager
def busy(processes: int, seconds: float) -> Iterator[None]:
    """Keep the machine busy meanwhile, with processes that would end by themselves after ``seconds``."""
    spin = f"import time\nuntil = time.monotonic() + {seconds}\nwhile time.monotonic() < until: pass"
    load = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in load:
            process.kill()
            process.wait()


def report(world: World, samples: list[meters.Sample], seconds: float, seed: int) -> str:
    """The figures, as JSON."""
    megabyte = 1 << 20
    figures = {
        "seconds": round(seconds),
        "of the processor": round(time.process_time()),
        "seed": seed,
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"Tk {tkinter.TkVersion}, {ssl.OPENSSL_VERSION}",
        "sent": world.tally.sent,
        "delivered": world.tally.delivered,
        "lost and told": world.tally.lost,
        **dict(sorted(world.counts.items())),
        "resident MiB, least and most": [
            round(pick(each.resident for each in samples) / megabyte, 1) for pick in (min, max)
        ],
        "resident MiB an hour": round(meters.slope(samples, "resident") / megabyte, 2),
        "blocks of Python's an hour": round(meters.slope(samples, "blocks")),
        "wrong": world.wrong[:20],
    }
    return json.dumps(figures, indent=2)


def main() -> int:
    """Run twice: shortly to warm up, since libraries keep what they make first, then for the time asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--load", type=int, default=0, help="processes that keep the machine busy")
    arguments = parser.parse_args()
    run(2, arguments.seed)
    before = meters.Held.now()
    began = time.monotonic()
    with busy(arguments.load, arguments.seconds + 2 * TIME_TO_END):
        world, samples = run(arguments.seconds, arguments.seed)
    after = meters.Held.now()
    if before != after:
        world.wrong.append(f"held before: {before}, after: {after}")
    raised, reported = (world.counts[f"exceptions {what}"] for what in ("raised", "reported"))
    if raised != reported:
        world.wrong.append(f"handlers raised {raised} exceptions, of which {reported} were reported")
    world.wrong += meters.growth(samples)
    print(report(world, samples, time.monotonic() - began, arguments.seed))
    return bool(world.wrong)


if __name__ == "__main__":
    sys.exit(main())

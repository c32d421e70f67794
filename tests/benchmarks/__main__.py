"""Measures, and prints or writes the tables: ``bash tests/benchmarks/run.sh [SCENARIO...] [OPTION...]``.

A round runs every contender of a scenario once, one after the other, so that the noise of the machine falls
on all; figures are medians over the rounds, and ratios are medians of those within each round.
"""

from __future__ import annotations

import argparse
import sys

import tkws
from tests.benchmarks import page, table
from tests.benchmarks.display import virtual_screen
from tests.benchmarks.inside import INSIDE, measure_inside
from tests.benchmarks.results import Results, Round
from tests.benchmarks.runner import run
from tests.benchmarks.scenarios import QUICK_SECONDS, SCENARIOS, SECONDS


def main() -> None:
    """Measure what was asked for."""
    args = arguments()
    results = Results()
    if args.forget:
        results.forget()
    with virtual_screen():
        for name in args.scenarios:
            rounds = [measure(name, args) for _ in range(args.rounds)]
            results.add(name, rounds)
            print("\n".join(table.section(name, rounds)), flush=True)
    if args.write:
        page.write(results)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    names = [*SCENARIOS, *INSIDE]
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(names)}; none: all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--contenders", nargs="+", metavar="NAME", help="only these")
    parser.add_argument("--quick", action="store_true", help=f"runs of {QUICK_SECONDS} s, not {SECONDS} s")
    parser.add_argument("--forget", action="store_true", help="forget what was measured before")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md from all that is kept")
    args = parser.parse_args()
    unknown = set(args.scenarios) - set(names)
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    if not (args.scenarios or args.write):
        args.scenarios = names
    return args


def measure(name: str, args: argparse.Namespace) -> Round:
    """Run each contender of a scenario once; one that fails is told of, and has no figures."""
    if name in INSIDE:
        return measure_inside(name)
    scenario = SCENARIOS[name]
    runs: Round = {}
    for contender in scenario.contenders:
        if args.contenders and contender not in args.contenders:
            continue
        if contender == "tkws_compiled" and not tkws.compiled:
            continue
        print(name, contender, file=sys.stderr)
        try:
            runs[contender] = run(scenario, contender, QUICK_SECONDS if args.quick else SECONDS)
        except (TimeoutError, RuntimeError) as error:
            print(error, file=sys.stderr)
    return runs


if __name__ == "__main__":
    main()

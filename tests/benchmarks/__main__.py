"""Measures, and prints a table: ``bash tests/benchmarks/run.sh [SCENARIO...] [--rounds N] [--quick]``.

A round runs every contender of a scenario once, one after the other, so that the noise of the machine falls
on all; figures are medians over the rounds, and ratios are medians of those within each round.
"""

from __future__ import annotations

import argparse
import sys

from tests.benchmarks import table
from tests.benchmarks.display import virtual_screen
from tests.benchmarks.results import Results
from tests.benchmarks.runner import run_client
from tests.benchmarks.scenarios import QUICK_SECONDS, SCENARIOS, SECONDS


def main() -> None:
    """Measure what was asked for."""
    args = arguments()
    results = Results()
    if args.forget:
        results.forget()
    with virtual_screen():
        for name in args.scenarios:
            measure(results, name, args)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(SCENARIOS)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--contenders", nargs="+", metavar="NAME", help="only these")
    parser.add_argument("--quick", action="store_true", help=f"runs of {QUICK_SECONDS} s, not {SECONDS} s")
    parser.add_argument("--forget", action="store_true", help="forget what was measured before")
    args = parser.parse_args()
    unknown = set(args.scenarios) - set(SCENARIOS)
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    if not args.scenarios:
        args.scenarios = list(SCENARIOS)
    return args


def measure(results: Results, name: str, args: argparse.Namespace) -> None:
    """Run a scenario's rounds, and print its table."""
    scenario = SCENARIOS[name]
    seconds = QUICK_SECONDS if args.quick else SECONDS
    contenders = [each for each in scenario.contenders if not args.contenders or each in args.contenders]
    rounds = []
    for number in range(args.rounds):
        runs = {}
        for contender in contenders:
            print(f"{name} {number + 1}/{args.rounds} {contender}", file=sys.stderr)
            runs[contender] = run_client(scenario, contender, seconds)
        rounds.append(runs)
    results.add(name, rounds)
    print("\n".join(table.section(name, rounds)), flush=True)


if __name__ == "__main__":
    main()

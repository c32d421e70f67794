"""Runs the Autobahn|Testsuite against tkws in both roles and compares each case with what is expected.

    python -m tests.compliance.run WSTEST [--cases 1.* 2.* ...] [--role client|server]
                                        [--write] [--tests REPORT]

WSTEST is the suite's command. A case that is not as ``expected.json`` says, better or worse, fails
the run, after it was repeated: many of the suite's time limits are a second, which a busy machine may
need for itself. ``--write`` writes the results into ``docs/conformance.md``, and with them what pytest said
of the other tests, in the file of its ``--junit-xml``.
"""

from __future__ import annotations

import argparse
import datetime
import json
import socket
import subprocess
import sys
import tempfile
import tkinter
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import tkws
from tests.compliance.page import Machine, Results, page

HERE = Path(__file__).parent
EXPECTED = HERE / "expected.json"
PAGE = HERE.parent.parent / "docs" / "conformance.md"
AGENT = "tkws"
TIME_LIMIT = 2700  # seconds for one role, far more than it takes
MOST_REPEATED = 20  # cases; more are no accident


def main() -> None:
    """Run, compare, exit with 1 where something differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("wstest")
    parser.add_argument("--cases", nargs="+", default=["*"])
    parser.add_argument("--role", choices=("client", "server"))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--tests", type=Path, metavar="REPORT")
    args = parser.parse_args()
    roles = [args.role] if args.role else ["client", "server"]
    with ThreadPoolExecutor() as pool:  # the two share no process, and wait for the network most of the time
        found = list(pool.map(partial(run_role, args.wstest, args.cases), roles))
    results = dict(zip(roles, found, strict=True))
    failed = 0
    for role in roles:
        print(f"{role}: {len(results[role])} cases, {summary(results[role])}")
        for case, (is_so, should_be) in differences(results[role]).items():
            failed += 1
            print(f"{role}: case {case} is {'/'.join(is_so)}, not {'/'.join(should_be)}")
        if args.cases == ["*"] and len(results[role]) != expected()["cases"]:
            failed += 1
            print(f"{role}: not the {expected()['cases']} cases of the suite")
    if args.write:
        today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
        PAGE.write_text(page(today, Machine.here(), expected(), results, args.tests), encoding="utf-8")
    print(f"compliance: {sum(map(len, found)) - failed} passed, {failed} failed")
    sys.exit(bool(failed))


def run_role(wstest: str, cases: list[str], role: str) -> Results:
    """Run the cases for one role, and again alone those that are not as expected."""
    run = run_server if role == "server" else run_client
    with tempfile.TemporaryDirectory() as folder:
        results = run(wstest, cases, Path(folder) / "all")
        surprising = list(differences(results))
        if 0 < len(surprising) <= MOST_REPEATED:
            print(f"{role}: repeated {', '.join(surprising)}")
            results |= run(wstest, surprising, Path(folder) / "repeated")
    return results


def run_server(wstest: str, cases: list[str], folder: Path) -> Results:
    """Let the suite's client test our server."""
    testee = start_testee("server")
    try:
        assert testee.stdout is not None
        url = testee.stdout.readline().strip().rstrip("/")
        spec = {"outdir": str(folder / "report"), "servers": [{"agent": AGENT, "url": url}], "cases": cases}
        command = [wstest, "-m", "fuzzingclient", "-s", str(write_spec(folder, spec))]
        subprocess.run(command, check=True, timeout=TIME_LIMIT, stdout=subprocess.DEVNULL)
    finally:
        end(testee)
    return read_report(folder / "report")


def run_client(wstest: str, cases: list[str], folder: Path) -> Results:
    """Let the suite's server test our client."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        url = f"ws://127.0.0.1:{probe.getsockname()[1]}"
    spec = {"outdir": str(folder / "report"), "url": url, "cases": cases}
    command = [wstest, "-m", "fuzzingserver", "-s", str(write_spec(folder, spec))]
    suite = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_for(url)
        testee = start_testee("client", url, AGENT)
        try:
            testee.wait(TIME_LIMIT)
        finally:
            end(testee)
    finally:
        end(suite)
    return read_report(folder / "report")


def start_testee(*arguments: str) -> subprocess.Popen[str]:
    """Start one of `tests.compliance.testees`."""
    command = [sys.executable, "-m", "tests.compliance.testees", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8")


def write_spec(folder: Path, spec: Mapping[str, object]) -> Path:
    """Write what the suite shall do."""
    folder.mkdir(parents=True)
    path = folder / "spec.json"
    path.write_text(json.dumps({"exclude-cases": [], "exclude-agent-cases": {}, **spec}), encoding="utf-8")
    return path


def wait_for(url: str) -> None:
    """Wait until the suite's server answers."""
    root = tkinter.Tcl()
    outcomes: list[str] = []

    def note(ws: tkws.WebSocket, type: str, message: object) -> None:
        if type == "connect":
            ws.close()
        if type in ("connect", "error", "timeout"):
            outcomes.append(type)
        if type == "disconnect" and outcomes[-1] != "connect" and len(outcomes) < 600:
            ws.loop.call_later(0.1, attempt)

    def attempt() -> None:
        tkws.open(f"{url}/getCaseCount", note, master=root)

    attempt()
    while not (outcomes and (outcomes[-1] == "connect" or len(outcomes) >= 600)):
        root.dooneevent()
    while tkws.find():
        root.dooneevent()


def end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """End a process of ours, if it has not ended by itself."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def read_report(folder: Path) -> Results:
    """Return what the suite found."""
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return {case: (found["behavior"], found["behaviorClose"]) for case, found in index[AGENT].items()}


def expected() -> dict[str, Any]:
    """Return what is expected of the suite."""
    content: dict[str, Any] = json.loads(EXPECTED.read_text(encoding="utf-8"))
    return content


def differences(results: Results) -> dict[str, tuple[tuple[str, str], tuple[str, str]]]:
    """Return the cases that are not as expected: what they are, and what they should be."""
    exceptions = expected()["exceptions"]
    wanted = {case: tuple(exceptions.get(case, {}).get("results", ("OK", "OK"))) for case in results}
    return {case: (found, wanted[case]) for case, found in results.items() if found != wanted[case]}


def summary(results: Results) -> str:
    """Return how often there was which result."""
    counted = Counter(behavior for behavior, _ in results.values())
    return ", ".join(f"{count} {behavior}" for behavior, count in sorted(counted.items()))


if __name__ == "__main__":
    main()

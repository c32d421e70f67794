"""Runs the Autobahn|Testsuite against tkws in both roles and compares each case with what is expected.

    python -m tests.compliance.run WSTEST [--cases 1.* 2.* ...] [--role client|server]
                                        [--python PROGRAM] [--write] [--tests REPORT]

WSTEST is the suite's command; PROGRAM is the Python that runs tkws, by default this one. Both roles run at
once, each in two parts of about the same length. A case that is not as ``expected.json`` says, better or
worse, fails the run, after it was repeated alone: many of the suite's time limits are a second, which a busy
machine may need for itself. ``--write`` writes the results
into ``docs/conformance.md``, and with them what pytest said of the other tests, in the file of its
``--junit-xml``.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import tkinter
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import tkws
from tests.compliance.page import GROUPS, Machine, Results, page

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
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--tests", type=Path, metavar="REPORT")
    args = parser.parse_args()
    roles = [args.role] if args.role else ["client", "server"]
    results = run_roles(Suite(args.wstest, args.python), args.cases, roles)
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
    print(f"compliance: {sum(map(len, results.values())) - failed} passed, {failed} failed")
    sys.exit(bool(failed))


class Suite(NamedTuple):
    """The programs of a run.

    Attributes:
        wstest: The suite's command.
        python: Runs tkws.
    """

    wstest: str
    python: str


def run_roles(suite: Suite, cases: list[str], roles: list[str]) -> dict[str, Results]:
    """Run the cases in each role, then again, and alone, those that are not as expected."""
    jobs = [(role, part) for role in roles for part in parts(cases)]
    with ThreadPoolExecutor(
        len(jobs)
    ) as pool:  # they share no process, and each of them waits half of its time
        found = list(pool.map(lambda job: run_role(suite, *job), jobs))
    results: dict[str, Results] = {role: {} for role in roles}
    for (role, _), part in zip(jobs, found, strict=True):
        results[role] |= part
    for role in roles:
        surprising = list(differences(results[role]))
        if 0 < len(surprising) <= MOST_REPEATED:
            print(f"{role}: repeated {', '.join(surprising)}")
            results[role] |= run_role(suite, role, surprising)
    return results


def parts(cases: list[str]) -> list[list[str]]:
    """Divide all cases in two; leave a selection as it is."""
    if cases != ["*"]:
        return [cases]
    return [["13.*"], [f"{group}.*" for group in GROUPS if group != "13"]]


def run_role(suite: Suite, role: str, cases: list[str]) -> Results:
    """Run the cases in one role."""
    run = run_server if role == "server" else run_client
    with tempfile.TemporaryDirectory() as folder:
        return run(suite, cases, Path(folder))


def run_server(suite: Suite, cases: list[str], folder: Path) -> Results:
    """Let the suite's client test our server."""
    testee = start_testee(suite.python, "server")
    try:
        assert testee.stdout is not None
        url = testee.stdout.readline().strip().rstrip("/")
        spec = {"outdir": str(folder / "report"), "servers": [{"agent": AGENT, "url": url}], "cases": cases}
        command = [suite.wstest, "-m", "fuzzingclient", "-s", str(write_spec(folder, spec))]
        subprocess.run(command, check=True, timeout=TIME_LIMIT, stdout=subprocess.DEVNULL)
    finally:
        end(testee)
    return read_report(folder / "report")


def run_client(suite: Suite, cases: list[str], folder: Path) -> Results:
    """Let the suite's server test our client."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        url = f"ws://127.0.0.1:{probe.getsockname()[1]}"
    spec = {"outdir": str(folder / "report"), "url": url, "cases": cases}
    command = [suite.wstest, "-m", "fuzzingserver", "-s", str(write_spec(folder, spec))]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for(url)
        testee = start_testee(suite.python, "client", url, AGENT)
        try:
            testee.wait(TIME_LIMIT)
        finally:
            end(testee)
    finally:
        end(server)
    return read_report(folder / "report")


def start_testee(python: str, *arguments: str) -> subprocess.Popen[str]:
    """Start one of `tests.compliance.testees`."""
    command = [python, "-m", "tests.compliance.testees", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", start_new_session=True)


def write_spec(folder: Path, spec: Mapping[str, object]) -> Path:
    """Write what the suite shall do."""
    path = folder / "spec.json"
    path.write_text(json.dumps({"exclude-cases": [], "exclude-agent-cases": {}, **spec}), encoding="utf-8")
    return path


def wait_for(url: str) -> None:
    """Wait until the suite's server answers."""
    root = tkinter.Tcl()
    outcomes: list[str] = []  # of the attempts: "connect", or what kept them from it
    over = False

    def note(ws: tkws.WebSocket, type: str, message: object) -> None:
        nonlocal over
        if type == "connect":
            ws.close()
        if type in ("connect", "error", "timeout"):
            outcomes.append(type)
        if type == "disconnect":
            over = outcomes[-1] == "connect" or len(outcomes) >= 600
            if not over:
                ws.loop.call_later(0.1, attempt)

    def attempt() -> None:
        tkws.open(f"{url}/getCaseCount", note, master=root)

    attempt()
    while not over:
        root.dooneevent()


def end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """End a process of ours and what it has started, if they have not ended by themselves."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
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

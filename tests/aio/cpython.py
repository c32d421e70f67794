"""CPython's own tests of asyncio, on our loop: ``python -m tests.aio.cpython [MODULE...]``.

They are those of ``test.test_asyncio`` as installed. Wherever they make an event loop of the system's kind,
they get a `GuestLoop` in a Tcl interpreter. What fails must be listed in ``cpython.json``, with its reason,
and what is listed must fail: otherwise the exit status is 1.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import threading
import time
import tkinter
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tkws.aio import GuestLoop
from tkws.loop import loop_for
from tkws.loop.process import close_all

MODULES = (
    "test_events", "test_streams", "test_tasks", "test_sock_lowlevel", "test_sslproto", "test_subprocess",
    "test_server", "test_taskgroups", "test_timeouts", "test_queues", "test_locks", "test_futures",
    "test_sendfile", "test_ssl", "test_runners", "test_waitfor", "test_threads", "test_pep492",
)  # fmt: skip

EXPECTED = Path(__file__).with_suffix(".json")

# The same tests on selectors of other kinds, of which our loop has none.
OTHER_SELECTORS = ("EPollEventLoopTests", "PollEventLoopTests")

_local = threading.local()

# An interpreter may be given back in its own thread only, and nobody knows when that ends.
_interpreters: list[tkinter.Tk] = []


class LoopOfItsThread(GuestLoop):
    """A new loop in the interpreter of the thread; a selector of another kind is not used."""

    made = 0

    def __init__(self, selector: Any = None) -> None:
        LoopOfItsThread.made += 1
        if selector is not None:
            selector.close()
        if getattr(_local, "process", None) != os.getpid():
            _local.process, _local.root = os.getpid(), tkinter.Tcl()
            _interpreters.append(_local.root)
        super().__init__(loop_for(_local.root))


def use_our_loop() -> None:
    """Have asyncio make ours wherever it is asked for a loop without saying which."""
    vars(asyncio).update(SelectorEventLoop=LoopOfItsThread, EventLoop=LoopOfItsThread)
    policy: Any = type(asyncio.get_event_loop_policy())
    policy._loop_factory = LoopOfItsThread


def tests_of(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_of(test)
        elif type(test).__name__ not in OTHER_SELECTORS:
            yield test


class Failures(unittest.TextTestResult):
    """Writes down the tests that do not pass, and which ran."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.ran: set[str] = set()
        self.failed: set[str] = set()

    def startTest(self, test: unittest.TestCase) -> None:
        close_all()  # so the test finds Python's own handler of SIGINT, as asyncio.Runner expects
        super().startTest(test)
        self.ran.add(short_id(test))

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        super().addFailure(test, err)
        self.failed.add(short_id(test))

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        super().addError(test, err)
        self.failed.add(short_id(test))

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.failed.add(short_id(test))


def short_id(test: unittest.TestCase) -> str:
    return test.id().removeprefix("test.test_asyncio.")


def run(module: str) -> Failures:
    suite = unittest.defaultTestLoader.loadTestsFromModule(
        importlib.import_module(f"test.test_asyncio.{module}")
    )
    runner = unittest.TextTestRunner(resultclass=Failures, verbosity=0)
    result = runner.run(unittest.TestSuite(tests_of(suite)))
    assert isinstance(result, Failures)
    return result


def differences(ran: set[str], failed: set[str], expected: dict[str, str]) -> list[str]:
    """What is not as the list says, a line for each test."""
    surprising = [f"{test} fails" for test in sorted(failed - expected.keys())]
    passing = [f"{test} is listed and passes" for test in sorted((ran - failed) & expected.keys())]
    return surprising + passing


def main(modules: list[str]) -> int:
    use_our_loop()
    ran: set[str] = set()
    failed: set[str] = set()
    for module in modules or MODULES:
        print(f"---- {module}", file=sys.stderr, flush=True)
        start = time.monotonic()
        result = run(module)
        print(f"{len(result.ran)} tests in {time.monotonic() - start:.1f} s", file=sys.stderr)
        ran |= result.ran
        failed |= result.failed
    different = differences(ran, failed, json.loads(EXPECTED.read_text(encoding="utf-8")))
    print(f"{len(ran)} tests on {LoopOfItsThread.made} loops, {len(failed)} failed")
    print("\n".join(different) or "as listed")
    return bool(different)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""CPython's own tests of asyncio pass on our loop; ``python -m tests.aio.cpython`` runs all of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.aio.cpython import EXPECTED, MODULES, differences

REPOSITORY = Path(__file__).parents[2]

# Those that take a few seconds, and of each kind one.
SHORT = ("test_events", "test_sock_lowlevel", "test_streams", "test_server", "test_timeouts", "test_queues")


@pytest.mark.slow
@pytest.mark.parametrize("module", SHORT)
def test_cpythons_own_tests(module):
    pytest.importorskip("test.test_asyncio", reason="this Python was installed without its tests")
    assert module in MODULES
    # They wait a second for each thread that is left, and a loop on a channel has one while it lives.
    notifier = os.environ.get("TKWS_NOTIFIER", "")
    environment = {**os.environ, "TKWS_NOTIFIER": "" if notifier == "channel" else notifier}
    command = [sys.executable, "-m", "tests.aio.cpython", module]
    result = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=270,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr[-4000:]
    assert " on 0 loops" not in result.stdout


def test_the_list_is_compared_both_ways():
    assert differences({"a", "b"}, {"b"}, {"b": "reason"}) == []
    assert differences({"a", "b"}, {"b"}, {}) == ["b fails"]
    assert differences({"a", "b"}, {"b"}, {"a": "reason"}) == ["b fails", "a is listed and passes"]


def test_each_one_that_is_listed_has_its_reason():
    expected = json.loads(EXPECTED.read_text(encoding="utf-8"))
    assert all(test.split(".")[0] in MODULES and reason for test, reason in expected.items())

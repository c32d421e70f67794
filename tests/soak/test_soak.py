"""The long run, shortly: that it comes to its end with clean books, and that it finds what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.soak.meters import MORE_BLOCKS, MORE_BYTES, Sample, growth, slope
from tests.soak.plan import FAULTS, plan

REPOSITORY = Path(__file__).parents[2]

# Each 300th message that comes is not put down, as if it had been lost.
FORGETFUL = """
import itertools, sys
from tests.ledger import Ledger
from tests.soak.__main__ import main
hear, count = Ledger._hear, itertools.count(1)
Ledger._hear = lambda *message: next(count) % 20 and hear(*message)
sys.exit(main())
"""


def soak(*command: str) -> tuple[int, dict]:
    """Runs it for two seconds, in a process of its own; at most a minute and a half."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *command, "--seconds", "2", "--seed", "5"],
        cwd=REPOSITORY,
        capture_output=True,
        encoding="utf-8",
        timeout=90,
        check=False,
    )
    assert not done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.slow
def test_two_seconds_of_it():
    status, figures = soak("-m", "tests.soak", "--load", "1")
    assert figures["wrong"] == []
    assert status == 0
    assert figures["sent"] == figures["delivered"] + figures["lost and told"]
    assert figures["delivered"] > 20  # thousands on an idle machine
    assert figures["clients"] >= 12


@pytest.mark.slow
def test_it_finds_messages_that_were_lost():
    status, figures = soak("-c", FORGETFUL)
    assert status == 1
    assert any("came behind" in sentence for sentence in figures["wrong"])


def test_the_same_seed_brings_the_same_faults():
    faults = list(plan(3, 600))
    assert faults == list(plan(3, 600))
    assert faults != list(plan(4, 600))
    assert {fault.name for fault in faults} == FAULTS.keys()
    assert all(before.at < after.at < 600 for before, after in pairwise(faults))


def samples(blocks, resident):
    return [Sample(float(at), *pair) for at, pair in enumerate(zip(blocks, resident, strict=True))]


def test_memory_that_comes_and_goes_is_no_growth():
    assert growth(samples([0, 0, 5, 90_000, 7, 90_000, 5, 90_000], [1 << 30, *[1 << 20] * 7])) == []


@pytest.mark.parametrize(("blocks", "bytes_"), [(MORE_BLOCKS // 4, 0), (0, MORE_BYTES // 4)])
def test_memory_that_grows_is_found(blocks, bytes_):
    readings = samples([blocks * at for at in range(12)], [bytes_ * at for at in range(12)])
    assert len(growth(readings)) == 1
    assert slope(readings, "blocks") == pytest.approx(blocks * 3600)

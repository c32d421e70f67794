"""The benchmarks run: numbers come out, and nothing was lost. What the numbers are is not asserted."""

from __future__ import annotations

import shutil
import sys

import pytest

from tests.benchmarks import table
from tests.benchmarks.display import virtual_screen
from tests.benchmarks.results import Results
from tests.benchmarks.runner import run
from tests.benchmarks.scenarios import SCENARIOS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are read in /proc"),
    pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed"),
]

SECONDS = 0.05
CONTENDERS = ("tkws", "bare")


@pytest.fixture(scope="module")
def screen():
    with virtual_screen():
        yield


@pytest.mark.parametrize(
    "name", ["flood64", "trip100", "paced10k", "out64k", "broadcast100", "animation_asked"]
)
def test_a_round_yields_figures_and_loses_nothing(screen, name, tmp_path):
    scenario = SCENARIOS[name]
    runs = {contender: run(scenario, contender, SECONDS) for contender in CONTENDERS}
    for contender, figures in runs.items():
        assert figures["messages"] > 0, contender
        assert figures["lost"] == 0, contender
        assert figures[scenario.figure] > 0, contender
    results = Results(tmp_path)
    results.add(name, [runs])
    assert results.rounds(name) == [runs]
    lines = table.section(name, results.rounds(name))
    assert [line.split(" | ")[0] for line in lines[4:-1]] == ["| **tkws**", "| bare Tk loop, bytes only"]


@pytest.mark.parametrize("name", ["json", "many"])
def test_what_is_parsed_is_answered_and_nothing_is_lost(screen, name):
    figures = run(SCENARIOS[name], "tkws", SECONDS)
    assert figures["messages"] > 0
    assert figures["lost"] == 0
    assert figures[SCENARIOS[name].figure] > 0

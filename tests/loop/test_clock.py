"""Which clock the loops read."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from tkws.loop.clock import MAX_TICK, finest_clock, monotonic


@pytest.mark.parametrize(
    ("tick", "steady", "chosen"),
    [(1e-9, True, time.monotonic), (0.015625, True, time.perf_counter), (0.015625, False, time.monotonic)],
)
def test_a_clock_of_long_ticks_is_replaced_by_a_steady_one(monkeypatch, tick, steady, chosen) -> None:
    clocks = {
        "monotonic": SimpleNamespace(resolution=tick, monotonic=True),
        "perf_counter": SimpleNamespace(resolution=1e-7, monotonic=steady),
    }
    monkeypatch.setattr(time, "get_clock_info", clocks.__getitem__)
    assert finest_clock() is chosen


def test_the_clock_of_this_system_measures_a_slice() -> None:
    ticks = {monotonic()}
    while len(ticks) < 10:
        ticks.add(monotonic())
    assert (max(ticks) - min(ticks)) / 9 < MAX_TICK

"""The fuzzer's cases: a few of each seed, and each that once failed."""

from __future__ import annotations

import tracemalloc

import pytest

from tests.fuzz.frames import MAX_MESSAGE, Case, make_engine, receive, run

SEEDS = range(1, 9)
CASES = 150

# The cases that failed once, by their numbers, each with what was wrong.
PAST = {4294995286: "a DEFLATE stream ended with a fragment, and the next message was refused"}

# Bytes that receiving a case may take besides the case itself: a few messages as large as they may be, and a
# window. A bomb would inflate to a hundred times the limit of a message.
MOST_MEMORY = 8 * MAX_MESSAGE + 65_536


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_random_frames_do_as_the_rfc_says(seed: int) -> None:
    frames = sum(run((seed << 32) + number) for number in range(CASES))
    assert frames > 10 * CASES


@pytest.mark.parametrize("number", PAST)
def test_what_failed_once(number: int) -> None:
    run(number)


@pytest.mark.slow
def test_random_frames_take_no_more_memory_than_the_limits_allow() -> None:
    for number in range(200):
        case = Case((99 << 32) + number)
        engine = make_engine(case)
        tracemalloc.start()
        try:
            receive(case, engine, told=[])
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < MOST_MEMORY + 3 * len(case.data)

"""The closing handshake: progress, pauses and bounds, where time is an argument and nothing waits."""

from __future__ import annotations

import pytest

from tkws.protocol.closetimer import LINGER, MIN_READ_RATE, CloseTimer

START = 1000.0


@pytest.fixture
def timer():
    """A Close frame that ends at the 1000th byte of all output, and ten seconds for it."""
    return CloseTimer(START, 10.0, 1000)


def expired(timer, now, left=None):
    """What an owner does at a deadline."""
    if left is not None:
        timer.output_sent(left, now)
    return timer.expired(now)


def test_output_has_left_unless_the_owner_says_otherwise(timer):
    assert timer.close_sent
    assert timer.deadline == 1010.0
    assert not timer.expired(1009.999)
    assert timer.expired(1010.0)


def test_what_leaves_starts_the_clock_again():
    timer = CloseTimer(START, 10.0, 1000 * MIN_READ_RATE)
    for now, left in ((1000.0, 0), (1009.0, 1), (1018.0, 500), (1027.0, 999)):
        assert not expired(timer, now, left)
        assert timer.deadline == now + LINGER / 4
    assert not expired(timer, 1036.999, 999)
    assert expired(timer, 1037.0, 999)
    assert not timer.close_sent


def test_who_takes_a_little_now_and_then_is_given_up_in_the_end():
    timer = CloseTimer(START, 10.0, 100 * MIN_READ_RATE)
    timer.output_sent(0, START)
    now, left = START, 0
    while not expired(timer, now, left):
        now, left = now + 0.25, left + 10
    assert now == 1110


def test_when_it_has_left_there_is_the_whole_time_for_the_answer():
    timer = CloseTimer(START, 10.0, 100 * MIN_READ_RATE)
    timer.output_sent(0, START)
    for seconds in range(1, 110):
        assert not expired(timer, START + seconds, seconds * MIN_READ_RATE // 2)
    timer.output_sent(100 * MIN_READ_RATE, 1109.0)  # just before the bound
    assert timer.close_sent
    assert timer.deadline == 1109.0 + 10 + 109  # what took 109 seconds to leave may take as long to be read
    timer.output_sent(101 * MIN_READ_RATE, 1115.0)  # a pong behind it
    assert timer.deadline == 1228.0
    assert expired(timer, 1228.0)


def test_a_pause_is_no_time_that_the_output_took(timer):
    timer.output_sent(0, START)
    timer.pause(1001.0)
    timer.resume(1501.0)
    timer.output_sent(1000, 1502.0)
    assert timer.deadline == 1502.0 + 10 + 2


def test_a_look_that_tells_nothing_is_not_repeated_at_once(timer):
    timer.output_sent(0, START)
    assert not timer.expired(1000.25)
    assert timer.deadline == 1000.5


@pytest.mark.parametrize(("timeout", "wait"), [(10.0, LINGER), (0.5, 0.5), (0.0, 0.0)])
def test_when_the_peer_has_nothing_more_to_say_the_end_comes_soon(timeout, wait):
    timer = CloseTimer(START, timeout, 1000)
    timer.peer_finished(1003.0)
    assert timer.deadline == 1003.0 + wait
    assert timer.expired(1003.0 + wait)


def test_what_has_not_left_then_still_may(timer):
    timer.output_sent(0, START)
    timer.peer_finished(1003.0)
    assert timer.deadline == 1000.0 + LINGER / 4
    assert not expired(timer, 1009.0, 500)
    assert not expired(timer, 1009.5, 1000)
    assert timer.deadline == 1009.5 + LINGER
    assert expired(timer, 1009.5 + LINGER, 1000)


def test_a_pause_does_not_count(timer):
    timer.output_sent(0, START)
    timer.pause(1001.0)
    assert timer.deadline is None
    assert not timer.expired(1e6)
    timer.resume(5001.0)
    assert timer.deadline is not None
    assert not expired(timer, 5009.9, 0)
    assert expired(timer, 5010.0, 0)


def test_no_pause_no_resumption(timer):
    timer.resume(1005.0)
    assert timer.deadline == 1010.0


def test_pauses_without_number_are_bounded(timer):
    now = START
    for _ in range(10_000):
        timer.pause(now)
        now += 0.9
        timer.resume(now)
        now += 0.1  # and the peer sends on and on
        if timer.expired(now):
            break
    assert START + 60 < now < START + 90


def test_nothing_is_to_be_read_behind_the_end(timer):
    timer.pause(1001.0)
    timer.peer_finished(1002.0)
    assert timer.deadline == 1002.0 + LINGER
    assert timer.expired(1002.0 + LINGER)


def test_a_program_that_was_busy_past_the_deadline_waits_again_and_once(timer):
    timer.output_sent(1000, START)
    assert not timer.expired(1010.5)
    assert timer.deadline == 1020.5
    assert timer.expired(1021.5)


def test_a_program_that_was_busy_at_the_end_of_all_does_not_wait_again(timer):
    timer.peer_finished(START)
    assert timer.expired(1050.0)

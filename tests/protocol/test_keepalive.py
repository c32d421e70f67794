"""Silence, pings and pongs: time is an argument, and nothing waits."""

from __future__ import annotations

import pytest

from tkws.protocol.keepalive import Due, Keepalive

START = 1000.0


@pytest.fixture
def keepalive():
    return Keepalive(START, interval=30.0, pong_timeout=20.0)


def test_a_ping_is_due_after_the_interval(keepalive):
    assert keepalive.deadline == 1030.0
    assert keepalive.poll(1029.999) is Due.NOTHING
    assert keepalive.poll(1030.0) is Due.PING
    assert keepalive.poll(1030.0) is Due.NOTHING


def test_what_is_heard_puts_the_ping_off(keepalive):
    keepalive.data_received(1029.0)
    assert keepalive.deadline == 1059.0
    assert keepalive.poll(1030.0) is Due.NOTHING


def test_no_answer_to_a_ping_gives_the_peer_up(keepalive):
    assert keepalive.poll(1030.0) is Due.PING
    assert keepalive.deadline == 1050.0
    assert keepalive.poll(1049.999) is Due.NOTHING
    assert keepalive.poll(1050.0) is Due.GIVE_UP


def test_anything_heard_is_an_answer(keepalive):
    keepalive.poll(1030.0)
    keepalive.data_received(1049.0)
    assert keepalive.deadline == 1079.0
    assert keepalive.poll(1050.0) is Due.NOTHING


def test_a_late_ping_counts_from_when_it_is_sent(keepalive):
    assert keepalive.poll(1500.0) is Due.PING
    assert keepalive.deadline == 1520.0


def test_a_program_that_was_busy_past_the_deadline_does_not_blame_the_peer(keepalive):
    keepalive.poll(1030.0)
    assert keepalive.poll(1050.5) is Due.NOTHING
    assert keepalive.deadline == 1070.5
    assert keepalive.poll(1070.9) is Due.GIVE_UP


def test_a_program_that_is_always_busy_gives_up_a_lost_peer(keepalive):
    keepalive.poll(1030.0)
    assert keepalive.poll(1051.0) is Due.NOTHING
    assert keepalive.poll(1072.0) is Due.GIVE_UP


@pytest.mark.parametrize("sign_of_life", ["data", "another ping", "taken output", "reading again"])
def test_after_a_sign_of_life_a_busy_program_is_excused_again(keepalive, sign_of_life):
    keepalive.poll(1030.0)
    keepalive.expect_pong_after(100, 1030.0)
    keepalive.output_sent(50, 1030.0)
    keepalive.poll(1051.0)
    if sign_of_life == "data":
        keepalive.data_received(1052.0)
        assert keepalive.poll(1082.0) is Due.PING
        keepalive.expect_pong_after(200, 1082.0)
    elif sign_of_life == "another ping":
        assert keepalive.probe(1052.0)
        keepalive.expect_pong_after(200, 1052.0)
    elif sign_of_life == "taken output":
        keepalive.output_sent(70, 1052.0)
    else:
        keepalive.pause()
        keepalive.resume(1052.0)
        assert keepalive.poll(1082.0) is Due.PING
    assert keepalive.poll(1110.0) is Due.NOTHING
    assert keepalive.poll(1140.0) is Due.GIVE_UP


def test_parts_of_a_second_count():
    keepalive = Keepalive(START, interval=0.5, pong_timeout=0.25)
    assert keepalive.deadline == 1000.5
    assert keepalive.poll(1000.5) is Due.PING
    assert keepalive.deadline == 1000.75
    assert keepalive.poll(1000.75) is Due.GIVE_UP
    assert keepalive.probe(1001.0)


def test_an_interval_of_0_never_pings():
    keepalive = Keepalive(START, interval=0.0, pong_timeout=20.0)
    assert keepalive.deadline is None
    assert keepalive.poll(1e9) is Due.NOTHING


def test_a_pong_timeout_of_0_waits_for_ever():
    keepalive = Keepalive(START, interval=30.0, pong_timeout=0.0)
    for time in (1030.0, 1060.0, 1090.0):
        assert keepalive.deadline == time
        assert keepalive.poll(time) is Due.PING


@pytest.mark.parametrize(
    ("interval", "pong_timeout", "idle", "waiting"),
    [
        (10.0, 20.0, 1010.0, 1050.0),
        (30.0, 5.0, 1030.0, 1035.0),
        (0.0, 20.0, None, None),
        (30.0, 0.0, 1030.0, 1060.0),
        (60.0, 60.0, 1060.0, 1090.0),
    ],
)
def test_a_change_counts_at_once(interval, pong_timeout, idle, waiting):
    keepalive = Keepalive(START, interval=30.0, pong_timeout=20.0)
    keepalive.interval, keepalive.pong_timeout = interval, pong_timeout
    assert keepalive.deadline == idle
    keepalive = Keepalive(START, interval=30.0, pong_timeout=20.0)
    keepalive.poll(1030.0)
    keepalive.interval, keepalive.pong_timeout = interval, pong_timeout
    assert keepalive.deadline == waiting


def test_silence_does_not_count_in_a_pause(keepalive):
    keepalive.pause()
    assert keepalive.deadline is None
    assert keepalive.poll(1e6) is Due.NOTHING
    keepalive.resume(2000.0)
    assert keepalive.deadline == 2030.0


def test_a_pause_forgives_a_ping_without_answer(keepalive):
    keepalive.poll(1030.0)
    keepalive.pause()
    assert keepalive.deadline is None
    keepalive.resume(1040.0)
    assert keepalive.deadline == 1070.0
    assert keepalive.poll(1070.0) is Due.PING


# What has left


@pytest.fixture
def pinged(keepalive):
    """A ping that was sent after 1000 bytes of other output."""
    assert keepalive.poll(1030.0) is Due.PING
    keepalive.expect_pong_after(1000, 1030.0)
    return keepalive


def test_a_ping_has_left_unless_the_owner_says_otherwise(pinged):
    assert pinged.deadline == 1050.0
    pinged.output_sent(1000, 1030.0)
    assert pinged.deadline == 1050.0
    pinged.output_sent(2000, 1040.0)  # what comes after the ping is no sign of life
    assert pinged.deadline == 1050.0
    assert pinged.poll(1050.0) is Due.GIVE_UP


def test_what_the_peer_takes_of_what_is_before_the_ping_is_a_sign_of_life(pinged):
    pinged.output_sent(100, 1030.0)
    for now, left in ((1035.0, 101), (1045.0, 500), (1060.0, 999)):
        pinged.output_sent(left, now)
        assert pinged.poll(now) is Due.NOTHING
        assert pinged.deadline == now + 5  # for another look at the output
    pinged.output_sent(1000, 1075.0)
    assert pinged.deadline == 1140.0  # what took 45 seconds to leave may take as long to be read
    pinged.output_sent(5000, 1080.0)
    assert pinged.poll(1139.9) is Due.NOTHING
    assert pinged.poll(1140.0) is Due.GIVE_UP


def test_the_next_ping_has_its_own_time(pinged):
    pinged.output_sent(100, 1030.0)
    pinged.output_sent(1000, 1070.0)
    pinged.data_received(1075.0)
    assert pinged.poll(1105.0) is Due.PING
    pinged.expect_pong_after(3000, 1105.0)
    pinged.output_sent(3000, 1105.0)
    assert pinged.deadline == 1125.0


def test_a_peer_that_takes_nothing_is_given_up_though_the_ping_has_not_left(pinged):
    for now in (1030.0, 1035.0, 1040.0, 1045.0):
        pinged.output_sent(100, now)
        assert pinged.deadline == now + 5
        assert pinged.poll(now) is Due.NOTHING
    pinged.output_sent(100, 1050.0)
    assert pinged.poll(1050.0) is Due.GIVE_UP


def test_a_look_that_tells_nothing_is_not_repeated_at_once(pinged):
    pinged.output_sent(100, 1030.0)
    assert pinged.poll(1035.0) is Due.NOTHING
    assert pinged.deadline == 1040.0


def test_what_leaves_puts_no_ping_off(keepalive):
    keepalive.output_sent(100, 1020.0)
    assert keepalive.deadline == 1030.0
    keepalive.pong_timeout = 0.0
    keepalive.poll(1030.0)
    keepalive.expect_pong_after(1000, 1030.0)
    keepalive.output_sent(100, 1030.0)
    assert keepalive.deadline == 1060.0


# The latency


def test_a_pong_tells_the_latency(keepalive):
    assert keepalive.latency is None
    keepalive.remember_ping(b"1", 1001.0)
    keepalive.pong_received(b"1", 1001.25)
    assert keepalive.latency == 0.25


def test_a_pong_that_answers_nothing_tells_nothing(keepalive):
    keepalive.pong_received(b"", 1001.0)
    keepalive.remember_ping(b"1", 1001.0)
    keepalive.pong_received(b"2", 1002.0)
    assert keepalive.latency is None


def test_a_pong_counts_once(keepalive):
    keepalive.remember_ping(b"1", 1001.0)
    keepalive.pong_received(b"1", 1002.0)
    keepalive.pong_received(b"1", 1009.0)
    assert keepalive.latency == 1.0


def test_a_pong_answers_the_pings_before_its_own_too(keepalive):
    for payload, now in ((b"1", 1001.0), (b"2", 1002.0), (b"3", 1003.0)):
        keepalive.remember_ping(payload, now)
    keepalive.pong_received(b"2", 1002.5)
    assert keepalive.latency == 0.5
    keepalive.pong_received(b"1", 1003.0)
    assert keepalive.latency == 0.5
    keepalive.pong_received(b"3", 1003.75)
    assert keepalive.latency == 0.75


def test_pings_of_the_same_instant_are_told_apart(keepalive):
    keepalive.remember_ping(b"1", 1001.0)
    keepalive.remember_ping(b"2", 1001.0)
    keepalive.pong_received(b"1", 1002.0)
    assert keepalive.latency == 1.0
    keepalive.pong_received(b"2", 1003.0)
    assert keepalive.latency == 2.0


def test_of_pings_with_one_payload_a_pong_answers_the_last(keepalive):
    keepalive.remember_ping(b"", 1001.0)
    keepalive.remember_ping(b"", 1002.0)
    keepalive.pong_received(b"", 1003.0)
    assert keepalive.latency == 1.0
    keepalive.pong_received(b"", 1009.0)
    assert keepalive.latency == 1.0


def test_a_peer_that_answers_no_ping_costs_no_memory(keepalive):
    for number in range(1000):
        keepalive.remember_ping(str(number).encode(), START + number)
    keepalive.pong_received(b"983", 2000.0)
    assert keepalive.latency is None
    keepalive.pong_received(b"984", 2000.0)
    assert keepalive.latency == 16.0


def test_the_latency_counts_in_a_pause_too(keepalive):
    keepalive.remember_ping(b"1", 1001.0)
    keepalive.pause()
    keepalive.pong_received(b"1", 1001.5)
    assert keepalive.latency == 0.5


def test_a_probe_asks_at_once_and_gives_up_after_the_pong_timeout():
    keepalive = Keepalive(0.0, 300.0, 20.0)
    assert keepalive.probe(100.0)
    assert keepalive.deadline == 120.0
    assert keepalive.poll(120.0) is Due.GIVE_UP


@pytest.mark.parametrize(("interval", "paused"), [(0.0, False), (300.0, True)])
def test_no_probe_without_keepalive_or_while_reading_rests(interval, paused):
    keepalive = Keepalive(0.0, interval, 20.0)
    if paused:
        keepalive.pause()
    assert not keepalive.probe(100.0)

"""Events reach the handler in order, never nested, a slice at a time, and only while somebody listens."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from tkws import Event
from tkws.connection.delivery import Delivery
from tkws.loop import Loop, loop_for, make_loop


class Listener:
    """A handler that writes down its calls and may do something in the middle of one."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.depth = self.deepest = 0
        self.inside: dict[Any, Any] = {}

    def __call__(self, ws: object, type: str, message: Any) -> None:
        assert ws is WS
        self.told.append(message)
        self.depth += 1
        self.deepest = max(self.deepest, self.depth)
        try:
            if message in self.inside:
                self.inside[message]()
        finally:
            self.depth -= 1


WS: Any = SimpleNamespace()


def texts(*messages: str) -> list:
    return [(Event.TEXT, message) for message in messages]


@pytest.fixture
def loop(root):
    return loop_for(root)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def rooms() -> list:
    """One item for each time that reading may go on."""
    return []


@pytest.fixture
def delivery(loop, listener, rooms) -> Delivery:
    return made_delivery(loop, listener, rooms)


def made_delivery(loop: Loop, listener: Listener, rooms: list) -> Delivery:
    return Delivery(
        loop,
        WS,
        listener,
        False,
        on_capacity=lambda: rooms.append(True),
        deliver_milestone=lambda type, message: pytest.fail(f"{type} {message}"),
    )


def test_events_come_in_order_and_at_once(delivery, listener):
    delivery.post(texts("1", "2"))
    delivery.post(texts("3"))
    assert listener.told == ["1", "2", "3"]
    assert not delivery.should_pause_reading
    assert not delivery.has_backlog


def test_what_is_posted_while_the_handler_runs_waits_until_it_returns(delivery, listener):
    listener.inside["1"] = lambda: (delivery.post(texts("3")), delivery.post(texts("4")))
    delivery.post(texts("1", "2"))
    assert listener.told == ["1", "2", "3", "4"]
    assert listener.deepest == 1


def test_a_nested_loop_does_not_nest_the_handler(delivery, listener, loop, pump_until):
    arrived = []

    def open_a_dialog():
        loop.call_soon(delivery.post, texts("3"))
        loop.call_soon(arrived.append, True)
        pump_until(lambda: arrived)

    listener.inside["1"] = open_a_dialog
    delivery.post(texts("1", "2"))
    assert listener.told == ["1", "2", "3"]
    assert listener.deepest == 1


def test_reentrant_allows_nesting(delivery, listener):
    delivery.reentrant = True
    listener.inside["1"] = lambda: delivery.post(texts("3"))
    delivery.post(texts("1", "2"))
    assert listener.told == ["1", "2", "3"]
    assert listener.deepest == 2


def test_an_exception_is_reported_and_the_next_event_comes(delivery, listener, callback_errors):
    listener.inside["1"] = lambda: 1 / 0
    delivery.post(texts("1", "2"))
    assert listener.told == ["1", "2"]
    assert [type(error) for error in callback_errors] == [ZeroDivisionError]
    callback_errors.clear()


def test_what_leaves_the_program_passes_and_loses_no_event(delivery, listener, pump_until):
    def leave():
        raise SystemExit(3)

    listener.inside["1"] = leave
    with pytest.raises(SystemExit):
        delivery.post(texts("1", "2"))
    assert listener.told == ["1"]
    pump_until(lambda: listener.told == ["1", "2"])


def test_the_handler_can_be_replaced_in_the_middle(delivery, listener):
    other = []
    listener.inside["1"] = lambda: setattr(
        delivery, "handler", lambda ws, type, message: other.append(message)
    )
    delivery.post(texts("1", "2"))
    assert (listener.told, other) == (["1"], ["2"])


# ---- held back


def test_held_events_wait_for_release_and_then_come_from_the_loop(delivery, listener, rooms, pump_until):
    delivery.pause()
    delivery.post(texts("1"))
    assert delivery.paused
    assert delivery.should_pause_reading
    assert delivery.has_backlog
    delivery.resume()
    assert listener.told == []
    pump_until(lambda: rooms)
    assert listener.told == ["1"]
    assert not delivery.paused
    assert not delivery.should_pause_reading


def test_release_without_hold_does_nothing(delivery, loop, rooms, pump_until):
    done = []
    delivery.resume()
    loop.call_soon(done.append, True)
    pump_until(lambda: done)
    assert not rooms


def test_the_handler_itself_can_hold(delivery, listener, rooms, pump_until):
    listener.inside["1"] = delivery.pause
    delivery.post(texts("1", "2"))
    assert listener.told == ["1"]
    assert delivery.should_pause_reading
    delivery.resume()
    pump_until(lambda: rooms)
    assert listener.told == ["1", "2"]


def test_held_again_before_the_release_took_effect(delivery, listener, rooms, loop, pump_until):
    delivery.pause()
    delivery.post(texts("1"))
    delivery.resume()
    delivery.pause()
    done = []
    loop.call_soon(done.append, True)
    pump_until(lambda: done)
    assert (listener.told, rooms) == ([], [])


def test_hold_inside_a_nested_loop(delivery, listener, rooms, pump_until):
    def nested():
        delivery.post(texts("2"))
        delivery.pause()
        assert delivery.should_pause_reading
        delivery.resume()
        assert not delivery.should_pause_reading

    listener.inside["1"] = nested
    delivery.post(texts("1"))
    pump_until(lambda: listener.told == ["1", "2"])


# ---- how much may wait


def test_while_the_handler_runs_little_waits_before_reading_stops(delivery, listener, rooms, pump_until):
    fulls = []

    def nested():
        fulls.append(delivery.should_pause_reading)
        delivery.post(texts(*"x" * 255))
        fulls.append(delivery.should_pause_reading)
        delivery.post(texts("x"))
        fulls.append(delivery.should_pause_reading)

    listener.inside["1"] = nested
    delivery.post(texts("1"))
    assert fulls == [False, False, True]
    pump_until(lambda: not delivery.should_pause_reading)
    assert len(listener.told) == 257


def test_few_large_messages_stop_reading_too_and_what_is_no_text_counts_nothing(delivery, listener):
    fulls = []

    def nested():
        delivery.post([(Event.BINARY, bytes(1 << 19)), (Event.CLOSE, (1000, "")), (Event.DRAIN, None)])
        fulls.append(delivery.should_pause_reading)
        delivery.post(texts("x" * (1 << 19)))
        fulls.append(delivery.should_pause_reading)

    listener.inside["1"] = nested
    delivery.post(texts("1"))
    assert fulls == [False, True]
    listener.inside["2"] = lambda: fulls.append(delivery.should_pause_reading)
    delivery.post(texts("2"))
    assert fulls == [False, True, False]  # what has gone counts no more


def test_a_flood_is_delivered_in_slices(delivery, listener, loop, rooms, pump_until):
    spent = []

    def slow():
        began = loop.now()
        while loop.now() - began < 0.002:
            pass

    listener.inside["slow"] = slow
    loop.call_soon(lambda: (delivery.post(texts(*["slow"] * 10)), spent.append(len(listener.told))))
    pump_until(lambda: rooms)
    assert spent[0] < 10  # the slice was over before, and the rest came later
    assert listener.told == ["slow"] * 10
    assert not delivery.should_pause_reading


@pytest.mark.parametrize(("seconds", "least", "most"), [(0.0, 5, 20), (0.001, 150, 210)])
def test_quick_calls_look_at_the_clock_seldom_and_slow_ones_each_time(
    root, listener, rooms, pump_until, seconds, least, most
):
    looks = set()

    def clock():
        looks.add(len(listener.told))
        return seconds * len(listener.told)

    loop = make_loop(root, clock=clock, wall=time.time)
    loop.call_soon(made_delivery(loop, listener, rooms).post, texts(*"x" * 200))
    pump_until(lambda: len(listener.told) == 200)
    assert least <= len(looks) <= most


# ---- in turn


def test_a_call_in_turn_runs_like_the_handler(delivery, listener):
    calls = []

    def call():
        calls.append("in")
        assert not delivery.run(lambda: calls.append("nested"))
        delivery.post(texts("1"))
        assert listener.told == []
        calls.append("out")

    assert delivery.run(call)
    assert calls == ["in", "out"]


def test_what_waited_for_a_call_in_turn_comes_from_the_loop(delivery, listener, rooms, pump_until):
    assert delivery.run(lambda: delivery.post(texts("1")))
    pump_until(lambda: rooms)
    assert listener.told == ["1"]


def test_no_turn_while_held_or_closed(delivery):
    delivery.pause()
    assert not delivery.run(pytest.fail)
    delivery.silence()
    assert not delivery.run(pytest.fail)


def test_reentrant_turns_nest(delivery):
    calls = []
    delivery.reentrant = True
    assert delivery.run(lambda: calls.append(delivery.run(lambda: None)))
    assert calls == [True]


# ---- the end


def test_closed_it_tells_nobody_anything(delivery, listener, loop):
    delivery.pause()
    delivery.post(texts("1"))
    delivery.silence()
    delivery.resume()
    delivery.post(texts("2"))
    assert listener.told == []
    loop.close()
    delivery.resume()


def test_closed_in_the_handler(delivery, listener):
    listener.inside["1"] = delivery.silence
    delivery.post(texts("1", "2"))
    assert listener.told == ["1"]


def test_closed_between_release_and_its_effect(delivery, listener, loop, rooms, pump_until):
    done = []
    delivery.pause()
    delivery.resume()
    delivery.silence()
    loop.call_soon(done.append, True)
    pump_until(lambda: done)
    assert not rooms

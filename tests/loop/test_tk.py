"""What the loop on Tk's file handlers does by itself: the short way, and how little it costs to be idle."""

from __future__ import annotations

import os
from functools import partial

import pytest

from tkws.loop import PolledLoop, TkLoop


@pytest.fixture
def loop(root, clock):
    """A loop whose clock stands still, so that a slice lasts as long as the test wants."""
    loop = TkLoop(root, clock=clock)
    yield loop
    loop.close()


@pytest.fixture
def entries(loop, monkeypatch, pump_until) -> list[str]:
    """How the loop was entered within the slice that has just begun."""
    loop.call_soon(list)
    pump_until(lambda: not loop._soon)
    names: list[str] = []

    def note(name: str, real, *arguments):
        names.append(name)
        return real(*arguments)

    for name in ("_dispatch", "_alert", "_end_slice"):
        monkeypatch.setattr(loop, name, partial(note, name, getattr(loop, name)))
    return names


def count_looks(loop) -> list[int]:
    """Grows whenever ``loop`` asks which descriptors are ready."""
    looks: list[int] = []
    poll = loop._poll
    loop._poll = lambda: (looks.append(1), poll())[1]
    return looks


def test_one_descriptor_in_a_slice_that_goes_on_takes_the_short_way(loop, pair, entries, pump_until) -> None:
    near, far = pair
    loop.watch(near.fileno(), lambda: loop.at_slice_end(far.send, near.recv(9)), None)
    far.send(b"x")
    pump_until(lambda: entries)
    assert entries == ["_alert", "_end_slice"]
    assert loop._tk_due == loop._deadline, (
        "the timer that guards the slice's end costs an entry for each message"
    )


def test_a_new_slice_takes_the_long_way(loop, clock, pair, entries, pump_until) -> None:
    near, far = pair
    loop.watch(near.fileno(), lambda: near.recv(9), None)
    clock.time += 1
    far.send(b"x")
    pump_until(lambda: entries)
    assert entries == ["_dispatch", "_alert"]


def test_several_descriptors_take_the_long_way_with_one_look(loop, make_pair, entries, pump_until) -> None:
    looks = count_looks(loop)
    for _ in range(2):
        near, far = make_pair()
        loop.watch(near.fileno(), lambda near=near: near.recv(9), None)
        far.send(b"x")
    pump_until(lambda: entries)
    assert entries == ["_dispatch", "_alert", "_alert"]
    assert len(looks) == 1


def test_a_call_from_the_short_way_is_made_before_tk_has_its_turn(
    loop, root, pair, entries, pump_until
) -> None:
    near, far = pair
    order: list[str] = []
    loop.watch(near.fileno(), lambda: loop.call_soon(order.append, str(near.recv(9))), None)
    far.send(b"x")
    root.after_idle(order.append, "idle")
    pump_until(lambda: order)
    assert order[0] == "b'x'"
    assert entries[:2] == ["_alert", "_dispatch"]
    pump_until(lambda: len(order) == 2)


def test_the_short_way_reports_exceptions_and_lets_wishes_to_end_pass(
    loop, root, pair, entries, pump_until, callback_errors
) -> None:
    near, far = pair

    def fail(kind: type[BaseException]) -> None:
        near.recv(9)
        raise kind

    loop.watch(near.fileno(), lambda: fail(ValueError), None)
    far.send(b"x")
    pump_until(lambda: callback_errors)
    assert isinstance(callback_errors.pop(), ValueError)
    loop.watch(near.fileno(), lambda: fail(SystemExit), None)
    far.send(b"x")
    with pytest.raises(SystemExit):
        root.mainloop(-1)
    assert not loop.dispatching
    assert "_dispatch" not in entries


def test_events_of_a_descriptor_that_nobody_watches_any_more_are_dropped(
    loop, root, pair, entries, pump_until
) -> None:
    """A copy keeps the kernel's side open, and there is no number left to take it off by."""
    near, far = pair
    fd = near.fileno()
    copy = os.dup(fd)
    loop.watch(fd, lambda: pytest.fail("called"), None)
    near.close()
    loop.unwatch(fd)
    far.send(b"x")
    pump_until(lambda: len(entries) > 3)
    assert set(entries) == {"_dispatch"}
    os.close(copy)


def test_a_deadline_alone_costs_one_look(loop, clock, pump_until) -> None:
    looks = count_looks(loop)
    timer = loop.call_later(0, list)
    pump_until(lambda: not timer.active)
    assert len(looks) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "costs"), [(TkLoop, False), (PolledLoop, True)])
def test_an_idle_loop_is_not_entered(root, make_pair, monkeypatch, pump_until, kind, costs) -> None:
    """The polled one shows that entries would be seen."""
    loop = kind(root)
    read: list[bytes] = []
    for _ in range(10):
        near, far = make_pair()
        loop.watch(near.fileno(), lambda near=near: read.append(near.recv(9)), None)
        far.send(b"x")
    loop.call_later(60, print)
    served = loop.call_later(0.001, list)
    pump_until(lambda: len(read) == 10 and not served.active)
    over: list[int] = []
    root.after(50, over.append, 1)
    pump_until(lambda: over)
    looks = count_looks(loop)
    over.clear()
    root.after(300, over.append, 1)
    pump_until(lambda: over)
    assert bool(looks) == costs
    loop.close()

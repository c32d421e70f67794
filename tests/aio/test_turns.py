"""Turns, and asyncio's private names: what is gone from a Python is told here, name by name."""

from __future__ import annotations

import ast
import asyncio
import inspect
import socket
import sys
import time
from asyncio import events, tasks
from collections import deque

import pytest

from tkws.aio import turns

# What `tkws.aio.turns` takes from asyncio that asyncio does not promise, and of what kind it must be.
OF_A_LOOP = {
    "_ready": deque, "_scheduled": list, "_timer_cancelled_count": int, "_stopping": bool, "_debug": bool,
    "_thread_id": type(None), "_current_handle": type(None), "_clock_resolution": float,
    "_default_executor": type(None), "_executor_shutdown_called": bool, "_selector": object,
    "_csock": socket.socket,
}  # fmt: skip
METHODS = {
    "_call_soon": ["callback", "args", "context"],
    "_asyncgen_firstiter_hook": ["agen"],
    "_asyncgen_finalizer_hook": ["agen"],
    "_process_events": ["event_list"],
    "_set_coroutine_origin_tracking": ["enabled"],
    "_check_closed": [],
    "_check_running": [],
    "_timer_handle_cancelled": ["handle"],
}


@pytest.fixture
def plain():
    loop = asyncio.SelectorEventLoop()
    yield loop
    loop.close()


@pytest.mark.parametrize(("name", "kind"), OF_A_LOOP.items())
def test_asyncio_has_the_attribute(plain, name, kind):
    assert isinstance(getattr(plain, name), kind)


@pytest.mark.parametrize(("name", "parameters"), METHODS.items())
def test_asyncio_has_the_method(plain, name, parameters):
    assert list(inspect.signature(getattr(plain, name)).parameters) == parameters


def test_asyncio_calls_its_own_methods_by_these_names(plain, monkeypatch):
    called = []
    for name in ("_call_soon", "_check_running"):
        real = getattr(plain, name)
        monkeypatch.setattr(
            plain, name, lambda *args, name=name, real=real: (called.append(name), real(*args))[1]
        )
    plain.call_soon(plain.stop)
    plain.run_forever()
    assert called == ["_call_soon", "_check_running"]
    assert "self.call_at(" in inspect.getsource(type(plain).call_later)


def test_handles_have_the_names(plain):
    handle = plain.call_soon(lambda: None)
    assert handle._cancelled is False
    assert callable(handle._run)
    timer = plain.call_at(1.5, lambda: None)
    assert (timer._when, timer._scheduled) == (1.5, True)
    timer.cancel()
    assert plain._timer_cancelled_count == 1
    assert list(inspect.signature(asyncio.base_events._format_handle).parameters) == ["handle"]


def test_the_running_loop_can_be_set(plain):
    events._set_running_loop(plain)
    assert events._get_running_loop() is asyncio.get_running_loop() is plain
    events._set_running_loop(None)
    assert events._get_running_loop() is None


def test_tasks_can_be_swapped_since_python_3_12():
    assert hasattr(tasks, "_swap_current_task") == (sys.version_info >= (3, 12))


def test_every_private_name_in_the_module_is_tested_here():
    """A name that is added to the module is added to the tests above."""
    own = {"_iteration_left", "_until", "_in_turn", "_closed"}
    tree = ast.parse(inspect.getsource(turns))
    own |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__")
    }
    tested = {
        *OF_A_LOOP, *METHODS, "_cancelled", "_run", "_when", "_scheduled", "_format_handle",
        "_set_running_loop", "_get_running_loop", "_log_traceback", "_source_traceback",
    }  # fmt: skip
    assert used - own <= tested
    elsewhere = {"guest": {"_stopping", "_thread_id", "_ready", "_check_closed", "_check_running"}}
    for name in elsewhere["guest"]:
        assert name in tested


def test_a_task_says_whether_its_exception_was_asked_for(plain):
    async def fail():
        raise ValueError

    task = plain.create_task(fail())
    plain.run_until_complete(asyncio.wait([task]))
    assert turns.is_unheard(task)
    task.exception()
    assert not turns.is_unheard(task)


def test_an_executor_can_be_taken(plain):
    assert turns.take_executor(plain) is None
    with pytest.raises(RuntimeError, match="shutdown"):
        plain.run_until_complete(plain.run_in_executor(None, int))


# ---- turns


@pytest.fixture
def loop(monkeypatch):
    monkeypatch.setattr(turns, "CALLS_PER_CLOCK_READ", 1)
    loop = turns.TurnEventLoop()
    yield loop
    loop.close()


def run_all(loop) -> None:
    while loop._ready:
        loop.run_turn(10)


def test_rounds_follow_each_other_until_nothing_is_queued(loop):
    said = []

    def again():
        said.append(1)
        loop.call_at(0, said.append, 4)
        loop.call_soon(said.append, 3)

    loop.call_soon(again)
    loop.call_soon(said.append, 2)
    loop.run_turn(10)
    assert said == [1, 2, 3, 4]


def test_no_round_follows_a_stop(loop):
    said = []
    loop.call_soon(loop.stop)
    loop.call_soon(loop.call_soon, said.append, 2)
    loop.call_soon(said.append, 1)
    loop.run_turn(10)
    assert said == [1]


def test_a_turn_ends_with_its_time_and_the_next_goes_on(loop):
    said = []
    for number in range(5):
        loop.call_soon(said.append, number)
    for count in range(1, 6):
        loop.run_turn(0)
        assert said == list(range(count))
    loop.run_turn(0)


def test_timers_in_time_and_only_as_many_as_a_turn_has_time_for(loop):
    said = []
    now = loop.time()
    for number in range(4):
        loop.call_at(now - 10 + number, said.append, number)
    loop.call_at(now + 1000, said.append, "late")
    loop.run_turn(0)
    assert len(loop._scheduled) > 1
    for _ in range(10):
        loop.run_turn(0)
    assert said == [0, 1, 2, 3]
    assert loop.next_deadline() == now + 1000


def test_cancelled_timers_do_not_pile_up(loop):
    for _ in range(1000):
        loop.call_later(1000, int).cancel()
    loop.call_later(2000, int)
    loop.next_deadline()
    assert len(loop._scheduled) == 1
    assert loop._timer_cancelled_count == 0


def test_many_cancelled_timers_behind_the_first_are_dropped(loop):
    first = loop.call_later(1, int)
    for _ in range(turns.CANCELLED_KEPT + 1):
        loop.call_later(1000, int).cancel()
    assert loop.next_deadline() == first.when()
    assert len(loop._scheduled) == 1


def test_cancelled_callbacks_are_not_run(loop):
    loop.call_soon(pytest.fail).cancel()
    timer = loop.call_at(0, pytest.fail)
    loop.call_soon(timer.cancel)
    run_all(loop)
    loop.run_turn(1)


def test_what_leaves_a_callback_leaves_the_turn_and_the_rest_stays(loop):
    said = []

    def leave():
        raise SystemExit(3)

    loop.call_soon(leave)
    loop.call_soon(said.append, 1)
    with pytest.raises(SystemExit):
        loop.run_turn(10)
    assert asyncio._get_running_loop() is None
    loop.run_turn(10)
    assert said == [1]


def test_a_loop_is_running_in_its_turns_only(loop):
    said = []
    loop.call_soon(lambda: said.append((asyncio.get_running_loop() is loop, loop.is_running())))
    loop.run_turn(10)
    assert said == [(True, True)]
    assert not loop.is_running()
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()


def test_asynchronous_generators_are_known_to_the_loop(loop):
    ended = []

    async def numbers():
        try:
            while True:
                yield 1
        finally:
            ended.append(1)

    before = sys.get_asyncgen_hooks()
    kept = numbers()

    async def one():
        await anext(kept)

    task = loop.create_task(one())
    run_all(loop)
    assert task.done()
    assert sys.get_asyncgen_hooks() == before
    closing = loop.create_task(loop.shutdown_asyncgens())
    run_all(loop)
    assert closing.done()
    assert ended == [1]


def test_a_turn_within_a_task_of_another_loop(loop, plain):
    said = []

    async def inner():
        await asyncio.sleep(0)
        said.append(asyncio.get_running_loop() is loop)

    async def outer():
        task = loop.create_task(inner())
        run_all(loop)
        said.append(task.done())
        said.append(asyncio.get_running_loop() is plain)
        said.append(asyncio.current_task().get_name() == "outer")

    plain.run_until_complete(plain.create_task(outer(), name="outer"))
    assert said == [True, True, True, True]


def test_debug_mode_tells_slow_callbacks_and_where_tasks_were_made(loop, caplog):
    loop.set_debug(True)
    loop.slow_callback_duration = 0.0

    async def slow():
        await asyncio.sleep(0)
        loop.call_later(0, int)
        await asyncio.sleep(0.001)

    task = loop.create_task(slow())
    until = time.monotonic() + 5
    while not task.done() and time.monotonic() < until:
        loop.run_turn(1)
    assert task.done()
    assert "slow()" in caplog.text
    assert "took" in caplog.text
    timer = loop.call_later(1, int)
    assert timer._source_traceback[-1].name.startswith("test_debug_mode")
    assert sys.get_coroutine_origin_tracking_depth() == 0
    timer.cancel()


def test_a_turn_is_ended_by_its_callback(loop):
    said = []
    loop.call_soon(loop.end_turn)
    loop.call_soon(said.append, 1)
    loop.run_turn(10)
    assert said == []
    loop.run_turn(10)
    assert said == [1]


def test_alone_it_is_as_any_other_loop_also_within_another(loop, plain):
    async def inside():
        return loop.run_alone(asyncio.sleep(0.001, "slept"))

    loop.call_soon(int)
    loop.call_soon(int)
    loop.run_turn(0)
    assert plain.run_until_complete(inside()) == "slept"

"""Blocking calls off the loop's thread, and nothing of Tk kept alive there."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import textwrap
import threading
import tkinter
import weakref
from pathlib import Path

import pytest

from tests import guards
from tests.loop.test_fork import fork
from tkws.errors import StateError
from tkws.loop import loop_for
from tkws.net import worker
from tkws.net.worker import MAX_THREADS, Job, run_in_thread
from tkws.testing import run_until

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def gate():
    """An event that blocked calls wait for; set after the test, so that no thread stays."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def busy(loop, gate, pump_until):
    """Every thread is taken by a call that waits for `gate`; tells how many have begun."""
    begun: list[threading.Thread] = []

    def block() -> None:
        begun.append(threading.current_thread())
        gate.wait()

    jobs = [Job(loop, block, lambda _: None, pytest.fail) for _ in range(MAX_THREADS)]
    pump_until(lambda: len(begun) == MAX_THREADS)
    yield begun
    for job in jobs:
        job.cancel()


def test_the_call_is_made_on_another_thread_and_answered_on_this_one(loop, pump_until):
    answers: list[tuple[threading.Thread, threading.Thread]] = []

    def answered(thread: threading.Thread) -> None:
        answers.append((thread, threading.current_thread()))

    job = Job(loop, threading.current_thread, answered, pytest.fail)
    assert not job.over
    pump_until(lambda: answers)
    called_on, answered_on = answers[0]
    assert answered_on is threading.current_thread()
    assert called_on is not answered_on
    assert called_on.daemon
    assert job.over
    job.cancel()
    gone = weakref.ref(job)
    del job
    pump_until(lambda: not worker._threads)
    gc.collect()
    assert gone() is None


def test_what_the_call_raises_is_handed_on(loop, pump_until):
    failures: list[Exception] = []
    Job(loop, lambda: 1 // 0, pytest.fail, failures.append)
    pump_until(lambda: failures)
    assert isinstance(failures[0], ZeroDivisionError)


def test_threads_end_when_there_is_nothing_to_do(loop, pump_until):
    counts: list[int] = []
    for _ in range(100):
        Job(loop, lambda: worker._threads, counts.append, pytest.fail)
    pump_until(lambda: len(counts) == 100 and not worker._threads)
    assert 1 <= max(counts) <= MAX_THREADS


def test_more_calls_than_threads_wait_their_turn(loop, busy, gate, pump_until):
    answers: list[int] = []
    jobs = [Job(loop, lambda number=number: number, answers.append, pytest.fail) for number in range(50)]
    dropped = jobs.pop(7)
    dropped.cancel()
    assert not answers
    gate.set()
    pump_until(lambda: len(answers) == 49)
    assert 7 not in answers
    assert len(busy) == MAX_THREADS


def test_a_cancelled_call_is_not_answered(loop, gate, pump_until):
    begun = threading.Event()

    def block() -> None:
        begun.set()
        gate.wait()

    job = Job(loop, block, pytest.fail, pytest.fail)
    begun.wait(5)
    job.cancel()
    job.cancel()
    assert job.over
    gate.set()
    pump_until(lambda: not worker._threads)


@pytest.mark.parametrize("call", [lambda: None, lambda: 1 // 0], ids=["result", "error"])
def test_a_call_cancelled_while_its_answer_waits_is_not_answered(loop, pump_until, call):
    job = Job(loop, call, pytest.fail, pytest.fail)
    while worker._threads:
        pass  # not pumping: the answer waits for the loop
    job.cancel()
    rested: list[bool] = []
    loop.call_soon(rested.append, True)
    pump_until(lambda: rested)


def test_a_system_without_threads_is_a_failed_call(loop, monkeypatch, pump_until):
    def refuse(thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    failures: list[Exception] = []
    Job(loop, pytest.fail, pytest.fail, failures.append)
    assert not failures
    pump_until(lambda: failures)
    assert "can't start" in str(failures[0])
    assert worker._threads == 0
    assert not worker._waiting


def test_a_closed_loop_takes_no_calls(loop):
    loop.close()
    with pytest.raises(StateError):
        Job(loop, pytest.fail, pytest.fail, pytest.fail)


def test_a_loop_that_closes_drops_the_answer(loop, gate, pump_until):
    job = Job(loop, gate.wait, pytest.fail, pytest.fail)
    loop.close()
    assert job.over


def test_a_call_that_hangs_keeps_no_interpreter_alive(gate):
    root = tkinter.Tcl()
    loop = loop_for(root)
    kind = type(loop)
    loops = guards.count_of(kind)

    class Owner:
        def __init__(self, root: tkinter.Tk) -> None:
            self.root = root

        def answered(self, _: object) -> None:
            raise AssertionError

    owner = Owner(root)
    owner_gone = weakref.ref(owner)
    job = Job(loop, gate.wait, owner.answered, owner.answered)
    loop.close()
    del owner, root, loop
    gc.collect()
    assert owner_gone() is None
    assert guards.count_of(kind) == loops - 1
    assert job.over


@pytest.mark.slow
def test_a_call_that_hangs_does_not_hold_up_the_exit_of_python():
    program = """
        import threading, tkinter
        from tkws.loop import loop_for
        from tkws.net.worker import Job
        begun = threading.Event()
        def hang():
            begun.set()
            threading.Event().wait()
        root = tkinter.Tcl()
        Job(loop_for(root), hang, print, print)
        begun.wait()
        print("leaving", flush=True)
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=REPOSITORY,
        capture_output=True,
        encoding="utf-8",
        timeout=20,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "leaving\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_process_begins_anew(loop, busy, gate):
    """The threads of the parent do not go on there, and one of them may hold the lock."""
    waiting = Job(loop, int, lambda _: None, pytest.fail)

    def child() -> None:
        interpreter = tkinter.Tcl()
        answers: list[int] = []
        Job(loop_for(interpreter), lambda: 5, answers.append, print)
        run_until(lambda: answers, master=interpreter)
        loop_for(interpreter).close()

    with worker._lock:
        fork(child)
    waiting.cancel()


def test_what_runs_aside_has_a_thread_of_its_own():
    threads: list[threading.Thread] = []
    called = threading.Event()

    def note() -> None:
        threads.append(threading.current_thread())
        called.set()

    run_in_thread(note)
    assert called.wait(5)
    assert threads[0] is not threading.current_thread()
    assert not threads[0].daemon


def test_what_is_to_run_aside_runs_at_once_where_no_thread_is_to_be_had(monkeypatch):
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    threads: list[threading.Thread] = []
    run_in_thread(lambda: threads.append(threading.current_thread()))
    assert threads == [threading.current_thread()]

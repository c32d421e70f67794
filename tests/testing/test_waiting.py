"""run_until: the loop runs until the condition is true, and no longer."""

from __future__ import annotations

import itertools
import tkinter

import pytest

from tkws.testing import run_until


def test_it_runs_the_loop_until_the_condition_is_true(root) -> None:
    done: list[int] = []
    root.after(20, done.append, 1)
    run_until(lambda: done, master=root)
    assert done == [1]


def test_a_condition_that_is_true_already_needs_no_loop(root) -> None:
    done: list[int] = []
    root.after(0, done.append, 1)
    run_until(lambda: True, master=root)
    assert done == []
    run_until(lambda: done, master=root)


def test_a_condition_that_no_event_announces_is_looked_at_all_the_same(root) -> None:
    looks = itertools.count(1)
    run_until(lambda: next(looks) == 4, master=root)
    assert next(looks) == 5


def test_it_gives_up_in_time_and_says_what_it_waited_for(root) -> None:
    with pytest.raises(TimeoutError, match=r"not within 0\.03 s: .*lambda: root is None"):
        run_until(lambda: root is None, 0.03, master=root)


def test_a_condition_without_source_is_named_by_its_repr(root) -> None:
    with pytest.raises(TimeoutError, match=r"not within 0 s: <class 'list'>"):
        run_until(list, 0, master=root)


def test_what_a_callback_raises_is_raised_here_and_printed_nowhere(root, callback_errors) -> None:
    def fail() -> None:
        raise ValueError("as asked")

    root.after(1, fail)
    with pytest.raises(ValueError, match="as asked"):
        run_until(lambda: False, master=root)
    assert not callback_errors


def test_what_a_bare_file_handler_raises_is_raised_here(root, peers) -> None:
    near, far = peers.sockets()

    def fail(*_: object) -> None:
        near.recv(1)
        raise ValueError("as asked")

    root.tk.createfilehandler(near, tkinter.READABLE, fail)
    far.send(b"x")
    with pytest.raises(ValueError, match="as asked"):
        run_until(lambda: False, master=root)
    root.tk.deletefilehandler(near)


def test_a_report_of_the_programs_own_is_put_back(root) -> None:
    reported: list[object] = []
    report = root.report_callback_exception = lambda *error: reported.append(error)
    run_until(lambda: True, master=root)
    assert root.report_callback_exception is report
    del root.report_callback_exception
    run_until(lambda: True, master=root)
    assert "report_callback_exception" not in vars(root)

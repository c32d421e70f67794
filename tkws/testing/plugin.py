"""Fixtures for pytest: ``pytest_plugins = ["tkws.testing.plugin"]`` in the top ``conftest.py``.

pytest does not load it automatically, since that would load Tk into every test run in the environment.
"""

from __future__ import annotations

import gc
import tkinter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import tkws
from tkws.loop import loop_for
from tkws.testing.clock import FakeClock
from tkws.testing.waiting import run_until

RunUntil = Callable[..., None]


@pytest.fixture
def tkws_root() -> Iterator[tkinter.Tk]:
    """Make a Tcl interpreter with Tk's event loop and no screen; its connections end with the test.

    The test fails if a callback raises while `tkws_run_until` is not running.
    """
    root: Any = tkinter.Tcl()
    raised: list[BaseException] = []
    root.report_callback_exception = lambda _kind, error, _traceback: raised.append(error)
    yield root
    loop_for(root).close()
    del root
    gc.collect()
    if raised:
        raise AssertionError(f"a callback raised {raised[0]!r}") from raised[0]


@pytest.fixture
def tkws_run_until(tkws_root: tkinter.Tk) -> RunUntil:
    """Return `tkws.testing.run_until` for `tkws_root`: ``tkws_run_until(condition, timeout=5.0)``."""

    def run(condition: Callable[[], object], timeout: float = 5.0) -> None:
        __tracebackhide__ = True
        run_until(condition, timeout, master=tkws_root)

    return run


@pytest.fixture
def tkws_server(tkws_root: tkinter.Tk) -> Iterator[tkws.HTTPServer]:
    """Start a server in `tkws_root` on a free port of 127.0.0.1; add handlers with its ``live``."""
    server = tkws.serve(master=tkws_root)
    yield server
    server.close()


@pytest.fixture
def tkws_clock(tkws_root: tkinter.Tk) -> FakeClock:
    """Make a `tkws.testing.FakeClock` for `tkws_root`; request it before `tkws_server`."""
    return FakeClock(tkws_root)

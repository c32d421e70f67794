"""Fixtures for pytest: ``pytest_plugins = ["tkws.testing.plugin"]`` in the top ``conftest.py``.

pytest does not load it automatically, since that would load Tk into every test run in the environment.
"""

from __future__ import annotations

import gc
import inspect
import tkinter
import types
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

import tkws
from tkws.checks import check_seconds
from tkws.loop import Master, loop_for
from tkws.testing.clock import FakeClock
from tkws.testing.waiting import run_until

RunUntil = Callable[..., None]
Run = Callable[..., Any]


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
def tkws_run(tkws_root: tkinter.Tk) -> Run:
    """Return a function that runs a coroutine in the asyncio loop of `tkws_root`, and returns its result.

    ``tkws_run(main(), timeout=5.0)`` cancels ``main()`` after ``timeout`` seconds, and raises `TimeoutError`.
    Another interpreter, or a window, is given as ``master``. Afterwards its tasks are cancelled.
    """
    from tkws import aio  # only tests that ask for it import asyncio

    def run(main: Coroutine[Any, Any, Any], timeout: float = 5.0, master: Master = None) -> Any:
        __tracebackhide__ = True
        if not inspect.iscoroutine(main):
            raise TypeError(f"main: what calling an async function returns, not {type(main).__name__}")
        seconds = check_seconds("timeout", timeout)
        return aio.run(_within(seconds, main), master=master or tkws_root)

    return run


async def _within(seconds: float, main: types.CoroutineType[Any, Any, Any]) -> Any:
    import asyncio

    __tracebackhide__ = True
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await main
    except TimeoutError:
        if limit.expired():
            raise TimeoutError(f"not within {seconds} s: {main.__qualname__}()") from None
        raise


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

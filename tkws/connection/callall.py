"""Calls several of the program's functions in a row, such as those that are told of the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack


def call_all(calls: Iterable[Callable[[], object]]) -> None:
    """Make all calls, in order; an exception of one, such as SystemExit, is raised after the last."""
    with ExitStack() as stack:
        for call in reversed(list(calls)):
            stack.callback(call)

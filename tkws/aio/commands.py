"""An ``async def`` as the command of a button, a binding or an ``after`` script."""

from __future__ import annotations

import asyncio
import functools
import inspect
import tkinter
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeAlias, get_args, overload

from tkws.aio.tasks import spawn
from tkws.checks import check_text
from tkws.loop import Master
from tkws.loop.widgets import require_widget

Again: TypeAlias = Literal["ignore", "restart", "queue", "parallel"]
AsyncFunction: TypeAlias = Callable[..., Awaitable[Any]]


class Command:
    """A callable that starts a coroutine function as a task; `command` makes it.

    In a class it is a method, with tasks of its own for each object.

    Attributes:
        tasks: The tasks that have not ended, oldest first.
    """

    def __init__(self, function: AsyncFunction, again: Again, master: Master) -> None:
        self.tasks: list[asyncio.Task[Any]] = []
        self._function = function
        self._again = again
        self._master = master
        self._name = ""
        functools.update_wrapper(self, function)

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Command:
        if instance is None:
            return self
        function = functools.partial(self._function, instance)
        master = self._master
        if master is None and isinstance(instance, tkinter.Misc):
            master = instance
        bound = Command(functools.update_wrapper(function, self._function), self._again, master)
        vars(instance)[self._name] = bound  # the same one next time
        return bound

    @property
    def running(self) -> bool:
        """Whether a task has not ended."""
        return not all(task.done() for task in self.tasks)

    def cancel(self) -> None:
        """Cancel all tasks that have not ended."""
        for task in self.tasks:
            task.cancel()

    def __call__(self, *args: Any, **kwargs: Any) -> asyncio.Task[Any] | None:
        """Start the function with these arguments.

        Returns:
            The task; None if the call was ignored.
        """
        before = [task for task in self.tasks if not task.done()]
        if before and self._again == "ignore":
            return None
        if self._again == "restart":
            self.cancel()
        if self._again == "parallel":
            before = []
        task = spawn(self._run(before, args, kwargs), self._master_of(args), name=self._function_name())
        self.tasks.append(task)
        task.add_done_callback(self.tasks.remove)
        return task

    async def _run(self, before: list[asyncio.Task[Any]], args: Any, kwargs: Any) -> Any:
        if before:
            await asyncio.wait(before)
        return await self._function(*args, **kwargs)

    def _master_of(self, args: tuple[Any, ...]) -> Master:
        if self._master is None and args and isinstance(args[0], tkinter.Event):
            widget = args[0].widget
            return widget if isinstance(widget, tkinter.Misc) else None
        return self._master

    def _function_name(self) -> str:
        return getattr(self, "__qualname__", type(self._function).__name__)


@overload
def command(function: AsyncFunction, *, again: Again = "ignore", master: Master = None) -> Command: ...


@overload
def command(
    function: None = None, *, again: Again = "ignore", master: Master = None
) -> Callable[[AsyncFunction], Command]: ...


def command(
    function: AsyncFunction | None = None, *, again: Again = "ignore", master: Master = None
) -> Command | Callable[[AsyncFunction], Command]:
    """Make a coroutine function a command for Tk, by a call or as a decorator.

    ``Button(command=aio.command(save))``; ``@aio.command`` or ``@aio.command(again="restart")`` before an
    ``async def``. Each call starts a task, as `spawn` does.

    Args:
        function: The ``async def`` function, or a function that returns an awaitable object.
        again: The effect of another call while a task is running: ``"ignore"`` does nothing, ``"restart"``
            cancels that task and begins when it has ended, ``"queue"`` begins after it, ``"parallel"`` begins
            beside it.
        master: The widget that the tasks belong to. None for the widget of the event in a binding, the object
            itself in a widget's method, and else Tk's default root.

    Raises:
        TypeError: ``function`` is not an async function, or another argument is of a wrong type.
        ValueError: ``again`` has no meaning.
    """
    if check_text("again", again) not in get_args(Again):
        raise ValueError(f"again: one of {', '.join(get_args(Again))}, not {again!r}")
    if master is not None:
        require_widget("master", master)
    if function is None:
        return functools.partial(command, again=again, master=master)
    if not callable(function):
        raise TypeError(f"function: an async function, not {type(function).__name__}")
    plain = inspect.isfunction(function) and not inspect.iscoroutinefunction(function)
    if plain and function.__name__ != "<lambda>":  # a lambda may well return a coroutine
        raise TypeError(f"function: an async function, and {function.__qualname__}() is not one")
    return Command(function, again, master)

"""The answers of a scripted server: by rules of the command line, or by a Python file.

The steps of an answer are taken one after the other:

- a ``str`` or ``bytes`` is sent; a ``dict`` or ``list`` is sent as JSON;
- an ``int`` or ``float`` is a pause in seconds;
- a tuple ``(code, reason)`` closes the connection.
"""

from __future__ import annotations

import os
import re
import runpy
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import tkws
from tkws.console.text.payload import printed


class Answers(Protocol):
    """The steps that a scripted server takes.

    Attributes:
        path: The file of the script; empty without one.
    """

    path: str

    def greet(self, ws: tkws.WebSocket) -> Iterable[Any]:
        """Return the steps for a new connection."""

    def answer(self, ws: tkws.WebSocket, message: str | bytes) -> Iterable[Any]:
        """Return the steps for a message."""


class Rules:
    r"""Answers by regular expressions: the first that is found in a message answers it.

    Args:
        rules: Pairs of a regular expression and an answer, in which ``\1`` is the first group. The answer
            ``/close [CODE [REASON]]`` closes the connection, ``/wait SECONDS ANSWER`` answers later; of one
            that begins with ``//``, one ``/`` is left out. A binary message is searched as hex.

    Raises:
        ValueError: A pattern is not a regular expression, or an answer cannot be read.
    """

    def __init__(self, rules: Sequence[Sequence[str]]) -> None:
        self.path: str = ""
        self._rules = [_read_rule(pattern, answer) for pattern, answer in rules]

    def greet(self, ws: tkws.WebSocket) -> Iterable[Any]:
        """See `Answers.greet`."""
        return ()

    def answer(self, ws: tkws.WebSocket, message: str | bytes) -> Iterable[Any]:
        """See `Answers.answer`."""
        text = printed(message)
        for pattern, steps in self._rules:
            if found := pattern.search(text):
                return [found.expand(step) if isinstance(step, str) else step for step in steps]
        return ()


class Script:
    """Answers by a Python file with ``on_message(ws, message)``, and perhaps ``on_connect(ws)``.

    Both return a step, an iterator of steps (they may be generators), or None. The file is read again when it
    has changed, before the next connection or message.

    Args:
        path: The file.

    Raises:
        ValueError: The file cannot be read, cannot be run, or has none of the two functions.
    """

    def __init__(self, path: Path) -> None:
        self.path: str = str(path)
        self._read_at = 0
        self._names: dict[str, Any] = {}
        try:
            self._refresh()
        except Exception as error:
            raise ValueError(f"--script: {path}: {describe(error, self.path)}") from error

    def greet(self, ws: tkws.WebSocket) -> Iterable[Any]:
        """See `Answers.greet`."""
        return self._call("on_connect", ws)

    def answer(self, ws: tkws.WebSocket, message: str | bytes) -> Iterable[Any]:
        """See `Answers.answer`."""
        return self._call("on_message", ws, message)

    def _call(self, name: str, *arguments: Any) -> Iterable[Any]:
        self._refresh()
        function = self._names.get(name)
        steps = None if function is None else function(*arguments)
        if steps is None:
            return ()
        return steps if isinstance(steps, Iterator) else (steps,)

    def _refresh(self) -> None:
        changed_at = os.stat(self.path).st_mtime_ns
        if changed_at == self._read_at:
            return
        names = runpy.run_path(self.path)
        if not callable(names.get("on_message", names.get("on_connect"))):
            raise ValueError("it has no function on_message(ws, message)")
        self._names, self._read_at = names, changed_at


class Player:
    """Does the steps of the answers, of each connection in their order.

    Args:
        answers: The answers.
        send: Called as ``send(ws, message)`` to send a message.
        report: Called as ``report(ws, text)`` with an exception: one line, and the traceback below it.
    """

    def __init__(
        self,
        answers: Answers,
        send: Callable[[tkws.WebSocket, str | bytes], object],
        report: Callable[[tkws.WebSocket, str], object],
    ) -> None:
        self._answers = answers
        self._send = send
        self._report = report
        self._busy: dict[tkws.WebSocket, list[Iterator[Any]]] = {}  # what is under way, and what waits

    def connected(self, ws: tkws.WebSocket) -> None:
        """Greet a new connection."""
        self._begin(ws, self._answers.greet, ws)

    def received(self, ws: tkws.WebSocket, message: str | bytes) -> None:
        """Answer a message."""
        self._begin(ws, self._answers.answer, ws, message)

    def disconnected(self, ws: tkws.WebSocket) -> None:
        """Forget a connection that has ended."""
        for steps in self._busy.pop(ws, ()):
            if close := getattr(steps, "close", None):
                close()

    def _begin(self, ws: tkws.WebSocket, function: Callable[..., Iterable[Any]], *arguments: Any) -> None:
        waiting = self._busy.setdefault(ws, [])
        waiting.append(_steps(function, *arguments))
        if len(waiting) == 1:
            self._go_on(ws)

    def _go_on(self, ws: tkws.WebSocket) -> None:
        """Do the steps up to the next pause."""
        while (waiting := self._busy.get(ws)) and ws.state is tkws.State.OPEN:
            try:
                step = next(waiting[0])
                if isinstance(step, (int, float)) and not isinstance(step, bool):
                    ws.loop.call_later(step, self._go_on, ws)
                    return
                self._do(ws, step)
            except StopIteration:
                waiting.pop(0)
            except Exception as error:
                waiting.pop(0)
                self._report(
                    ws,
                    f"{describe(error, self._answers.path)}\n\n{''.join(traceback.format_exception(error))}",
                )

    def _do(self, ws: tkws.WebSocket, step: Any) -> None:
        if isinstance(step, (str, bytes)):
            self._send(ws, step)
        elif isinstance(step, (dict, list)):
            self._send(ws, tkws.JSON.encode(step))
        elif isinstance(step, tuple):
            ws.close(*step)
        else:
            raise TypeError(f"a step is a message, seconds, or (code, reason), not {type(step).__name__}")


def describe(error: BaseException, path: str) -> str:
    """Return an exception in one line, with the last line of the script at ``path`` that was run."""
    line = f"{type(error).__name__}: {error}".partition("\n")[0]
    numbers = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return f"{line} (line {numbers[-1]})" if numbers else line


def _steps(function: Callable[..., Iterable[Any]], *arguments: Any) -> Iterator[Any]:
    """Call the function when the first step is asked for."""
    yield from function(*arguments)


def _read_rule(pattern: str, answer: str) -> tuple[re.Pattern[str], list[Any]]:
    steps = _read_answer(answer)
    try:
        compiled = re.compile(pattern)
        for step in steps:
            if isinstance(step, str):
                compiled.sub(step, "")  # raises if the answer has a group that the pattern lacks
    except (re.error, IndexError) as error:
        raise ValueError(f"--answer: a regular expression and its answer, not {pattern!r}: {error}") from None
    return compiled, steps


def _read_answer(answer: str) -> list[Any]:
    """Return the steps of an answer of a rule.

    Raises:
        ValueError: It begins with ``/``, but is not one of these commands.
    """
    if not answer.startswith("/"):
        return [answer]
    if answer.startswith("//"):
        return [answer[1:]]
    verb, _, rest = answer.partition(" ")
    first, _, rest = rest.partition(" ")
    try:
        if verb == "/wait":
            return [float(first), *_read_answer(rest)]
        if verb == "/close":
            return [(int(first) if first else tkws.CloseCode.NORMAL_CLOSURE, rest)]
    except ValueError:
        pass
    raise ValueError(
        f"--answer: a text, /close [CODE [REASON]], /wait SECONDS ANSWER or //..., not {answer!r}"
    )

"""Lines that a person types at a terminal: edited, completed, remembered.

prompt_toolkit (the extra ``tkws[console]``) edits them, as a coroutine on Tk's own loop: nothing blocks, and
there is no thread. Output that comes meanwhile appears above the line, which is drawn again below it.
"""

from __future__ import annotations

import asyncio
import signal
import tkinter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import History
from prompt_toolkit.output import create_output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.shortcuts import CompleteStyle

from tkws import aio
from tkws.console.terminal.linehistory import LineHistory
from tkws.console.terminal.output import Output, Tint
from tkws.errors import WebSocketError

PROMPT: Final = "> "
REDRAW_TIME: Final = 1 / 30
"""The shortest time between two drawings of the line, in seconds."""


class LineEditor:
    """Reads a line whenever one is requested; the first one at once.

    Args:
        root: A ``Tcl()``, or any widget.
        outputs: The outputs. Their writes to a terminal appear above the line; the first one, which is
            for messages, shows the lines that were typed.
        on_lines: Called with a list of one line; call `read_more` for the next one.
        on_eof: Called at the end of the input: Ctrl-D in an empty line.
        complete: Returns the words that the last word of a line can become.
        history: The lines that were typed before.
    """

    def __init__(
        self,
        root: tkinter.Tk,
        outputs: Sequence[Output],
        on_lines: Callable[[list[str]], object],
        on_eof: Callable[[], object],
        *,
        complete: Callable[[str], list[str]],
        history: LineHistory,
    ) -> None:
        self._root = root
        self._echo = outputs[0]
        self._on_lines = on_lines
        self._on_eof = on_eof
        self._session = _make_session(_Completer(complete), _History(history))
        self._task: asyncio.Task[None] | None = None
        for output in outputs:
            output.before_write = self._make_room
        self.read_more()

    def read_more(self) -> None:
        """Request a line; a no-op while one is being typed."""
        if self._task is None:
            self._task = aio.spawn(self._read(), self._root)

    async def _read(self) -> None:
        try:
            line = await self._session.prompt_async(set_exception_handler=False, handle_sigint=False)
        except _InterruptedError:
            signal.raise_signal(signal.SIGINT)
        except (EOFError, OSError):  # OSError: the terminal has been closed
            self._on_eof()
        else:
            self._echo.write(line, mark=PROMPT, tint=Tint.SENT)
            self._task = None
            self._on_lines([line])

    def _make_room(self) -> None:
        """Remove the line from the screen, and draw it again soon."""
        app = self._session.app
        if app.is_running:
            app.renderer.erase()
            app.invalidate()


class _InterruptedError(WebSocketError):
    """Ctrl-C was pressed, which does not raise a signal while a line is edited."""


def _make_session(completer: Completer, history: History) -> PromptSession[str]:
    output = create_output()
    if isinstance(output, Vt100_Output):
        output.enable_cpr = False  # a terminal's answer could come after the program has ended
    session: PromptSession[str] = PromptSession(
        PROMPT,
        completer=completer,
        complete_style=CompleteStyle.READLINE_LIKE,
        complete_while_typing=False,
        enable_suspend=True,
        erase_when_done=True,  # the line is printed by `Output`, as messages are
        history=history,
        interrupt_exception=_InterruptedError,
        output=output,
        reserve_space_for_menu=0,
    )
    session.app.min_redraw_interval = REDRAW_TIME
    return session


class _Completer(Completer):
    def __init__(self, complete: Callable[[str], list[str]]) -> None:
        self._complete = complete

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        line = document.text_before_cursor
        typed = len(line) - (line.rfind(" ") + 1)
        for word in self._complete(line):
            yield Completion(word, start_position=-typed)


class _History(History):
    def __init__(self, lines: LineHistory) -> None:
        super().__init__()
        self._lines = lines

    def load_history_strings(self) -> Iterable[str]:
        return reversed(self._lines.load())

    def store_string(self, string: str) -> None:
        self._lines.add(string)

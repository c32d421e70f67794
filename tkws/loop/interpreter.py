"""One Tcl interpreter as the loop sees it: its thread, its end, and its handler of exceptions.

Knows nothing of descriptors or deadlines. It holds the root weakly and the Tcl interpreter strongly: a
root that the program no longer uses can be collected, and its Tcl commands can be deleted afterwards.
"""

from __future__ import annotations

import _tkinter
import contextlib
import itertools
import logging
import sys
import tkinter
import weakref
from collections.abc import Callable
from threading import current_thread, get_ident, main_thread

from tkws.errors import StateError
from tkws.loop.interrupts import sigint_handler

# The thread of the interpreter in a forked child: no thread has this identifier.
_NO_THREAD = 0

# From this version of Tcl on, `_tkinter` may run a command in whichever thread asks for it.
TCL_WITHOUT_THREAD_CHECK = 9.0

# A flag for a kind of event that Tcl does not know: `dooneevent` looks for events and serves none.
NO_EVENTS = 1 << 10

_serial = itertools.count(1)
_log = logging.getLogger("tkws.loop")


class Interpreter:
    """The interpreter of a widget.

    Args:
        master: Any widget, ``Tk`` or ``Tcl()`` of it.

    Attributes:
        tkapp: The Tcl interpreter.
        command_prefix: The start of the names of this object's own Tcl commands.
        thread: The identifier of the interpreter's thread; 0 in a forked child.

    Raises:
        StateError: The interpreter belongs to another thread, or its window was destroyed.
    """

    def __init__(self, master: tkinter.Misc) -> None:
        root: tkinter.Tk = master.nametowidget(".")
        require_thread_of(root)
        self.tkapp: _tkinter.TkappType = root.tk
        if self.tkapp.call("info", "commands", "winfo") and not self._has_window():
            raise StateError("the application has been destroyed")
        self.command_prefix: str = f"tkws_loop_{next(_serial)}"
        self.thread: int = get_ident()
        self._root = weakref.ref(root)
        self._traced = False

    @property
    def root(self) -> tkinter.Tk | None:
        """The root; None if it was collected."""
        return self._root()

    def in_thread(self) -> bool:
        """Return whether the caller runs in the interpreter's thread.

        Raises:
            StateError: The caller runs in a forked child, where no thread is the right one.
        """
        if get_ident() == self.thread:
            return True
        self.check_process()
        return False

    def check_thread(self) -> None:
        """Refuse a caller in any thread but the interpreter's.

        Raises:
            StateError: The caller runs in another thread, or in a forked child.
        """
        if get_ident() != self.thread:
            raise self.wrong_thread_error()

    @property
    def in_forked_child(self) -> bool:
        """Whether this process is a forked child, and the interpreter belongs to its parent."""
        return self.thread == _NO_THREAD

    def check_process(self) -> None:
        """Refuse a caller in a forked child.

        Raises:
            StateError: The caller runs in one.
        """
        if self.in_forked_child:
            raise self.wrong_thread_error()

    def wrong_thread_error(self) -> StateError:
        """Return the error for a caller in a wrong thread or process."""
        if self.in_forked_child:
            return StateError(
                "this process was forked off: the interpreter and its connections belong to the parent;"
                " use them there, or create others here"
            )
        return StateError(
            "call this only in the thread of its Tcl interpreter: from another thread, use"
            " loop.call_soon_threadsafe(function, *arguments)"
        )

    def after_fork_in_child(self) -> None:
        """Refuse every caller from now on, in a forked child: the interpreter is the parent's."""
        self.thread = _NO_THREAD

    def make_notifier_pipe(self) -> None:
        """Create the pipe of Tcl's notifier now, rather than at its first wait.

        Its ``select`` accepts no descriptor above 1023, and later all lower ones may be taken.
        """
        self.tkapp.dooneevent(_tkinter.DONT_WAIT | NO_EVENTS)

    def on_destroyed(self, callback: Callable[[], object]) -> None:
        """Call ``callback()`` when the window is destroyed, by any means, or when the root is collected.

        The garbage collector may make that call in any thread. `release` undoes it.
        """
        root = self._root()
        assert root is not None  # `master` of the loop that is being made keeps it
        self._root = weakref.ref(root, lambda _: callback())
        self.tkapp.createcommand(f"{self.command_prefix}_end", lambda *_: callback())
        self.follow_window()

    def follow_window(self) -> None:
        """Notice the end of the window, also if a bare ``Tcl()`` got one only now, by ``loadtk()``.

        A trace on the Tcl command ``.`` sees every end, and leaves the program's bindings alone.
        """
        if not self._traced and self._has_window():
            self.tkapp.call("trace", "add", "command", ".", "delete", f"{self.command_prefix}_end")
            self._traced = True

    def report_exception(self) -> None:
        """Pass the exception that is being handled to the root's ``report_callback_exception``.

        It is logged instead if the root is gone, or if that method raises.

        Raises:
            StateError: The caller runs in another thread than the interpreter's.
        """
        self.check_thread()
        if sigint_handler.is_cancelled_wait(sys.exc_info()[1]):
            return
        root = self._root()
        if root is None:
            _log_exception("a callback raised, and its Tk root is gone")
            return
        try:
            root.report_callback_exception(*sys.exc_info())
        except Exception:
            _log_exception("report_callback_exception raised")

    def release(self) -> None:
        """Undo `on_destroyed` and `follow_window`."""
        root = self._root()
        if root is not None:
            self._root = weakref.ref(root)
        if self._traced:
            self.tkapp.call("trace", "remove", "command", ".", "delete", f"{self.command_prefix}_end")
            self._traced = False
        self.tkapp.deletecommand(f"{self.command_prefix}_end")

    def _has_window(self) -> bool:
        """Return whether there is a window that is not being destroyed; the command ``.`` lasts longer."""
        if not self.tkapp.call("info", "commands", "."):
            return False
        return bool(self.tkapp.call("winfo", "exists", "."))


def require_thread_of(root: tkinter.Tk) -> None:
    """Refuse a caller in any thread but the interpreter's, before Tk is touched in it.

    Up to Tcl 8.6 `_tkinter` knows the thread, and refuses one command. On Tcl 9 it may not, and a call in a
    wrong thread aborts the process: there only the main thread can have an interpreter with a loop.

    Raises:
        StateError: The caller runs in another thread.
    """
    if tkinter.TclVersion >= TCL_WITHOUT_THREAD_CHECK:
        in_thread = current_thread() is main_thread()
    else:
        in_thread = _accepts_caller(root)
    if not in_thread:
        raise StateError(
            "get the loop in the thread of its Tcl interpreter, and call loop.call_soon_threadsafe()"
            " from other threads"
        )


def _accepts_caller(root: tkinter.Tk) -> bool:
    try:
        root.tk.exprlong("1")
    except RuntimeError:
        return False
    return True


def _log_exception(message: str) -> None:
    with contextlib.suppress(Exception):  # of a logging handler: there is nowhere left to report it
        _log.exception(message)

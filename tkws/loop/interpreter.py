"""One Tcl interpreter as the loop sees it: its thread, its end, and where its exceptions go.

Knows nothing of descriptors and deadlines. The root is held weakly and the interpreter itself
strongly, so a forgotten root can go while what was set up in its interpreter can still be taken off.
"""

from __future__ import annotations

import _tkinter
import itertools
import logging
import sys
import tkinter
import weakref
from collections.abc import Callable
from threading import get_ident

from tkws.errors import StateError
from tkws.loop.interrupts import sigint_handler

# In a process that was forked off: no thread has this identifier.
_NO_THREAD = 0

# A kind of event that Tcl does not know, so `dooneevent` looks for events and serves none.
NO_EVENTS = 1 << 10

_serial = itertools.count(1)
_log = logging.getLogger("tkws")


class Interpreter:
    """The interpreter of a widget.

    Args:
        master: Any widget, ``Tk`` or ``Tcl()`` of it.

    Attributes:
        tkapp: The interpreter.
        prefix: Begins the names of Tcl commands that are this object's own.
        thread: The identifier of its thread; of none in a process that was forked off.

    Raises:
        StateError: The interpreter belongs to another thread, or its window was destroyed.
    """

    def __init__(self, master: tkinter.Misc) -> None:
        root = master.nametowidget(".")
        require_thread_of(root)
        self.tkapp = root.tk
        if self.tkapp.call("info", "commands", "winfo") and not self._has_window():
            raise StateError("the application has been destroyed")
        self.prefix = f"tkws_loop_{next(_serial)}"
        self.thread = get_ident()
        self._root = weakref.ref(root)
        self._traced = False

    @property
    def root(self) -> tkinter.Tk | None:
        """The root; None when it is gone."""
        return self._root()

    def in_thread(self) -> bool:
        """Whether the caller runs in the interpreter's thread.

        Raises:
            StateError: The caller is in a process that was forked off: no thread of it is the right one.
        """
        if get_ident() == self.thread:
            return True
        self.check_process()
        return False

    def check_thread(self) -> None:
        """Refuses a caller in another thread than the interpreter's.

        Raises:
            StateError: It is in another thread, or in a process that was forked off.
        """
        if get_ident() != self.thread:
            raise self.wrong_thread_error()

    @property
    def in_forked_child(self) -> bool:
        """Whether this is a process that was forked off, and the interpreter belongs to its parent."""
        return self.thread == _NO_THREAD

    def check_process(self) -> None:
        """Refuses a caller in a process that was forked off.

        Raises:
            StateError: It is in one.
        """
        if self.in_forked_child:
            raise self.wrong_thread_error()

    def wrong_thread_error(self) -> StateError:
        """The error for a caller in a wrong place."""
        if self.in_forked_child:
            return StateError(
                "this process was forked off, and the interpreter with its connections stayed in the"
                " parent: use them there; here, make others"
            )
        return StateError(
            "this is only for the thread of its Tcl interpreter: from another thread, pass it to"
            " loop.call_soon_threadsafe(function, *arguments)"
        )

    def after_fork_in_child(self) -> None:
        """Refuses everything from now on: this is a fork, and the interpreter is the parent's."""
        self.thread = _NO_THREAD

    def make_notifier_pipe(self) -> None:
        """Has Tcl's notifier make its pipe, which it else does at the first wait.

        Its ``select`` takes no descriptor above 1023: by then there may be no other left.
        """
        self.tkapp.dooneevent(_tkinter.DONT_WAIT | NO_EVENTS)

    def on_destroyed(self, end: Callable[[], object]) -> None:
        """Calls ``end()`` when the window is destroyed, by whatever means, or when the root is collected.

        The collector may do so in any thread. `release` ends it.
        """
        self._root = weakref.ref(self._root(), lambda _: end())
        self.tkapp.createcommand(f"{self.prefix}_end", lambda *_: end())
        self.follow_window()

    def follow_window(self) -> None:
        """Notices the window's end also where a bare ``Tcl()`` got one only now, by ``loadtk()``.

        A trace on the command ``.`` sees every way to end and needs no binding of the program's.
        """
        if not self._traced and self._has_window():
            self.tkapp.call("trace", "add", "command", ".", "delete", f"{self.prefix}_end")
            self._traced = True

    def report_exception(self) -> None:
        """Gives the exception being handled to the root's ``report_callback_exception``.

        It is logged where the root is gone or its method raises in turn.

        Raises:
            StateError: The caller is in another thread than the interpreter's.
        """
        self.check_thread()
        if sigint_handler.is_cancelled_wait(sys.exc_info()[1]):
            return
        root = self._root()
        if root is None:
            _log.error("a callback raised, and its Tk root is gone", exc_info=True)
            return
        try:
            root.report_callback_exception(*sys.exc_info())
        except Exception:
            _log.exception("report_callback_exception raised")

    def release(self) -> None:
        """Takes off what `on_destroyed` has set up."""
        root = self._root()
        if root is not None:
            self._root = weakref.ref(root)
        if self._traced:
            self.tkapp.call("trace", "remove", "command", ".", "delete", f"{self.prefix}_end")
            self._traced = False
        self.tkapp.deletecommand(f"{self.prefix}_end")

    def _has_window(self) -> bool:
        return bool(self.tkapp.call("info", "commands", "."))


def require_thread_of(root: tkinter.Tk) -> None:
    """Refuses a caller in another thread than the interpreter's, where any Tcl command stalls for a second.

    Raises:
        StateError: It is in another thread.
    """
    try:
        root.tk.exprlong("1")
    except RuntimeError:
        raise StateError(
            "the loop must be asked for in the thread of its Tcl interpreter: ask there, and call"
            " loop.call_soon_threadsafe() from other threads"
        ) from None

"""What must be as it was when a test is over: descriptors, threads, Tk's queue and its interpreters.

The fixtures in ``conftest.py`` take a reading before each test and compare after it. Knows
Tk and the process; knows nothing of tkws but the loop that it closes.
"""

from __future__ import annotations

import _tkinter
import contextlib
import gc
import logging
import os
import re
import sys
import threading
import time
import tkinter
from collections.abc import Collection

# A worker that resolves a name cannot be interrupted: it gets this long to come back.
THREAD_PATIENCE = 3.0

# More main windows than there ever are: mainloop(NO_LOOP) returns at once.
NO_LOOP = 1 << 20

# Tcl watches no descriptor beyond.
FD_SETSIZE = 1024

# More events than any healthy test leaves queued.
QUIET_AFTER = 200

# Seconds in which a healthy test's queue comes to rest, however many events it has.
QUIET_TIME = 2.0

# tkinter names the Tcl command of a Python callback by the callable's id, then its name.
PYTHON_COMMAND = re.compile(r"\d{6,}\w*")


class Recorder(logging.Handler):
    """Puts what is logged at ERROR or above into ``records``."""

    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(logging.ERROR)
        self.records = records

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def open_descriptors() -> dict[int, str]:
    """The process's descriptors, each with what it leads to; empty where the system lists none."""
    found: dict[int, str] = {}
    if sys.platform == "win32":  # Wine shows the files of Linux, with other numbers
        return found
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir("/proc/self/fd"):
            with contextlib.suppress(FileNotFoundError):
                found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
    return found


def count_of(kind: type) -> int:
    """How many objects of just this type there are, of those that the collector looks at."""
    return sum(type(thing) is kind for thing in gc.get_objects())


def leaked_descriptors(before: dict[int, str]) -> list[str]:
    """What is open now and was not ``before``, as ``"7 -> socket:[1234]"``."""
    now = open_descriptors()
    return [f"{fd} -> {target}" for fd, target in sorted(now.items()) if before.get(fd) != target]


def leaked_threads(before: set[threading.Thread]) -> list[str]:
    """The names of the threads started since ``before`` that do not end within `THREAD_PATIENCE`."""
    deadline = time.monotonic() + THREAD_PATIENCE
    started = [thread for thread in threading.enumerate() if thread not in before]
    for thread in started:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [thread.name for thread in started if thread.is_alive()]


def raise_pending(pump: tkinter.Tk) -> None:
    """Raises what a bare file or timer callback raised: Tk keeps it until ``mainloop`` is asked."""
    pump.tk.mainloop(NO_LOOP)


def settle(pump: tkinter.Tk, known: Collection[int]) -> list[str]:
    """Runs what is due in Tk's queue, and says what is wrong with it.

    It never comes to rest while a file handler was left on a descriptor that is ready or closed: the
    handlers of all but the ``known`` descriptors are then taken off, for the sake of the tests to come.
    """
    wrong = []
    if not _comes_to_rest(pump):
        wrong.append("Tk's queue does not come to rest: a file handler was left behind")
        for fd in range(3, FD_SETSIZE if hasattr(pump.tk, "deletefilehandler") else 0):
            if fd not in known:
                pump.tk.deletefilehandler(fd)
    try:
        raise_pending(pump)
    except Exception as error:
        wrong.append(f"a bare callback of Tk's raised {error!r}")
    return wrong


def _comes_to_rest(pump: tkinter.Tk) -> bool:
    """Runs what is due; the X server may send thousands of events for a window that has just gone."""
    until = time.monotonic() + QUIET_TIME
    while time.monotonic() < until:
        if not all(pump.tk.dooneevent(_tkinter.DONT_WAIT) for _ in range(QUIET_AFTER)):
            return True
    return False


def close_interpreter(root: tkinter.Tk) -> list[str]:
    """Closes the tkws loop of ``root``, if tkws is in use, and lists what is left in the interpreter."""
    loops = sys.modules.get("tkws.loop")
    if loops is not None:
        loops.loop_for(root).close()
    left = [f"after script {name}" for name in root.tk.splitlist(root.tk.call("after", "info"))]
    commands = root.tk.splitlist(root.tk.call("info", "commands"))
    return left + [f"Tcl command {name}" for name in commands if PYTHON_COMMAND.fullmatch(name)]


def forget_failure() -> None:
    """Drop what Python keeps of the last exception: the frames of a failed test, with all that they hold."""
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        vars(sys).pop(name, None)


def exists(root: tkinter.Tk) -> bool:
    """Whether the window ``root`` was not destroyed yet."""
    try:
        return bool(root.winfo_exists())
    except tkinter.TclError:
        return False

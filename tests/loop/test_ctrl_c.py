"""Ctrl-C in a Windows console, and the processor time of a program at rest there."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.loop.child import REPOSITORY, run_child

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "win32", reason="tests/loop/test_signals.py has it for other systems"),
]

# Runs in a console of its own, whose Ctrl-C reaches all of its processes: this one ignores it.
DRIVER = """
import ctypes, signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-W", "error", "-c", sys.argv[1]], stdout=subprocess.PIPE)
assert child.stdout.readline() == b"at rest\\r\\n"
signal.signal(signal.SIGINT, signal.SIG_IGN)
assert ctypes.WinDLL("kernel32").GenerateConsoleCtrlEvent(signal.CTRL_C_EVENT, 0)
print(child.communicate(timeout=60)[0].decode().strip())
"""

PROGRAM = """
import tkinter, tkws
root = tkinter.{kind}()
server = tkws.serve(master=root)
root.after(200, lambda: print("at rest", flush=True))
try:
    root.mainloop({threshold})
except KeyboardInterrupt:
    print("interrupted", type(server.loop).__name__)
server.loop.close()
"""


@pytest.mark.parametrize(("kind", "threshold"), [("Tk", 0), ("Tcl", -1)])
def test_ctrl_c_ends_mainloop_at_rest(kind: str, threshold: int) -> None:
    program = PROGRAM.format(kind=kind, threshold=threshold)
    ended = subprocess.run(
        [sys.executable, "-c", DRIVER, program],
        cwd=REPOSITORY,
        creationflags=subprocess.CREATE_NEW_CONSOLE,  # type: ignore[attr-defined] # only Windows has it
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert (ended.stdout, ended.returncode) == ("interrupted ChannelLoop\n", 0), ended.stderr


def test_a_program_at_rest_takes_no_processor_time() -> None:
    ended = run_child("""
        import time, tkinter, tkws
        root = tkinter.Tcl()
        server = tkws.serve(master=root)

        def rest(ms):
            root.after(ms, root.setvar, "rested", 1)
            root.tk.call("vwait", "rested")

        rest(200)
        before = time.process_time()
        rest(2000)
        print(type(server.loop).__name__, time.process_time() - before)
        server.loop.close()
        """)
    kind, seconds = ended.stdout.split()
    assert (kind, ended.stderr) == ("ChannelLoop", "")
    assert float(seconds) < 0.1  # polling takes as much in a second

"""For testing programs that use tkws: real connections in Tk's real loop, in one process, without sleeping.

`run_until` runs the loop until a condition is true. `connected_pair` makes both ends of a connection
without a network. `ScriptedServer` is a server that follows a script. `Link` is a relay between a client
and a server that breaks when it is told to. `FakeClock` jumps over waiting times. `Recorder` is a handler
that records events. ``pytest_plugins = ["tkws.testing.plugin"]`` in a ``conftest.py`` adds fixtures.

The rest of the package imports nothing from here.
"""

from tkws.testing.clock import FakeClock
from tkws.testing.link import Link
from tkws.testing.pair import connected_pair
from tkws.testing.recorder import Recorder
from tkws.testing.scripted import Script, ScriptedPeer, ScriptedServer
from tkws.testing.waiting import run_until

__all__ = [
    "FakeClock",
    "Link",
    "Recorder",
    "Script",
    "ScriptedPeer",
    "ScriptedServer",
    "connected_pair",
    "run_until",
]

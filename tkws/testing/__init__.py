"""For tests of programs that use tkws: real connections on Tk's real loop, in one process, with no sleeping.

`run_until` runs the loop until something is true. `connected_pair` gives both ends of a connection
without a network; `ScriptedServer` plays a server by a script; `Link` stands between a client and a
server and breaks; `FakeClock` jumps over waiting times; `Recorder` is a handler that writes down.
``pytest_plugins = ["tkws.testing.plugin"]`` in a ``conftest.py`` brings fixtures.

Nothing here is imported by the rest of the package.
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

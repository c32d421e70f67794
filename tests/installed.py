"""Exercises tkws as it was installed, in an environment with nothing else: for the checks of the wheel.

python -I tests/installed.py
"""

from __future__ import annotations

import importlib.metadata
import importlib.resources
import sys
import tkinter

import tkws

PATIENCE_MS = 10_000


def main() -> None:
    """Look at what was installed, then talk through it."""
    assert "site-packages" in tkws.__file__, tkws.__file__
    assert importlib.resources.files(tkws).joinpath("py.typed").is_file()
    assert importlib.metadata.version("tkws") == tkws.__version__
    extras = importlib.metadata.metadata("tkws").get_all("Provides-Extra") or []
    assert {"socks", "speed"} <= set(extras), extras
    assert talk() == [b"hello" * 1000, "disconnect"]


def talk() -> list[object]:
    """Exchange a compressed message and a closing handshake; return what came."""
    root = tkinter.Tcl()
    server = tkws.serve(master=root)
    came: list[object] = []

    @server.live("/")
    def echo(ws: tkws.WebSocket, type: str, message: object) -> None:
        if type == "binary":
            assert isinstance(message, bytes)
            ws.send(message)

    def on_event(ws: tkws.WebSocket, type: str, message: object) -> None:
        if type == "connect":
            ws.send(b"hello" * 1000)
        elif type == "binary":
            came.append(message)
            ws.close()
        elif type == "disconnect":
            came.append("disconnect")
            root.quit()

    tkws.open(server.url, on_event, master=root)
    root.after(PATIENCE_MS, sys.exit, "it took too long")
    root.mainloop(-1)
    server.close()
    return came


if __name__ == "__main__":
    main()

"""What the suite tests: an echo server and an echo client on the real Tk loop.

Both echo every message with its kind, compress whatever they may, and take the largest
messages and the most fragments that the suite sends.

    python -m tests.compliance.testees server            prints its URL, serves until killed
    python -m tests.compliance.testees client URL AGENT  runs every case of a fuzzing server
"""

from __future__ import annotations

import sys
import tkinter
from typing import Any

import tkws

OPTIONS: dict[str, Any] = {
    "max_message": 32 * 1024 * 1024,
    "compression": tkws.Deflate(threshold=0, level=1),  # any level conforms, and this one is fast
    "close_timeout": 5,
}


def echo(ws: tkws.WebSocket, type: str, message: Any) -> None:
    """Send a message back as what it came."""
    if type in ("text", "binary") and ws.state is tkws.State.OPEN:
        ws.send(message)


def serve(root: tkinter.Tk) -> None:
    """Serve until the process ends."""
    server = tkws.serve(master=root, handler=echo, **OPTIONS)
    print(server.url, flush=True)
    root.mainloop(-1)


class Client(tkws.Handler):
    """Runs the cases of a fuzzing server one after the other, then asks for the report."""

    def __init__(self, root: tkinter.Tk, url: str, agent: str) -> None:
        self._root = root
        self._url = url
        self._agent = agent
        self._case = 0
        self._count = 0
        self._open("getCaseCount", self)

    def on_text(self, ws: tkws.WebSocket, message: str) -> None:
        """Learn how many cases there are."""
        self._count = int(message)

    def on_disconnect(self, ws: tkws.WebSocket, message: str) -> None:
        """Go on with the first case."""
        self._next()

    def _next(self) -> None:
        self._case += 1
        if self._case <= self._count:
            self._open(f"runCase?case={self._case}&agent={self._agent}", self._run_case)
        else:
            self._open(f"updateReports?agent={self._agent}", self._finish)

    def _run_case(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "disconnect":
            self._next()
        else:
            echo(ws, type, message)

    def _finish(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "disconnect":
            self._root.quit()

    def _open(self, resource: str, handler: Any) -> None:
        tkws.open(f"{self._url}/{resource}", handler, master=self._root, **OPTIONS)


def main() -> None:
    """Be one of the two."""
    root = tkinter.Tcl()
    if sys.argv[1] == "server":
        serve(root)
    else:
        Client(root, *sys.argv[2:])
        root.mainloop(-1)


if __name__ == "__main__":
    main()

"""A client and a server on this machine's loopback, in one interpreter: do messages pass, and how fast?

The figures are for comparing machines and notifiers. Both ends share one thread, so they are lower than with
a peer in another process.
"""

from __future__ import annotations

import time
import tkinter
from collections.abc import Callable, Mapping
from typing import Any

import tkws
from tkws.loop import loop_for

TIMEOUT = 5.0
TRIPS_TIME = 0.5
REST = 1.0
FLOOD_TIME = 1.0
FLOOD_AT_A_TIME = 500  # messages; the window lives between two such batches
TICK = 0.016  # between two redraws, or beats of a timer without a window

_MESSAGE = "x" * 64


class SelfTest:
    """Measures in three steps, each with an end: round trips, the first message after a rest, a flood.

    Args:
        root: The interpreter.
        redraws: Whether there is a window, whose idle work can be counted.
        timeout: Seconds for the opening, each answer and the end.

    Attributes:
        failed: Whether a step failed, after `run`.
    """

    def __init__(self, root: tkinter.Tk, *, redraws: bool, timeout: float = TIMEOUT) -> None:
        self.failed: bool = False
        self._root = root
        self._redraws = redraws
        self._timeout = timeout
        self._loop = loop_for(root)
        self._events: list[tuple[str, Any]] = []
        self._received = 0

    def run(self) -> Mapping[str, object]:
        """Return the figures by name; of a failure, what went wrong."""
        server = None
        try:
            server = tkws.serve(master=self._root, handler=self._answer)
            ws = tkws.open(server.url, self._on_event, master=self._root, proxy=None, timeout=self._timeout)
            self._wait_until(lambda: bool(self._events), self._timeout)
            if not self._events or self._events[0][0] != "connect":
                raise ConnectionError(f"the connection was not opened: {self._events[:1]}")
            return {
                "round trips a second": self._measure_trips(ws),
                f"first message after {REST:g} s of rest (ms)": self._measure_after_rest(ws),
                **self._measure_flood(ws),
            }
        except OSError as error:
            self.failed = True
            return {"failed": str(error)}
        finally:
            if server is not None:
                server.close()
                self._wait_until(lambda: not server.connections, self._timeout)

    def _answer(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "text":
            ws.send(message)
        elif type == "binary":  # asks for the flood
            self._loop.call_soon(self._send_flood, ws, time.monotonic() + FLOOD_TIME)

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "text":
            self._received += 1
        else:
            self._events.append((type, message))

    def _measure_trips(self, ws: tkws.WebSocket) -> int:
        trips, started = 0, time.monotonic()
        while time.monotonic() - started < TRIPS_TIME:
            self._trip(ws)
            trips += 1
        return round(trips / (time.monotonic() - started))

    def _measure_after_rest(self, ws: tkws.WebSocket) -> float:
        self._wait_until(lambda: False, REST)
        started = time.monotonic()
        self._trip(ws)
        return round((time.monotonic() - started) * 1000, 1)

    def _measure_flood(self, ws: tkws.WebSocket) -> Mapping[str, object]:
        self._received = 0
        beats = _Beats(self._root, redraws=self._redraws)
        ws.send(b"flood")
        self._wait_until(lambda: False, FLOOD_TIME)
        beats.stop()
        if not self._received:
            raise ConnectionError("no message of the flood arrived")
        counted = "redraws" if self._redraws else "beats of a timer"
        return {
            "flood, messages a second": round(self._received / FLOOD_TIME),
            f"flood, {counted} a second, of {1 / TICK:.0f}": round(beats.count / FLOOD_TIME),
        }

    def _send_flood(self, ws: tkws.WebSocket, until: float) -> None:
        if ws.state is not tkws.State.OPEN or time.monotonic() >= until:
            return
        if ws.buffered_amount < ws["high_water"]:
            for _ in range(FLOOD_AT_A_TIME):
                ws.send(_MESSAGE)
        self._loop.call_soon(self._send_flood, ws, until)

    def _trip(self, ws: tkws.WebSocket) -> None:
        seen = self._received
        ws.send(_MESSAGE)
        if not self._wait_until(lambda: self._received > seen, self._timeout):
            raise ConnectionError("a message was not answered")

    def _wait_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Run Tk's loop; return whether ``condition`` came true in time."""
        late: list[bool] = []
        timer = self._loop.call_later(seconds, late.append, True)
        while not condition() and not late:
            self._root.tk.dooneevent(0)
        timer.cancel()
        return not late


class _Beats:
    """Counts what is due every `TICK` seconds: idle work, which drawing is, or a timer."""

    def __init__(self, root: tkinter.Tk, *, redraws: bool) -> None:
        self.count = 0
        self._root = root
        self._redraws = redraws
        self._stopped = False
        self._wait()

    def stop(self) -> None:
        """Count no more."""
        self._stopped = True

    def _wait(self) -> None:
        self._root.after(round(TICK * 1000), self._due)

    def _due(self) -> None:
        if self._stopped:
            return
        if self._redraws:
            self._root.after_idle(self._counted)
        else:
            self._counted()

    def _counted(self) -> None:
        self.count += 1
        if not self._stopped:
            self._wait()

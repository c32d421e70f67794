"""Servers, links that break, clients that come and go, and what each fault of the plan does to them.

The servers and two sorts of clients, those with ``reentrant`` and those without, live in three Tcl
interpreters without a screen, which one thread serves. A client whose books are closed is replaced, so that
what is kept does not grow with the time.
"""

from __future__ import annotations

import contextlib
import random
import socket
import ssl
import threading
import time
import tkinter
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tkws
from tests.ledger import Tally
from tests.soak.pair import CLIENTS_CLOSE, SERVERS_CLOSE, Broken, Pair
from tests.soak.plan import Fault
from tkws.loop import loop_for
from tkws.protocol.frames import Role
from tkws.testing import Link

PAIRS = 12
TICK = 0.02  # seconds between two portions of the traffic that is always there
PORTION = 20  # messages
# Ticks after the client's end in which the server must have noticed: keepalive, pong and close timeouts. They
# take half a minute, and longer if the machine hardly lets the program run: that time does not count in tkws
# either.
PATIENCE = 1500


class Site:
    """A server that may be restarted, behind a link that may break."""

    def __init__(self, root: tkinter.Tk, handler: Any, context: ssl.SSLContext | None) -> None:
        self._root, self._handler, self._context = root, handler, context
        self._port = 0
        self.start()
        self.link = Link(self.server.url, master=root)

    def start(self) -> None:
        """Listen, on the same port as before."""
        self.server = tkws.serve(
            port=self._port,
            master=self._root,
            ssl=self._context,
            keepalive=0.5,
            pong_timeout=1,
            close_timeout=1,
        )
        self._port = self.server.port or 0
        self.server.live("/*", self._handler)

    def ends(self, path: str) -> list[tkws.WebSocket]:
        """Return the connections of a path."""
        return [ws for ws in self.server.connections if ws.request is not None and ws.request.path == path]

    def broadcast(self, payload: bytes, path: str) -> int:
        """Send to a path."""
        return self.server.broadcast(payload, path)


class World:
    """Everything that takes part.

    Args:
        roots: The interpreters: the servers' first.
        faults: What is to happen, in order.
        server_ssl: Shows a certificate for 127.0.0.1.
        client_ssl: Trusts it.
        seed: Of everything that is left to chance besides.

    Attributes:
        counts: Faults by name, and lives of connections.
        tally: Of the books that are closed.
        wrong: What went wrong, in sentences.
    """

    def __init__(
        self,
        roots: Sequence[tkinter.Tk],
        faults: Iterable[Fault],
        server_ssl: ssl.SSLContext,
        client_ssl: ssl.SSLContext,
        seed: int,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.tally = Tally(0, 0, 0)
        self.wrong: list[str] = []
        root = self._root = roots[0]
        self._clients_roots = roots[1:]  # without `reentrant`, and with it
        self._loop = loop_for(root)
        self._chance = random.Random(seed)
        self._client_ssl = client_ssl
        self._sites = [Site(root, self._serve, None), Site(root, self._serve, server_ssl)]
        self._pairs: dict[str, Pair] = {}
        self._made = 0
        self._ending = False
        self._nested = False  # whether a handler runs Tk's loop
        self._faults = iter(faults)
        self._began = self._loop.now()
        self._threads: list[threading.Thread] = []
        for each in roots:
            each.report_callback_exception = self._reported
        while len(self._pairs) < PAIRS:
            self._add_pair()
        self._tick()
        self._next_fault()

    @property
    def over(self) -> bool:
        """Whether all books are closed."""
        return self._ending and not self._pairs

    def end(self) -> None:
        """Let the last messages through, and close."""
        self._ending = True
        for site in self._sites:
            site.link.flow()
            site.link.up()
        for pair in self._pairs.values():
            pair.ws.resume()
            pair.ws.close(CLIENTS_CLOSE)

    def close(self) -> None:
        """Leave nothing."""
        for site in self._sites:
            site.link.close()
            site.server.close()
        self._join_threads()

    # ---- traffic

    def _serve(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        assert ws.request is not None
        pair = self._pairs.get(ws.request.path)
        if pair is not None:
            pair.server(ws, type, message)
        elif type in ("text", "binary"):  # a request may come late, from a client that has given up
            self.wrong.append(f"{type} for {ws.request.path}, whose books are closed")

    def _add_pair(self) -> None:
        self._made += 1
        site = self._sites[self._made % len(self._sites)]
        reentrant = self._made % 4 > 1
        path = f"/{self._made}"
        to_path = (lambda payload: site.broadcast(payload, path)) if self._made % 5 == 0 else None
        self._pairs[path] = Pair(
            site.link.url.rstrip("/") + path,
            lambda: site.ends(path),
            to_path,
            master=self._clients_roots[reentrant],
            reentrant=reentrant,
            ssl=self._client_ssl if site.server.secure else None,
            compression=self._made % 3 != 0,
        )

    def _tick(self) -> None:
        if self._ending:
            self._replace_those_over()
            if self.over:
                self._root.quit()
                return
        else:
            for _ in range(PORTION):
                self._say(self._some_pair(self._chance.random()), self._chance.randrange(2000))
            self._replace_those_over()
        self._loop.call_later(TICK, self._tick)

    def _say(self, pair: Pair, size: int) -> None:
        send = self._chance.choice((pair.send_up, pair.send_down))
        send(size, text=self._chance.random() < 0.5)

    def _some_pair(self, where: float) -> Pair:
        return list(self._pairs.values())[int(where * len(self._pairs))]

    def _replace_those_over(self) -> None:
        for path, pair in list(self._pairs.items()):
            if pair.check_over() and not any(
                ws.request.path == path for ws in tkws.find() if ws.role is Role.SERVER and ws.request
            ):
                del self._pairs[path]
                self._close_books(path, pair)
                if not self._ending:
                    self._add_pair()
            elif pair.ticks_since_end > PATIENCE:
                self.wrong.append(f"{path}: the server has not noticed the end in {PATIENCE} ticks")
                pair.ticks_since_end = 0

    def _close_books(self, path: str, pair: Pair) -> None:
        self.counts["clients"] += 1
        self.counts["connections"] += pair.lives
        try:
            both = pair.tallies()
        except AssertionError as error:
            self.wrong.append(f"{path}: {error}")
            return
        sums = (
            sum(getattr(each, name) for each in (self.tally, *both)) for name in ("sent", "delivered", "lost")
        )
        self.tally = Tally(*sums)

    def _reported(self, kind: type, error: BaseException, traceback: object) -> None:
        if not isinstance(error, Broken):
            self.wrong.append(f"a callback raised {error!r}")
        self.counts["exceptions reported"] += 1

    # ---- faults

    def _next_fault(self) -> None:
        fault = next(self._faults, None)
        if fault is not None:
            self._loop.call_later(max(self._began + fault.at - self._loop.now(), 0), self._commit, fault)

    def _commit(self, fault: Fault) -> None:
        self._next_fault()
        if not self._ending:
            self.counts[fault.name] += 1
            getattr(self, f"_{fault.name}")(fault)

    def _link(self, fault: Fault) -> Link:
        return self._sites[fault.where < 0.5].link

    def _reset(self, fault: Fault) -> None:
        self._link(fault).cut()

    def _reset_amid_bytes(self, fault: Fault) -> None:
        self._link(fault).cut_after(int(fault.size * 200_000))

    def _stall(self, fault: Fault) -> None:
        link = self._link(fault)
        link.stall()
        self._loop.call_later(0.05 + 2.5 * fault.size, link.flow)

    def _link_down(self, fault: Fault) -> None:
        link = self._link(fault)
        link.down()
        self._loop.call_later(0.1 + fault.size, link.up)

    def _restart(self, fault: Fault) -> None:
        site = self._sites[fault.where < 0.5]
        if not site.server.closed:
            site.server.close(1012, "Back soon")
            self._loop.call_later(0.1 + fault.size / 2, site.start)

    def _half_close(self, fault: Fault) -> None:
        _shut_down(self._some_pair(fault.where).ws)

    def _half_close_by_server(self, fault: Fault) -> None:
        _shut_down(self._some_pair(fault.where).server_end)

    def _slow_reader(self, fault: Fault) -> None:
        pair = self._some_pair(fault.where)
        ws = pair.ws if fault.size < 0.5 else pair.server_end
        if ws is not None:
            ws.pause()
            self._loop.call_later(0.1 + 1.5 * fault.size, ws.resume)

    def _slow_handler(self, fault: Fault) -> None:
        def compute() -> None:
            until = time.monotonic() + 0.02 + 0.06 * fault.size
            while time.monotonic() < until:
                pass

        self._some_pair(fault.where).next_action = compute

    def _raising_handler(self, fault: Fault) -> None:
        def fail() -> None:
            self.counts["exceptions raised"] += 1
            raise Broken

        self._some_pair(fault.where).next_action = fail

    def _updating_handler(self, fault: Fault) -> None:
        self._some_pair(fault.where).next_action = lambda: self._nest(self._root.update)

    def _dialog(self, fault: Fault) -> None:
        def ask() -> None:
            # No tkinter.Variable: collected in a thread that sends, it would call Tk there.
            tk = self._root.tk
            self._loop.call_later(0.05 + 2 * fault.size, tk.setvar, "answer", "yes")
            tk.call("vwait", "answer")

        self._some_pair(fault.where).next_action = lambda: self._nest(ask)

    def _nest(self, run: Callable[[], object]) -> None:
        """Run a nested loop, unless one runs: the outer one of two ends after the inner one, however late."""
        if not self._nested:
            self._nested = True
            try:
                run()
            finally:
                self._nested = False

    def _flood(self, fault: Fault) -> None:
        pair = self._some_pair(fault.where)
        for _ in range(int(200 + 1800 * fault.size)):
            self._say(pair, 20)

    def _large_messages(self, fault: Fault) -> None:
        pair = self._some_pair(fault.where)
        for send in (pair.send_up, pair.send_down):
            send(int((256 << 10) + (3 << 20) * fault.size))

    def _flood_from_thread(self, fault: Fault) -> None:
        pair = self._some_pair(fault.where)
        self._join_threads()
        pair.floods += 1

        def flood() -> None:
            for _ in range(100):
                pair.up.send(pair.ws, 30)
            self._loop.call_soon_threadsafe(over)

        def over() -> None:
            if pair.ws._sending.threads._submitted:  # a slice was spent before the last of them
                self._loop.call_soon(over)
            else:
                pair.floods -= 1

        thread = threading.Thread(target=flood, name="flood")
        self._threads.append(thread)
        thread.start()

    def _join_threads(self) -> None:
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _close(self, fault: Fault) -> None:
        self._some_pair(fault.where).ws.close(CLIENTS_CLOSE)

    def _close_by_server(self, fault: Fault) -> None:
        ws = self._some_pair(fault.where).server_end
        if ws is not None:
            ws.close(SERVERS_CLOSE)


def _shut_down(ws: tkws.WebSocket | None) -> None:
    """End what the system sends, behind the back of tkws."""
    connection: Any = ws._session.driver if ws is not None else None
    if connection is not None and not connection.stream.closed:
        stream = getattr(connection.stream, "_below", connection.stream)  # TLS has one below
        with contextlib.suppress(OSError):
            stream.socket.shutdown(socket.SHUT_WR)

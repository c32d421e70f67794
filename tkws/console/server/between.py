"""A server between clients and another server: it shows what passes, and holds, changes, delays or drops it.

Knows no widget. For each client, it opens a connection to the target, with what the client asked for; the
client is let in when that is open. Clients connect to a `tkws.testing.Link` before the server, which breaks
TCP connections on demand.
"""

from __future__ import annotations

import tkinter
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import tkws
from tkws.console.client.target import Target
from tkws.console.client.unixaddress import join_unix, split_unix
from tkws.console.log.events import describe
from tkws.console.log.log import Direction, Log
from tkws.console.server.refusals import Refusal, RefusalWatch
from tkws.console.text.payload import kind_of
from tkws.loop.clock import monotonic
from tkws.plurals import counted
from tkws.testing import Link

MAX_HELD = 1000
"""Messages of one connection and direction that are held; then no more are read."""

# Fields of a request that belong to one connection, as Sec-WebSocket-* do: they are not passed on.
_OWN = frozenset(
    ("host", "connection", "upgrade", "content-length", "transfer-encoding", "keep-alive", "te", "trailer",
     "proxy-authorization", "proxy-connection", "accept-encoding")
)  # fmt: skip


class Passage(StrEnum):
    """The treatment of the messages of one direction."""

    PASS = "pass"
    """Pass them on."""
    HOLD = "hold"
    """Keep each until it is passed on or dropped."""
    DROP = "drop"
    """Do not pass them on."""


class Way(StrEnum):
    """A direction, as the log has it."""

    TO_SERVER = Direction.OUT
    TO_CLIENT = Direction.IN


class Held(NamedTuple):
    """A message that is held."""

    number: int
    """Counted from 1."""
    name: str
    """The name of the connection."""
    way: Way
    message: str | bytes


class _Pair:
    """The connection of a client, and the one to the target that belongs to it."""

    def __init__(self, name: str, upstream: tkws.WebSocket | None = None) -> None:
        self.name = name
        self.client: tkws.WebSocket | None = None
        self.upstream = upstream
        self.error: Exception | None = None
        self.early: deque[str | bytes] = deque()  # came from the target before the client was let in
        self.delayed: dict[Way, deque[tuple[float, Callable[[], object]]]] = {way: deque() for way in Way}
        self.held_count = dict.fromkeys(Way, 0)

    def end(self, way: Way) -> tkws.WebSocket | None:
        """Return the connection that messages of a direction are sent to."""
        return self.upstream if way is Way.TO_SERVER else self.client


class Between:
    """The server between clients and a target; it starts at once.

    Args:
        log: The log for the conversation: what goes to the target is out, what comes from it is in.
        master: Any widget, ``Tk`` or ``Tcl()``.
        on_event: Called as ``on_event(name, type, message)`` for each event after it has been logged.
        target: The target. Unless its URL has a path of its own, that of each client's request is used.
        port: The port to listen on, of this machine only; 0 for a free one.
        origins: The web pages that may connect; see `tkws.serve`.

    Attributes:
        link: Breaks, stalls and slows the connections of the clients.
        passage: The treatment of messages, by direction.
        delay: How long to wait before messages and closes are passed on, by direction, in seconds.
        held: The messages that are held, by number.

    Raises:
        OSError: The port is in use.
    """

    def __init__(
        self,
        log: Log,
        master: tkinter.Misc,
        on_event: Callable[[str, str, Any], object],
        target: Target,
        *,
        port: int = 0,
        origins: Sequence[str] | None = None,
    ) -> None:
        self.log = log
        self.target = target
        self.passage: Final = dict.fromkeys(Way, Passage.PASS)
        self.delay: Final = dict.fromkeys(Way, 0.0)
        self.held: Final[dict[int, Held]] = {}
        self._master = master
        self._notify = on_event
        self._count = 0
        self._held_count = 0
        self._pairs: dict[str, _Pair] = {}
        self._server: tkws.HTTPServer = tkws.serve(
            "127.0.0.1", 0, master=master, handler=self._client_event, max_message=target.max_message,
            handshake_timeout=target.timeout, origins=origins,
        )  # fmt: skip
        self._watch = RefusalWatch(self._on_refusal)
        self._server.admit(self._admit)
        try:
            self.link: Final = Link(self._server.url, port=port, master=master)
        except OSError:
            self._watch.close()
            self._server.close()
            raise
        log.add(Direction.NOTE, "open", f"Listening at {self.url}, for {target.url}")

    @property
    def url(self) -> str:
        """Where clients connect."""
        return self.link.url

    @property
    def names(self) -> list[str]:
        """The names of the connections whose client has been let in."""
        return [name for name, pair in self._pairs.items() if pair.client is not None]

    def send(self, message: str | bytes, way: Way, name: str = "") -> int:
        """Inject a message, past what is held and delayed.

        Args:
            message: The message.
            way: Where to.
            name: The name of a connection; empty for all.

        Returns:
            How many connections got it.
        """
        pairs = [pair for pair in self._pairs.values() if name in ("", pair.name)]
        return sum(self._send(pair, way, message) for pair in pairs)

    def pass_on(self, number: int, message: str | bytes | None = None) -> None:
        """Pass on a message that is held; another in its place, if one is given."""
        held = self.take(number)
        if held is not None and (pair := self._pairs.get(held.name)) is not None:
            self._later(
                pair, held.way, self._send, pair, held.way, held.message if message is None else message
            )

    def take(self, number: int) -> Held | None:
        """Take a message out of those that are held, and return it; None if it is no longer there."""
        held = self.held.pop(number, None)
        if held is not None and (pair := self._pairs.get(held.name)) is not None:
            pair.held_count[held.way] -= 1
            source = pair.end(_other(held.way))
            if source is not None and pair.held_count[held.way] == MAX_HELD - 1:
                source.resume()
        return held

    def set_passage(self, way: Way, passage: Passage) -> None:
        """Change the treatment of a direction; what is held is passed on, or dropped, unless it stays so."""
        self.passage[way] = passage
        if passage is not Passage.HOLD:
            for held in [each for each in self.held.values() if each.way is way]:
                if passage is Passage.PASS:
                    self.pass_on(held.number)
                else:
                    self.take(held.number)

    def close(self) -> None:
        """Stop listening, and start to close all connections."""
        for pair in list(self._pairs.values()):
            if pair.upstream is not None:
                pair.upstream.close(tkws.CloseCode.GOING_AWAY)
        self._watch.close()
        self._server.close()
        self.link.close()

    # ---- the opening

    def _on_refusal(self, refusal: Refusal) -> None:
        self.log.add(Direction.NOTE, "refused", f"A client was refused: {refusal.why}")
        self._notify("", "refused", refusal)

    def _admit(self, request: tkws.Request) -> Future[Any]:
        """Connect to the target as the client asked; the client gets what that answers."""
        answer: Future[Any] = Future()
        self._count += 1
        pair = _Pair(f"#{self._count}")
        offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
        headers = tuple(
            (name, value)
            for name, value in request.headers.fields
            if name.lower() not in _OWN and not name.lower().startswith("sec-websocket-")
        )
        target = replace(
            self.target,
            url=_join(self.target.url, request.target),
            protocols=tuple(name.strip() for name in offered.split(",") if name.strip()),
            headers=(*headers, *self.target.headers),
        )

        def on_event(ws: tkws.WebSocket, type: str, message: Any) -> None:
            self._target_event(pair, answer, type, message)

        try:
            pair.upstream = target.open(on_event, self._master)
        except (ValueError, OSError) as error:
            answer.set_result(_refusal(error))
            return answer
        self._pairs[pair.name] = pair
        answer.add_done_callback(lambda answer: self._abandon(pair) if answer.cancelled() else None)
        self._note(pair, "open", f"Connecting to {target.url}")
        return answer

    def _abandon(self, pair: _Pair) -> None:
        """End the connection to the target, whose client has gone before it was let in."""
        if pair.upstream is not None:
            pair.upstream.close(tkws.CloseCode.GOING_AWAY)

    # ---- the events of both ends

    def _target_event(self, pair: _Pair, answer: Future[Any], type: str, message: Any) -> None:
        assert pair.upstream is not None
        if type in ("text", "binary"):
            if pair.client is None:
                pair.early.append(message)
            else:
                self._received(pair, Way.TO_CLIENT, message)
        elif type == "connect":
            self._note(pair, "connect", describe(pair.upstream, "connect", message))
            if not answer.cancelled():
                answer.set_result(tkws.Admit(data=pair, protocol=pair.upstream.protocol))
        elif type == "drain":
            if pair.client is not None:
                pair.client.resume()
        elif type in ("error", "timeout"):
            pair.error = message
            self._note(pair, str(type), f"The server: {describe(pair.upstream, str(type), message)}")
        elif type == "close" and pair.client is not None:
            self._ended(pair, Way.TO_CLIENT, "The server", message)
        elif type == "disconnect":
            pair.upstream = None
            if not answer.done():
                answer.set_result(_refusal(pair.error))
            self._forget(pair)

    def _client_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        pair: _Pair = ws.data
        if type in ("text", "binary"):
            self._received(pair, Way.TO_SERVER, message)
        elif type == "connect":
            pair.client = ws
            self._note(pair, "connect", f"A client connected to {ws.request.target if ws.request else '/'}")
            while pair.early:
                self._received(pair, Way.TO_CLIENT, pair.early.popleft())
            if pair.upstream is None:  # it ended meanwhile
                ws.close(tkws.CloseCode.BAD_GATEWAY)
        elif type == "drain":
            if pair.upstream is not None:
                pair.upstream.resume()
        elif type in ("error", "timeout"):
            self._note(pair, str(type), f"The client: {describe(ws, str(type), message)}")
        elif type == "close":
            self._ended(pair, Way.TO_SERVER, "The client", message)
        elif type == "disconnect":
            pair.client = None
            self._forget(pair)

    def _received(self, pair: _Pair, way: Way, message: str | bytes) -> None:
        passage = self.passage[way]
        if passage is Passage.DROP:
            self._log(pair, way, message)
            self._note(pair, "dropped", "Not passed on")
        elif passage is Passage.HOLD:
            self._held_count += 1
            self.held[self._held_count] = Held(self._held_count, pair.name, way, message)
            pair.held_count[way] += 1
            source = pair.end(_other(way))
            if source is not None and pair.held_count[way] >= MAX_HELD:
                source.pause()
            self._notify(pair.name, "held", message)
        else:
            self._later(pair, way, self._send, pair, way, message)

    def _ended(self, pair: _Pair, way: Way, who: str, end: tuple[int, str]) -> None:
        """Close the other end as this one was closed; what cannot be sent becomes what comes nearest."""
        code, reason = end
        self._note(pair, "close", f"{who} closed: {code} {reason}".rstrip())
        if code == tkws.CloseCode.NO_STATUS_RECEIVED:
            self._later(pair, way, self._close, pair, way, None, "")
        elif code == tkws.CloseCode.ABNORMAL_CLOSURE:
            lost = tkws.CloseCode.GOING_AWAY if way is Way.TO_SERVER else tkws.CloseCode.BAD_GATEWAY
            self._later(pair, way, self._close, pair, way, lost, "")
        else:
            self._later(pair, way, self._close, pair, way, code, reason)

    def _forget(self, pair: _Pair) -> None:
        if pair.client is None and pair.upstream is None and self._pairs.pop(pair.name, None) is not None:
            lost = [held for held in self.held.values() if held.name == pair.name]
            for held in lost:
                del self.held[held.number]
            held_ones = counted(len(lost), "held message was", "held messages were")
            more = f"; {held_ones} not passed on" if lost else ""
            self._note(pair, "disconnect", f"Disconnected{more}")

    # ---- what is passed on

    def _later(self, pair: _Pair, way: Way, call: Callable[..., object], *arguments: Any) -> None:
        """Do something after the delay of the direction, and after what came before it."""
        delayed = pair.delayed[way]
        if not self.delay[way] and not delayed:
            call(*arguments)
            return
        due = monotonic() + self.delay[way]
        delayed.append((max(due, delayed[-1][0]) if delayed else due, partial(call, *arguments)))
        if len(delayed) == 1:
            self._server.loop.call_later(self.delay[way], self._do_delayed, delayed)

    def _do_delayed(self, delayed: deque[tuple[float, Callable[[], object]]]) -> None:
        while delayed:
            wait = delayed[0][0] - monotonic()
            if wait > 0:
                self._server.loop.call_later(wait, self._do_delayed, delayed)
                return
            _, call = delayed.popleft()
            call()

    def _send(self, pair: _Pair, way: Way, message: str | bytes) -> bool:
        destination, source = pair.end(way), pair.end(_other(way))
        if destination is None or destination.state is not tkws.State.OPEN:
            return False
        destination.send(message)
        self._log(pair, way, message)
        if source is not None and destination.buffered_amount > destination.cget("high_water"):
            source.pause()  # until the destination has read it
        return True

    def _close(self, pair: _Pair, way: Way, code: int | None, reason: str) -> None:
        destination = pair.end(way)
        if destination is not None:
            destination.close(code, reason)

    def _log(self, pair: _Pair, way: Way, message: str | bytes) -> None:
        kind = kind_of(message)
        self.log.add(Direction(way), kind, message, pair.name)
        self._notify(pair.name, kind, message)

    def _note(self, pair: _Pair, type: str, text: str) -> None:
        self.log.add(Direction.NOTE, type, text, pair.name)
        self._notify(pair.name, type, text)


def _other(way: Way) -> Way:
    return Way.TO_CLIENT if way is Way.TO_SERVER else Way.TO_SERVER


def _join(url: str, target: str) -> str:
    """Return the URL at which a client's request is repeated: its path, unless the target's URL has one."""
    socket, server = split_unix(url) or ("", url)
    parts = urlsplit(server)
    if parts.path.strip("/") or parts.query:
        return url
    joined = f"{parts.scheme}://{parts.netloc}{target}"
    return join_unix(socket, joined) if socket else joined


def _refusal(error: Exception | None) -> tkws.Response:
    """Return the answer to a client for which the target could not be reached, or has refused."""
    if isinstance(error, tkws.OpenError) and error.status is not None and error.status >= 200:
        kind = error.headers.get("Content-Type", "text/plain")
        return tkws.Response(error.status, headers={"Content-Type": kind}, body=error.body)
    text = f"The server behind this one cannot be reached: {error}\n"
    return tkws.Response(502, headers={"Content-Type": "text/plain; charset=utf-8"}, body=text.encode())

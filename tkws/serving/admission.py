"""Admission: the program's own check of each request for a WebSocket, before it is answered with 101.

Interprets what a check returns, and waits for a result that comes later;
`tkws.serving.httpconnection` answers the request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from inspect import isawaitable
from typing import Any, TypeAlias

from tkws.asynchandlers import start
from tkws.checks import check_kind
from tkws.http.fields import is_token
from tkws.http.headers import Headers, HeadersLike
from tkws.http.messages import Request, Response
from tkws.loop import Loop
from tkws.loop.relay import Relay
from tkws.protocol.handshake import check_not_reserved
from tkws.serving.content import plain
from tkws.serving.decision import Decision, PendingRequest, refusal_of


@dataclass(frozen=True, slots=True, eq=False, init=False, repr=False)
class Admit:
    """Returned by a check of `HTTPServer.admit` to let a client in, with more detail than True gives.

    Args:
        data: Any object of the program's; it becomes `WebSocket.data` of the connection.
        headers: Additional header fields of the 101 response, such as ``Set-Cookie``.
        protocol: The subprotocol, which must be one that the client offers; ``""`` for none, and None for
            the first offered one for which `Server.live` has an entry.

    Raises:
        TypeError: An argument is of a wrong type.
        ValueError: ``headers`` cannot be sent, or contain a field that belongs to the handshake; or
            ``protocol`` is not a token.
    """

    data: Any
    headers: Headers
    protocol: str | None

    def __init__(self, data: Any = None, headers: HeadersLike = (), protocol: str | None = None) -> None:
        fields = Headers(headers)
        check_not_reserved(fields)
        check_kind("protocol", protocol, str | None, "str or None")
        if protocol and not is_token(protocol):
            raise ValueError(f"protocol: {protocol!r} is not a token")
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "headers", fields)
        object.__setattr__(self, "protocol", protocol)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} data of {type(self.data).__name__}, protocol {self.protocol!r}>"


Verdict: TypeAlias = bool | Response | Admit | None
"""The result of a check; see `HTTPServer.admit`."""

Check: TypeAlias = Callable[[Request], Verdict | Future[Any] | Awaitable[Any]]
"""Any callable ``(request)`` that returns a `Verdict`, at once or later."""


class Admission:
    """An entry of `HTTPServer.admit`, as a decider.

    Args:
        loop: The loop of the server.
        path: The glob of the paths that it checks.
        check: The program's callable.
    """

    def __init__(self, loop: Loop, path: str, check: Check) -> None:
        self.path = path
        self._loop = loop
        self._check = check

    def __call__(self, pending: PendingRequest) -> None:
        """Call the check, and decide now, or when its result arrives."""
        answer = self._check(pending.request)
        if isinstance(answer, Future):
            relay = Relay(self._loop, partial(self._take, pending))
            answer.add_done_callback(relay)
            pending.on_cancel(partial(relay.cancel, answer))
        elif isawaitable(answer):
            task = start("check", answer, self._loop.master, f"admission to {pending.request.path}")
            task.add_done_callback(partial(self._take, pending))
            pending.on_cancel(task.cancel)
        else:
            pending.decide(decision_of(answer))

    def _take(self, pending: PendingRequest, future: Any) -> None:
        """Decide from the result of a future or a task, in the loop's thread."""
        if future.cancelled():
            pending.refuse(plain(503, "The decision on this request was cancelled"))
            return
        try:
            error = future.exception()
            decision = decision_of(future.result()) if error is None else None
        except (TypeError, ValueError) as unusable:
            error, decision = unusable, None
        pending.decide(decision or Decision(refusal_of(error, self._loop)))


def decision_of(verdict: object) -> Decision:
    """Convert the result of a check into a decision.

    Raises:
        TypeError: ``verdict`` is not a `Verdict`.
        ValueError: ``verdict`` is a `Response` that would not be final.
    """
    if verdict is None or verdict is True:
        return Decision()
    if verdict is False:
        return Decision(plain(403, "You may not connect here"))
    if isinstance(verdict, Admit):
        return Decision(None, verdict.headers, None, verdict.data, verdict.protocol)
    if isinstance(verdict, Response):
        if verdict.status < 200:
            raise ValueError(f"check: a Response refuses, so its status is 200 or more, not {verdict.status}")
        return Decision(verdict)
    raise TypeError(
        "check: a callable that returns None, True, False, a tkws.Response or a tkws.Admit, or a Future or "
        f"an awaitable of one of these, not {type(verdict).__name__}"
    )

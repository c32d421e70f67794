"""`serve`: a server whose handler is a coroutine for each connection, in the manner of `websockets`."""

from __future__ import annotations

import asyncio
import glob
import inspect
from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, Self, TypeAlias, Unpack

from tkws.aio.client import OPTIONS, running_master, translated
from tkws.aio.guest import GuestLoop, loop
from tkws.aio.keywords import ServeKeywords
from tkws.aio.messagequeue import MAX_QUEUE, MaxQueue, queue_limits
from tkws.aio.tasks import spawn
from tkws.aio.websocket import Connection
from tkws.checks import Buffer, check_callable, check_several, check_texts
from tkws.commands.listening import LOOPBACK, Host, check_address
from tkws.commands.servers import serve as serve_websockets
from tkws.connection.websocket import WebSocket
from tkws.errors import ConnectionClosed
from tkws.http.messages import Request, Response
from tkws.loop import Master
from tkws.loop.widgets import require_widget
from tkws.protocol.closing import CloseCode
from tkws.protocol.state import State
from tkws.serving.content import plain
from tkws.serving.decision import PendingRequest
from tkws.serving.httpserver import HTTPServer

SWITCHING_PROTOCOLS = 101

# The name of `websockets` for an option of tkws.
ARGUMENTS = MappingProxyType({"open_timeout": "handshake_timeout"})


class ServerConnection(Connection):
    """A connection to a server, from its request on; `serve` makes it.

    Before it is open, `request`, `remote_address` and `respond` may be used, and attributes may be set.
    """

    _UNTIL_OPEN: ClassVar[str] = "wait until the handler is called with it"

    def __init__(self, loop: GuestLoop, limits: tuple[float, float], request: Request) -> None:
        super().__init__(loop, limits)
        self._request = request

    @property
    def state(self) -> State:
        """CONNECTING, OPEN, CLOSING or CLOSED."""
        return self.ws.state if self.opened.done() else State.CONNECTING

    @property
    def request(self) -> Request:
        """The opening request."""
        return self._request

    @property
    def remote_address(self) -> Any:
        """The address of the client."""
        return self._request.peer

    def respond(self, status: int, text: str) -> Response:
        """Return an answer in plain text, for ``process_request``."""
        fields = {"Content-Type": "text/plain; charset=utf-8"}
        return Response(status, headers=fields, body=text.encode())


AsyncHandler: TypeAlias = Callable[[ServerConnection], Awaitable[object]]
ProcessRequest: TypeAlias = Callable[
    [ServerConnection, Request], Awaitable[Response | None] | Response | None
]


class Server:
    """A server that listens; `serve` makes it.

    Attributes:
        server: The underlying `tkws.HTTPServer`, for pages and limits.
    """

    def __init__(
        self,
        server: HTTPServer,
        master: Master,
        handler: AsyncHandler,
        process_request: ProcessRequest | None,
        queue_limits: tuple[float, float],
    ) -> None:
        self.server = server
        self._handler = handler
        self._master = master
        self._process_request = process_request
        self._queue_limits = queue_limits
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = asyncio.Event()
        if process_request is not None:
            server.decider = self._ask

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self.server.port

    @property
    def url(self) -> str:
        """The URL for clients of this machine."""
        return self.server.url

    def broadcast(
        self,
        message: str | Buffer,
        path: str = "*",
        *,
        to: str | Iterable[str] | None = None,
        exclude: Connection | Iterable[Connection] | None = None,
        compress: bool | None = None,
    ) -> int:
        """Send a message to every open connection, from any thread; see `tkws.Server.broadcast`.

        It does not wait; the option ``slow_peer`` decides what happens for a peer that does not keep up.

        Args:
            message: A ``str`` is sent as text, a bytes-like object as binary.
            path: A glob for the paths that the clients asked for.
            to: The members of a group only: its name, a glob, or several of these.
            exclude: A connection that is left out, such as that of the sender, or several.
            compress: Whether to compress it where once is enough for all; None for the option's threshold.

        Returns:
            The number of connections that it was sent to.

        Raises:
            TypeError: An argument is of a wrong type.
            ValueError: ``message`` cannot be encoded, or ``path`` cannot match any path.
            StateError: The process was forked.
        """
        excluded = () if exclude is None else check_several("exclude", exclude, Connection, "a Connection")
        left_out = [connection.ws for connection in excluded if connection.state is not State.CONNECTING]
        return self.server.broadcast(message, path, to=to, exclude=left_out, compress=compress)

    def close(self, code: int = CloseCode.GOING_AWAY, reason: str = "") -> None:
        """Stop listening, and close all connections."""
        self.server.close(code, reason)
        self._closed.set()

    async def wait_closed(self) -> None:
        """Wait until it is closed and all handlers have returned."""
        await self._closed.wait()
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def serve_forever(self) -> None:
        """Wait until it is closed; if this is cancelled, close it."""
        try:
            await self.wait_closed()
        finally:
            self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        self.close()
        await self.wait_closed()

    def on_request(self, ws: WebSocket, type: str, request: Any) -> None:
        """Begin to serve a connection that was accepted without ``process_request``: its first handler."""
        self._begin(self._make(request), ws, type, request)

    def _make(self, request: Request) -> ServerConnection:
        return ServerConnection(loop(self._master), self._queue_limits, request)

    def _ask(self, pending: PendingRequest) -> None:
        """Decide on a request by ``process_request``."""
        task = self._spawn(self._decide(pending), f"request from {pending.request.peer}")
        pending.on_cancel(task.cancel)

    async def _decide(self, pending: PendingRequest) -> None:
        assert self._process_request is not None
        connection = self._make(pending.request)
        refusal = plain(503, "The server is closing")
        try:
            answer = self._process_request(connection, pending.request)
            if inspect.isawaitable(answer):
                answer = await answer
            if not isinstance(answer, Response | None):
                raise TypeError(f"process_request must return None or a Response, not {answer!r}")
            if answer is None or answer.status == SWITCHING_PROTOCOLS:
                pending.accept(answer.headers if answer else (), partial(self._begin, connection))
            else:
                refusal = answer
        except Exception:
            refusal = plain(500, "The server could not decide on this request")
            raise
        finally:
            pending.refuse(refusal)  # unless it was accepted

    def _begin(self, connection: ServerConnection, ws: WebSocket, type: str, message: Any) -> None:
        connection.attach(ws)
        connection.on_event(ws, type, message)
        ws.configure(handler=connection.on_event)
        self._spawn(self._serve(connection), f"connection from {ws.peername}")

    def _spawn(self, coroutine: Any, name: str) -> asyncio.Task[None]:
        task = spawn(coroutine, self._master, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _serve(self, connection: ServerConnection) -> None:
        code = CloseCode.INTERNAL_ERROR
        try:
            await self._handler(connection)
            code = CloseCode.NORMAL_CLOSURE
        except ConnectionClosed:  # the peer has left, which is not a fault of the handler
            pass
        finally:
            await connection.close(code)


class serve:  # noqa: N801 - it is called as a function is
    """Listen, and run a coroutine for each connection: ``async with serve(...) as server`` or ``await``.

    When the coroutine returns, its connection is closed: with the code 1000, or with 1011 if it raised, and
    then the exception goes to the root's ``report_callback_exception``.

    ``process_request(connection, request)`` decides on each request, before its connection is open, and may
    be an ``async def``. It returns None to accept the request, or a `tkws.Response` to refuse it; a response
    with the status 101 accepts it, and its headers are added to the answer. The client waits meanwhile, for
    ``open_timeout`` seconds at most; when it leaves, or the server is closed, the coroutine is cancelled. An
    exception is answered with 500 and goes to ``report_callback_exception``. It is also called for
    pages. Requests that the options (hosts, origins, limits) refuse do not reach it.

    Args:
        handler: ``async def handler(connection)``.
        host: The address to listen on.
        port: The port; 0 for any free one, which `Server.port` tells.
        master: Any widget, ``Tk`` or ``Tcl()``; None for the window whose loop is running.
        subprotocols: The supported ones, the preferred one first; None to agree to the client's first one.
        process_request: See above; None to accept all requests.
        max_queue: As for `connect`.
        **options: As of `tkws.serve`; the names that `websockets` has for some of them are accepted too.
    """

    def __init__(
        self,
        handler: AsyncHandler,
        host: Host = LOOPBACK,
        port: int = 0,
        *,
        master: Master = None,
        subprotocols: Sequence[str] | None = None,
        process_request: ProcessRequest | None = None,
        max_queue: MaxQueue = MAX_QUEUE,
        **options: Unpack[ServeKeywords],
    ) -> None:
        check_callable("handler", handler, "(connection)")
        if process_request is not None:
            check_callable("process_request", process_request, "(connection, request)")
        self._arguments = handler, process_request, queue_limits(max_queue)
        self._protocols = None if subprotocols is None else check_texts("subprotocols", subprotocols)
        if master is not None:
            require_widget("master", master)
        self._address = check_address(host, port)
        self._master = master
        self._options = translated(options, OPTIONS | ARGUMENTS)
        self._server: Server | None = None

    def __await__(self) -> Generator[Any, None, Server]:
        return self._start().__await__()

    async def _start(self) -> Server:
        master = running_master(self._master)
        below = serve_websockets(*self._address, master=master, **self._options)
        server = Server(below, master, *self._arguments)
        for protocol in ["*"] if self._protocols is None else map(glob.escape, self._protocols):
            below.live("*", server.on_request, protocol)
        return server

    async def __aenter__(self) -> Server:
        self._server = await self._start()
        return self._server

    async def __aexit__(self, *error: object) -> None:
        if self._server is not None:
            await self._server.__aexit__(*error)

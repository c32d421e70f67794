"""`Server`: decides which requests become WebSockets, and owns their connections.

A server knows paths, handlers and limits, not where connections come from: a program that accepts them
itself calls `tkws.test` and `tkws.upgrade`; for `tkws.serve`, `tkws.serving.httpserver` listens and speaks
HTTP.

Long because more than half of it explains to programs what they call.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar, overload
from urllib.parse import unquote

from tkws.asynchandlers import check_handler, check_not_async, check_plain
from tkws.checks import (
    Buffer,
    check_bytes_like,
    check_kind,
    check_seconds,
    check_several,
    check_text,
)
from tkws.configurable import ConfigurableServer
from tkws.connection.attempt import Opened
from tkws.connection.broadcasts import Broadcast
from tkws.connection.lifecycle import Phase
from tkws.connection.logs import LOGGERS
from tkws.connection.session import Session
from tkws.connection.websocket import WebSocket, session_of
from tkws.errors import HandshakeError, StateError
from tkws.handlers import EventHandler
from tkws.http.headers import HeadersLike
from tkws.http.messages import Request
from tkws.loop import Loop
from tkws.loop.logs import Log
from tkws.net import SocketStream, Stream, detach
from tkws.options import ConnectionOptions, ServerOptions, changed
from tkws.protocol.closing import CloseCode, encode_close
from tkws.protocol.deflate import PerMessageDeflate
from tkws.protocol.encoded import EncodedMessage
from tkws.protocol.frames import Role
from tkws.protocol.serverhandshake import accept_response, negotiate, validate
from tkws.serving.backplane import Backplane
from tkws.serving.broadcast import Broadcaster, send_later
from tkws.serving.connections import Connections
from tkws.serving.origins import check_host, check_origin, is_loopback
from tkws.serving.paths import PathEntry, Paths, check_glob, choose_offered
from tkws.serving.shutdown import Shutdown
from tkws.serving.static import Page, Pages

AnyHandler = TypeVar("AnyHandler", bound=EventHandler)


class Agreement(NamedTuple):
    """A request that may become a WebSocket, with all that was agreed."""

    server: Server
    request: Request
    path: str  # percent-decoded
    handler: EventHandler
    protocol: str
    compression: PerMessageDeflate | None
    answer: bytes
    data: object = None  # of `WebSocket.data`
    stream: bool | None = None  # as `PathEntry.stream`


class Server(ConfigurableServer):
    """A server; made by `tkws.server` and `tkws.serve`.

    Its options are changed like those of a Tk widget; the options of connections apply to connections that
    are made later.

    Args:
        loop: The loop that will serve the connections.
        options: See `ServerOptions`; a handler among them serves the paths that no `live` entry does.
        sockname: The address of the listening socket.
        secure: Whether its connections come over TLS.

    Attributes:
        pages: The pages and directories that were added.
        closed: Whether `close` was called.
    """

    def __init__(
        self, loop: Loop, options: ServerOptions, sockname: Any = None, *, secure: bool = False
    ) -> None:
        self.loop = loop
        self.pages: Final = Pages()
        self._options: ServerOptions = options
        self._shared_options: dict[tuple[int, bool | None], ConnectionOptions] = {}
        self.closed: bool = False
        self.secure = secure
        self._sockname = sockname
        self._log: Log = Log(loop, LOGGERS[Role.SERVER])
        self._paths = Paths()
        self._connections = Connections(self._finish_if_empty)
        self._shutdowns: list[Shutdown] = []
        self._backplane: Backplane | None = None
        self._broadcaster = Broadcaster(loop)

    @property
    def options(self) -> ServerOptions:
        """The options; see `configure`."""
        return self._options

    @overload
    def live(
        self, path: str, handler: AnyHandler, protocol: str = "*", *, stream: bool | None = None
    ) -> AnyHandler: ...
    @overload
    def live(
        self, path: str, *, protocol: str = "*", stream: bool | None = None
    ) -> Callable[[AnyHandler], AnyHandler]: ...
    def live(self, path: str, handler: Any = None, protocol: str = "*", *, stream: bool | None = None) -> Any:
        """Serve WebSockets at the paths that ``path`` matches (tcllib's ``live``).

        The first entry wins that matches the path and, if the client offers subprotocols, one of them.
        Also a decorator: ``@server.live("/chat")``.

        Args:
            path: A glob, matched case-sensitively: ``*``, ``?`` and ``[...]``.
            handler: The handler of the connections.
            protocol: A glob for the subprotocol.
            stream: Whether messages arrive in parts here; None for the server's option ``stream``.

        Returns:
            The handler.

        Raises:
            TypeError: An argument is of a wrong type.
            ValueError: ``path`` cannot match any path, since every path begins with ``/``.
            StateError: The process was forked.
        """
        check_kind("path", path, str, "str")
        check_kind("protocol", protocol, str, "str")
        if stream is not None:
            check_kind("stream", stream, bool, "True, False or None")
        check_glob(path)
        self.loop.check_process()
        if handler is None:
            return lambda decorated: self.live(path, decorated, protocol, stream=stream)
        check_handler("handler", handler)
        self._paths.add(PathEntry(path, handler, protocol, stream))
        return handler

    def page(self, path: str, content: Page) -> None:
        """Serve a web page at ``path``.

        Args:
            path: The exact path, such as ``"/"``.
            content: ``str`` is HTML, sent as UTF-8; a bytes-like object has the type that the path's
                ending implies, as in `directory`; a callable gets the `Request` and returns either, or a
                whole `Response`.

        Raises:
            TypeError: ``path`` is not a str, or ``content`` is of another type.
            ValueError: ``path`` does not begin with ``/``.
            StateError: The process was forked.
        """
        self.loop.check_process()
        self.pages.add_page(path, content)

    def directory(self, path: str, folder: str | Path) -> None:
        """Serve the files below ``folder`` at the paths below ``path``; ``index.html`` stands for a folder.

        Neither ``..`` nor symbolic links lead out of the folder. Hidden files and folders, whose
        names begin with a dot, are not shown, except ``.well-known``.

        A file is sent in pieces as the client takes them, however large it is. Browsers may ask
        for a part of it (Range) or whether it has changed (ETag, Last-Modified). The ending of
        its name tells its type, by a table of our own: ``.js`` is a script also where the system
        says otherwise. ``app.js.gz`` is a script with the coding gzip; so are ``.br`` and
        ``.zst``. A text of up to 64 KiB that is UTF-8 has ``charset=utf-8``; another one has to
        name its encoding itself, as by ``<meta charset>``. If a file becomes shorter while it is
        sent, the connection is broken.

        Args:
            path: Where the folder begins, such as ``"/"`` or ``"/pictures"``.
            folder: The folder in the file system.

        Raises:
            NotADirectoryError: ``folder`` is not a folder.
            TypeError: ``path`` is not a str.
            ValueError: ``path`` does not begin with ``/``.
            StateError: The process was forked.
        """
        self.loop.check_process()
        self.pages.add_directory(path, folder)

    @property
    def connections(self) -> list[WebSocket]:
        """The connections that are not closed, the oldest first."""
        return [session.ws for session in self._connections.all()]

    def members(self, group: str | Iterable[str]) -> list[WebSocket]:
        """Return the connections that have joined a group (`WebSocket.join`), in that order.

        Args:
            group: A name, a glob such as ``"room-*"``, or several of these.

        Raises:
            TypeError: ``group`` is of a wrong type.
        """
        groups = check_several("group", group, str, "str")
        return [session.ws for session in self._connections.groups.members(groups)]

    def broadcast(
        self,
        message: str | Buffer,
        path: str = "*",
        *,
        to: str | Iterable[str] | None = None,
        exclude: WebSocket | Iterable[WebSocket] | None = None,
        compress: bool | None = None,
    ) -> int:
        """Send a message to every open connection, from any thread; it is encoded once.

        It is also compressed once, for all connections that start each message afresh with the same window:
        ``compression=Deflate(server_no_context_takeover=True)`` asks for that. Others get it uncompressed.

        The option ``slow_peer`` decides what happens for a peer that does not keep up. Broadcasts of one
        thread, and its calls of `WebSocket.send`, reach each connection in the order of the calls.

        Args:
            message: A ``str`` is sent as text, a bytes-like object as binary.
            path: A glob for the paths that the clients asked for.
            to: The members of a group only: its name, a glob such as ``"room-*"``, or several of these. A
                name that may have wildcards, since a peer has chosen it, is made plain by `glob.escape`.
            exclude: A connection that is left out, such as that of the sender, or several.
            compress: Whether to compress it where once is enough for all; None leaves that to the threshold
                of the option ``compression``.

        Returns:
            The number of connections that it was sent to: those that are open, not in the middle of a message
            and not skipped for being slow. From another thread, where that is known only later, the number
            of connections that it was passed on to. With more clients than a slice of the loop has time
            for, at least 64, the loop sends to the rest soon after, and counts all that are open.

        Raises:
            TypeError: An argument is of a wrong type.
            ValueError: ``message`` cannot be encoded, or ``path`` cannot match any path.
            StateError: The process was forked.
        """
        check_kind("path", path, str, "str")
        check_glob(path)
        if compress is not None:
            check_kind("compress", compress, bool, "True, False or None")
        groups = None if to is None else check_several("to", to, str, "str")
        excluded = () if exclude is None else check_several("exclude", exclude, WebSocket, "a WebSocket")
        sessions = self._connections.select(path, groups, frozenset(map(session_of, excluded)))
        count = self._send(EncodedMessage(message, compress), sessions)
        if self._backplane is not None:
            for group in groups or ():
                self._backplane.publish(group, _copy(message))
        return count

    @property
    def backplane(self) -> Backplane | None:
        """The object that carries the groups over several servers; None, the default, for this one only.

        A `broadcast` with ``to`` is then published as well, once for each of several groups; its ``path``
        does not travel. Messages that other servers publish go to the members here.

        Raises:
            TypeError: The object has no ``publish`` or no ``subscribe``, or one is a coroutine function; see
                `Backplane`.
            Exception: ``subscribe`` raised it; the backplane stays what it was.
            StateError: The process was forked.
        """
        return self._backplane

    @backplane.setter
    def backplane(self, backplane: Backplane | None) -> None:
        methods = [getattr(backplane, name, None) for name in ("publish", "subscribe")]
        if backplane is not None and not all(map(callable, methods)):
            kind = type(backplane).__name__
            raise TypeError(f"backplane: an object with publish and subscribe, not {kind}")
        for method in methods:
            check_not_async("backplane", method, "an object with plain functions publish and subscribe")
        self.loop.check_process()
        before, self._backplane = self._backplane, backplane
        if backplane is not None:
            try:
                backplane.subscribe(partial(self._deliver, backplane))
            except BaseException:
                self._backplane = before
                raise

    def close(self, code: int | None = CloseCode.GOING_AWAY, reason: str = "") -> None:
        """Refuse further requests, and begin to close every connection. Idempotent.

        Args:
            code: As for `WebSocket.close`.
            reason: As for `WebSocket.close`.

        Raises:
            TypeError: As `WebSocket.close`; nothing is closed then.
            ValueError: As `WebSocket.close`; nothing is closed then.
            StateError: The caller is not in Tk's thread; nothing is closed then.
        """
        encode_close(code, reason)
        self.loop.check_thread()
        self._close(code, reason, gently=False)

    def shutdown(
        self,
        timeout: float = 10.0,
        on_empty: Callable[[], object] | None = None,
        code: int | None = CloseCode.GOING_AWAY,
        reason: str = "",
    ) -> None:
        """Do what `close` does, and tell when the last connection is gone: ``shutdown(5, root.destroy)``.

        Pages that are being sent are finished, and requests that wait for a decision get 503. After `close`,
        this only waits.

        Args:
            timeout: Seconds after which the connections that are left are dropped, and end with 1006.
            on_empty: Called once, from the loop, when every connection has ended and its handler has heard
                its `disconnect`; at once if there are no connections.
            code: As in `WebSocket.close`.
            reason: As there.

        Raises:
            TypeError: For an argument of another type; nothing is closed then.
            ValueError: For an argument out of range; the same.
            StateError: In another thread than that of Tk; the same.
        """
        seconds = check_seconds("timeout", timeout)
        if on_empty is not None:
            check_plain("on_empty", on_empty, "()")
        encode_close(code, reason)
        self.loop.check_thread()
        self._close(code, reason, gently=True)
        self._shutdowns.append(Shutdown(self.loop, seconds, self._drop, on_empty))
        self._finish_if_empty()

    # Requests

    def check_request(
        self,
        request: Request,
        sockname: Any = None,
        headers: HeadersLike = (),
        protocol: str | None = None,
    ) -> Agreement:
        """Check a request for a WebSocket.

        Args:
            request: The client's request.
            sockname: This end's address; None for that of the listening socket.
            headers: More fields of the answer.
            protocol: The subprotocol; None for the first that the client offers and an entry speaks.

        Raises:
            HandshakeError: The request is refused; ``status`` is that of the answer.
            TypeError: ``headers`` are of another type.
            ValueError: ``headers`` cannot be sent, or have a field of the handshake's; the client does not
                offer ``protocol``.
        """
        self.loop.check_process()
        options = self.options
        handshake = validate(request.headers, method=request.method, version=request.version)
        host = request.host
        loopback = is_loopback(sockname or self._sockname)
        check_host(host, options.hosts, loopback=loopback)
        check_origin(request.headers.get("Origin"), host, options.origins, loopback=loopback)
        self._check_limits(request)
        path = unquote(request.path)
        offered = choose_offered(handshake.protocols, protocol)
        entry, agreed = self._paths.find(path, offered, options.handler)
        compression, extension = negotiate(options.deflate, request.headers)
        answer = accept_response(handshake.key, protocol=agreed, extension=extension, headers=headers)
        return Agreement(self, request, path, entry.handler, agreed, compression, answer, stream=entry.stream)

    def open(self, agreement: Agreement, stream: Stream, data: bytes = b"", *, id: str = "") -> WebSocket:
        """Answer a request with 101 and make its stream a WebSocket.

        Args:
            agreement: The result of `check_request`.
            stream: The client's.
            data: The bytes received after the request.
            id: The id of the connection in the log so far; empty for a new one.

        Raises:
            StateError: The caller is not in Tk's thread.
        """
        self.loop.check_thread()
        session = self._make(agreement, id)
        self._begin(session, agreement, stream, data)
        return session.ws

    def adopt(self, agreement: Agreement, sock: socket.socket, data: bytes = b"") -> WebSocket:
        """Do the same as `open` with a socket, from any thread; the socket is detached at once.

        Raises:
            StateError: The server was closed, or its interpreter destroyed.
        """
        self.loop.check_process()
        if self.closed or self.loop.closed:
            raise StateError("sock: its server was closed")
        taken = detach(sock, connected=False)  # the client may have gone again, which reading tells
        session = self._make(agreement)
        if self.loop.in_loop_thread():
            self._begin_on(taken, session, agreement, data)
        else:
            try:
                self.loop.call_soon_threadsafe(self._begin_on, taken, session, agreement, data)
            except StateError:  # the loop has closed since
                self._begin_on(taken, session, agreement, data)
        return session.ws

    def is_live(self, path: str) -> bool:
        """Tell whether there are WebSockets at a path, percent-decoded."""
        return bool(self._paths.matching(check_text("path", path), self._options.handler))

    # How it works

    def _change(self, changes: Mapping[str, Any]) -> None:
        self.loop.check_process()
        self._options = changed(self._options, changes)
        self._shared_options.clear()

    def _send(self, message: EncodedMessage, sessions: list[Session]) -> int:
        broadcast = Broadcast(message, self._options)
        if self.loop.in_loop_thread():
            return self._broadcaster.send(broadcast, sessions)
        return send_later(broadcast, sessions)

    def _deliver(self, backplane: Backplane, group: str, message: str | Buffer) -> None:
        """Send a message that another server has published, from any thread."""
        groups = check_several("group", group, str, "str")
        if self._backplane is backplane:
            self._send(EncodedMessage(message), self._connections.groups.members(groups))

    def _close(self, code: int | None, reason: str, *, gently: bool) -> None:
        if not self.closed:
            self.closed = True
            self._stop(gently=gently)
            for session in self._connections.all():
                session.close(code, reason)

    def _stop(self, *, gently: bool) -> None:
        """Stop listening; here the program itself listens."""

    def _drop(self) -> None:
        for session in self._connections.all():
            session.drop()

    def _is_empty(self) -> bool:
        return not (len(self._connections) or self._connections.undelivered)

    def _finish_if_empty(self) -> None:
        if self._shutdowns and self._is_empty():
            shutdowns, self._shutdowns = self._shutdowns, []
            for shutdown in shutdowns:
                shutdown.finish()

    def _make(self, agreement: Agreement, id: str = "") -> Session:
        request = agreement.request
        scheme = "wss" if self.secure else "ws"
        url = f"{scheme}://{request.host or ''}{request.path}"
        options = self._options_for(agreement.handler, agreement.stream)
        ws = WebSocket(self.loop, Role.SERVER, options, url, id=id)
        ws.request = request
        ws.peername = request.peer
        ws.protocol = agreement.protocol
        if agreement.data is not None:
            ws.data = agreement.data
        return session_of(ws)

    def _options_for(self, handler: EventHandler, stream: bool | None) -> ConnectionOptions:
        """Return the options of a new connection; those to a handler of the server's share one object."""
        key = id(handler), stream
        options = self._shared_options.get(key)
        if options is None:
            options = self._options.for_connection(handler)
            if stream is not None:
                options = replace(options, stream=stream)
            if handler is self._options.handler or self._paths.have(handler):
                self._shared_options[key] = options
        return options

    def _begin(self, session: Session, agreement: Agreement, stream: Stream, data: bytes) -> None:
        request = agreement.request
        self._connections.add(session, agreement.path, request)
        stream.write(agreement.answer)
        session.begin(Opened(stream, request, agreement.compression, data))
        session.ws.peername = request.peer  # that of the client, if a proxy has noted it

    def _begin_on(self, sock: socket.socket, session: Session, agreement: Agreement, data: bytes) -> None:
        if self.loop.closed:
            session.destroy()
        if session.phase is Phase.ENDED:  # closed while this was on its way from another thread
            sock.close()
            return
        self._begin(session, agreement, SocketStream(self.loop, sock), data)
        if self.closed:
            session.close(CloseCode.GOING_AWAY, "")

    def _check_limits(self, request: Request) -> None:
        options = self.options
        if self.closed or self.loop.closed or len(self._connections) >= options.max_connections:
            raise HandshakeError("The server takes no more connections", part="http", status=503)
        most = options.max_connections_per_address
        if most is not None and self._connections.count_from(request) >= most:
            raise HandshakeError("Too many connections from this address", part="http", status=429)


def _copy(message: str | Buffer) -> str | bytes:
    """Return a message that stays what it is: the program may change its buffer afterwards."""
    return message if isinstance(message, str) else check_bytes_like("message", message)

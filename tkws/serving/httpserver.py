"""The HTTP server that listens.

Accepts connections; `HTTPConnection` answers the requests of each, and `Server` decides which of them are
admitted, and has the pages.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl as tls
from collections import Counter
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, TypeAlias, TypeVar, overload
from urllib.parse import unquote

from tkws.asynchandlers import check_runnable
from tkws.checks import check_callable, check_kind
from tkws.http.messages import Request
from tkws.loop import Loop
from tkws.net import Listener, check_ssl_context
from tkws.net.listen import OnAccept
from tkws.options import ServerOptions
from tkws.serving.admission import Admission, Check
from tkws.serving.decision import Decider
from tkws.serving.httpconnection import HTTPConnection
from tkws.serving.paths import check_glob
from tkws.serving.server import Server
from tkws.serving.trustedproxies import TrustedProxies

Listen: TypeAlias = Callable[[Loop, OnAccept], Listener]
"""Makes a listener in a loop that calls back with each connection."""

AnyCheck = TypeVar("AnyCheck", bound=Check)

EXTRA_HTTP_CONNECTIONS = 64  # above the limit of connections, to get a page, or the refusal
EXTRA_HTTP_CONNECTIONS_PER_ADDRESS = 8  # likewise; a browser opens six at a time for the parts of a page


class HTTPServer(Server):
    """A server that listens until `close`, or until its interpreter is destroyed; made by `tkws.serve`.

    Args:
        loop: The loop that serves it.
        listen: Makes the listener.
        host: The name in `url`; None for that of the first address.
        ssl_context: The TLS context; None for plain TCP.
        options: See `ServerOptions`; a handler among them serves the paths that no `live` entry does.

    Attributes:
        decider: Decides on each request, pages included, that passes the server's own checks, before `admit`;
            None to accept them.
        trusted_proxies: The option of that name, parsed.
    """

    def __init__(
        self,
        loop: Loop,
        listen: Listen,
        host: str | None,
        ssl_context: tls.SSLContext | None,
        options: ServerOptions,
    ) -> None:
        listener = listen(loop, self._accept)
        super().__init__(loop, options, listener.addresses[0], secure=ssl_context is not None)
        self.decider: Decider | None = None
        self.trusted_proxies: TrustedProxies = TrustedProxies(options.trusted_proxies)
        self._admissions: list[Admission] = []
        self._host = host
        self._ssl_context = ssl_context
        self._listener = listener
        self._http_connections: dict[HTTPConnection, object] = {}  # with their addresses
        self._http_connections_by_address: Counter[object] = Counter()  # by address
        loop.on_close(self._abandon)
        self._log.info("listening on %s", self._name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name} {'closed' if self.closed else 'listening'}>"

    @property
    def _name(self) -> str:
        return self.url if self.port else repr(self.addresses[0])

    @property
    def addresses(self) -> list[Any]:
        """The socket addresses that are, or were, listened on."""
        return self._listener.addresses

    @property
    def port(self) -> int:
        """The port that is, or was, listened on; that of the first address; 0 for a Unix socket."""
        return self._listener.port or 0

    @property
    def url(self) -> str:
        """The URL of the server for a client on this machine, such as ``ws://127.0.0.1:8765/``.

        It is that of the first address; its pages are there too, with ``http`` for ``ws``. For a Unix socket
        it is ``ws://localhost/``, which `tkws.open` reaches with its argument ``unix``.
        """
        scheme = "wss" if self.secure else "ws"
        if not self.port:
            return f"{scheme}://localhost/"
        host = str(self.addresses[0][0]) if self._host is None else self._host
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            host = host or "localhost"
        else:
            if address.is_unspecified:
                host = "127.0.0.1" if address.version == 4 else "::1"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}/"

    @property
    def ssl(self) -> tls.SSLContext | None:
        """The TLS context of connections to come; None for plain TCP.

        Setting another one renews a certificate without a restart; so does loading the new one
        into the same context.

        Raises:
            TypeError: The value is not an `ssl.SSLContext`.
            ValueError: It is a client's context, or the server listens for plain TCP.
        """
        return self._ssl_context

    @ssl.setter
    def ssl(self, ssl_context: tls.SSLContext) -> None:
        check_kind("ssl", ssl_context, tls.SSLContext, "an ssl.SSLContext")
        check_ssl_context("ssl", ssl_context, server_side=True)
        self.loop.check_process()
        if self._ssl_context is None:
            raise ValueError("ssl: this server listens for plain TCP")
        self._ssl_context = ssl_context

    @overload
    def admit(self, path: AnyCheck) -> AnyCheck: ...
    @overload
    def admit(self, path: str, check: AnyCheck) -> AnyCheck: ...
    @overload
    def admit(self, path: str = "*") -> Callable[[AnyCheck], AnyCheck]: ...
    def admit(self, path: Any = "*", check: Any = None) -> Any:
        """Ask the program about each request for a WebSocket, before there is one.

        A decorator: ``@server.admit`` for every path, ``@server.admit("/chat/*")`` for those that a glob
        matches. The first entry that matches decides; a path that none matches is let in. The server's own
        checks come first: host, origin, limits, path and subprotocol. Pages are not asked about.

        ``check(request)`` is called in Tk's thread, and returns

        - None or True: let in;
        - a `tkws.Admit`: let in, with the program's own ``ws.data``, headers such as a cookie, a subprotocol;
        - False: refused with 403;
        - a `tkws.Response`: refused, or redirected, with that;
        - a `concurrent.futures.Future` of one of these, such as ``pool.submit(look_up, token)`` returns; with
          `tkws.aio` imported, ``check`` may also be an ``async def``. The client waits, for
          ``handshake_timeout`` seconds in all (503), and the window lives. The future is cancelled if the
          client goes, or the server is closed.

        It may raise a `tkws.HandshakeError` with the ``status`` that refuses. For any other exception, or a
        result of another type, the answer is 500, and ``report_callback_exception`` shows what happened.

        Args:
            path: A glob, matched as in `live`; or the check, for all paths.
            check: The callable.

        Returns:
            The check.

        Raises:
            TypeError: ``path`` is not a str, or ``check`` is not callable.
            ValueError: ``path`` cannot match any path, since every path begins with ``/``.
            StateError: The process was forked.
        """
        if check is None and callable(path):
            path, check = "*", path
        check_kind("path", path, str, "a str or a callable (request)")
        check_glob(path)
        self.loop.check_process()
        if check is None:
            return partial(self.admit, path)
        check_callable("check", check, "(request)")
        check_runnable("check", check)
        self._admissions.append(Admission(self.loop, path, check))
        return check

    def find_deciders(self, request: Request, *, upgrade: bool) -> list[Decider]:
        """Return what decides on a request, in order.

        Args:
            request: The request.
            upgrade: Whether it is one for a WebSocket.
        """
        deciders: list[Decider] = [] if self.decider is None else [self.decider]
        if upgrade and self._admissions:
            path = unquote(request.path)
            deciders += [entry for entry in self._admissions if fnmatchcase(path, entry.path)][:1]
        return deciders

    def leave(self, connection: HTTPConnection) -> None:
        """Note that a connection became a WebSocket, or is over."""
        if connection not in self._http_connections:
            return
        host = self._http_connections.pop(connection)
        self._http_connections_by_address[host] -= 1
        if not self._http_connections_by_address[host]:
            del self._http_connections_by_address[host]
        self._finish_if_empty()

    def _accept(self, sock: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else address
        if self._has_room(address, host):
            self._http_connections[HTTPConnection(self, sock, self._ssl_context)] = host
            self._http_connections_by_address[host] += 1
        else:
            self._log.info("refused %r: there is no room for another connection", address)
            sock.close()

    def _has_room(self, address: Any, host: object) -> bool:
        options = self.options
        if len(self._http_connections) >= options.max_connections + EXTRA_HTTP_CONNECTIONS:
            return False
        most = options.max_connections_per_address
        return (
            most is None
            or self._http_connections_by_address[host] < most + EXTRA_HTTP_CONNECTIONS_PER_ADDRESS
            or self.trusted_proxies.include(address)
        )

    def _change(self, changes: Mapping[str, Any]) -> None:
        super()._change(changes)
        self.trusted_proxies = TrustedProxies(self.options.trusted_proxies)

    def _stop(self, *, gently: bool) -> None:
        self._log.info("no longer listening on %s", self._name)
        self._listener.close()
        for connection in list(self._http_connections):
            if gently:
                connection.finish()
            else:
                connection.abort()
        self._finish_if_empty()

    def _drop(self) -> None:
        super()._drop()
        for connection in list(self._http_connections):
            connection.abort()

    def _is_empty(self) -> bool:
        return not self._http_connections and super()._is_empty()

    def _finish_if_empty(self) -> None:
        if self.closed and not self._http_connections:
            self.loop.cancel_on_close(self._abandon)
        super()._finish_if_empty()

    def _abandon(self) -> None:
        """Stop, since the interpreter is being destroyed; the connections end by themselves."""
        self.closed = True
        self._stop(gently=False)

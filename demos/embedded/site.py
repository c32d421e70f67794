"""A web site on ``http.server`` that hands clients' sockets over to tkws.

Requests are handled in threads; nothing here touches Tk. There are two ways:

- ``/live``: `tkws.test` checks the request and `tkws.upgrade` answers it. Both may be called from any thread;
  the socket goes to the thread of Tk.
- ``/taken``: the site checks and answers the request itself. Then `tkws.takeover`, in the thread of Tk, needs
  the socket and the bytes that were read after the request.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedReader
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import tkws

_PAGE = Path(__file__).with_name("page.html").read_bytes()
_POLL = 0.1  # seconds between the server's checks whether to stop


class Site(ThreadingHTTPServer):
    """The web site.

    Args:
        address: The host and port to listen on; port 0 for a free one.

    Attributes:
        websockets: The server that checks requests at ``/live``; set it before `start`.
        take_over: Called in a thread of the site for a client at ``/taken``, with the client's socket and the
            bytes that were read after its request; set it before `start`.
    """

    daemon_threads = True
    websockets: tkws.Server
    take_over: Callable[[socket.socket, bytes], object]

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, _RequestHandler)
        self._thread = threading.Thread(target=self.serve_forever, args=(_POLL,), name="site", daemon=True)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Start to serve, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving; connections that have been handed over stay open."""
        self.shutdown()
        self.server_close()
        self._thread.join()


class _RequestHandler(BaseHTTPRequestHandler):
    """Handles the requests of one client, in a thread of its own."""

    protocol_version = "HTTP/1.1"
    timeout = 10
    server: Site

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if "websocket" not in self.headers.get("Upgrade", "").lower():
            self._show_page(url.path)
        elif url.path == "/taken":
            self._hand_over()
        else:
            self._upgrade(url.path, url.query)

    def log_message(self, format: str, *args: object) -> None:
        """Do not log requests."""

    def _show_page(self, path: str) -> None:
        if path != "/":
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(_PAGE)))
        self.end_headers()
        self.wfile.write(_PAGE)

    def _upgrade(self, path: str, query: str) -> None:
        self.close_connection = True
        websockets, headers = self.server.websockets, self.headers.items()
        if tkws.test(websockets, self.connection, path, headers, parse_qsl(query)):
            tkws.upgrade(self.connection, initial=self._read_rest())
        else:
            self.send_error(HTTPStatus.FORBIDDEN, "This request is not accepted")

    def _hand_over(self) -> None:
        self.close_connection = True
        try:
            handshake = tkws.validate(self.headers.items(), self.command)
            self._check_origin()
        except tkws.HandshakeError as error:
            self.send_error(error.status or HTTPStatus.BAD_REQUEST, str(error))
            return
        self.send_response_only(HTTPStatus.SWITCHING_PROTOCOLS)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", tkws.sec_websocket_accept(handshake.key))
        self.end_headers()
        rest = self._read_rest()
        # Detached, so that http.server does not close it.
        taken = socket.socket(fileno=self.connection.detach())
        self.server.take_over(taken, rest)

    def _check_origin(self) -> None:
        """Refuse pages of other sites, since browsers allow any page to connect anywhere (RFC 6455, 10.2)."""
        origin = self.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != self.headers["Host"]:
            raise tkws.HandshakeError(
                "The page is from another origin", part="origin", status=HTTPStatus.FORBIDDEN
            )

    def _read_rest(self) -> bytes:
        """Return the bytes that http.server has read after the request, without waiting for more."""
        assert isinstance(self.rfile, BufferedReader)
        self.connection.setblocking(False)
        rest = self.rfile.peek()
        self.rfile.read(len(rest))
        return rest

"""A web site on ``http.server`` that hands clients' sockets over to tkws.

Its requests are handled in threads; nothing here touches Tk. There are two ways:

- ``/live``: `tkws.test` judges the request and `tkws.upgrade` answers it. Both may be called
  from any thread, and the socket goes to the thread of Tk.
- ``/taken``: the site checks and answers the request itself. Then `tkws.takeover`, on the
  thread of Tk, needs the socket and what was read behind the request.
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
_POLL = 0.1  # seconds that the server needs to see that it shall stop


class Site(ThreadingHTTPServer):
    """The web site.

    Args:
        address: Host and port to listen at; port 0 for one that is free.

    Attributes:
        websockets: What judges requests at ``/live``; to be set before `start`.
        take_over: Called for a client at ``/taken``, in a thread of the site, with the client's
            socket and what was read behind its request; to be set before `start`.
    """

    daemon_threads = True
    websockets: tkws.Server
    take_over: Callable[[socket.socket, bytes], object]

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, _Visit)
        self._thread = threading.Thread(target=self.serve_forever, args=(_POLL,), name="site", daemon=True)

    @property
    def port(self) -> int:
        """The port that it listens at."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Serve, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Serve no more; the connections that were handed over stay."""
        self.shutdown()
        self.server_close()
        self._thread.join()


class _Visit(BaseHTTPRequestHandler):
    """One client's requests, in a thread of its own."""

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
        """Print nothing."""

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
            tkws.upgrade(self.connection, initial=self._read_behind())
        else:
            self.send_error(HTTPStatus.FORBIDDEN, "No WebSocket for this request")

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
        behind = self._read_behind()
        # A socket of our own: what http.server closes afterwards has no descriptor any more.
        taken = socket.socket(fileno=self.connection.detach())
        self.server.take_over(taken, behind)

    def _check_origin(self) -> None:
        """Refuse the pages of other sites, as a browser lets any page connect anywhere (RFC 6455, 10.2)."""
        origin = self.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != self.headers["Host"]:
            raise tkws.HandshakeError("Not from this page", part="origin", status=HTTPStatus.FORBIDDEN)

    def _read_behind(self) -> bytes:
        """Return what http.server has read beyond the request, without waiting for more."""
        assert isinstance(self.rfile, BufferedReader)
        self.connection.setblocking(False)
        behind = self.rfile.peek()
        self.rfile.read(len(behind))
        return behind

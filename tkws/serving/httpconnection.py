"""An accepted connection of `HTTPServer`, before (or without) the upgrade to a WebSocket.

Reads requests and answers them; its server decides which are admitted, and has the pages.
"""

from __future__ import annotations

import dataclasses
import socket
import ssl as tls
import time
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tkws.connection.logs import ConnectionLog, ShownFields, new_connection_id, tls_summary
from tkws.connection.timings import Timings
from tkws.errors import HandshakeError, printable
from tkws.http.dates import format_date
from tkws.http.messages import Request, Response
from tkws.http.server import ServerConnection
from tkws.loop import Timeout
from tkws.net import SocketStream, Stream, StreamOwner, TLSStream
from tkws.net.filesource import FileSource
from tkws.net.stream import HIGH_WATER, LOW_WATER
from tkws.protocol.frames import Role
from tkws.protocol.serverhandshake import rejection
from tkws.serving.content import failed, plain
from tkws.serving.decision import Decider, Decision, PendingRequest, refusal_of
from tkws.serving.directory import FileResponse
from tkws.serving.origins import check_host, is_loopback

if TYPE_CHECKING:
    from tkws.serving.httpserver import HTTPServer

MIN_READ_RATE = 1024  # bytes a second that a client has to take of its page


class HTTPConnection(StreamOwner):
    """An accepted connection, as the owner of its stream: TLS, requests, pages, refusals.

    Requests that come together are answered one after the other, as the client reads the answers.

    Args:
        server: Decides what is admitted and shown.
        sock: The accepted socket.
        ssl_context: The TLS context; None for plain TCP.
    """

    def __init__(self, server: HTTPServer, sock: socket.socket, ssl_context: tls.SSLContext | None) -> None:
        self._server = server
        self._stream: Stream = SocketStream(server.loop, sock, self)
        self._log = ConnectionLog(server.loop, Role.SERVER, new_connection_id())
        self._log.info("accepted from %r", self._stream.peername)
        if ssl_context is not None:
            self._stream = TLSStream(
                self._stream, ssl_context, self, server_side=True, on_established=self._tls_established
            )
        self._http = ServerConnection(self._stream.peername, server.options.max_header_bytes)
        self._stream.set_write_limits(0, 0)  # an answer has left before the next request is looked at
        self._content: FileSource | None = None  # of the last answer
        self._pending: PendingRequest | None = None  # waits for the decision of the server's decider
        self._timer: Timeout
        self._since = server.loop.now()  # when it was accepted, or its TLS was established
        self._tls_seconds: float | None = None  # that the handshake of TLS took
        self._unsent = 0  # bytes when the timer was set
        self._serving = False
        self._full = False
        self._at_eof = False
        self._done = False  # no more requests are answered
        self._last = False  # the next answer is the last one
        self._wait()

    def abort(self) -> None:
        """Drop the connection."""
        self._leave()
        self._stream.abort()

    def finish(self) -> None:
        """Send what has begun, and end the connection: the server is shut down."""
        self._last = True
        if self._pending:
            self._pending.cancel()
            self._decided([], Decision(), Decision(plain(503, "The server is closing")))
        elif self._done or self._serving:  # it ends by itself
            return
        elif self._stream.buffered_amount:
            self._done = True
            self._stream.end()
        else:
            self.abort()

    # What the stream tells

    def data_received(self, data: bytes) -> None:
        """Take a part of a request."""
        if not self._done:
            self._serve(self._http.receive_data(data))
            if self._pending and len(self._http.trailing_data) > self._server.options.max_header_bytes:
                self._stream.pause_reading()

    def eof_received(self) -> None:
        """Note that the client sends no more."""
        self._at_eof = True
        if self._pending and self._asks_for_websocket(self._pending.request):
            self.abort()  # it has gone
            return
        self._serve(None if self._done else self._http.receive_eof())

    def connection_lost(self, cause: Exception | None) -> None:
        """Note the end: the client has gone, or the file being sent could not be read."""
        self._leave()
        if cause is None:
            self._log.debug("closed")
        else:
            self._log.info("lost %r: %s", self._stream.peername, printable(str(cause)))

    def pause_writing(self) -> None:
        """Answer no more requests until the client has read the answers so far."""
        self._full = True
        self._stream.pause_reading()

    def resume_writing(self) -> None:
        """Continue answering."""
        self._full = False
        self._stream.resume_reading()
        self._serve(self._next_request())

    # How it works

    def _tls_established(self) -> None:
        self._log.info("TLS is established: %s", tls_summary(self._stream))
        now = self._server.loop.now()
        self._tls_seconds, self._since = now - self._since, now

    def _serve(self, result: Request | HandshakeError | None) -> None:
        """Answer a request and those after it, unless a page's callable is running Tk's loop."""
        if self._serving:
            return
        self._serving = True
        try:
            while result is not None:
                self._answer(result)
                if self._server.loop.slice_spent():
                    self._rest()
                result = self._next_request()
        finally:
            self._serving = False
        if self._at_eof and not (self._full or self._pending):
            self._stream.close()

    def _rest(self) -> None:
        """Answer the requests that follow in the next slice, and receive no more until then."""
        if not (self._done or self._full):
            self.pause_writing()
            self._server.loop.call_soon(self._continue)

    def _continue(self) -> None:
        if not (self._done or self._stream.buffered_amount):  # else the stream resumes once that has left
            self.resume_writing()

    def _next_request(self) -> Request | HandshakeError | None:
        return None if self._done or self._full else self._http.next_request()

    def _answer(self, result: Request | HandshakeError) -> None:
        if isinstance(result, HandshakeError):
            self._refuse(result)
            return
        result = self._server.trusted_proxies.find_client(result)
        if isinstance(self._stream, TLSStream):
            result = dataclasses.replace(result, tls=self._stream.info)
        self._log.debug("%s %s with %s", result.method, printable(result.path), ShownFields(result.headers))
        deciders = self._server.find_deciders(result, upgrade=self._asks_for_websocket(result))
        if not deciders:
            self._accept(result, Decision())
        elif self._passes_own_checks(result):
            self._ask(deciders, result, Decision())

    def _accept(self, request: Request, decision: Decision) -> None:
        if self._asks_for_websocket(request):
            self._upgrade(request, decision)
        else:
            page = self._page(request)
            status = page.response.status if isinstance(page, FileResponse) else page.status
            self._log.info("answered %s %s with %d", request.method, printable(request.path), status)
            self._respond(page)

    def _passes_own_checks(self, request: Request) -> bool:
        """Make the server's own checks, before the program's; return False if the request was refused."""
        try:
            if self._asks_for_websocket(request):
                self._server.check_request(request, self._stream.sockname)
            else:
                self._check_host(request)
        except HandshakeError as error:
            self._refuse(error)
            return False
        return True

    def _ask(self, deciders: list[Decider], request: Request, before: Decision) -> None:
        """Ask the first of the deciders; what those before it have decided is kept."""
        decider, *others = deciders
        pending = self._pending = PendingRequest(request, partial(self._decided, others, before))
        try:
            decider(pending)
        except Exception as error:
            pending.refuse(refusal_of(error, self._server.loop))
        except BaseException:  # SystemExit leaves mainloop, which may be called again
            pending.refuse(failed())
            raise

    def _decided(self, others: list[Decider], before: Decision, decision: Decision) -> None:
        """Ask the other deciders, or answer the request that waits, and those after it."""
        assert self._pending is not None
        request, self._pending = self._pending.request, None
        if self._server.loop.closed:
            self.abort()
            return
        if decision.refusal is None:
            decision = before.followed_by(decision)
            if others:
                self._ask(others, request, decision)
                return
        self._stream.resume_reading()
        if decision.refusal is None:
            self._accept(request, decision)
        else:
            self._log_refusal(decision.refusal.status, "by a decision of the program")
            self._respond(decision.refusal, close=self._asks_for_websocket(request))
        if not self._serving:
            self._serve(self._next_request())

    def _asks_for_websocket(self, request: Request) -> bool:
        wanted = "websocket" in request.headers.get("Upgrade", "").lower()
        return wanted and self._server.is_live(unquote(request.path))

    def _upgrade(self, request: Request, decision: Decision) -> None:
        try:
            agreement = self._server.check_request(
                request, self._stream.sockname, decision.headers, decision.protocol
            )
        except HandshakeError as error:
            self._refuse(error)
            return
        except (TypeError, ValueError):  # fields that cannot travel, a subprotocol that was not offered
            self._server.loop.report_exception()
            self._respond(failed(), close=True)
            return
        handler = decision.handler or agreement.handler
        agreement = agreement._replace(handler=handler, data=decision.data)
        self._leave()
        self._log.info("upgraded to a WebSocket at %s", printable(agreement.path))
        self._stream.set_write_limits(HIGH_WATER, LOW_WATER)  # or a 101 that waits would count as slow
        ws = self._server.open(agreement, self._stream, self._http.trailing_data, id=self._log.id)
        ws.timings = Timings(tls=self._tls_seconds, handshake=self._server.loop.now() - self._since)

    def _page(self, request: Request) -> Response | FileResponse:
        server = self._server
        try:
            self._check_host(request)
        except HandshakeError as error:
            return self._rejection(error)
        try:
            page = server.pages.answer(request)
        except Exception:
            server.loop.report_exception()
            return failed()
        except BaseException:  # SystemExit leaves mainloop, which may be called again
            self._respond(failed(), close=True)
            raise
        if isinstance(page, Response) and page.status == 404 and server.is_live(unquote(request.path)):
            return plain(426, "This address speaks WebSocket", upgrade="websocket", connection="Upgrade")
        return page

    def _check_host(self, request: Request) -> None:
        loopback = is_loopback(self._stream.sockname)
        check_host(request.host, self._server.options.hosts, loopback=loopback)

    def _refuse(self, error: HandshakeError) -> None:
        self._respond(self._rejection(error), close=True)

    def _rejection(self, error: HandshakeError) -> Response:
        """Return the answer to a refused request: of a foreign origin or host, beyond a limit, malformed."""
        answer = rejection(error)
        self._log_refusal(answer.status, str(error))
        return answer

    def _log_refusal(self, status: int, why: str) -> None:
        self._log.info("refused %r with %d: %s", self._stream.peername, status, why)

    def _respond(self, answer: Response | FileResponse, *, close: bool = False) -> None:
        content = answer.content if isinstance(answer, FileResponse) else None
        if self._done:  # the client, or the server, went while the page was made
            if content is not None:
                content.close()
            return
        data = self._encode(answer, close or self._last)
        self._content = content
        self._stream.writelines([data] if content is None else [data, content])
        if self._http.must_close:
            # Half-closed and read to its end: closing with unread bytes would take the answer back.
            self._done = True
            self._stream.end()
        self._timer.cancel()
        self._wait()

    def _encode(self, answer: Response | FileResponse, close: bool) -> bytes:
        """Return an answer in bytes, without the content of a file."""
        response, size = (
            (answer.response, answer.size) if isinstance(answer, FileResponse) else (answer, None)
        )
        date = [] if "Date" in response.headers else [("Date", format_date(time.time()))]
        try:
            return self._http.respond(response, close=close, body_size=size, more=date)
        except ValueError:  # a page's own Response, which cannot travel
            self._server.loop.report_exception()
            return self._http.respond(failed(), close=close, more=date)

    def _wait(self) -> None:
        self._unsent = self._stream.buffered_amount
        timeout = self._server.options.handshake_timeout
        self._timer = self._server.loop.call_on_timeout(timeout, self._on_timeout)

    def _on_timeout(self) -> None:
        timeout = self._server.options.handshake_timeout
        least = int(MIN_READ_RATE * timeout)
        if self._pending:
            self._pending.cancel()
            late = Decision(plain(503, "The decision on this request took too long"))
            self._decided([], Decision(), late)
        elif self._unsent and self._stream.buffered_amount <= max(self._unsent - least, 0):
            self._wait()  # a slow client still reads its page
        else:
            self._log.info("dropped %r: %g s without progress", self._stream.peername, timeout)
            self.abort()

    def _leave(self) -> None:
        self._done = True
        if self._content is not None:
            self._content.close()
        self._timer.cancel()
        if self._pending:
            self._pending.cancel()
            self._pending = None
        self._server.leave(self)

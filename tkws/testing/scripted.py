"""A server that follows a script: it does what real servers rarely do, or must not do, when a test wants it.

A script is a generator function that is called with a `ScriptedPeer` for each connection::

    def script(peer):
        assert (yield) == "subscribe"  # the next message
        peer.send("one")
        yield 0.5  # seconds
        peer.drop()

It runs in Tk's loop, beside the program under test. To break connections to any other server, use
`tkws.testing.Link`.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator
from typing import Any

from tkws.checks import Buffer, check_bytes, check_callable, check_flag, check_kind, check_seconds
from tkws.errors import ConnectionClosed, HandshakeError, StateError
from tkws.http.messages import Request
from tkws.http.server import ServerConnection
from tkws.loop import Loop, Master, Timer, loop_for
from tkws.net import Listener, SocketStream, StreamOwner
from tkws.protocol.closing import CloseCode, encode_close
from tkws.protocol.engine import Engine
from tkws.protocol.events import Event
from tkws.protocol.frames import Role
from tkws.protocol.serverhandshake import accept_response, reject_response, validate
from tkws.protocol.state import State
from tkws.testing.reset import reset

Script = Callable[["ScriptedPeer"], Generator[float | None, Any, object]]
"""A generator function: ``yield`` returns the next message, ``yield 0.5`` waits for half a second."""


class ScriptedServer:
    """A server on loopback that runs ``script`` for each client that connects.

    Args:
        script: See `Script`. If the client closes or disappears while the script waits for a message,
            `tkws.ConnectionClosed` is raised at its ``yield``; a script that does not catch it ends there.
        master: Any widget, ``Tk`` or ``Tcl()``; None for Tk's default root.
        answer: The bytes of HTTP to answer every request with, instead of a handshake; ``b""`` to never
            answer. None for the handshake.

    Attributes:
        url: The URL to connect to.
        peers: Every client that has connected, in order.

    Raises:
        TypeError: An argument has the wrong type.
    """

    def __init__(self, script: Script, *, master: Master = None, answer: bytes | None = None) -> None:
        check_callable("script", script, "(peer)")
        if answer is not None:
            check_bytes("answer", answer)
        self.peers: list[ScriptedPeer] = []
        self._script = script
        self._answer = answer
        self._closed = False
        self._loop = loop_for(master)
        self._listener = Listener.tcp(self._loop, "127.0.0.1", 0, self._accept)
        self.url: str = f"ws://127.0.0.1:{self._listener.port}/"
        self._loop.on_close(self.close)

    @property
    def finished(self) -> int:
        """How many scripts have run to their end."""
        return sum(peer.finished for peer in self.peers)

    def close(self) -> None:
        """Stop listening and drop every client; idempotent.

        Raises:
            Exception: A script raised it, such as an AssertionError. Only the first call raises it.
        """
        if self._closed:
            return
        self._closed = True
        self._loop.cancel_on_close(self.close)
        self._listener.close()
        failures = [peer.failure for peer in self.peers if peer.failure is not None]
        for peer in self.peers:
            peer.drop()
        if failures:
            raise failures[0]

    def _accept(self, sock: socket.socket, address: object) -> None:
        self.peers.append(ScriptedPeer(self._loop, sock, self._script, self._answer))


class ScriptedPeer(StreamOwner):
    """One connection of a `ScriptedServer`; its script sends and closes with it.

    Sending raises StateError before the handshake and after the end of the connection, and TypeError or
    ValueError for a value that cannot be sent. If a script yields a value that is not a time in seconds, its
    ``yield`` raises TypeError or ValueError.

    Attributes:
        request: The opening request; None until it has arrived.
        finished: Whether the script has run to its end.
        failure: The exception that the script raised; None if it raised none.
    """

    def __init__(self, loop: Loop, sock: socket.socket, script: Script, answer: bytes | None) -> None:
        self.request: Request | None = None
        self.finished: bool = False
        self.failure: Exception | None = None
        self._loop = loop
        self._stream = SocketStream(loop, sock, self)
        self._http = ServerConnection(self._stream.peername)
        self._engine: Engine | None = None
        self._script = script
        self._answer = answer
        self._generator: Generator[float | None, Any, object] | None = None
        self._timer: Timer | None = None
        self._events: list[tuple[Event, Any]] = []  # those that the script has not received yet
        self._ended = False  # whether the sending side is closed

    # Methods for the script

    def send(self, message: str | Buffer, *, final: bool = True) -> None:
        """Send a message, or a fragment of one if ``final`` is False."""
        check_flag("final", final)
        engine = self._open_engine()
        engine.send(message, self._loop.now(), final=final)
        self._write(engine)

    def ping(self, payload: bytes = b"") -> None:
        """Send a ping."""
        engine = self._open_engine()
        engine.ping(payload, self._loop.now())
        self._write(engine)

    def close(self, code: int | None = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Begin the closing handshake."""
        encode_close(code, reason)
        engine = self._open_engine()
        engine.close(code, reason, self._loop.now())
        self._write(engine)

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are, even if they are not a frame."""
        check_bytes("data", data)
        self._stream.write(data)

    def end(self) -> None:
        """Close the sending side (TCP's FIN), without a Close frame."""
        self._ended = True
        self._stream.end()

    def drop(self) -> None:
        """Reset the connection; idempotent."""
        reset(self._stream)
        self._cancel_timer()

    def stall(self) -> None:
        """Stop reading until `flow`, so that the client's messages pile up; pings are not answered either."""
        self._stream.pause_reading()

    def flow(self) -> None:
        """End a stall: read again."""
        self._stream.resume_reading()

    # Callbacks of the stream

    def data_received(self, data: bytes) -> None:
        """Process a part of the request, or of frames."""
        if self._engine is not None:
            self._engine.receive_data(data, self._loop.now())
            self._process_engine(self._engine)
            return
        result = self._http.receive_data(data)
        if isinstance(result, HandshakeError):
            self._stream.write(reject_response(result))
            self._stream.close()
        elif result is not None:
            self._answer_request(result)

    def eof_received(self) -> None:
        """End the connection: the client has closed its sending side."""
        if self._engine is not None:
            self._engine.receive_eof(self._loop.now())
            self._process_engine(self._engine)
        self._stream.close()

    def connection_lost(self, cause: Exception | None) -> None:
        """End the script with the connection."""
        if self._engine is not None and self._engine.state is not State.CLOSED:
            self._engine.receive_eof(self._loop.now(), f"The connection broke: {cause}")
            self._process_engine(self._engine)
        self._cancel_timer()

    # Implementation

    def _answer_request(self, request: Request) -> None:
        self.request = request
        if self._answer is not None:
            self._stream.write(self._answer)
            return
        try:
            upgrade = validate(request.headers, request.method, request.version)
        except HandshakeError as error:
            self._stream.write(reject_response(error))
            self._stream.close()
            return
        self._stream.write(accept_response(upgrade.key, protocol=next(iter(upgrade.protocols), "")))
        self._engine = Engine(Role.SERVER, self._loop.now())
        self._generator = self._start_script()
        if self._generator is None:
            return
        self._send_to_script(None)
        if self._http.trailing_data:
            self.data_received(self._http.trailing_data)

    def _start_script(self) -> Generator[float | None, Any, object] | None:
        try:
            generator = self._script(self)
            check_kind("script", generator, Generator, "a function that returns a generator")
        except Exception as error:
            self.failure = error
            return None
        return generator

    def _process_engine(self, engine: Engine) -> None:
        self._events += engine.take_events()
        engine.complete_close(self._loop.now())
        self._events += engine.take_events()
        self._write(engine)
        if engine.output_ended:
            self.end()
        self._resume_script()

    def _resume_script(self) -> None:
        """Pass events to the script, until it waits for a timer."""
        while self._events and self._generator is not None and self._timer is None:
            type, message = self._events.pop(0)
            if type in (Event.TEXT, Event.BINARY):
                self._send_to_script(message)
            elif type is Event.CLOSE:
                self._throw_into_script(ConnectionClosed(*message))

    def _send_to_script(self, message: str | bytes | None) -> None:
        assert self._generator is not None
        self._run_step(lambda generator: generator.send(message))

    def _throw_into_script(self, error: Exception) -> None:
        self._run_step(lambda generator: generator.throw(error))

    def _run_step(self, step: Callable[[Generator[float | None, Any, object]], float | None]) -> None:
        assert self._generator is not None
        try:
            seconds = step(self._generator)
        except StopIteration:
            self.finished, self._generator = True, None
        except ConnectionClosed:
            self._generator = None
        except Exception as error:
            self.failure, self._generator = error, None
        else:
            if seconds is not None:
                self._start_timer(seconds)

    def _start_timer(self, seconds: float) -> None:
        try:
            self._timer = self._loop.call_later(check_seconds("yield", seconds), self._timer_fired)
        except (TypeError, ValueError) as error:
            self._throw_into_script(error)

    def _timer_fired(self) -> None:
        self._timer = None
        self._send_to_script(None)
        self._resume_script()

    def _write(self, engine: Engine) -> None:
        output = engine.writer.take_output_bytes()
        if not (self._ended or self._stream.closed):
            self._stream.writelines(output)

    def _open_engine(self) -> Engine:
        if self._engine is None:
            raise StateError("the handshake is not complete; wait until the script starts")
        if self._ended or self._stream.closed:
            raise StateError("the connection has ended; nothing more can be sent")
        return self._engine

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

"""A server that plays a script: what a real one does rarely, or must not do, at the moment that a test wants.

A script is a generator function that is called with a `ScriptedPeer` for each connection::

    def script(peer):
        assert (yield) == "subscribe"  # the next message
        peer.send("one")
        yield 0.5  # seconds
        peer.drop()

It runs on Tk's loop, beside the program under test. `tkws.testing.Link` breaks connections to
servers of any other kind.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator
from typing import Any

from tkws.checks import check_bytes, check_callable, check_flag, check_kind, check_seconds
from tkws.errors import ConnectionClosed, HandshakeError, StateError
from tkws.http.messages import Request
from tkws.http.server import ServerConnection
from tkws.loop import Loop, Master, Timer, loop_for
from tkws.net import Listener, SocketStream
from tkws.protocol.closing import CloseCode
from tkws.protocol.engine import Buffer, Engine, State
from tkws.protocol.events import Event
from tkws.protocol.frames import Role
from tkws.protocol.handshake import accept_response, reject_response, validate
from tkws.testing.reset import reset

Script = Callable[["ScriptedPeer"], Generator[float | None, Any, object]]
"""A generator function: ``yield`` waits for the next message, ``yield 0.5`` for half a second."""


class ScriptedServer:
    """Listens on loopback, and plays ``script`` with everybody who connects.

    Args:
        script: See `Script`. `tkws.ConnectionClosed` is raised where it waits for a message and
            the client closes or goes; a script that does not catch it ends there.
        master: Any widget, ``Tk`` or ``Tcl()``; None for Tk's default root.
        answer: What every request is answered with instead of a handshake, as bytes of HTTP;
            ``b""`` for silence. None for the handshake.

    Attributes:
        url: Where it listens.
        peers: Everybody who was connected, in order.

    Raises:
        TypeError: For an argument of a wrong type.
    """

    def __init__(self, script: Script, *, master: Master = None, answer: bytes | None = None) -> None:
        check_callable("script", script, "(peer)")
        if answer is not None:
            check_bytes("answer", answer)
        self.peers: list[ScriptedPeer] = []
        self._script = script
        self._answer = answer
        self._loop = loop_for(master)
        self._listener = Listener.tcp(self._loop, "127.0.0.1", 0, self._accept)
        self.url = f"ws://127.0.0.1:{self._listener.port}/"
        self._loop.on_close(self.close)

    @property
    def finished(self) -> int:
        """How many scripts ran to their end."""
        return sum(peer.finished for peer in self.peers)

    def close(self) -> None:
        """Listen no more and drop everybody; idempotent.

        Raises:
            Exception: What a script raised first, such as an AssertionError.
        """
        self._loop.cancel_on_close(self.close)
        self._listener.close()
        failures = [peer.failure for peer in self.peers if peer.failure is not None]
        for peer in self.peers:
            peer.drop()
        if failures:
            raise failures[0]

    def _accept(self, sock: socket.socket, address: object) -> None:
        self.peers.append(ScriptedPeer(self._loop, sock, self._script, self._answer))


class ScriptedPeer:
    """One connection of a `ScriptedServer`: what its script acts with.

    Sending raises StateError before the handshake and after the end of the connection, and TypeError or
    ValueError for what cannot be sent. If a script yields what is no time, its ``yield`` raises that.

    Attributes:
        request: The opening request; None before it has come.
        finished: Whether the script ran to its end.
        failure: What the script raised; None where it raised nothing.
    """

    def __init__(self, loop: Loop, sock: socket.socket, script: Script, answer: bytes | None) -> None:
        self.request: Request | None = None
        self.finished = False
        self.failure: Exception | None = None
        self._loop = loop
        self._stream = SocketStream(loop, sock, self)
        self._http = ServerConnection(self._stream.peername)
        self._engine: Engine | None = None
        self._script = script
        self._answer = answer
        self._play: Generator[float | None, Any, object] | None = None
        self._pause: Timer | None = None
        self._waiting: list[tuple[Event, Any]] = []
        self._ended = False  # nothing is sent any more

    # What a script does

    def send(self, message: str | Buffer, *, final: bool = True) -> None:
        """Send a message, or with ``final=False`` a fragment of one."""
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
        engine = self._open_engine()
        engine.close(code, reason, self._loop.now())
        self._write(engine)

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are, whether or not they are a frame."""
        check_bytes("data", data)
        self._stream.write(data)

    def end(self) -> None:
        """Send nothing more (TCP's FIN), without a Close frame."""
        self._ended = True
        self._stream.end()

    def drop(self) -> None:
        """Reset the connection; idempotent."""
        reset(self._stream)
        self._leave()

    def stall(self) -> None:
        """Read nothing until `flow`: the client's writes pile up."""
        self._stream.pause_reading()

    def flow(self) -> None:
        """Read again."""
        self._stream.resume_reading()

    # What the stream tells

    def data_received(self, data: bytes) -> None:
        """Take a part of the request, or frames."""
        if self._engine is not None:
            self._engine.receive_data(data, self._loop.now())
            self._settle(self._engine)
            return
        result = self._http.receive_data(data)
        if isinstance(result, HandshakeError):
            self._stream.write(reject_response(result))
            self._stream.close()
        elif result is not None:
            self._begin(result)

    def get_buffer(self) -> None:
        """Return None: a script's messages are small."""

    def buffer_updated(self, count: int) -> None:
        """Never called: `get_buffer` gives no buffer."""
        raise AssertionError

    def eof_received(self) -> None:
        """The client sends nothing more."""
        if self._engine is not None:
            self._engine.receive_eof(self._loop.now())
            self._settle(self._engine)
        self._stream.close()

    def connection_lost(self, cause: Exception | None) -> None:
        """The connection is over, and the script with it."""
        if self._engine is not None and self._engine.state is not State.CLOSED:
            self._engine.receive_eof(self._loop.now(), f"The connection broke: {cause}")
            self._settle(self._engine)
        self._leave()

    def pause_writing(self) -> None:
        """Nothing to do: a script's messages are few."""

    def resume_writing(self) -> None:
        """Nothing to do."""

    # How it works

    def _begin(self, request: Request) -> None:
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
        self._play = self._begun()
        if self._play is None:
            return
        self._advance(None)
        if self._http.trailing_data:
            self.data_received(self._http.trailing_data)

    def _begun(self) -> Generator[float | None, Any, object] | None:
        try:
            play = self._script(self)
            check_kind("script", play, Generator, "a function that returns a generator")
        except Exception as error:
            self.failure = error
            return None
        return play

    def _settle(self, engine: Engine) -> None:
        self._waiting += engine.take_events()
        engine.conclude(self._loop.now())
        self._waiting += engine.take_events()
        self._write(engine)
        if engine.output_ended:
            self.end()
        self._feed()

    def _feed(self) -> None:
        """Give the script what it waits for."""
        while self._waiting and self._play is not None and self._pause is None:
            type, message = self._waiting.pop(0)
            if type in (Event.TEXT, Event.BINARY):
                self._advance(message)
            elif type is Event.CLOSE:
                self._throw(ConnectionClosed(*message))

    def _advance(self, message: str | bytes | None) -> None:
        assert self._play is not None
        self._step(lambda play: play.send(message))

    def _throw(self, error: Exception) -> None:
        self._step(lambda play: play.throw(error))

    def _step(self, go_on: Callable[[Generator[float | None, Any, object]], float | None]) -> None:
        assert self._play is not None
        try:
            seconds = go_on(self._play)
        except StopIteration:
            self.finished, self._play = True, None
        except ConnectionClosed:
            self._play = None
        except Exception as error:
            self.failure, self._play = error, None
        else:
            if seconds is not None:
                self._wait(seconds)

    def _wait(self, seconds: float) -> None:
        try:
            self._pause = self._loop.call_later(check_seconds("yield", seconds), self._go_on)
        except (TypeError, ValueError) as error:
            self._throw(error)

    def _go_on(self) -> None:
        self._pause = None
        self._advance(None)
        self._feed()

    def _write(self, engine: Engine) -> None:
        output = engine.take_output()
        if not (self._ended or self._stream.closed):
            self._stream.writelines(output)

    def _open_engine(self) -> Engine:
        if self._engine is None:
            raise StateError("the handshake is not over: a script begins after it")
        if self._ended or self._stream.closed:
            raise StateError("the connection has ended, and nothing can be sent on it")
        return self._engine

    def _leave(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

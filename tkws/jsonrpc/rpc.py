"""`JSONRPC`: a handler that calls methods of the peer, and answers its calls with functions of the program.

Invariants: each request of the peer is answered exactly once, unless the connection ends first; an answer is
never answered; nothing that a peer sends can raise an exception.

Long because each kind of message has a method here, with its error handling.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import partial
from itertools import count
from typing import Any, ClassVar, TypeVar, overload
from weakref import WeakKeyDictionary

from tkws.asynchandlers import check_handler, check_plain, check_runnable, runnable, start
from tkws.checks import check_callable, check_count, check_kind, check_seconds, check_text
from tkws.codecs import JSON, encode_value, undecodable
from tkws.connection.callall import call_all
from tkws.connection.calls import Call, OnError, OnResult
from tkws.connection.websocket import WebSocket, call_as_handler, session_of
from tkws.errors import CallTimeout, CodecError, JSONRPCError, StateError, printable
from tkws.handlers import EventHandler
from tkws.jsonrpc import envelope
from tkws.jsonrpc.batch import BatchAnswer
from tkws.jsonrpc.envelope import Answer, Id, Message, Notification, Params, Request
from tkws.jsonrpc.rpcstate import RPCState, RunningMethod
from tkws.loop.relay import Relay
from tkws.options import Handler, ignore
from tkws.protocol.events import Event
from tkws.protocol.state import State, not_open

Method = TypeVar("Method", bound=Callable[..., object])
Found = TypeVar("Found")
Reply = Callable[[Any], object]

# Seconds between checks of whether an overdue answer is among the events that wait for the handler.
LOOK_AGAIN = 0.25

# Seconds to the last look: reading may have resumed a moment ago, and the answer not have been read yet.
LAST_LOOK = 0.02


# How many characters of a text from the peer the log shows.
MAX_SHOWN = 100


class JSONRPC:
    """A handler that speaks JSON-RPC 2.0: both ends may call methods, and answers may come in any order.

    It treats text messages, or values if the option ``codec`` is set, as requests and answers. It passes all
    other events to ``handler``, along with an ``error`` event for each message that cannot be decoded (a
    `CodecError`) and for each error from the peer that belongs to no call (a `JSONRPCError`). One object
    serves any number of connections.

    Functions registered with `method` answer the peer. `WebSocket.call` and `WebSocket.notify` call
    methods of the peer.

    For an envelope other than that of JSON-RPC 2.0, override `wrap`, `unwrap` and `new_id`.

    Args:
        handler: Called with all other events; None ignores them.
        max_running: The maximum number of methods that run at the same time for one peer, as coroutines or
            futures; further requests are answered with an error at once.
        max_batch: The maximum number of messages in a batch; a larger batch is answered with a single error.

    Raises:
        TypeError: An argument is of a wrong type.
        ValueError: A number is below 1.
    """

    batches: ClassVar[bool] = True
    """Whether a list is a batch; False for an envelope in which each message is itself a list."""

    def __init__(
        self, handler: EventHandler | None = None, *, max_running: int = 100, max_batch: int = 100
    ) -> None:
        if handler is not None:
            check_handler("handler", handler)
        self._handler: Handler = ignore if handler is None else runnable(handler, holds=False)
        self._max_running = check_count("max_running", max_running, least=1)
        self._max_batch = check_count("max_batch", max_batch, least=1)
        self._methods: dict[str, Callable[..., Any]] = {}
        self._numbers = count(1)  # shared by all connections: an answer may come after a reconnection
        self._states: WeakKeyDictionary[WebSocket, RPCState] = WeakKeyDictionary()

    # For the program

    @overload
    def method(self, name: Method) -> Method: ...
    @overload
    def method(self, name: str) -> Callable[[Method], Method]: ...
    def method(self, name: Any) -> Any:
        """Register a function that answers requests: ``@rpc.method`` or ``@rpc.method("name")``.

        It is called as ``function(ws, *params)`` or ``function(ws, **params)``, and returns the result. It
        may be an ``async def`` if `tkws.aio` is imported, or return a `concurrent.futures.Future`. To answer
        with an error, it raises a `JSONRPCError`; any other exception is answered with an internal error and
        goes to ``report_callback_exception``.

        Args:
            name: The name of the method; by default, the name of the function.

        Returns:
            The function.

        Raises:
            TypeError: ``name`` is neither a str nor callable, or the function is an ``async def`` and
                `tkws.aio` is not imported.
            ValueError: A function is already registered under this name.
        """
        if isinstance(name, str):
            return lambda function: self._register(name, function)
        check_callable("name", name, "or a str")
        return self._register(name.__name__, name)

    def cancel_request(self, ws: WebSocket, id: Id) -> bool:
        """Cancel a running method that the peer has called; the peer gets an error as its answer.

        Use it for protocols that can cancel requests, such as the Language Server Protocol
        (``$/cancelRequest``).

        Args:
            ws: The connection.
            id: The id of the request.

        Returns:
            Whether such a method was running.
        """
        check_kind("ws", ws, WebSocket, "a WebSocket")
        state = self._states.get(ws)
        if state is None or id is None:  # a notification has no id
            return False
        found = [method for method in state.running.values() if method.id == id]
        for method in found:
            method.cancel()
        return bool(found)

    # To override for another envelope

    def wrap(self, message: Message) -> Any:
        """Return the value that is sent for a message; None to send nothing.

        Args:
            message: A ``Request``, a ``Notification`` or an ``Answer`` of `tkws.jsonrpc`.
        """
        return envelope.wrap(message)

    def unwrap(self, value: Any) -> Message:
        """Return the message that a value stands for: the inverse of `wrap`.

        Raises:
            JSONRPCError: The value is not a message; the peer gets this error as its answer.
        """
        return envelope.unwrap(value)

    def new_id(self, number: int) -> str | int:
        """Return the id for a new request: by default ``number``, which counts requests from 1."""
        return number

    # For `WebSocket.call`, as a `tkws.connection.calls.Caller`

    @property
    def caller(self) -> JSONRPC:
        """This object; see `tkws.connection.calls.find_caller`."""
        return self

    def call(
        self,
        ws: WebSocket,
        method: str,
        params: Any = None,
        *,
        timeout: float | None = None,
        on_result: OnResult | None = None,
        on_error: OnError | None = None,
    ) -> Call:
        """Call a method of the peer of ``ws``; see `WebSocket.call`."""
        name = check_text("method", method)
        seconds = None if timeout is None else check_seconds("timeout", timeout, above_zero=True)
        _check_callback("on_result", on_result, "(result)")
        _check_callback("on_error", on_error, "(error)")
        _require_open(ws)
        state = self._state(ws)
        id = self.new_id(next(self._numbers))
        if id in state.calls:
            raise ValueError(
                f"new_id: it returned {id!r}, the id of another request that waits for its answer"
            )
        message = self._encode_own(ws, Request(id, name, _checked(params)))
        call = Call(
            ws.loop,
            id,
            name,
            on_result=on_result,
            on_error=on_error,
            forget=lambda id: state.calls.pop(id, None),
        )
        state.calls[id] = call
        try:
            if ws.loop.in_loop_thread():
                ws.send(message)
                self._set_timeout(ws, call, seconds)
            else:
                send = partial(self._send_for_thread, ws, state, call, message, seconds)
                session_of(ws).sending.threads.submit(send)
        except BaseException:
            state.calls.pop(id, None)
            raise
        return call

    def notify(self, ws: WebSocket, method: str, params: Any = None) -> int:
        """Call a method without an answer; see `WebSocket.notify`."""
        return ws.send(self._encode_own(ws, Notification(check_text("method", method), _checked(params))))

    def leave(self, ws: WebSocket) -> None:
        """Fail the calls and cancel the methods of a connection whose handler was replaced."""
        state = self._states.pop(ws, None)
        if state is not None:
            state.end(StateError("the handler of the connection was replaced, so no answer can come"))

    def forget(self, ws: WebSocket) -> None:
        """Drop the calls and methods of a connection without calling their functions: the loop is closed."""
        self._states.pop(ws, None)  # which may refer to the connection

    # Events

    def __call__(self, ws: WebSocket, type: str, message: Any) -> None:
        """Handle an event of a connection."""
        self.handle(ws, type, message, self._handler)

    def handle(self, ws: WebSocket, type: str, message: Any, handler: Handler) -> None:
        """Handle an event of a connection; ``handler`` gets all events that are not JSON-RPC messages."""
        if type == Event.VALUE:
            self._take(ws, message, handler)
            return
        if type == Event.TEXT:
            try:
                value = JSON.decode(message)
            except ValueError as cause:
                type, message = Event.ERROR, undecodable(cause, message)
            else:
                self._take(ws, value, handler)
                return
        try:
            self._note(ws, type, message)
        finally:  # also if SystemExit leaves mainloop, which may be called again
            if not ws.loop.closed:
                handler(ws, type, message)

    # How it works

    def _state(self, ws: WebSocket) -> RPCState:
        state = self._states.get(ws)
        if state is None:
            state = self._states[ws] = RPCState()
        return state

    def _register(self, name: str, function: Any) -> Any:
        check_callable("function", function, "(ws, *params)")
        check_runnable("function", function)
        if name in self._methods:
            raise ValueError(f"name: the method {name!r} has a function already")
        self._methods[name] = function
        return function

    def _note(self, ws: WebSocket, type: str, message: Any) -> None:
        """Update the state for an event, before the handler gets it."""
        if type == Event.ERROR and isinstance(message, CodecError):
            self._answer(ws, Answer(None, error=JSONRPCError(JSONRPCError.PARSE_ERROR, "Parse error")))
        elif type == Event.ERROR:
            self._state(ws).cause = message
        elif type == Event.CLOSE:
            self._state(ws).close = message
        elif type == Event.DISCONNECT and (state := self._states.pop(ws, None)) is not None:
            state.end()

    # Messages of the peer

    def _take(self, ws: WebSocket, value: Any, handler: Handler) -> None:
        if not (self.batches and isinstance(value, list)):
            self._take_one(ws, value, partial(self._send, ws), handler)
        elif 0 < len(value) <= self._max_batch:
            batch = BatchAnswer(len(value), partial(self._send, ws))
            call_all(partial(self._take_one, ws, each, batch.add, handler) for each in value)
        else:
            most = f"A batch has at least 1 message, at most {self._max_batch}"
            self._answer(ws, Answer(None, error=JSONRPCError(JSONRPCError.INVALID_REQUEST, most)))

    def _take_one(self, ws: WebSocket, value: Any, reply: Reply, handler: Handler) -> None:
        """Process one message, and call ``reply`` once with the value of the answer, or None."""
        if ws.loop.closed:  # a method called before it, of the same batch, has destroyed the interpreter
            return
        try:
            message = envelope.check_message(self.unwrap(value))
        except JSONRPCError as error:
            reply(self._encodable(ws, Answer(envelope.id_of(value), error=error)))
        except Exception:
            ws.loop.report_exception()
            invalid = JSONRPCError(JSONRPCError.INVALID_REQUEST, "Invalid request")
            reply(self._encodable(ws, Answer(envelope.id_of(value), error=invalid)))
        else:
            if isinstance(message, Answer):
                try:
                    self._settle(ws, message, handler)
                finally:
                    reply(None)
            else:
                self._run(ws, message, reply)

    def _settle(self, ws: WebSocket, answer: Answer, handler: Handler) -> None:
        """Complete the call that an answer belongs to; pass an error without a call to the handler."""
        call = _find(self._state(ws).calls, answer.id)
        if call is not None and answer.error is not None:
            call.fail(answer.error)
        elif call is not None:
            call.succeed(answer.result)
        elif answer.id is None and answer.error is not None:
            handler(ws, Event.ERROR, answer.error)
        else:  # a late or duplicate answer
            session_of(ws).log.info("an answer to %s, for which no call waits", _shown(repr(answer.id)))

    def _run(self, ws: WebSocket, message: Request | Notification, reply: Reply) -> None:
        function = _find(self._methods, message.method)
        if function is None:
            session_of(ws).log.debug("the peer calls an unknown method: %s", _shown(str(message.method)))
            self._end(ws, message, reply, JSONRPCError(JSONRPCError.METHOD_NOT_FOUND, "Method not found"))
            return
        params: Any = message.params
        args: list[Any] = [ws, *params] if isinstance(params, list) else [ws]
        named: dict[str, Any] = params if isinstance(params, dict) else {}
        invalid = JSONRPCError(JSONRPCError.INVALID_PARAMS, "Invalid params")
        if not isinstance(params, list | dict | None):
            self._end(ws, message, reply, invalid)
            return
        state = self._state(ws)
        try:
            result = function(*args, **named)
        except Exception as error:
            fault = isinstance(error, TypeError) and not _fits(function, args, named)
            self._end(ws, message, reply, invalid if fault else error)
        except BaseException:  # SystemExit leaves mainloop, which may be called again
            internal = JSONRPCError(JSONRPCError.INTERNAL_ERROR, "Internal error")
            self._end(ws, message, reply, internal)
            raise
        else:
            if isinstance(result, Future) or inspect.isawaitable(result):
                self._wait(ws, state, message, reply, result)
            else:
                self._end(ws, message, reply, result)

    def _wait(
        self,
        ws: WebSocket,
        state: RPCState,
        message: Request | Notification,
        reply: Reply,
        result: Future[Any] | Awaitable[Any],
    ) -> None:
        """Answer when a future or an awaitable is done."""
        if self._states.get(ws) is not state:  # the method has run Tk's loop, or changed the handler
            _drop(result)
            self._end(ws, message, reply, _cancelled())
            return
        if len(state.running) >= self._max_running:
            _drop(result)
            log = session_of(ws).log
            log.warning("%s is refused: %d requests are running", _shown(message.method), self._max_running)
            self._end(ws, message, reply, JSONRPCError(JSONRPCError.BUSY, "Too many requests are running"))
            return
        key = object()

        def on_done(future: Any) -> None:
            if (method := state.running.pop(key, None)) is not None:  # otherwise the connection has ended
                ws.loop.cancel_on_close(method.abandon)
                self._end(ws, message, reply, _outcome(future))

        id = message.id if isinstance(message, Request) else None
        if isinstance(result, Future):
            relay = Relay(ws.loop, on_done)
            state.running[key] = RunningMethod(id, result.cancel, partial(relay.cancel, result))
            ws.loop.on_close(state.running[key].abandon)
            result.add_done_callback(relay)
        else:
            try:
                task = start("method", result, ws.loop.master, message.method)
            except Exception as error:  # tkws.aio is not imported
                self._end(ws, message, reply, error)
                return
            state.running[key] = RunningMethod(id, task.cancel, task.cancel)
            task.add_done_callback(on_done)

    def _end(self, ws: WebSocket, message: Request | Notification, reply: Reply, outcome: Any) -> None:
        """Answer a request with a result, or with an error for an exception."""
        error: JSONRPCError | None = None
        if isinstance(outcome, JSONRPCError):
            error = outcome
        elif isinstance(outcome, BaseException):
            _report(ws, outcome)
            error = JSONRPCError(JSONRPCError.INTERNAL_ERROR, "Internal error")
        if isinstance(message, Request):
            result = outcome if error is None else None
            reply(self._encodable(ws, Answer(message.id, result, error)))
        else:
            reply(None)

    # Messages to the peer

    def _answer(self, ws: WebSocket, answer: Answer) -> None:
        self._send(ws, self._encodable(ws, answer))

    def _encodable(self, ws: WebSocket, answer: Answer) -> Any:
        """Return the value to send for an answer, or for an internal error if it cannot be encoded.

        The id comes from the peer, so that it may be what cannot be encoded. None if nothing can be sent.
        """
        error = JSONRPCError(JSONRPCError.INTERNAL_ERROR, "The answer cannot be encoded")
        for each in (answer, Answer(answer.id, error=error), Answer(None, error=error)):
            try:
                value = self.wrap(each)
                if value is not None:
                    self._encode(ws, value)
            except Exception:
                if each is answer:
                    ws.loop.report_exception()
            else:
                return value
        return None

    def _encode(self, ws: WebSocket, value: Any) -> Any:
        return encode_value(session_of(ws).options.codec or JSON, value)

    def _encode_own(self, ws: WebSocket, message: Request | Notification) -> Any:
        """Return the encoded message of a call by the program; errors in its arguments are raised."""
        try:
            return self._encode(ws, self.wrap(message))
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"params: {str(error).removeprefix('value: ')}") from error

    def _send(self, ws: WebSocket, value: Any) -> None:
        if value is not None and ws.state is State.OPEN:
            ws.send(self._encode(ws, value))

    def _send_for_thread(
        self, ws: WebSocket, state: RPCState, call: Call, message: Any, seconds: float | None
    ) -> None:
        if call.done:
            return
        try:
            _require_open(ws)
            if self._states.get(ws) is not state:
                raise StateError("the connection was lost, and opened again, before the request was sent")
            session_of(ws).sending.send_for_thread(message, True, None)
        except StateError as error:
            call.fail(error)
        else:
            self._set_timeout(ws, call, seconds)

    def _set_timeout(self, ws: WebSocket, call: Call, seconds: float | None) -> None:
        if seconds is not None:
            call.expire_after(seconds, partial(self._expire, ws, call, seconds))

    def _expire(self, ws: WebSocket, call: Call, seconds: float, is_last: bool = False) -> None:
        """Fail a call that has timed out, unless its answer may have come and not been delivered or read.

        Args:
            ws: The connection.
            call: The call.
            seconds: Its timeout.
            is_last: Whether at the look before neither delivery nor reading had stopped.
        """
        delivery = session_of(ws).delivery
        waits = delivery.wants_capacity or delivery.has_backlog
        fail = partial(call.fail, CallTimeout(call.method, seconds))
        if waits or not is_last or not call_as_handler(ws, fail):
            again = LOOK_AGAIN if waits or is_last else LAST_LOOK
            call.expire_after(again, partial(self._expire, ws, call, seconds, not waits))


def _require_open(ws: WebSocket) -> None:
    """Raise a `StateError` unless the connection is open; requests do not go into the offline buffer."""
    if ws.state is not State.OPEN:
        raise not_open(ws.state)


def _checked(params: Any) -> Params:
    check_kind("params", params, list | tuple | dict | None, "a list, a tuple, a dict or None")
    return list(params) if isinstance(params, tuple) else params


def _check_callback(name: str, callback: object, arguments: str) -> None:
    if callback is not None:
        check_plain(name, callback, arguments)


def _find(known: dict[Any, Found], key: object) -> Found | None:
    """Look up what the peer has sent, which may be unhashable in an envelope of the program's."""
    try:
        return known.get(key)
    except TypeError:
        return None


def _fits(function: Callable[..., Any], args: list[Any], named: dict[str, Any]) -> bool:
    """Tell whether a function can be called with these arguments."""
    try:
        inspect.signature(function).bind(*args, **named)
    except TypeError:
        return False
    except ValueError:  # the function has no signature
        return True
    return True


def _drop(result: Any) -> None:
    """Close or cancel a result that will not be used."""
    drop = getattr(result, "close", None) or getattr(result, "cancel", None)
    if drop is not None:
        drop()


def _outcome(future: Any) -> Any:
    """Return the result of a future, or the exception that it ended with."""
    if future.cancelled():
        return _cancelled()
    error = future.exception()
    return future.result() if error is None else error


def _cancelled() -> JSONRPCError:
    return JSONRPCError(JSONRPCError.CANCELLED, "The request was cancelled")


def _shown(text: str) -> str:
    """Return a text from the peer, shortened and escaped for the log."""
    return printable(text[:MAX_SHOWN])


def _report(ws: WebSocket, error: BaseException) -> None:
    if isinstance(error, Exception):
        try:
            raise error
        except Exception:
            ws.loop.report_exception()

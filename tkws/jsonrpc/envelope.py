"""The messages of JSON-RPC 2.0 (https://www.jsonrpc.org/specification) and their form on the wire.

Knows nothing of connections or of JSON text: it converts messages to values and back.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias, TypeGuard

from tkws.errors import JSONRPCError

Id: TypeAlias = str | int | float | None
"""The id of a request and of its answer."""

Params: TypeAlias = list[Any] | dict[str, Any] | None
"""The arguments of a method: by position, by name, or none."""

VERSION = "2.0"


class Request(NamedTuple):
    """A request that expects an answer."""

    id: Id
    method: str
    params: Params = None


class Notification(NamedTuple):
    """A request that expects no answer."""

    method: str
    params: Params = None


class Answer(NamedTuple):
    """The answer to a request: a result, or an error."""

    id: Id
    result: Any = None
    error: JSONRPCError | None = None


Message: TypeAlias = Request | Notification | Answer
"""A message of any of the three types."""


def wrap(message: Message) -> dict[str, Any]:
    """Return the value that is sent for a message."""
    if isinstance(message, Answer):
        value: dict[str, Any] = {"jsonrpc": VERSION, "id": message.id}
        if message.error is None:
            value["result"] = message.result
        else:
            value["error"] = _wrap_error(message.error)
        return value
    value = {"jsonrpc": VERSION, "method": message.method}
    if message.params is not None:
        value["params"] = message.params
    if isinstance(message, Request):
        value["id"] = message.id
    return value


def unwrap(value: object) -> Message:
    """Return the message that a value stands for: the inverse of `wrap`.

    A value with an id and no method is an answer, even without a result: JavaScript omits an undefined one.

    Raises:
        JSONRPCError: The value is not a message; the code is `JSONRPCError.INVALID_REQUEST`.
    """
    if not isinstance(value, dict):
        raise JSONRPCError(JSONRPCError.INVALID_REQUEST, "A message is an object")
    if "method" not in value and ("result" in value or "error" in value or value.get("id") is not None):
        return _unwrap_answer(value)
    method, params = value.get("method"), value.get("params")
    if value.get("jsonrpc") != VERSION:
        raise JSONRPCError(JSONRPCError.INVALID_REQUEST, f'"jsonrpc" is not "{VERSION}"')
    if not isinstance(method, str):
        raise JSONRPCError(JSONRPCError.INVALID_REQUEST, '"method" is not a string')
    if not isinstance(params, list | dict | None):
        raise JSONRPCError(JSONRPCError.INVALID_REQUEST, '"params" is neither an array nor an object')
    if "id" not in value:
        return Notification(method, params)
    if not is_id(value["id"]):
        raise JSONRPCError(JSONRPCError.INVALID_REQUEST, '"id" is neither a string nor a number')
    return Request(value["id"], method, params)


def check_message(message: object) -> Message:
    """Return what the `JSONRPC.unwrap` of a program has returned.

    Raises:
        TypeError: It is not a message.
    """
    if not isinstance(message, Request | Notification | Answer):
        raise TypeError(f"unwrap: a Request, a Notification or an Answer, not {type(message).__name__}")
    return message


def is_id(value: object) -> TypeGuard[Id]:
    """Tell whether a value can be an id; a bool cannot, although it is an int in Python."""
    return isinstance(value, str | int | float | None) and not isinstance(value, bool)


def id_of(value: object) -> Id:
    """Return the id of a malformed message; None if there is no usable one."""
    found = value.get("id") if isinstance(value, dict) else None
    return found if is_id(found) else None


def _wrap_error(error: JSONRPCError) -> dict[str, Any]:
    value = {"code": error.code, "message": error.message}
    return value if error.data is None else {**value, "data": error.data}


def _unwrap_answer(value: dict[str, Any]) -> Answer:
    found, error = id_of(value), value.get("error")
    if error is None:
        return Answer(found, value.get("result"))
    if not isinstance(error, dict):
        return Answer(
            found, error=JSONRPCError(JSONRPCError.INTERNAL_ERROR, "An error without a code", error)
        )
    code, message = error.get("code"), error.get("message")
    if not isinstance(code, int) or isinstance(code, bool):
        code = JSONRPCError.INTERNAL_ERROR
    return Answer(
        found, error=JSONRPCError(code, message if isinstance(message, str) else "", error.get("data"))
    )

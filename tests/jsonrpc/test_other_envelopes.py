"""Envelopes of a program's own, by `wrap`, `unwrap` and `new_id`; and the Language Server Protocol."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, ClassVar

import pytest

import tkws
from tkws import JSONRPCError
from tkws.jsonrpc import Answer, Message, Notification, Request

# ---- OCPP-J 1.6, 4.2: [2, id, action, payload], [3, id, payload], [4, id, code, description, details]

CODES = {JSONRPCError.METHOD_NOT_FOUND: "NotImplemented", JSONRPCError.INVALID_PARAMS: "FormationViolation"}


class OCPP(tkws.JSONRPC):
    """A charge point or its central system."""

    batches: ClassVar[bool] = False

    def wrap(self, message: Message) -> Any:
        match message:
            case Request(id, method, params):
                return [2, id, method, params or {}]
            case Answer(None) | Notification():
                return None
            case Answer(id, result, None):
                return [3, id, result]
            case Answer(id, _, JSONRPCError() as error):
                code = error.code if isinstance(error.code, str) else CODES.get(error.code, "InternalError")
                return [4, id, code, error.message, error.data or {}]
        raise AssertionError(message)

    def unwrap(self, value: Any) -> Message:
        match value:
            case [2, str(id), str(action), dict(payload)]:
                return Request(id, action, payload)
            case [3, str(id), payload]:
                return Answer(id, payload)
            case [4, str(id), str(code), str(description), details]:
                return Answer(id, error=JSONRPCError(code, description, details))
        raise JSONRPCError(JSONRPCError.INVALID_REQUEST, "Not a message of OCPP")

    def new_id(self, number: int) -> str:
        return f"call-{number}"


@pytest.fixture
def point(log) -> OCPP:
    point = OCPP(log)

    @point.method("RemoteStartTransaction")
    def start(ws, idTag, connectorId=1):  # noqa: N803 - LSP's names - the names of the payload
        if idTag == "stranger":
            raise JSONRPCError("SecurityError", "unknown tag", {"idTag": idTag})
        return {"status": "Accepted", "connector": connectorId}

    return point


def test_ocpp_answers(talk, point):
    talking = talk(point)
    talking.say([2, "7", "RemoteStartTransaction", {"idTag": "me"}])
    assert talking.hear() == [[3, "7", {"status": "Accepted", "connector": 1}]]
    talking.say([2, "8", "RemoteStartTransaction", {"idTag": "stranger"}])
    assert talking.hear() == [[4, "8", "SecurityError", "unknown tag", {"idTag": "stranger"}]]
    talking.say([2, "9", "Reset", {}], [2, "10", "RemoteStartTransaction", {}])
    assert talking.hear(2) == [
        [4, "9", "NotImplemented", "Method not found", {}],
        [4, "10", "FormationViolation", "Invalid params", {}],
    ]


def test_ocpp_asks(talk, point, pump_until):
    talking = talk(point)
    results, errors = [], []
    both = {"on_result": results.append, "on_error": errors.append}
    talking.ws.call("BootNotification", {"chargePointModel": "x"}, **both)
    talking.ws.call("Heartbeat", **both)
    assert talking.hear(2) == [
        [2, "call-1", "BootNotification", {"chargePointModel": "x"}],
        [2, "call-2", "Heartbeat", {}],
    ]
    talking.say([4, "call-2", "GenericError", "later", {}], [3, "call-1", {"status": "Accepted"}])
    pump_until(lambda: results and errors)
    assert results == [{"status": "Accepted"}]
    assert (errors[0].code, errors[0].message) == ("GenericError", "later")


@pytest.mark.parametrize(
    "message", ["{", "[]", "[1]", '[2, 7, "Reset", {}]', "{}", "5", "[[2]]"], ids=range(7)
)
def test_what_is_no_ocpp_is_not_answered(talk, point, message):
    talking = talk(point)
    talking.say(message, [2, "x", "Reset", {}])
    assert [answer[:2] for answer in talking.hear()] == [[4, "x"]]


def test_an_envelope_that_raises_hurts_nothing(talk, log, callback_errors):
    class Broken(tkws.JSONRPC):
        def unwrap(self, value):
            return super().unwrap({**value, "extra": value["extra"]})

    rpc = Broken(log)
    rpc.method("length")(len)
    talking = talk(rpc)
    talking.say({"jsonrpc": "2.0", "id": 1, "method": "nothing"})
    [answer] = talking.hear()
    assert (answer["error"]["code"], answer["id"]) == (JSONRPCError.INVALID_REQUEST, 1)
    assert isinstance(callback_errors.pop(), KeyError)
    talking.say({"jsonrpc": "2.0", "id": 2, "method": "nothing", "extra": 1})
    assert talking.hear()[0]["error"]["code"] == JSONRPCError.METHOD_NOT_FOUND


class Loose(tkws.JSONRPC):
    """An envelope that takes what comes: [2, id, method, params], [3, id, result]."""

    batches: ClassVar[bool] = False

    def wrap(self, message: Message) -> Any:
        return list(message[:2])

    def unwrap(self, value: Any) -> Any:
        return {2: Request, 3: Answer}[value[0]](*value[1:]) if value[0] in (2, 3) else value


@pytest.mark.parametrize("message", [[3, [1], 2], [3, {}, 2], [3, "?", 2]], ids=range(3))
def test_an_answer_with_an_id_of_any_type(talk, log, message):
    talking = talk(rpc := Loose(log))
    rpc.method("add")(lambda ws, a, b: a + b)
    talking.say(message, [2, 7, "add", [1, 2]])
    assert talking.hear() == [[7, 3]]


@pytest.mark.parametrize(
    ("message", "id"),
    [
        ([2, [1], ["add"], [1, 2]], [1]),
        ([2, 5, {}, [1, 2]], 5),
        ([2, 5, 6, [1, 2]], 5),
        ([2, 5, "any", 1], 5),
        ([2, 5, "any", "text"], 5),
    ],
    ids=range(5),
)
def test_a_request_with_parts_of_any_type_is_answered(talk, log, message, id):
    talking = talk(rpc := Loose(log))
    rpc.method("any")(lambda ws, *args: args)
    talking.say(message)
    assert talking.hear() == [[id, None]]


def test_an_unwrap_that_returns_no_message_is_shown(talk, log, callback_errors):
    talking = talk(Loose(log))
    talking.say([4])
    assert talking.hear() == [[None, None]]
    error = callback_errors.pop()
    assert isinstance(error, TypeError)
    assert str(error) == "unwrap: a Request, a Notification or an Answer, not list"


def test_an_id_is_not_used_twice_at_a_time(talk, log, pump_until):
    class Constant(tkws.JSONRPC):
        def new_id(self, number):
            return "x"

    talking = talk(Constant(log))
    call = talking.ws.call("a")
    with pytest.raises(ValueError, match="^new_id: it returned 'x'"):
        talking.ws.call("b")
    talking.say({"jsonrpc": "2.0", "id": "x", "result": 1})
    pump_until(lambda: call.done)
    assert not talking.ws.call("b").done


# ---- the Language Server Protocol: its opening, notifications both ways, a request that is cancelled


def test_a_language_server_and_its_editor(notifier, root, pump_until):
    language, editor = tkws.JSONRPC(), tkws.JSONRPC(lambda ws, type, message: type == "connect" and begin(ws))
    searching, told = Future(), []

    @language.method
    def initialize(ws, processId, capabilities):  # noqa: N803 - LSP's names
        return {"capabilities": {"hoverProvider": True}}

    @language.method("textDocument/didOpen")
    def opened(ws, textDocument):  # noqa: N803 - LSP's names
        ws.notify("textDocument/publishDiagnostics", {"uri": textDocument["uri"], "diagnostics": []})
        ws.call(
            "workspace/configuration", {"items": []}, on_result=lambda items: told.append(("items", items))
        )

    language.method("workspace/symbol")(lambda ws, query: searching)
    language.method("$/cancelRequest")(language.cancel_request)
    language.method("shutdown")(lambda ws: None)
    language.method("exit")(lambda ws: ws.close())

    def begin(ws):
        ws.call("initialize", {"processId": None, "capabilities": {}}, on_result=lambda answer: open_file(ws))

    def open_file(ws):
        ws.notify("initialized", {})
        ws.notify("textDocument/didOpen", {"textDocument": {"uri": "file:///a"}})
        symbols = ws.call("workspace/symbol", {"query": "a"}, on_error=lambda error: leave(ws, error))
        ws.notify("$/cancelRequest", {"id": symbols.id})

    def leave(ws, error):
        told.append(("cancelled", error.code))
        ws.call("shutdown", on_result=lambda _: ws.notify("exit"))

    editor.method("textDocument/publishDiagnostics")(
        lambda ws, **params: told.append(("diagnostics", params))
    )
    editor.method("workspace/configuration")(lambda ws, items: ["tabs"])
    server = tkws.serve(master=root)
    server.live("/", language)
    ws = tkws.open(server.url, editor, master=root)
    pump_until(lambda: ws.state is tkws.State.CLOSED and not server.connections)
    server.close()
    assert sorted(told) == [
        ("cancelled", JSONRPCError.CANCELLED),
        ("diagnostics", {"uri": "file:///a", "diagnostics": []}),
        ("items", ["tabs"]),
    ]
    assert searching.cancelled()

"""JSON-RPC 2.0 on the wire: what is sent for each message, and what each value is taken for."""

from __future__ import annotations

import pytest

from tkws import JSONRPCError
from tkws.jsonrpc import Answer, Notification, Request
from tkws.jsonrpc.envelope import id_of, unwrap, wrap

PAIRS = [
    (Request(1, "a", [1]), {"jsonrpc": "2.0", "method": "a", "params": [1], "id": 1}),
    (Request("x", "a", {"b": 2}), {"jsonrpc": "2.0", "method": "a", "params": {"b": 2}, "id": "x"}),
    (Request(1.5, "a"), {"jsonrpc": "2.0", "method": "a", "id": 1.5}),
    (Request(None, "a"), {"jsonrpc": "2.0", "method": "a", "id": None}),
    (Notification("a"), {"jsonrpc": "2.0", "method": "a"}),
    (Notification("", []), {"jsonrpc": "2.0", "method": "", "params": []}),
    (Answer(1, [2]), {"jsonrpc": "2.0", "id": 1, "result": [2]}),
    (Answer(1, None), {"jsonrpc": "2.0", "id": 1, "result": None}),
]


@pytest.mark.parametrize(("message", "value"), PAIRS, ids=range(len(PAIRS)))
def test_a_message_and_its_value(message, value):
    assert wrap(message) == value
    assert unwrap(value) == message


@pytest.mark.parametrize("data", [None, {"more": 1}, 0])
def test_an_error_and_its_value(data):
    value = wrap(Answer(1, error=JSONRPCError(-32000, "no", data)))
    assert value["error"] == {"code": -32000, "message": "no", **({} if data is None else {"data": data})}
    answer = unwrap(value)
    assert (answer.id, answer.result) == (1, None)
    assert (answer.error.code, answer.error.message, answer.error.data) == (-32000, "no", data)
    assert str(answer.error) == "no (-32000)"


@pytest.mark.parametrize(
    ("value", "id", "result", "code"),
    [
        ({"id": 1, "result": 5}, 1, 5, None),  # without a version
        ({"jsonrpc": "2.0", "id": 1}, 1, None, None),  # undefined is left out by JavaScript
        ({"id": 1, "result": 5, "error": None}, 1, 5, None),  # JSON-RPC 1.0
        ({"id": None, "error": {"code": -32700, "message": "Parse error"}}, None, None, -32700),
        ({"id": 1, "error": {"code": "x"}}, 1, None, -32603),
        ({"id": 1, "error": {"code": True}}, 1, None, -32603),
        ({"id": 1, "error": {}}, 1, None, -32603),
        ({"id": 1, "error": "no"}, 1, None, -32603),
        ({"id": True, "result": 5}, None, 5, None),
        ({"id": [1], "result": 5}, None, 5, None),
        ({"result": 5}, None, 5, None),
    ],
    ids=range(11),
)
def test_answers_are_read_leniently(value, id, result, code):
    answer = unwrap(value)
    assert (answer.id, answer.result) == (id, result)
    assert (answer.error.code if answer.error else None) == code


@pytest.mark.parametrize(
    "value",
    [
        None, 5, "a", [], [{}], {}, {"foo": "boo"}, {"jsonrpc": "2.0"}, {"method": "a", "id": 1},
        {"jsonrpc": "1.0", "method": "a"}, {"jsonrpc": 2.0, "method": "a"}, {"jsonrpc": "2.0", "method": 1},
        {"jsonrpc": "2.0", "method": None, "id": 1}, {"jsonrpc": "2.0", "method": "a", "params": "bar"},
        {"jsonrpc": "2.0", "method": "a", "params": 0}, {"jsonrpc": "2.0", "method": "a", "id": True},
        {"jsonrpc": "2.0", "method": "a", "id": {}}, {"jsonrpc": "2.0", "method": "a", "id": [1]},
    ],
    ids=range(18),
)  # fmt: skip
def test_what_is_no_message_is_refused(value):
    with pytest.raises(JSONRPCError) as raised:
        unwrap(value)
    assert raised.value.code == JSONRPCError.INVALID_REQUEST == -32600


def test_the_id_of_what_is_no_message():
    assert [id_of(value) for value in ({"id": 7}, {"id": "x"}, {"id": True}, {"id": []}, {}, [7], None)] == [
        7, "x", None, None, None, None, None
    ]  # fmt: skip

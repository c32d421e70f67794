"""A `tkws.JSONRPC` that is asked: results, errors, batches, and what a peer may send instead."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

import tkws
from tkws import JSON, JSONRPCError
from tkws.protocol.frames import Opcode

PARSE, INVALID, UNKNOWN, PARAMS, INTERNAL, BUSY, CANCELLED = (
    -32700, -32600, -32601, -32602, -32603, -32000, -32800
)  # fmt: skip


def request(method, params=None, id=1):
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


def code(answer):
    return answer["error"]["code"]


@pytest.fixture
def rpc(log) -> tkws.JSONRPC:
    rpc = tkws.JSONRPC(log)

    @rpc.method
    def add(ws, a, b=1):
        return a + b

    @rpc.method("text/upper")
    def upper(ws, text):
        return text.upper()

    @rpc.method
    def refuse(ws, *args):
        raise JSONRPCError(7, "I will not", list(args))

    @rpc.method
    def crash(ws):
        raise ZeroDivisionError("secret")

    @rpc.method
    def unencodable(ws):
        return {1, 2}

    rpc.method("length")(lambda ws, *args, **named: len(args) + len(named))
    return rpc


@pytest.mark.parametrize(
    ("method", "params", "result"),
    [
        ("add", [2, 3], 5),
        ("add", {"b": 3, "a": 2}, 5),
        ("add", [2], 3),
        ("text/upper", ["é"], "É"),
        ("length", None, 0),
        ("length", [], 0),
        ("length", {}, 0),
        ("length", {"self": 1, "not an identifier": 2}, 2),
    ],
    ids=range(8),
)
def test_a_function_answers(talk, rpc, method, params, result):
    assert talk(rpc).ask(method, params) == {"result": result}


@pytest.mark.parametrize("id", ["x", 0, -1, 1.5, "", None, 10**100], ids=range(7))
def test_the_id_comes_back(talk, rpc, id):
    assert talk(rpc).ask("add", [1], id) == {"result": 2}


def test_an_error_that_is_meant_is_the_answer(talk, rpc):
    answer = {"error": {"code": 7, "message": "I will not", "data": [1]}}
    assert talk(rpc).ask("refuse", [1]) == answer


def test_any_other_exception_is_shown_here_and_not_told(talk, rpc, callback_errors):
    answer = talk(rpc).ask("crash")
    assert answer == {"error": {"code": INTERNAL, "message": "Internal error"}}
    assert isinstance(callback_errors.pop(), ZeroDivisionError)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("add", []),
        ("add", [1, 2, 3]),
        ("add", {"a": 1, "c": 2}),
        ("add", {"a": 1, "ws": 2}),
        ("add", {"a": 1, "function": 2, "args": 3, "named": 4, "self": 5}),
        ("crash", [1]),
    ],
    ids=range(6),
)
def test_arguments_that_do_not_fit(talk, rpc, method, params):
    assert code(talk(rpc).ask(method, params)) == PARAMS


def test_a_type_error_inside_is_not_the_peers(talk, rpc, callback_errors):
    assert code(talk(rpc).ask("add", ["x", 1])) == INTERNAL
    assert isinstance(callback_errors.pop(), TypeError)


def test_a_function_without_a_signature(talk, rpc, callback_errors):
    rpc.method("type")(type)
    assert code(talk(rpc).ask("type", [1])) == INTERNAL
    assert isinstance(callback_errors.pop(), TypeError)


def test_names_that_are_no_str(talk, rpc):
    codec = tkws.Codec(JSON.encode, lambda message: {**JSON.decode(message), "params": {1: 2}})
    assert code(talk(rpc, codec=codec).ask("add")) == PARAMS


def test_a_method_that_leaves_the_program_is_answered(talk, rpc, root, callback_errors):
    talking = talk(rpc)

    @rpc.method
    def leave(ws):
        raise SystemExit(3)

    talking.say(request("leave"))
    with pytest.raises(SystemExit):
        talking.hear()
    assert code(talking.hear()[0]) == INTERNAL
    assert talking.ask("add", [1]) == {"result": 2}


def test_an_unknown_method(talk, rpc):
    assert code(talk(rpc).ask("nothing")) == UNKNOWN
    assert code(talk(rpc).ask("__init__")) == UNKNOWN


def test_a_result_that_cannot_be_encoded(talk, rpc, callback_errors):
    assert code(talk(rpc).ask("unencodable")) == INTERNAL
    assert isinstance(callback_errors.pop(), TypeError)


@pytest.mark.parametrize("method", ["add", "unencodable", "nothing"])
def test_an_id_that_cannot_be_encoded(talk, rpc, callback_errors, method):
    def encode(value):
        if value["id"] == 2**60:
            raise OverflowError("an integer of more than 53 bits")
        return JSON.encode(value)

    talking = talk(rpc, codec=tkws.Codec(encode, JSON.decode))
    talking.say(request(method, [1], 2**60))
    [answer] = talking.hear()
    assert (answer["id"], code(answer)) == (None, INTERNAL)
    assert isinstance(callback_errors.pop(), OverflowError)


def test_an_error_that_cannot_be_encoded(talk, rpc, callback_errors):
    @rpc.method
    def strange(ws):
        raise JSONRPCError(1, "x", object())

    assert code(talk(rpc).ask("strange")) == INTERNAL
    assert isinstance(callback_errors.pop(), TypeError)


@pytest.mark.parametrize(
    ("message", "error", "id"),
    [
        ("{", PARSE, None),
        ("[NaN]", PARSE, None),
        ("[" * 100_000, PARSE, None),
        ("[1," + "9" * 5000 + "]", PARSE, None),
        ("5", INVALID, None),
        ("null", INVALID, None),
        ("[]", INVALID, None),
        ('{"jsonrpc": "2.0", "method": 1, "params": "bar"}', INVALID, None),
        ('{"jsonrpc": "2.0", "method": "add", "params": "bar", "id": 9}', INVALID, 9),
        ('{"method": "add", "id": "x"}', INVALID, "x"),
        ('{"jsonrpc": "2.0", "method": "add", "id": true}', INVALID, None),
        ('{"foo": "boo"}', INVALID, None),
    ],
    ids=range(12),
)
def test_what_is_no_request(talk, rpc, log, message, error, id):
    talking = talk(rpc)
    talking.say(message)
    [answer] = talking.hear()
    assert (code(answer), answer["id"]) == (error, id)
    assert talking.ask("add", [1]) == {"result": 2}
    assert [type(each) for each in log.all("error")] == ([tkws.CodecError] if error == PARSE else [])


def test_a_notification_is_not_answered(talk, rpc, callback_errors):
    told = []
    rpc.method("tell")(lambda ws, what: told.append(what))
    talking = talk(rpc)
    for method, params in [("tell", [1]), ("tell", []), ("nothing", []), ("refuse", []), ("crash", [])]:
        talking.say({"jsonrpc": "2.0", "method": method, "params": params})
    assert talking.ask("add", [1]) == {"result": 2}
    assert told == [1]
    assert isinstance(callback_errors.pop(), ZeroDivisionError)


@pytest.mark.parametrize(
    ("batch", "answers"),
    [
        ([request("add", [1, 2], 1), request("add", [3], "b")], {1: 3, "b": 4}),
        ([request("nothing", id=3), {"jsonrpc": "2.0", "method": "add", "params": [1]}], {3: UNKNOWN}),
        ([1], {None: INVALID}),
        ([request("add", [1], 1), []], {1: 2, None: INVALID}),
        ([request("unencodable", id=1), request("add", [1], 2)], {1: INTERNAL, 2: 2}),
        ([request("add", [1], 5), request("add", [1], 5)], {5: 2}),
    ],
    ids=range(6),
)
def test_a_batch_is_answered_together(talk, rpc, callback_errors, batch, answers):
    talking = talk(rpc)
    talking.say(batch)
    [got] = talking.hear()
    assert len(got) == sum("id" in each if isinstance(each, dict) else 1 for each in batch)
    assert {each["id"]: each["result"] if "result" in each else code(each) for each in got} == answers
    callback_errors.clear()


def test_a_batch_of_notifications_is_not_answered(talk, rpc):
    talking = talk(rpc)
    talking.say([{"jsonrpc": "2.0", "method": "length"}] * 3, [{"jsonrpc": "2.0", "id": 5, "result": 1}])
    assert talking.ask("add", [1]) == {"result": 2}


def test_a_method_that_leaves_the_program_takes_no_other_of_its_batch_along(talk, rpc):
    talking = talk(rpc)

    @rpc.method
    def leave(ws):
        raise SystemExit(3)

    talking.say([request("leave"), request("add", [1], id=2)])
    with pytest.raises(SystemExit):
        talking.hear()
    [[internal, added]] = talking.hear()
    assert code(internal) == INTERNAL
    assert (added["id"], added["result"]) == (2, 2)


def test_a_handler_that_raises_takes_nothing_else_of_a_batch_along(talk, pump_until, callback_errors):
    def fail(ws, type, message):
        if type == "error":
            raise ZeroDivisionError

    rpc = tkws.JSONRPC(fail)
    rpc.method("one")(lambda ws: 1)
    talking = talk(rpc, handler=rpc)
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": 1, "message": "no"}}
    talking.say([error, request("one")])
    [[answer]] = talking.hear()
    assert answer["result"] == 1
    pump_until(lambda: callback_errors)
    assert [type(error) for error in callback_errors] == [ZeroDivisionError]
    callback_errors.clear()


def test_no_method_is_called_after_one_that_ends_the_window(talk, rpc, pump_until):
    called = []

    @rpc.method
    def end(ws):
        called.append("end")
        ws.loop.close()

    rpc.method("more")(lambda ws: called.append("more"))
    talking = talk(rpc)
    talking.say([request("end"), request("more", id=2)])
    pump_until(lambda: called)
    assert called == ["end"]


def test_a_large_batch_is_refused_whole(talk, rpc):
    talking = talk(rpc)
    talking.say([request("add", [1])] * 100)
    assert len(talking.hear()[0]) == 100
    talking.say([1] * 101)
    [answer] = talking.hear()
    assert (code(answer), answer["id"]) == (INVALID, None)


def test_other_events_go_on(talk, rpc, log, pump_until):
    talking = talk(rpc)
    talking.peer.say(Opcode.BINARY, b"{}")
    talking.peer.say(Opcode.PING, b"1")
    talking.say(request("length"))
    pump_until(lambda: log.types == ["connect", "binary", "ping"])
    talking.lose(pump_until)
    assert log.types == ["connect", "binary", "ping", "close", "disconnect"]


def test_with_a_codec_values_are_taken(talk, rpc, log, pump_until):
    talking = talk(rpc, codec=JSON)
    assert talking.ask("add", [1, 2]) == {"result": 3}
    talking.say("{")
    [answer] = talking.hear()
    assert code(answer) == PARSE
    assert isinstance(log.one("error"), tkws.CodecError)


def test_a_handler_that_raises_hurts_nothing(talk, rpc, log, pump_until, callback_errors):
    log.actions["close"] = lambda ws, message: 1 / 0
    talking = talk(rpc)
    talking.lose(pump_until)
    assert isinstance(callback_errors.pop(), ZeroDivisionError)


def test_a_method_may_close_the_connection(talk, rpc, log, pump_until):
    rpc.method("leave")(lambda ws: ws.close(4000))
    talking = talk(rpc)
    talking.say(request("leave"), request("add", [1]))
    assert talking.peer.hear() == [(Opcode.CLOSE, (4000).to_bytes(2, "big"))]
    talking.lose(pump_until)


def test_a_method_that_changes_the_handler(talk, rpc, log, pump_until):
    rpc.method("change")(lambda ws: ws.configure(handler=log))
    talking = talk(rpc)
    assert talking.ask("change") == {"result": None}
    talking.say(request("add", [1]))
    pump_until(lambda: "text" in log.types)


def test_a_method_that_runs_when_the_handler_is_replaced_is_answered(talk, rpc, log):
    futures = [Future(), Future()]
    futures[1].set_running_or_notify_cancel()  # it cannot be cancelled any more
    rpc.method("later")(lambda ws, number: futures[number])
    talking = talk(rpc)
    talking.say(request("later", [0]), request("later", [1], id=2))
    assert talking.ask("add", [1], id=3) == {"result": 2}
    talking.ws["handler"] = log
    [answer] = talking.hear()
    assert (answer["id"], code(answer)) == (1, CANCELLED)
    futures[1].set_result("done")
    [answer] = talking.hear()
    assert (answer["id"], answer["result"]) == (2, "done")


def test_a_method_that_changes_the_handler_and_answers_later_is_cancelled(talk, rpc, log):
    future = Future()

    @rpc.method
    def change(ws):
        ws["handler"] = log
        return future

    assert code(talk(rpc).ask("change")) == CANCELLED
    assert future.cancelled()


# ---- answers that come later


def test_a_future_is_answered_when_it_is_done(talk, rpc, pump_until):
    futures = {}
    rpc.method("later")(lambda ws, name: futures.setdefault(name, Future()))
    talking = talk(rpc)
    talking.say(request("later", ["a"], 1), request("later", ["b"], 2), request("add", [1], 3))
    assert [each["id"] for each in talking.hear()] == [3]
    futures["b"].set_result("B")
    assert talking.hear() == [{"jsonrpc": "2.0", "id": 2, "result": "B"}]
    futures["a"].set_exception(JSONRPCError(5, "no"))
    assert talking.hear() == [{"jsonrpc": "2.0", "id": 1, "error": {"code": 5, "message": "no"}}]


def test_a_future_of_a_thread(talk, rpc, callback_errors):
    with ThreadPoolExecutor(1) as pool:
        rpc.method("square")(lambda ws, number: pool.submit(pow, number, 2))
        talking = talk(rpc)
        assert talking.ask("square", [5]) == {"result": 25}
        assert code(talking.ask("square", ["x"])) == INTERNAL
    assert isinstance(callback_errors.pop(), TypeError)


def test_a_batch_waits_for_its_last_answer(talk, rpc):
    future = Future()
    rpc.method("later")(lambda ws: future)
    talking = talk(rpc)
    talking.say([request("later", id=1), request("add", [1], 2)], request("add", [1], 3))
    assert [each["id"] for each in talking.hear()] == [3]
    future.set_result("late")
    [batch] = talking.hear()
    assert {each["id"]: each["result"] for each in batch} == {1: "late", 2: 2}


def test_too_many_at_a_time_are_refused(talk, log):
    rpc, futures = tkws.JSONRPC(log, max_running=2), []

    @rpc.method
    def later(ws):
        futures.append(Future())
        return futures[-1]

    rpc.method("now")(lambda ws: 1)
    talking = talk(rpc)
    for id in range(3):
        talking.say(request("later", id=id))
    [answer] = talking.hear()
    assert (code(answer), answer["id"]) == (BUSY, 2)
    assert futures[2].cancelled()
    assert talking.ask("now") == {"result": 1}
    futures[0].set_result(0)
    assert talking.hear()[0]["result"] == 0
    talking.say(request("later", id=4), {"jsonrpc": "2.0", "method": "later"})
    assert talking.ask("now") == {"result": 1}
    assert futures[4].cancelled()
    assert not futures[3].cancelled()


def test_what_runs_is_cancelled_with_the_connection(talk, rpc, pump_until):
    future = Future()
    rpc.method("later")(lambda ws: future)
    talking = talk(rpc)
    talking.say(request("later"))
    assert talking.ask("add", [1]) == {"result": 2}
    talking.lose(pump_until)
    assert future.cancelled()


def test_a_future_that_runs_on_is_let_go_with_the_window(notifier, root, peers, pump_until, log):
    begun, go_on = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait(10)

    rpc = tkws.JSONRPC(log)
    with ThreadPoolExecutor(1) as pool:
        rpc.method("later")(lambda ws: pool.submit(work))
        ws, peer = peers.taken(root, rpc)
        peer.text(JSON.encode(request("later")))
        pump_until(begun.is_set)
        ws.loop.close()
        go_on.set()


def test_the_peer_cancels_a_request(talk, rpc):
    future = Future()
    rpc.method("later")(lambda ws: future)
    rpc.method("$/cancelRequest")(rpc.cancel_request)
    talking = talk(rpc)
    talking.say(
        request("later", id="x"), {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": "x"}}
    )
    [answer] = talking.hear()
    assert (code(answer), answer["id"]) == (CANCELLED, "x")
    assert not rpc.cancel_request(talking.ws, "x")
    assert not rpc.cancel_request(talking.ws, ["unhashable"])


def test_a_notification_that_runs_cannot_be_cancelled_by_its_lack_of_an_id(talk, rpc, pump_until):
    future = Future()
    rpc.method("later")(lambda ws: future)
    talking = talk(rpc)
    talking.say({"jsonrpc": "2.0", "method": "later"})
    assert talking.ask("add", [1]) == {"result": 2}
    assert not rpc.cancel_request(talking.ws, None)
    assert not future.cancelled()


def test_the_log_shows_what_a_peer_writes_on_one_line(talk, rpc, caplog, pump_until):
    caplog.set_level("DEBUG", "tkws")
    talking = talk(rpc)
    talking.say({"id": "x\nERROR forged" + "y" * 1000, "result": 1}, request("no\nERROR forged" + "y" * 1000))
    assert code(talking.hear()[0]) == UNKNOWN
    pump_until(lambda: sum("forged" in line for line in caplog.messages if "TEXT" not in line) == 2)
    lines = [line for line in caplog.messages if "forged" in line and "TEXT" not in line]
    assert all(len(line) < 200 and "\n" not in line for line in lines)


def test_an_awaitable_without_aio_is_answered_with_an_error(root, peers):
    script = (
        "import tkinter, tkws, tkws.testing\n"
        "root, told = tkinter.Tcl(), []\n"
        "async def later(): pass\n"
        "rpc = tkws.JSONRPC()\n"
        "rpc.method('later')(lambda ws: later())\n"
        "def client(ws, type, message):\n"
        "    if type == 'connect': ws.call('later', on_error=lambda error: told.append(error.code))\n"
        "tkws.testing.connected_pair(tkws.JSONRPC(client), rpc, master=root)\n"
        "try: tkws.testing.run_until(lambda: False, master=root)\n"
        "except TypeError as error: assert 'import tkws.aio' in str(error), error\n"
        "tkws.testing.run_until(lambda: told == [-32603], master=root)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=60)


# ---- registering


def test_a_name_has_one_function(rpc):
    with pytest.raises(ValueError, match="^name: the method 'add' has a function already$"):
        rpc.method("add")(print)


def test_what_is_registered_is_returned(rpc):
    def subtract(ws, a, b):
        return a - b

    assert rpc.method(subtract) is subtract
    assert rpc.method("other")(subtract) is subtract


def test_a_coroutine_function_needs_aio(rpc):
    script = (
        "import tkws; rpc = tkws.JSONRPC()\n"
        "try: exec('@rpc.method\\nasync def f(ws): pass')\n"
        "except TypeError as error: assert 'import tkws.aio' in str(error), error\n"
        "else: raise SystemExit('it was taken')"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)

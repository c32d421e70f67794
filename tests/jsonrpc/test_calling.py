"""A program that calls methods of its peer: each call ends once, by whatever comes first."""

from __future__ import annotations

import threading
from functools import partial

import pytest

import tkws
from tkws import JSON, JSONRPCError
from tkws.jsonrpc.rpc import LOOK_AGAIN


class Ends:
    """The ends of calls, in order."""

    def __init__(self) -> None:
        self.results: list[object] = []
        self.errors: list[Exception] = []

    @property
    def both(self) -> dict[str, object]:
        return {"on_result": self.results.append, "on_error": self.errors.append}


@pytest.fixture
def ends() -> Ends:
    return Ends()


def answer(id, result=None, **more):
    return {"jsonrpc": "2.0", "id": id, "result": result, **more}


def test_what_is_sent(talk):
    talking = talk()
    talking.ws.call("a")
    talking.ws.call("b", [1, "é"])
    talking.ws.call("c", (1,))
    talking.ws.call("d", {"x": None})
    assert talking.ws.notify("e", [2]) == (45 if talking.ws.role is tkws.Role.SERVER else 49)
    assert talking.hear(5) == [
        {"jsonrpc": "2.0", "method": "a", "id": 1},
        {"jsonrpc": "2.0", "method": "b", "params": [1, "é"], "id": 2},
        {"jsonrpc": "2.0", "method": "c", "params": [1], "id": 3},
        {"jsonrpc": "2.0", "method": "d", "params": {"x": None}, "id": 4},
        {"jsonrpc": "2.0", "method": "e", "params": [2]},
    ]


def test_answers_come_in_any_order(talk, ends, pump_until):
    talking = talk()
    calls = [talking.ws.call(name, **ends.both) for name in "abc"]
    assert repr(calls[1]) == "<Call 2 'b' waiting>"
    talking.say(answer(3, "C"), answer(1, "A"), answer(2, "B"))
    pump_until(lambda: len(ends.results) == 3)
    assert ends.results == ["C", "A", "B"]
    assert [call.result for call in calls] == ["A", "B", "C"]
    assert all(call.done and not call.cancelled and call.error is None for call in calls)
    assert repr(calls[1]) == "<Call 2 'b' done>"


def test_an_error_answer(talk, ends, pump_until):
    talking = talk()
    call = talking.ws.call("a", **ends.both)
    talking.say({"jsonrpc": "2.0", "id": 1, "error": {"code": 5, "message": "no", "data": [1]}})
    pump_until(lambda: call.done)
    [error] = ends.errors
    assert isinstance(error, JSONRPCError)
    assert (error.code, error.message, error.data) == (5, "no", [1])
    assert call.error is error
    assert not ends.results


def test_answers_in_a_batch(talk, ends, pump_until):
    talking = talk()
    for name in "ab":
        talking.ws.call(name, **ends.both)
    talking.hear(2)
    talking.say([answer(2, "B"), answer(1, "A")])
    pump_until(lambda: ends.results == ["B", "A"])


@pytest.mark.parametrize("id", [2, "1", None, True, [1], 1.5, -1], ids=range(7))
def test_an_answer_to_no_call_is_ignored(talk, ends, pump_until, id):
    talking = talk()
    call = talking.ws.call("a", **ends.both)
    talking.hear()
    talking.say(answer(id, "wrong"), answer(1, "right"), answer(1, "again"), answer(1, "and again"))
    pump_until(lambda: call.done)
    talking.say({"jsonrpc": "2.0", "id": 5, "method": "nothing"})
    assert [each["id"] for each in talking.hear()] == [5]  # and no answer was answered
    assert ends.results == ["right"]


def test_an_error_for_no_call_is_told_to_the_handler(talk, log, pump_until):
    talking = talk()
    talking.say({"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "Parse error"}})
    pump_until(lambda: log.types == ["connect", "error"])
    assert log.one("error").code == JSONRPCError.PARSE_ERROR


def test_a_callback_that_raises_hurts_no_other(talk, ends, pump_until, callback_errors):
    talking = talk()
    talking.ws.call("a", on_result=lambda result: 1 / 0)
    talking.ws.call("b", on_error=lambda error: 1 / 0)
    talking.ws.call("c", **ends.both)
    talking.say([answer(1), {"id": 2, "error": {"code": 1, "message": ""}}, answer(3, 3)])
    pump_until(lambda: ends.results == [3])
    assert [type(error) for error in callback_errors] == [ZeroDivisionError] * 2
    callback_errors.clear()


def test_an_error_that_nobody_takes_is_shown(talk, pump_until, callback_errors):
    talking = talk()
    call = talking.ws.call("a", on_result=print)
    talking.ws.call("fire and forget")
    talking.say([{"id": id, "error": {"code": id, "message": "no"}} for id in (1, 2)])
    pump_until(lambda: callback_errors == [call.error])
    assert isinstance(callback_errors.pop(), JSONRPCError)


# ---- the time


def test_a_call_that_is_not_answered_in_time(talk, ends, pump_until):
    talking = talk()
    call = talking.ws.call("a", timeout=0.02, **ends.both)
    pump_until(lambda: call.done)
    [error] = ends.errors
    assert isinstance(error, tkws.CallTimeout)
    assert isinstance(error, TimeoutError)
    assert str(error) == "a was not answered within 0.02 s"
    assert error.method == "a"
    talking.say(answer(1, "late"))
    other = talking.ws.call("b", **ends.both)
    talking.say(answer(2, "B"))
    pump_until(lambda: other.done)
    assert ends.results == ["B"]
    assert len(ends.errors) == 1


def test_an_answer_in_time_ends_the_timeout(talk, ends, pump_until):
    talking = talk()
    call = talking.ws.call("a", timeout=60, **ends.both)
    talking.say(answer(1, "A"))
    pump_until(lambda: call.done)
    assert call._timeout is not None
    assert not call._timeout.active


def test_an_answer_that_waits_for_the_handler_is_in_time(clock, talk, log, ends, pump_until):
    """A handler that runs Tk's loop holds the answer up, which is no delay of the peer's."""
    talking = talk()
    waited = []

    def dialog(ws, message):
        call = ws.call("a", timeout=1, **ends.both)
        talking.say(answer(1, "A"))
        clock.advance(3)
        waited.append(call.done)

    log.actions["ping"] = dialog
    talking.peer.send(talking.peer.frame(tkws.protocol.frames.Opcode.PING))
    pump_until(lambda: ends.results == ["A"])
    assert waited == [False]
    assert not ends.errors


def test_a_paused_connection_times_nothing_out(clock, talk, ends, pump_until):
    talking = talk()
    call = talking.ws.call("a", timeout=1, **ends.both)
    talking.say(answer(1, "A"))
    talking.ws.pause()
    clock.advance(3)
    assert not call.done
    talking.ws.resume()
    pump_until(lambda: ends.results == ["A"])


@pytest.mark.parametrize("looks", [0.0, 0.1, 0.5, 0.9, 1.0, 1.1, 1.9, 2.0])
def test_an_answer_that_came_during_a_pause_is_read_before_the_call_times_out(
    clock, talk, ends, pump_until, looks
):
    """Whenever the program resumes: between two looks at the call, or just before one."""
    talking = talk()
    resumed = 1 + looks * LOOK_AGAIN
    for number in range(1, 6):
        talking.ws.loop.call_later(resumed - 0.001, talking.ws.resume)
        talking.ws.call("a", timeout=1, **ends.both)
        talking.ws.pause()
        talking.say(answer(number, number))
        clock.advance(resumed + LOOK_AGAIN)
        pump_until(lambda: len(ends.results + ends.errors) == number)
    assert ends.results == list(range(1, 6))


# ---- the end


def test_a_cancelled_call_ends_without_a_word(talk, ends, pump_until):
    talking = talk()
    call = talking.ws.call("a", timeout=60, **ends.both)
    call.cancel()
    call.cancel()
    assert call.done
    assert call.cancelled
    assert repr(call) == "<Call 1 'a' cancelled>"
    talking.say(answer(1, "A"))
    other = talking.ws.call("b", **ends.both)
    talking.say(answer(2, "B"))
    pump_until(lambda: other.done)
    other.cancel()
    assert not other.cancelled
    assert (ends.results, ends.errors) == (["B"], [])


def test_calls_fail_with_the_cause_of_the_end(talk, log, ends, pump_until):
    talking = talk()
    for name in "ab":
        talking.ws.call(name, timeout=60, **ends.both)
    log.actions["disconnect"] = lambda ws, message: ends.results.append("disconnect")
    talking.peer.bye(4001, "enough")
    talking.peer.hear(3)
    talking.lose(pump_until)
    assert [(type(error), error.code, error.reason) for error in ends.errors] == [
        (tkws.ConnectionClosed, 4001, "enough")
    ] * 2
    assert ends.errors[0] is not ends.errors[1]
    assert ends.results == ["disconnect"]  # after the errors, as the last


def test_a_fault_of_the_peer_is_the_cause(talk, ends, pump_until):
    talking = talk()
    talking.ws.call("a", **ends.both)
    talking.peer.send(b"\xff\xff\xff\xff")
    pump_until(lambda: ends.errors)
    [error] = ends.errors
    assert error.code == 1006
    assert isinstance(error.__cause__, tkws.ProtocolError)
    assert error.__cause__.code == 1002
    talking.lose(pump_until)


def test_the_end_is_not_shown_as_an_exception(talk, pump_until):
    talking = talk()
    call = talking.ws.call("a", on_result=print)
    talking.lose(pump_until)
    assert isinstance(call.error, tkws.ConnectionClosed)


def test_a_call_in_on_error_of_the_end_is_refused(talk, ends, pump_until, callback_errors):
    talking = talk()
    talking.ws.call("a", on_error=lambda error: talking.ws.call("again", **ends.both))
    talking.lose(pump_until)
    assert isinstance(callback_errors.pop(), tkws.StateError)


def test_a_closing_connection_takes_no_call_but_answers(talk, ends, pump_until):
    talking = talk()
    call = talking.ws.call("a", **ends.both)
    talking.ws.close()
    with pytest.raises(tkws.StateError, match="CLOSING"):
        talking.ws.call("b")
    talking.say(answer(1, "A"))
    pump_until(lambda: call.done)
    assert ends.results == ["A"]
    talking.lose(pump_until)
    with pytest.raises(tkws.StateError, match="CLOSED"):
        talking.ws.call("b")
    with pytest.raises(tkws.StateError, match="CLOSED"):
        talking.ws.notify("b")


def test_calls_fail_when_the_connection_is_lost_and_opened_again(
    notifier, root, peers, log, ends, pump_until
):
    listening = peers.listen()
    rpc = tkws.JSONRPC(log)
    again = tkws.Backoff(initial=0.001, jitter=0)
    ws = tkws.open(listening.url, rpc, master=root, reconnect=again, offline_buffer=1000)
    with pytest.raises(tkws.StateError, match="CONNECTING.*wait for its `connect` event$"):
        ws.call("too early")
    first = listening.accept()
    first.accept()
    pump_until(lambda: log.types == ["connect"])
    call = ws.call("a", **ends.both)
    first.hear()
    first.sock.close()
    pump_until(lambda: ends.errors)
    assert isinstance(ends.errors[0], tkws.ConnectionClosed)
    second = listening.accept()
    second.accept()
    pump_until(lambda: log.types[-1] == "connect" and ws.state is tkws.State.OPEN)
    other = ws.call("b", **ends.both)
    second.text(JSON.encode(answer(call.id, "for the other")), JSON.encode(answer(other.id, "B")))
    pump_until(lambda: other.done)
    assert len(ends.errors) == 1
    assert ends.results == ["B"]
    ws.close()
    second.sock.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED and log.types[-1] == "disconnect")


def test_calls_of_a_handler_that_is_replaced_fail(talk, log, ends, pump_until):
    talking = talk()
    talking.ws.call("a", **ends.both)
    talking.ws["handler"] = tkws.tee(log, talking.rpc)  # the same object, which goes on
    assert not ends.errors
    talking.ws.configure(handler=log)
    [error] = ends.errors
    assert isinstance(error, tkws.StateError)
    with pytest.raises(tkws.StateError, match="JSONRPC"):
        talking.ws.call("b")


def test_a_window_that_goes_takes_its_calls_along(talk, ends):
    talking = talk()
    talking.ws.call("a", timeout=60, **ends.both)
    talking.ws.loop.close()
    assert not ends.errors


def test_an_on_error_that_leaves_the_program_keeps_no_other_from_its_end(talk, log, ends, pump_until):
    talking = talk()

    def leave(error):
        ends.errors.append(error)
        raise SystemExit

    talking.ws.call("a", on_error=leave)
    talking.ws.call("b", **ends.both)
    talking.peer.sock.close()
    with pytest.raises(SystemExit):
        pump_until(lambda: False)
    assert [type(error) for error in ends.errors] == [tkws.ConnectionClosed] * 2
    assert log.over


def test_nobody_is_told_after_an_on_error_that_ends_the_window(talk, log, ends, pump_until):
    talking = talk()

    def end(error):
        ends.errors.append(error)
        talking.ws.loop.close()

    talking.ws.call("a", on_error=end)
    talking.ws.call("b", **ends.both)
    talking.peer.bye()
    pump_until(lambda: ends.errors and talking.ws.loop.closed)
    assert len(ends.errors) == 1
    assert not log.over


# ---- mistakes


def test_a_handler_that_is_no_jsonrpc(root, peers, log, pump_until):
    ws, _ = peers.taken(root, log)
    pump_until(lambda: log.open)
    for call in (ws.call, ws.notify):
        with pytest.raises(tkws.StateError, match=r"tkws\.JSONRPC"):
            call("a")


def test_it_is_found_in_a_tee(talk, log, ends, pump_until):
    rpc = tkws.JSONRPC()
    talking = talk(rpc, tkws.tee(log, tkws.tee(rpc)))
    talking.ws.call("a", **ends.both)
    talking.say(answer(1, "A"))
    pump_until(lambda: ends.results == ["A"])


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (("a", "b"), TypeError, "^params: a list, a tuple, a dict or None, not str$"),
        (("a", [{1}]), TypeError, "^params: what JSON can hold .*, not set$"),
        (("a", [float("nan")]), ValueError, "^params: .*JSON compliant"),
        ((5,), TypeError, "^method: str, not int$"),
    ],
    ids=range(4),
)
def test_a_call_that_cannot_be_sent(talk, ends, pump_until, arguments, error, sentence):
    talking = talk()
    for call in (partial(talking.ws.call, **ends.both), talking.ws.notify):
        with pytest.raises(error, match=sentence):
            call(*arguments)
    assert talking.ws.statistics.messages_sent == 0
    talking.lose(pump_until)
    assert not ends.errors  # it waited for no answer


@pytest.mark.parametrize("timeout", [0, -1, "1", float("nan"), float("inf")])
def test_a_timeout_that_is_none(talk, timeout):
    with pytest.raises((TypeError, ValueError), match="^timeout: "):
        talk().ws.call("a", timeout=timeout)


def test_callbacks_are_plain_functions(talk):
    async def later(result):
        pass

    ws = talk().ws
    for name in ("on_result", "on_error"):
        with pytest.raises(TypeError, match=f"^{name}: a callable .*, not int$"):
            ws.call("a", **{name: 5})
        with pytest.raises(TypeError, match=f"^{name}: a plain function .*, not an async function"):
            ws.call("a", **{name: later})


# ---- other threads


def test_calls_of_another_thread(talk, ends, pump_until):
    talking = talk()
    calls = []

    def work():
        talking.ws.send("before")
        calls.append(talking.ws.call("a", [1], timeout=60, **ends.both))
        talking.ws.notify("b")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    frames = talking.peer.hear(3)
    assert [payload[:6] for _, payload in frames] == [b"before", b'{"json', b'{"json']
    talking.say(answer(calls[0].id, "A"))
    pump_until(lambda: ends.results == ["A"])


def test_a_call_of_a_thread_that_comes_too_late(talk, ends, pump_until):
    talking = talk()

    def work():
        talking.ws.call("a", timeout=60, **ends.both)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    talking.ws.close()  # sends what was submitted first
    talking.lose(pump_until)
    assert len(ends.errors) == 1
    error = []

    def too_late():
        try:
            talking.ws.call("b")
        except tkws.StateError as caught:
            error.append(caught)

    thread = threading.Thread(target=too_late)
    thread.start()
    thread.join()
    assert len(error) == 1


def test_a_call_is_cancelled_in_the_thread_of_tk(talk):
    call = talk().ws.call("a")
    errors = []

    def work():
        try:
            call.cancel()
        except tkws.StateError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(errors) == 1
    assert not call.done


# ---- both ends


def test_both_ends_call_each_other(notifier, root, pump_until):
    told = []
    rpc = tkws.JSONRPC()

    @rpc.method
    def twice(ws, text):
        ws.call("name", on_result=lambda name: told.append((name, 2 * text)))
        return 2 * text

    client = tkws.JSONRPC(lambda ws, type, message: type == "connect" and ask(ws))
    client.method("name")(lambda ws: "the client")
    server = tkws.serve(master=root)
    server.live("/", rpc)
    ask = partial(tkws.WebSocket.call, method="twice", params={"text": "a"}, on_result=told.append)
    ws = tkws.open(server.url, client, master=root)
    pump_until(lambda: len(told) == 2)
    assert sorted(told, key=str) == [("the client", "aa"), "aa"]
    ws.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)
    server.close()
    pump_until(lambda: not server.connections)

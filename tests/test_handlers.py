"""Handlers to build with: what each passes on, when, and that none of them nests or loses anything."""

from __future__ import annotations

import gc
import tkinter
import weakref
from functools import partial

import pytest

import tkws
from tests.peers import Log
from tkws.loop import loop_for
from tkws.protocol.frames import Opcode

SOON, NEVER = 0.02, 1000


@pytest.fixture
def handled(root, peers, pump_until):
    """``handled(handler)``: a connection with that handler, which is open, and its other end."""

    def handled(handler, **options):
        opened = []
        tell = tkws.tee(handler, lambda ws, type, message: opened.append(type))
        ws, peer = peers.taken(root, tell, **options)
        pump_until(lambda: opened)
        ws["handler"] = handler
        return ws, peer

    return handled


def end(peer, log, pump_until):
    peer.bye()
    peer.hear()
    peer.sock.close()
    pump_until(lambda: log.over)


# ---- Handler


def test_a_method_for_each_type(root, peers, pump_until):
    told = []

    class Feed(tkws.Handler):
        def on_connect(self, ws, message):
            told.append(("connect", message))

        def on_text(self, ws, message):
            told.append(("text", message))

        def on_disconnect(self, ws, message):
            told.append(("disconnect", message))

    _, peer = peers.taken(root, Feed())
    peer.text("hi")
    peer.say(Opcode.BINARY, b"\0")
    peer.say(Opcode.PING)
    peer.say(Opcode.PONG)
    peer.bye()
    pump_until(lambda: ("text", "hi") in told)
    peer.sock.close()
    pump_until(lambda: len(told) == 3)
    assert told[:2] == [("connect", None), ("text", "hi")]
    assert told[2][0] == "disconnect"


def test_there_is_a_method_for_every_type():
    for event in tkws.Event:
        assert getattr(tkws.Handler(), f"on_{event}")(None, None) is None
        assert tkws.Handler()(None, event, None) is None


# ---- tee


def test_tee_calls_each_in_order_and_reports_who_raises(handled, pump_until, callback_errors):
    told = []

    def note(name, ws, type, message):
        told.append((name, type, message))
        if type == "text":
            raise ValueError(name)

    _, peer = handled(tkws.tee(partial(note, 1), partial(note, 2)))
    told.clear()
    peer.text("x")
    pump_until(lambda: len(told) == 2)
    assert told == [(1, "text", "x"), (2, "text", "x")]
    assert [str(error) for error in callback_errors] == ["1", "2"]
    callback_errors.clear()


@pytest.mark.parametrize(
    "make",
    [
        tkws.tee,
        lambda first, second: tkws.batched(first, NEVER),
        lambda first, second: tkws.latest(first, NEVER, key=len),
    ],
    ids=["tee", "batched", "latest"],
)
@pytest.mark.parametrize("how", ["exit", "end"])
def test_what_is_called_after_one_that_ends_the_program(handled, pump_until, make, how):
    told = []

    def first(ws, type, message):
        if type == "connect":
            return
        told.append(type)
        if len(told) == 1 and how == "exit":
            raise SystemExit
        if len(told) == 1:
            ws.loop.close()

    _, peer = handled(make(first, lambda ws, type, message: told.append(f"second {type}")))
    told.clear()  # of `connect`
    peer.text("a")
    peer.say(Opcode.BINARY, b"bb")
    peer.say(Opcode.PONG)
    if how == "end":
        pump_until(lambda: told)
        assert len(told) == 1
        return
    with pytest.raises(SystemExit):
        pump_until(lambda: False)
    pump_until(lambda: "pong" in told)
    assert told[:3] in (["text", "second text", "binary"], ["text", "binary", "pong"])


def test_tee_of_nobody(handled, pump_until):
    ws, peer = handled(tkws.tee())
    peer.text("x")
    pump_until(lambda: ws.statistics.messages_received)


# ---- batched


def test_batched_gathers_messages_of_a_kind(handled, log, pump_until):
    _, peer = handled(tkws.batched(log, SOON))
    peer.text("1", "2")
    peer.send(peer.frame(Opcode.BINARY, b"3") + peer.frame(Opcode.TEXT, b"4"))
    pump_until(lambda: len(log.events) == 4)
    assert log.events == [("connect", None), ("text", ["1", "2"]), ("binary", [b"3"]), ("text", ["4"])]
    peer.text("5")
    pump_until(lambda: len(log.events) == 5)
    assert log.events[-1] == ("text", ["5"])


def test_batched_hands_on_what_waits_before_another_event(handled, log, pump_until):
    _, peer = handled(tkws.batched(log, NEVER))
    peer.text("1", "2")
    peer.say(Opcode.PING, b"?")
    peer.text("3")
    end(peer, log, pump_until)
    assert log.events == [
        ("connect", None),
        ("text", ["1", "2"]),
        ("ping", b"?"),
        ("text", ["3"]),
        ("close", log.one("close")),
        ("disconnect", log.one("disconnect")),
    ]


def test_batched_hands_on_once_in_its_time(handled, log, pump_until):
    ws, peer = handled(tkws.batched(log, SOON))
    began = ws.loop.now()
    peer.text("1")
    pump_until(lambda: log.all("text"))
    assert ws.loop.now() - began >= SOON


# ---- latest


def test_latest_passes_on_the_newest_alone(handled, log, pump_until):
    _, peer = handled(tkws.latest(log, SOON))
    peer.text("1", "2", "3")
    pump_until(lambda: log.all("text"))
    peer.text("4")
    peer.say(Opcode.BINARY, b"5")
    pump_until(lambda: log.all("binary"))
    assert log.events == [("connect", None), ("text", "3"), ("binary", b"5")]


def test_latest_of_each_key(handled, log, pump_until):
    _, peer = handled(tkws.latest(log, SOON, key=lambda message: message[0]))
    peer.text("a1", "b1", "a2", "c1", "b2")
    pump_until(lambda: log.all("text"))
    assert log.all("text") == ["a2", "b2", "c1"]


def test_latest_hands_on_what_waits_before_another_event(handled, log, pump_until):
    _, peer = handled(tkws.latest(log, NEVER))
    peer.text("1", "2")
    end(peer, log, pump_until)
    assert log.types == ["connect", "text", "close", "disconnect"]
    assert log.one("text") == "2"


def test_a_key_that_raises_is_reported(handled, log, pump_until, callback_errors):
    _, peer = handled(tkws.latest(log, SOON, key=int))
    peer.text("1", "x", "2")
    pump_until(lambda: log.all("text") == ["1", "2"])
    assert [type(error) for error in callback_errors] == [ValueError]
    callback_errors.clear()


# ---- both


BOTH = pytest.mark.parametrize("make", [tkws.batched, partial(tkws.latest, key=lambda message: message)])


@BOTH
def test_an_exception_loses_nothing_that_waits(handled, log, pump_until, callback_errors, make):
    log.actions["text"] = lambda ws, message: 1 / 0
    _, peer = handled(make(log, NEVER))
    peer.text("1")
    peer.say(Opcode.BINARY, b"2")
    peer.text("3")
    end(peer, log, pump_until)
    assert log.types == ["connect", "text", "binary", "text", "close", "disconnect"]
    assert [type(error) for error in callback_errors] == [ZeroDivisionError] * 2
    callback_errors.clear()


@BOTH
def test_its_handler_is_never_nested(handled, log, pump_until, make):
    _, peer = handled(make(log, 0.001))

    def dialog(ws, message):
        peer.text("during the dialog")
        peer.say(Opcode.PING, b"?")
        done = []
        ws.loop.call_later(0.05, done.append, True)
        pump_until(lambda: done)
        log.actions.clear()

    log.actions["text"] = dialog
    peer.text("1")
    pump_until(lambda: log.all("ping"))
    assert log.types == ["connect", "text", "text", "ping"]
    assert log.deepest == 1


@BOTH
def test_reentrant_it_is(handled, log, pump_until, make):
    _, peer = handled(make(log, 0.001), reentrant=True)
    log.actions["text"] = lambda ws, message: (
        len(log.all("text")) == 1 and (peer.text("2"), pump_until(lambda: len(log.all("text")) == 2))
    )
    peer.text("1")
    pump_until(lambda: len(log.all("text")) == 2)
    assert log.deepest == 2


@BOTH
def test_a_pause_holds_it_back(handled, log, pump_until, make):
    ws, peer = handled(make(log, 0.001))
    peer.text("1")
    pump_until(lambda: ws.statistics.messages_received)
    ws.pause()
    done = []
    ws.loop.call_later(0.02, done.append, True)
    pump_until(lambda: done)
    told = len(log.all("text"))
    ws.resume()
    pump_until(lambda: log.all("text"))
    assert told in (0, 1)  # one may have been due before the pause
    ws.pause()
    peer.text("2")
    ws.loop.call_later(0.02, done.append, True)
    pump_until(lambda: len(done) == 2)
    assert len(log.all("text")) == 1


@BOTH
def test_the_loop_may_end_in_it(handled, log, pump_until, make):
    ws, peer = handled(make(log, NEVER))
    log.actions["text"] = lambda ws, message: ws.loop.close()
    peer.text("1")
    peer.say(Opcode.BINARY, b"2")
    peer.say(Opcode.PING)
    pump_until(lambda: ws.loop.closed)
    assert log.types == ["connect", "text"]


@BOTH
def test_each_connection_has_its_own(root, peers, pump_until, make):
    log = Log()
    handler = make(log, SOON)
    whose = []
    log.actions["text"] = lambda ws, message: whose.append(ws)
    (one, first), (two, second) = peers.taken(root, handler), peers.taken(root, handler)
    first.text("1")
    second.text("2")
    pump_until(lambda: len(whose) == 2)
    assert whose == [one, two] or whose == [two, one]
    assert len(log.all("text")) == 2


@BOTH
def test_it_lets_go_of_a_connection_that_is_over(root, peers, log, pump_until, make):
    handler = make(lambda ws, type, message: log.events.append((type, message)), SOON)
    ws, peer = peers.taken(root, handler)
    peer.text("1")
    pump_until(lambda: log.all("text"))
    gone = weakref.ref(ws)
    ws.loop.close()  # without a disconnect
    del ws
    gc.collect()
    assert gone() is None


# ---- variable


def test_variable_follows_the_messages(root, handled, pump_until):
    var = tkinter.StringVar(root, value="nothing yet")
    _, peer = handled(tkws.variable(var))
    peer.say(Opcode.PING)
    peer.text("one", "two")
    pump_until(lambda: var.get() == "two")
    peer.say(Opcode.BINARY, b"three\xff")
    pump_until(lambda: var.get() == "three\ufffd")


# ---- virtual_event


def test_virtual_events(display_root, peers, pump_until):
    label = tkinter.Label(display_root)
    handler = tkws.virtual_event(label)
    told = []
    for event in tkws.Event:
        name = f"<<WebSocket{event.capitalize()}>>"
        label.bind(name, lambda _, name=name: told.append((name, handler.type, handler.message, handler.ws)))
    ws, peer = peers.taken(display_root, handler)
    peer.text("hi")
    peer.bye(4000, "over")
    pump_until(lambda: len(told) == 3)
    peer.sock.close()
    pump_until(lambda: len(told) == 4)
    assert told == [
        ("<<WebSocketConnect>>", "connect", None, ws),
        ("<<WebSocketText>>", "text", "hi", ws),
        ("<<WebSocketClose>>", "close", (4000, "over"), ws),
        ("<<WebSocketDisconnect>>", "disconnect", "Disconnected: 4000 over", ws),
    ]


# ---- what is refused


@pytest.mark.parametrize(
    ("name", "arguments", "keywords", "kind", "message"),
    [
        (
            "tee",
            (
                print,
                None,
            ),
            {},
            TypeError,
            "handlers: a callable",
        ),
        ("tee", ("print",), {}, TypeError, "handlers: a callable"),
        ("batched", (None,), {}, TypeError, "handler: a callable"),
        ("latest", (5,), {}, TypeError, "handler: a callable"),
        (
            "batched",
            (
                print,
                "1",
            ),
            {},
            TypeError,
            "every: seconds as a number",
        ),
        (
            "batched",
            (
                print,
                True,
            ),
            {},
            TypeError,
            "every: seconds as a number",
        ),
        (
            "latest",
            (
                print,
                None,
            ),
            {},
            TypeError,
            "every: seconds as a number",
        ),
        (
            "batched",
            (
                print,
                0,
            ),
            {},
            ValueError,
            "every: seconds above 0",
        ),
        (
            "latest",
            (
                print,
                -1,
            ),
            {},
            ValueError,
            "every: seconds above 0",
        ),
        (
            "latest",
            (
                print,
                float("inf"),
            ),
            {},
            ValueError,
            "every: seconds above 0",
        ),
        (
            "latest",
            (
                print,
                float("nan"),
            ),
            {},
            ValueError,
            "every: seconds above 0",
        ),
        ("latest", (print,), {"key": "x"}, TypeError, "key: a callable .message., not str"),
        ("variable", ("PY_VAR0",), {}, TypeError, "var: a tkinter.Variable, not str"),
        ("variable", (None,), {}, TypeError, "var: a tkinter.Variable, not NoneType"),
        ("virtual_event", (None,), {}, TypeError, "widget: a widget, not NoneType"),
        ("virtual_event", (".label",), {}, TypeError, "widget: a widget, not str"),
    ],
)
def test_what_is_refused(name, arguments, keywords, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        getattr(tkws, name)(*arguments, **keywords)


def test_nothing_is_left_of_the_timers(root, handled, log, pump_until):
    _, peer = handled(tkws.batched(log, NEVER))
    peer.text("1")
    end(peer, log, pump_until)
    assert not [timer for _, _, timer in loop_for(root)._timers._heap if timer.active]

"""Every public callable of the kit refuses a wrong argument at the call, names it, and changes nothing."""

from __future__ import annotations

import inspect
import math
import threading
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

import tkws
from tkws import testing
from tkws.loop import loop_for
from tkws.testing import (
    FakeClock,
    Link,
    Recorder,
    ScriptedPeer,
    ScriptedServer,
    connected_pair,
    run_until,
)  # fmt: skip

NO_NUMBER = [None, True, "1", b"1", 1j, [1], object()]
NO_TIME = [
    *NO_NUMBER,
    math.nan,
    math.inf,
    -math.inf,
    -1,
    -0.001,
    10**400,
    -(10**400),
    10**5000,
    Fraction(-1, 3),
    1e300,
]
NO_COUNT = [*NO_NUMBER, 1.0, math.nan, math.inf, -1, 10**400, -(10**5000)]
NO_CALLABLE = [None, True, 1, "call", b"", [print], object()]
NO_TEXT = [None, True, 1, b"ws://127.0.0.1:1/", ["ws://127.0.0.1:1/"], object()]
NO_URL = ["", "ws://", "ws://127.0.0.1/", "ws://127.0.0.1:0/", "ws://127.0.0.1:99999/", "ws://127.0.0.1:x/",
          "ws://localhost:80/", "ws://[::1", "ws://:80/", "nowhere"]  # fmt: skip
NO_BYTES = [True, 1, "text", [1], object()]
NO_EVENT = [None, True, 1, b"text", object(), "", "conect", "Text"]
NO_MESSAGE = [None, 1, [1], object(), "\ud800"]
NO_WIDGET = [True, 1, ".", object()]


class Kit:
    """One of each, in an interpreter."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.clock = FakeClock(root)
        self.server = ScriptedServer(silent, master=root)
        self.link = Link(self.server.url, master=root)
        self.recorder = Recorder()
        self.ws = tkws.open(self.server.url, self.recorder, master=root, proxy=None)
        run_until(lambda: "connect" in self.recorder, master=root)
        self.peer = self.server.peers[0]

    def state(self) -> list[Any]:
        """All that a wrong argument must not change."""
        state = [
            {**vars(made), "_connections": None}
            for made in (self.clock, self.link, self.server, self.recorder)
        ]
        return [*state, vars(self.root).keys(), self.peer._ended, self.peer._stream.closed, self.peer.failure]

    def close(self) -> None:
        self.ws.close()
        run_until(lambda: "disconnect" in self.recorder, master=self.root)
        self.link.close()
        self.server.close()


def silent(peer: ScriptedPeer) -> Any:
    while True:
        yield


def set_delay(kit: Kit, value: Any) -> None:
    kit.link.delay = value


Call = Callable[[Kit, Any], object]

WRONG: dict[str, tuple[Call, list[Any]]] = {
    "FakeClock(master)": (lambda kit, value: FakeClock(value), NO_WIDGET),
    "FakeClock.advance(seconds)": (lambda kit, value: kit.clock.advance(value), NO_TIME),
    "FakeClock.sleep(seconds)": (lambda kit, value: kit.clock.sleep(value), NO_TIME),
    "Link(target)": (lambda kit, value: Link(value, master=kit.root), [*NO_TEXT, *NO_URL]),
    "Link(port)": (
        lambda kit, value: Link(kit.server.url, port=value, master=kit.root),
        [*NO_COUNT, 65536],
    ),
    "Link(master)": (lambda kit, value: Link(kit.server.url, master=value), NO_WIDGET),
    "Link.delay": (set_delay, NO_TIME),
    "Link.cut_after(count)": (lambda kit, value: kit.link.cut_after(value), NO_COUNT),
    "Recorder(handler)": (lambda kit, value: Recorder(value), NO_CALLABLE),
    "Recorder.__contains__(type)": (lambda kit, value: value in kit.recorder, NO_EVENT),
    "Recorder.all(type)": (lambda kit, value: kit.recorder.all(value), NO_EVENT),
    "ScriptedServer(script)": (lambda kit, value: ScriptedServer(value, master=kit.root), NO_CALLABLE),
    "ScriptedServer(answer)": (
        lambda kit, value: ScriptedServer(silent, master=kit.root, answer=value),
        NO_BYTES,
    ),
    "ScriptedServer(master)": (lambda kit, value: ScriptedServer(silent, master=value), NO_WIDGET),
    "ScriptedPeer.send(message)": (
        lambda kit, value: kit.peer.send(value),
        [None, 1, [1], object(), "\ud800"],
    ),
    "ScriptedPeer.send(final)": (lambda kit, value: kit.peer.send("x", final=value), [None, 1, "no"]),
    "ScriptedPeer.ping(payload)": (
        lambda kit, value: kit.peer.ping(value),
        [None, True, 1, [1], object(), "\ud800", bytes(126)],
    ),
    "ScriptedPeer.close(code)": (
        lambda kit, value: kit.peer.close(value),
        ["1000", True, 1.0, 999, 1005, 1006, 1015, 5000, 10**400, 10**5000, -1],
    ),
    "ScriptedPeer.close(reason)": (lambda kit, value: kit.peer.close(1000, value), [None, 1, b"", "\ud800"]),
    "ScriptedPeer.send_raw(data)": (lambda kit, value: kit.peer.send_raw(value), [*NO_BYTES, None]),
    "connected_pair(client)": (lambda kit, value: connected_pair(value, master=kit.root), NO_CALLABLE),
    "connected_pair(server)": (lambda kit, value: connected_pair(server=value, master=kit.root), NO_CALLABLE),
    "connected_pair(master)": (lambda kit, value: connected_pair(master=value), NO_WIDGET),
    "connected_pair(handler)": (
        lambda kit, value: connected_pair(master=kit.root, handler=value),  # type: ignore[call-arg] # wrong on purpose
        [*NO_CALLABLE, print],
    ),
    "run_until(condition)": (lambda kit, value: run_until(value, master=kit.root), NO_CALLABLE),
    "run_until(timeout)": (lambda kit, value: run_until(lambda: True, value, master=kit.root), NO_TIME),
    "run_until(master)": (lambda kit, value: run_until(lambda: True, master=value), NO_WIDGET),
}


@pytest.fixture
def kit(root: Any) -> Any:
    made = Kit(root)
    yield made
    made.close()


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_argument_is_refused_and_changes_nothing(kit: Kit, name: str) -> None:
    call, values = WRONG[name]
    argument = name.partition("(")[2].rstrip(")") or name.rpartition(".")[2]
    before = kit.state()
    connections = set(tkws.find())
    for value in values:
        with pytest.raises((TypeError, ValueError)) as refused:
            call(kit, value)
        said = str(refused.value)
        assert argument in said, f"{name} with {value!r:.40}: {said}"
        assert len(said) < 300
        assert "Traceback" not in said
    assert kit.state() == before
    assert set(tkws.find()) == connections
    kit.clock.advance(1)  # the loop is as it was
    run_until(lambda: True, master=kit.root)


def test_nothing_public_is_left_out() -> None:
    """Each parameter of each public callable is in the table."""
    wanted = set()
    for name in testing.__all__:
        made = getattr(testing, name)
        if inspect.isfunction(made):
            wanted |= {f"{name}({argument})" for argument in inspect.signature(made).parameters}
        elif inspect.isclass(made):
            if made is not ScriptedPeer:  # made by a server alone
                wanted |= {f"{name}({argument})" for argument in inspect.signature(made).parameters}
            for method, function in vars(made).items():
                if inspect.isfunction(function) and (not method.startswith("_") or method == "__contains__"):
                    arguments = list(inspect.signature(function).parameters)[1:]
                    wanted |= {f"{name}.{method}({argument})" for argument in arguments}
    told = {
        f"ScriptedPeer.{method}({argument})"
        for method, argument in (
            ("data_received", "data"),
            ("buffer_updated", "count"),
            ("connection_lost", "cause"),
        )
    }
    assert wanted - told - {"connected_pair(options)"} == set(WRONG) - {
        "Link.delay",
        "connected_pair(handler)",
    }


@pytest.mark.parametrize("value", [0, 0.0, Fraction(1, 2), 1e-9, 10])
def test_every_number_that_makes_sense_is_taken(kit: Kit, value: Any) -> None:
    kit.clock.advance(value)
    kit.clock.sleep(value)
    kit.link.delay = value
    assert kit.link.delay == value
    kit.link.delay = 0
    run_until(lambda: True, value, master=kit.root)


def test_a_clock_goes_no_further_offset_than_every_timer_can_hold(root: Any) -> None:
    clock = FakeClock(root)
    begin = clock.now()
    clock.advance(6e8)
    for call in (clock.advance, clock.sleep):
        with pytest.raises(
            ValueError,
            match=r"^seconds: at most 4e\+08 \(the clock may be 1e\+09 ahead in all\), not 6e\+08$",
        ):
            call(6e8)
    assert clock.now() - begin == pytest.approx(6e8)


# ---- the order of calls


def test_a_clock_whose_loop_is_closed_says_so(root: Any) -> None:
    clock = FakeClock(root)
    loop_for(root).close()
    for call in (clock.advance, clock.sleep):
        ahead = clock._offset, clock._slept
        with pytest.raises(tkws.StateError, match="the loop is closed"):
            call(1)
        assert (clock._offset, clock._slept) == ahead


def test_a_clock_belongs_to_its_thread(root: Any) -> None:
    clock = FakeClock(root)
    raised: list[BaseException] = []

    def work() -> None:
        for call in (clock.advance, clock.sleep):
            try:
                call(1)
            except tkws.StateError as error:
                raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(raised) == 2
    assert (clock._offset, clock._slept) == (0, 0)


def test_a_link_that_is_closed_says_so(root: Any) -> None:
    server = tkws.serve(master=root)
    link = Link(server.url, master=root)
    link.close()
    for call in (link.up, link.stall, link.flow, lambda: link.cut_after(1)):
        with pytest.raises(tkws.StateError, match="the link is closed"):
            call()
    for call in (link.cut, link.down, link.close):
        call()
    assert repr(link) == "<Link down: 0 connections>"
    server.close()


def test_a_peer_says_before_the_handshake_and_after_the_end_that_it_cannot_send(root: Any) -> None:
    server = ScriptedServer(silent, master=root, answer=b"")
    recorder = Recorder()
    ws = tkws.open(server.url, recorder, master=root, proxy=None)
    run_until(lambda: server.peers and server.peers[0].request, master=root)
    peer = server.peers[0]
    for call in (lambda: peer.send("x"), peer.ping, peer.close):
        with pytest.raises(tkws.StateError, match="the handshake is not complete"):
            call()
    ws.close()
    run_until(lambda: "disconnect" in recorder, master=root)
    server.close()


@pytest.mark.parametrize("end", [ScriptedPeer.drop, ScriptedPeer.end])
def test_a_peer_that_has_ended_sends_nothing(kit: Kit, end: Callable[[ScriptedPeer], None]) -> None:
    end(kit.peer)
    for call in (lambda: kit.peer.send("x"), kit.peer.ping, kit.peer.close, lambda: kit.peer.send_raw(b"x")):
        with pytest.raises(tkws.StateError):
            call()
    kit.peer.drop()
    kit.peer.stall()
    kit.peer.flow()


@pytest.mark.parametrize("value", NO_TIME[1:], ids=range(len(NO_TIME) - 1))
def test_what_a_script_yields_must_be_a_time(root: Any, value: Any) -> None:
    raised: list[BaseException] = []

    def script(peer: ScriptedPeer) -> Any:
        try:
            yield value
        except (TypeError, ValueError) as error:
            raised.append(error)
        yield value

    server = ScriptedServer(script, master=root)
    recorder = Recorder()
    tkws.open(server.url, recorder, master=root, proxy=None)
    run_until(lambda: server.peers and server.peers[0].failure, master=root)
    assert str(raised[0]).startswith("yield: ")
    with pytest.raises((TypeError, ValueError), match=r"^yield: "):
        server.close()
    run_until(lambda: "disconnect" in recorder, master=root)


def fails(peer: ScriptedPeer) -> Any:
    raise LookupError("script")


@pytest.mark.parametrize("script", [lambda peer: None, lambda peer: iter([]), lambda: None, fails])
def test_what_is_no_generator_function_is_said_when_the_server_closes(root: Any, script: Any) -> None:
    server = ScriptedServer(script, master=root)
    recorder = Recorder()
    tkws.open(server.url, recorder, master=root, proxy=None)
    run_until(lambda: server.peers and server.peers[0].failure, master=root)
    with pytest.raises((TypeError, LookupError), match=r"script|positional"):
        server.close()
    run_until(lambda: "disconnect" in recorder, master=root)

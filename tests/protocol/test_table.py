"""The table of the engine: every input in every state, for both roles, with compression and without.

The frames are generated: every first byte, every form of a length, with the right mask flag and the wrong
one. What each means is judged by the independent model of `tests.property.model`, as the end of all that
the peer sent. What a call does is a rule in this module, which knows of a state what `Before` says.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import pytest

from tests.property.model import Inflation, Rules, judge
from tests.protocol.ends import NOW, engine, events, masks, output, plain, receive, wire
from tests.protocol.received import C1
from tests.protocol.wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    MASK,
    PING,
    PONG,
    TEXT,
    Frame,
    binary,
    close,
    text,
    xor,
)
from tkws.errors import StateError
from tkws.protocol.closetimer import LINGER
from tkws.protocol.encoded import EncodedMessage
from tkws.protocol.engine import Engine
from tkws.protocol.events import Event
from tkws.protocol.frames import Role
from tkws.protocol.state import State

pytestmark = pytest.mark.thorough

SERVER, CLIENT = Role.SERVER, Role.CLIENT
OPEN, CLOSING, CLOSED = State.OPEN, State.CLOSING, State.CLOSED


# The states


class Before(NamedTuple):
    """A state that the engine is brought to, and what decides there."""

    reach: Callable[[Engine], object]
    state: State = OPEN
    begun: tuple[Frame, ...] = ()
    """What the peer sent of a message under way."""
    sending: int | None = None
    """The kind of the message that is half sent."""
    reads: bool = True
    """Whether what the peer sends still counts."""
    pending: Frame | None = None
    """What the peer ended it with, where that waits to be concluded."""
    pinged: bool = False
    """Whether a ping of the keepalive waits for its pong."""


RESERVED = Frame(3)
OPCODE = "Opcode 0x3 is reserved"


def we_close(end):
    end.close(1000, "", NOW)


def run_out(end):
    end.handle_timer(end.deadline)


def amid(frame):
    return Before(lambda end: receive(end, frame), begun=(frame,))


def sent(message, kind):
    return Before(lambda end: end.send(message, NOW, final=False, compress=False), sending=kind)


def after_a_message(frame):
    """The peer ended it behind a message, which the program has not been told yet."""
    return lambda end: end.receive_data(wire(end, text("m"), frame), NOW)


def ended(*steps, state=CLOSING):
    """The peer's end, or the loss, has been told."""
    return Before(lambda end: [step(end) for step in steps], state, reads=False)


def peer(frame):
    return lambda end: receive(end, frame)


def lose(end):
    end.receive_eof(NOW)


STATES = {
    "open": Before(lambda end: None),
    "amid a received text": amid(text("a", fin=False)),
    "amid a received text, cut in a character": amid(Frame(TEXT, b"\xe2", fin=False)),
    "amid a received binary": amid(binary(b"a", fin=False)),
    "amid a received compressed text": amid(C1),
    "amid a sent text": sent("a", TEXT),
    "amid a sent binary": sent(b"a", BINARY),
    "pinged": Before(run_out, pinged=True),
    "the peer's Close waits": Before(after_a_message(close(1001)), reads=False, pending=close(1001)),
    "the peer's fault waits": Before(after_a_message(RESERVED), reads=False, pending=RESERVED),
    "we closed": Before(we_close, CLOSING),
    "we closed amid a received text": Before(
        lambda end: (receive(end, text("a", fin=False)), we_close(end)), CLOSING, (text("a", fin=False),)
    ),
    "we closed, the peer's Close waits": Before(
        lambda end: (after_a_message(close(1001))(end), we_close(end)),
        CLOSING,
        reads=False,
        pending=close(1001),
    ),
    "the peer closed": ended(peer(close(1001))),
    "both closed": ended(we_close, peer(close(1000))),
    "failed": ended(peer(RESERVED)),
    "failed after we closed": ended(we_close, peer(RESERVED)),
    "lost": ended(lose, state=CLOSED),
    "lost after the peer closed": ended(peer(close(1001)), lose, state=CLOSED),
    "no Close in time": ended(we_close, run_out, state=CLOSED),
    "no end of stream in time": ended(peer(close(1001)), run_out, state=CLOSED),
    "no pong in time": ended(run_out, run_out, state=CLOSED),
}
ENDS = [
    pytest.param(name, role, deflate, id=f"{name}, {role.name.lower()}{', compression' * deflate}")
    for name, role, deflate in product(STATES, Role, (False, True))
    if deflate or C1 not in STATES[name].begun
]
every_end = pytest.mark.parametrize(("name", "role", "deflate"), ENDS)


POOL = masks()


def new(role, deflate):
    """Return an engine; its masks come from one pool, since a pool of its own takes longer than a test."""
    return engine(role, deflate=deflate, masks=POOL if role is CLIENT else None)


def reached(before, role, deflate):
    """Return an engine in a state, whose owner has fetched everything."""
    end = new(role, deflate)
    before.reach(end)
    end.take_events()
    end.writer.take_output_bytes()
    return end


class Outcome(NamedTuple):
    """What an input does: events, frames written, and the state after."""

    told: list
    written: list
    state: State


def outcome(end):
    return Outcome([plain(*event) for event in end.take_events()], output(end), end.state)


def assert_deadline(end, before):
    """The deadline is that of the state, where nothing but the input has happened since `NOW`."""
    waits = end.state is OPEN and before.pending is not None
    closing = NOW + (LINGER if end.close_code else 10)
    assert end.deadline == (None if waits else {OPEN: NOW + 30, CLOSING: closing, CLOSED: None}[end.state])


# Frames

FORMS = [(0, 0), (1, 0), (125, 0), (126, 2), (0, 2), (1, 2), (125, 2), (126, 8)]
"""The bytes of a payload, and how many bytes behind the second say so; in the last four, too many."""

TOLD = {"text": Event.TEXT, "binary": Event.BINARY, "ping": Event.PING, "pong": Event.PONG}


def payload_of(opcode, size, compressed):
    """Return a payload that is valid in such a frame, where one of the size can be."""
    if opcode == CLOSE:
        return (struct.pack("!H", 1000) + b"a" * size)[:size]
    if compressed and size > 6:  # a stored block, and the beginning of the next (RFC 1951, 3.2.4)
        length = size - 6
        return struct.pack("<BHH", 0, length, 0xFFFF - length) + b"a" * length + b"\x00"
    return (b"\x00" if compressed else b"a") * size


def frame_of(first, masked, size, width, payload):
    """Return a frame's bytes, whether they break rules or not (RFC 6455, 5.2)."""
    second = (0x80 if masked else 0) | {0: size, 2: 126, 8: 127}[width]
    header = bytes((first, second)) + (size.to_bytes(width, "big") if width else b"")
    return header + MASK + xor(payload, MASK) if masked else header + payload


def frames(before, opcodes):
    """Yield every frame of the opcodes, and no bytes at all."""
    yield b""
    for opcode, bits, masked, (size, width) in product(opcodes, range(16), (False, True), FORMS):
        compressed = bool(bits & 4) or (opcode == CONTINUATION and C1 in before.begun)
        yield frame_of(bits << 4 | opcode, masked, size, width, payload_of(opcode, size, compressed))


def judged(before, end, begun, data, rules):
    """Return what the model says that bytes do behind what the peer has ``begun``."""
    if not before.reads:
        return Outcome([], [], before.state)
    verdict = judge(begun + data, rules)
    told = [(TOLD[kind], value) for kind, value in verdict.events]
    written = [Frame(PONG, value) for kind, value in verdict.events if kind == "ping"]
    if verdict.code is None and verdict.close is None:
        return Outcome(told, written, before.state)
    code, reason = verdict.close or (1006, end.close_reason)
    told += [(Event.ERROR, verdict.code)] * (verdict.close is None) + [(Event.CLOSE, (code, reason))]
    if before.state is OPEN:
        echo = Frame(CLOSE) if code == 1005 else close(code)
        written.append(close(verdict.code, reason) if verdict.close is None else echo)
    return Outcome(told, written, CLOSING)


@pytest.mark.parametrize("opcodes", [range(8), range(8, 16)], ids=["data", "control"])
@every_end
def test_every_frame_in_every_state(name, role, deflate, opcodes):
    before = STATES[name]
    rules = Rules(masked=role is SERVER, inflation=Inflation() if deflate else None)
    end = reached(before, role, deflate)
    begun = wire(end, *before.begun)
    for data in frames(before, opcodes):
        end.receive_data(data, NOW)
        assert outcome(end) == judged(before, end, begun, data, rules), data[:4].hex(" ")
        assert_deadline(end, before)
        if before.reads:  # elsewhere nothing has changed
            end = reached(before, role, deflate)


# Calls

BYE = close(3000, "enough")
GONE = "gone"
LATE = "The peer did not finish the closing handshake in time"
SILENT = "No pong within 20 seconds"
REFUSED = "StateError"


def stays(before, role):
    """Nothing happens."""
    return Outcome([], [], before.state)


def writes_if_open(frame):
    """A control frame goes out while the state is OPEN, and then only."""
    return lambda before, role: Outcome([], [frame], OPEN) if before.state is OPEN else REFUSED


def sends(kind, payload, *, fin=True):
    """A message or fragment goes out in OPEN, unless one of the other kind is half sent."""

    def rule(before, role):
        if before.state is not OPEN or before.sending not in (None, kind):
            return REFUSED
        return Outcome([], [Frame(CONTINUATION if before.sending else kind, payload, fin)], OPEN)

    return rule


def sends_encoded(before, role):
    """A server's whole frame goes out in OPEN, or not at all amid a message; a client must mask."""
    if role is CLIENT:
        return REFUSED
    ready = before.state is OPEN and not before.sending
    return Outcome([], [text("out")], OPEN) if ready else stays(before, role)


def closes(frame):
    """The closing handshake begins in OPEN; elsewhere it has begun, or is over."""
    return lambda before, role: Outcome([], [frame], CLOSING) if before.state is OPEN else stays(before, role)


def concludes(before, role):
    """The peer's end that waits is told, and answered unless we closed first."""
    if before.pending is None:
        return stays(before, role)
    if before.pending is RESERVED:
        told, answer = [(Event.ERROR, 1002), (Event.CLOSE, (1006, OPCODE))], close(1002, OPCODE)
    else:
        told, answer = [(Event.CLOSE, (1001, ""))], before.pending
    return Outcome(told, [answer] if before.state is OPEN else [], CLOSING)


def loses(cause):
    """It is CLOSED, and the end is told if it was not yet."""

    def rule(before, role):
        if before.pending is not None:
            return concludes(before, role)._replace(state=CLOSED)
        return Outcome([(Event.CLOSE, (1006, cause))] if before.reads else [], [], CLOSED)

    return rule


def pings(before, role):
    """The keepalive pings in OPEN, unless the peer ended it."""
    if before.state is not OPEN or before.pending is not None:
        return stays(before, role)
    return Outcome([], [Frame(PING, b"2" if before.pinged else b"1")], OPEN)


def comes_to_the_deadline(before, role):
    """OPEN: a ping, or the end of waiting for its pong; CLOSING: the end of waiting for the peer."""
    if before.state is CLOSING:
        return loses(LATE)(before, role)
    return loses(SILENT)(before, role) if before.pinged else pings(before, role)


CALLS = {
    "end of stream": (lambda end: end.receive_eof(NOW, GONE), loses(GONE)),
    "get_buffer": (lambda end: end.reader.get_buffer(), stays),
    "complete_close": (lambda end: end.complete_close(NOW), concludes),
    "timer, early": (lambda end: end.handle_timer(NOW), stays),
    "timer, at the deadline": (
        lambda end: end.handle_timer(NOW + 1000 if end.deadline is None else end.deadline),
        comes_to_the_deadline,
    ),
    "probe": (lambda end: end.probe(NOW), pings),
    "note_unsent, none": (lambda end: end.note_unsent(0, NOW), stays),
    "defer_pongs": (lambda end: end.defer_pongs(), stays),
    "send_deferred_pong": (lambda end: end.send_deferred_pong(NOW), stays),
    "send text": (lambda end: end.send("out", NOW, compress=False), sends(TEXT, b"out")),
    "send binary": (lambda end: end.send(b"out", NOW, compress=False), sends(BINARY, b"out")),
    "send a fragment of text": (
        lambda end: end.send("out", NOW, final=False, compress=False),
        sends(TEXT, b"out", fin=False),
    ),
    "send a fragment of binary": (
        lambda end: end.send(b"out", NOW, final=False, compress=False),
        sends(BINARY, b"out", fin=False),
    ),
    "send_encoded": (lambda end: end.send_encoded(EncodedMessage("out"), NOW), sends_encoded),
    "ping": (lambda end: end.ping(b"out", NOW), writes_if_open(Frame(PING, b"out"))),
    "pong": (lambda end: end.pong(b"out", NOW), writes_if_open(Frame(PONG, b"out"))),
    "close": (lambda end: end.close(3000, "enough", NOW), closes(BYE)),
    "close without a code": (lambda end: end.close(None, "", NOW), closes(Frame(CLOSE))),
}
"""Each call, and its rule: what it does in a state, or that it is refused and does nothing."""


@every_end
def test_every_call_in_every_state(name, role, deflate):
    before = STATES[name]
    for what, (call, rule) in CALLS.items():
        end = reached(before, role, deflate)
        deadline, expected = end.deadline, rule(before, role)
        if expected is REFUSED:
            expected = stays(before, role)
            with pytest.raises(StateError):
                call(end)
        else:
            call(end)
        assert outcome(end) == expected, what
        if expected == stays(before, role):
            assert end.deadline == deadline, what


# What holds in all states


@every_end
def test_the_end_is_told_once(name, role, deflate):
    end = new(role, deflate)
    STATES[name].reach(end)
    told = events(end)
    end.receive_data(wire(end, close(1000)), NOW)
    told += events(end)
    lose(end)
    lose(end)
    told += events(end)
    assert [kind for kind, _ in told].count(Event.CLOSE) <= 1
    assert end.state is CLOSED
    assert end.deadline is None
    assert end.output_ended
    assert end.close_code is not None


@every_end
def test_who_ends_the_stream(name, role, deflate):
    """The server, once both Close frames have passed; the client when the server did (RFC 6455, 7.1.1)."""
    before = STATES[name]
    end = reached(before, role, deflate)
    end.complete_close(NOW)
    assert end.output_ended is (before.state is CLOSED or (role is SERVER and not before.reads))


@pytest.mark.parametrize("name", STATES)
def test_a_broadcast_says_whether_it_was_sent(name):
    end = reached(STATES[name], SERVER, deflate=True)
    assert bool(end.send_encoded(EncodedMessage("a"), NOW)) is end.writer.has_output

"""The engine: what a peer sends, what the program does and what time brings, in every state.

It is long because it goes through the engine's whole interface. Bytes are cut in ``test_messages.py`` and in
``tests/property/test_split.py``.
"""

from __future__ import annotations

import gc
import struct
import sys
import tracemalloc
from array import array

import pytest

from tests import guards
from tests.protocol.ends import NOW, engine, events, masks, options, output, receive, wire
from tests.protocol.received import LARGE, LIMIT, ROWS, compressed, compression
from tests.protocol.wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    JUNK,
    PING,
    PONG,
    TEXT,
    Frame,
    binary,
    close,
    last,
    more,
    text,
)
from tkws.errors import ProtocolError, StateError
from tkws.protocol.closetimer import LINGER, MIN_READ_RATE
from tkws.protocol.encoded import EncodedMessage
from tkws.protocol.engine import Engine
from tkws.protocol.events import Event
from tkws.protocol.frames import Role
from tkws.protocol.masking import MaskedPayload
from tkws.protocol.state import State

SERVER, CLIENT = Role.SERVER, Role.CLIENT
OPEN, CLOSING, CLOSED = State.OPEN, State.CLOSING, State.CLOSED


@pytest.fixture(params=[SERVER, CLIENT], ids=["server", "client"])
def role(request):
    return request.param


@pytest.fixture
def end(role):
    return engine(role)


# Rows: what becomes of everything that a peer may send


def outcome(row):
    """Return the events and the frames that a row of the reading half means for the engine."""
    told, answers = [], []
    for kind, message in row.events:
        if kind == PING:
            told.append((Event.PING, message))
            answers.append(Frame(PONG, message))
        elif kind == CLOSE:
            told.append((Event.CLOSE, (1000 if message else 1005, "")))
            answers.append(Frame(CLOSE, message))
        else:
            told.append((Event.PONG if kind == PONG else kind, message))
    if row.code:
        told.append((Event.ERROR, row.code))
        answers.append(Frame(CLOSE, row.code.to_bytes(2, "big")))
    return told, answers


def assert_outcome(row, end, told, answers):
    expected, expected_answers = outcome(row)
    if row.code:
        expected.append((Event.CLOSE, (1006, end.close_reason)))
        assert answers[-1].payload[2:] == end.close_reason.encode() != b""
        answers[-1] = Frame(CLOSE, answers[-1].payload[:2])
    assert told == expected
    assert answers == expected_answers
    ended = bool(row.code) or (Event.CLOSE in [kind for kind, _ in told])
    assert end.state is (CLOSING if ended else OPEN)
    assert end.output_ended is (ended and end.role is SERVER)


rows = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)


@rows
def test_received_whole(role, row):
    end = engine(role, deflate=True)
    assert_outcome(row, end, receive(end, *row.frames), output(end))


@pytest.mark.thorough
@rows
def test_nothing_after_the_end_is_read(role, row):
    end = engine(role, deflate=True)
    end.receive_data(wire(end, *row.frames) + JUNK, NOW)
    told, answers = events(end), output(end)
    if not row.code and not any(kind == CLOSE for kind, _ in row.events):
        row = row._replace(code=1002)
    assert_outcome(row, end, told, answers)
    assert receive(end, text("later"), Frame(PING), close(1000)) == []
    assert output(end) == []


# The payload of a Close frame; the event; the code in the answer; whether it is a fault, told before.
CLOSES = [
    (b"", (1005, ""), b"", False),
    (b"\x03\xe8", (1000, ""), b"\x03\xe8", False),
    (b"\x03\xe9bye", (1001, "bye"), b"\x03\xe9", False),
    (b"\x0b\xb8gr\xc3\xbcn", (3000, "grün"), b"\x0b\xb8", False),
    (b"\x13\x87" + b"x" * 123, (4999, "x" * 123), b"\x13\x87", False),
    (b"\x03", (1006, None), b"\x03\xea", True),
    *((struct.pack("!H", code), (1006, None), b"\x03\xea", True) for code in (0, 999, 1004, 1005, 1006)),
    (b"\x03\xf7", (1006, None), b"\x03\xea", True),
    (b"\x13\x88", (1006, None), b"\x03\xea", True),
    (b"\x03\xe8\xff", (1006, None), b"\x03\xef", True),
    (b"\x03\xe8\xe2\x82", (1006, None), b"\x03\xef", True),
]  # fmt: skip


@pytest.mark.parametrize(("payload", "ended", "answer", "fault"), CLOSES)
def test_a_close_is_answered_with_its_code(end, payload, ended, answer, fault):
    code, reason = ended
    told = receive(end, Frame(CLOSE, payload))
    reason = end.close_reason if reason is None else reason
    assert told == [(Event.ERROR, int.from_bytes(answer))] * fault + [(Event.CLOSE, (code, reason))]
    (frame,) = output(end)
    assert frame.opcode == CLOSE
    assert frame.payload[:2] == answer
    assert end.close_code == code
    assert type(end.close_code) is int
    assert end.state is CLOSING


@pytest.mark.parametrize("payload", [payload for payload, _, _, fault in CLOSES if not fault])
def test_a_close_may_be_answered_with_its_reason_too(end, payload):
    end.configure(options(echo_close_reason=True))
    receive(end, Frame(CLOSE, payload))
    assert [frame.payload for frame in output(end)] == [payload]


@pytest.mark.parametrize(
    ("payload", "answer"), [(payload, answer) for payload, _, answer, fault in CLOSES if fault]
)
def test_nothing_of_a_close_that_is_wrong_is_repeated(end, payload, answer):
    end.configure(options(echo_close_reason=True))
    receive(end, Frame(CLOSE, payload))
    [frame] = output(end)
    assert frame.payload[:2] == answer
    assert frame.payload[2:] == end.close_reason.encode()


def test_after_a_fault_the_code_is_1006_and_the_error_has_what_was_sent(end):
    assert end.fault is None
    end.receive_data(wire(end, text("a"), Frame(3)), NOW)
    end.complete_close(NOW)
    (_, (kind, error), (_, (code, reason))) = end.take_events()
    assert kind is Event.ERROR
    assert type(error) is ProtocolError
    assert end.fault is error
    assert (code, reason) == (1006, str(error)) == (end.close_code, end.close_reason)
    assert output(end) == [close(1002, reason)]


@pytest.mark.parametrize("later", [close(1000), close(4000, "sorry"), Frame(CLOSE)], ids=str)
def test_a_close_that_answers_a_fault_is_not_looked_at(end, later):
    receive(end, Frame(3))
    assert receive(end, later) == []
    end.receive_eof(NOW)
    assert (end.close_code, end.close_reason) == (1006, str(end.fault))


def test_a_fault_after_our_own_close_leaves_1006(end):
    end.close(4000, "enough", NOW)
    receive(end, Frame(3))
    assert end.close_code == 1006
    assert output(end) == [close(4000, "enough")]


def test_what_is_told_of_a_limit_names_the_option(role):
    for deflate in (False, True):
        end = engine(role, deflate=deflate)
        frames = compressed((BINARY, bytes(LIMIT + 1))) if deflate else [binary(bytes(LIMIT + 1))]
        receive(end, *frames)
        assert end.fault.code == 1009
        assert f"more than {LIMIT} bytes" in end.close_reason
        assert "max_message" in end.close_reason
        assert output(end) == [close(1009, end.close_reason)]  # which a Close frame has room for
    end = engine(role, max_fragments=2)
    receive(end, text("a", fin=False), more(), more())
    assert (end.fault.code, "2 fragments" in end.close_reason) == (1008, True)
    assert "max_fragments" in end.close_reason


# Answers that go before the end


@pytest.mark.parametrize("frame", [close(1000), Frame(3)], ids=["close", "fault"])
def test_what_came_before_the_end_may_be_answered(end, frame):
    end.receive_data(wire(end, text("question"), frame), NOW)
    assert end.take_events() == [(Event.TEXT, "question")]
    assert end.state is OPEN
    end.send("answer", NOW)
    end.complete_close(NOW + 5)
    assert [kind for kind, _ in end.take_events()][-1] is Event.CLOSE
    assert [each.opcode for each in output(end)] == [TEXT, CLOSE]
    assert end.deadline == NOW + 5 + LINGER


def test_no_ping_is_due_while_the_end_waits_to_be_concluded(end):
    end.receive_data(wire(end, text("a"), close(1000)), NOW)
    assert end.deadline is None
    end.handle_timer(NOW + 1000)
    assert output(end) == []


def test_data_that_follow_the_end_do_not_conclude_it(end):
    end.receive_data(wire(end, text("a"), close(1000)), NOW)
    end.take_events()
    end.receive_data(b"more", NOW)
    assert end.state is OPEN


@pytest.mark.parametrize("frame", [close(1001, "bye"), Frame(3)], ids=["close", "fault"])
def test_a_program_that_closes_before_the_conclusion_sends_the_only_close(end, frame):
    end.receive_data(wire(end, text("a"), frame), NOW)
    end.close(3000, "", NOW)
    told = events(end)
    assert told[-1] == (Event.CLOSE, (end.close_code, end.close_reason))
    assert end.close_code in (1001, 1006)
    assert output(end) == [close(3000)]


def test_a_late_conclusion_comes_before_the_loss(end):
    end.receive_data(wire(end, text("a"), close(1001)), NOW)
    end.close(3000, "", NOW)
    end.take_events()
    end.handle_timer(end.deadline)
    assert end.take_events() == [(Event.CLOSE, (1001, ""))]
    assert end.state is CLOSED


# Sending


@pytest.mark.parametrize(
    ("message", "frame"),
    [
        ("", text("")),
        ("grün", text("grün")),
        (b"", binary(b"")),
        (b"abc", binary(b"abc")),
        (bytearray(b"abc"), binary(b"abc")),
        (memoryview(b"abcdef")[1:3], binary(b"bc")),
        (memoryview(struct.pack("2I", 1, 2)).cast("I"), binary(struct.pack("2I", 1, 2))),
        *((bytes(size), binary(bytes(size))) for size in (125, 126, 16384, 16385, 65535, 65536)),
        ("€" * 30_000, text("€" * 30_000)),
    ],
)
def test_a_message_is_sent(end, role, message, frame):
    size = end.send(message, NOW)
    assert end.writer.output_amount == end.writer.bytes_written == size == len(frame.encode(role is CLIENT))
    assert end.writer.has_output
    assert output(end) == [frame]
    assert end.writer.output_amount == 0
    assert not end.writer.has_output
    assert (end.writer.messages, end.writer.frames) == (1, 1)


def test_messages_are_sent_in_order(end):
    for number in range(5):
        end.send(str(number), NOW)
    assert output(end) == [text(str(number)) for number in range(5)]


def test_a_large_message_of_a_server_is_not_copied():
    end = engine(SERVER)
    end.send(LARGE, NOW)
    assert end.writer.take_output_bytes()[1] is LARGE


def test_a_large_message_of_a_client_is_masked_as_it_is_read():
    whole, lazy = engine(CLIENT), engine(CLIENT)
    for end in (whole, lazy):
        end.send(LARGE, NOW)
        end.ping(b"behind", NOW)
    header, payload, ping = lazy.writer.take_output()
    assert isinstance(payload, MaskedPayload)
    assert len(header) + len(payload) + len(ping) == lazy.writer.bytes_written
    assert lazy.writer.output_amount == 0
    pieces = [payload.read(70_000) for _ in range(0, len(LARGE), 70_000)]
    assert len(pieces) > 1
    assert b"".join((header, *pieces, ping)) == b"".join(whole.writer.take_output_bytes())


def test_a_message_may_be_changed_after_it_was_sent(end):
    for size in (10, 100_000):
        message = bytearray(size)
        end.send(message, NOW)
        message[:] = b"x" * size
        assert output(end) == [binary(bytes(size))]


def test_each_frame_of_a_client_has_a_mask_of_its_own():
    end = engine(CLIENT)
    for _ in range(3):
        end.send("", NOW)
    end.ping(b"", NOW)
    assert b"".join(end.writer.take_output_bytes()) == b"".join(
        bytes((first, 0x80)) + number.to_bytes(4, "big")
        for number, first in enumerate((0x81, 0x81, 0x81, 0x89), 1)
    )


def test_a_message_is_sent_in_fragments_with_control_frames_between(end):
    end.send("a", NOW, final=False)
    end.ping(b"1", NOW)
    end.send("", NOW, final=False)
    receive(end, Frame(PING, b"theirs"))
    end.send("b", NOW)
    end.send("c", NOW)
    assert output(end) == [
        text("a", fin=False),
        Frame(PING, b"1"),
        more(),
        Frame(PONG, b"theirs"),
        last(b"b"),
        text("c"),
    ]
    assert (end.writer.messages, end.writer.frames) == (2, 6)


def test_the_next_message_may_begin_when_the_one_before_is_whole_and_until_the_end(end):
    ready = [end.ready_for_message]
    for final in (False, True):
        end.send("a", NOW, final=final)
        ready.append(end.ready_for_message)
    end.close(1000, "", NOW)
    assert [*ready, end.ready_for_message] == [True, False, True, False]


def test_large_fragments(end):
    end.send(LARGE, NOW, final=False)
    end.send(LARGE, NOW)
    assert output(end) == [binary(LARGE, fin=False), last(LARGE)]


@pytest.mark.parametrize(("first", "other"), [("a", b"b"), (b"a", "b")])
def test_a_fragment_of_another_kind_is_refused(end, first, other):
    end.send(first, NOW, final=False)
    for final in (True, False):
        with pytest.raises(StateError, match="text" if isinstance(first, str) else "binary"):
            end.send(other, NOW, final=final)
    end.send(first, NOW)
    end.send(other, NOW)
    assert [frame.opcode for frame in output(end)] == [
        TEXT if isinstance(first, str) else BINARY,
        CONTINUATION,
        TEXT if isinstance(other, str) else BINARY,
    ]


def test_a_close_may_interrupt_a_message(end):
    end.send("a", NOW, final=False)
    end.close(1000, "", NOW)
    assert output(end) == [text("a", fin=False), close(1000)]


@pytest.mark.parametrize("message", [None, 1, ["a"], object()])
def test_what_is_no_message_is_refused(end, message):
    with pytest.raises(TypeError, match=f"message.*{type(message).__name__}"):
        end.send(message, NOW)
    assert not end.writer.has_output


def test_text_that_utf_8_cannot_carry_is_refused(end):
    with pytest.raises(ValueError, match="message"):
        end.send("\ud800", NOW)
    assert not end.writer.has_output


# Pings and pongs


@pytest.mark.parametrize(
    "payload", [b"", b"a", bytes(125), bytearray(b"ab"), memoryview(b"abcd")[1:], array("H", [1])]
)
def test_pings_and_pongs_are_sent(end, role, payload):
    for method, opcode in ((end.ping, PING), (end.pong, PONG)):
        frame = Frame(opcode, bytes(payload))
        assert method(payload, NOW) == len(frame.encode(role is CLIENT))
        assert output(end) == [frame]
    assert (end.pings_sent, end.writer.frames, end.writer.messages) == (1, 2, 0)


@pytest.mark.parametrize(
    ("payload", "error"), [(bytes(126), ValueError), ("a" * 126, ValueError), (3, TypeError)]
)
def test_wrong_payloads_are_refused(end, payload, error):
    for method in (end.ping, end.pong):
        with pytest.raises(error, match="payload"):
            method(payload, NOW)
    with pytest.raises(error, match="ping"):
        end.configure(options(ping_payload=payload))
    with pytest.raises(error, match="ping"):
        engine(end.role, ping_payload=payload)
    assert not end.writer.has_output


def test_the_latency_is_measured(end):
    end.ping(b"x", NOW)
    assert receive(end, Frame(PONG, b"x"), now=NOW + 0.25) == [(Event.PONG, b"x")]
    assert end.keepalive.latency == 0.25
    assert end.pongs_received == 1


def test_a_ping_is_answered_in_a_flood_of_messages(end):
    assert receive(end, *[text("a")] * 99, Frame(PING, b"?"), *[text("b")] * 99)[99] == (Event.PING, b"?")
    assert output(end) == [Frame(PONG, b"?")]
    assert end.pings_received == 1


# Broadcasts


@pytest.mark.parametrize("message", ["grün", b"bytes", LARGE])
def test_a_broadcast_is_the_frame_that_send_makes(message):
    sending, broadcasting = engine(SERVER), engine(SERVER)
    sending.send(message, NOW)
    encoded = EncodedMessage(message)
    frame = broadcasting.send_encoded(encoded, NOW)
    assert frame is encoded.frame
    assert broadcasting.writer.take_output_bytes() == [frame]
    assert frame == b"".join(sending.writer.take_output_bytes())
    assert (broadcasting.writer.messages, broadcasting.writer.frames) == (1, 1)
    assert broadcasting.writer.bytes_written == len(frame)


def test_a_broadcast_passes_by_who_is_amid_a_message():
    end = engine(SERVER)
    end.send("a", NOW, final=False)
    assert not end.send_encoded(EncodedMessage("b"), NOW)
    assert output(end) == [text("a", fin=False)]


def test_a_broadcast_that_the_owner_writes_is_counted_and_not_put_out():
    end = engine(SERVER)
    frame = end.send_encoded(EncodedMessage("a"), NOW, directly=True)
    assert frame == b"\x81\x01a"
    assert (end.writer.take_output_bytes(), end.writer.output_amount) == ([], 0)
    assert (end.writer.messages, end.writer.frames, end.writer.bytes_written) == (1, 1, len(frame))


def test_a_broadcast_is_not_for_the_owner_to_write_while_there_is_output_before_it():
    end = engine(SERVER)
    size = end.send("a", NOW)
    assert not end.send_encoded(EncodedMessage("b"), NOW, directly=True)
    assert (end.writer.messages, end.writer.output_amount) == (1, size)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("size", [0, 9, 10, 11, 20, 21, 35])
@pytest.mark.parametrize("fin", [True, False])
def test_no_frame_of_a_message_is_larger_than_fragment_size(role, size, fin):
    end = engine(role, fragment_size=10)
    payload = bytes(range(size))
    assert end.send(payload, NOW, final=fin) == end.writer.output_amount
    frames = output(end)
    assert b"".join(frame.payload for frame in frames) == payload
    assert [len(frame.payload) for frame in frames] == [10] * (size // 10) + [size % 10] * (
        size % 10 > 0 or not size
    )
    assert [frame.opcode for frame in frames] == [BINARY] + [CONTINUATION] * (len(frames) - 1)
    assert [frame.fin for frame in frames] == [False] * (len(frames) - 1) + [fin]
    assert end.writer.messages == fin
    assert end.writer.frames == len(frames)
    end.configure(options())
    end.send(bytes(100), NOW)
    assert [len(frame.payload) for frame in output(end)] == [100]


def test_control_frames_are_never_cut():
    end = engine(fragment_size=10)
    frames = []
    end.trace(frames.append)
    end.ping(b"x" * 125, NOW)
    end.send(b"y" * 20_000, NOW)
    end.configure(options())
    end.send(b"z" * 20_000, NOW)
    assert len(frames) == 1 + 2000 + 1
    sent = output(end)
    assert sent[0] == Frame(PING, b"x" * 125)
    assert sent[-1] == binary(b"z" * 20_000)


def test_a_message_is_compressed_before_it_is_cut():
    end = engine(Role.CLIENT, deflate=True, fragment_size=10)
    frames = []
    end.trace(frames.append)
    message = "".join(chr(65 + number * 7 % 57) for number in range(100))
    end.send(message, NOW)
    sent = output(end)
    assert [frame.rsv1 for frame in sent] == [True] + [False] * (len(sent) - 1)
    assert message.encode().startswith(frames[0].payload)  # the tracer shows the message, once
    assert len(frames[0].payload) > 10
    other = engine(Role.SERVER, deflate=True)
    assert receive(other, *sent) == [(Event.TEXT, message)]


def test_a_broadcast_is_cut_too_and_not_for_the_owner_to_write():
    end = engine(Role.SERVER, fragment_size=10)
    assert not end.send_encoded(EncodedMessage("x" * 25), NOW, directly=True)
    assert end.send_encoded(EncodedMessage("x" * 25), NOW)
    assert output(end) == [text("x" * 10, fin=False), more(b"x" * 10), last(b"x" * 5)]
    assert end.send_encoded(EncodedMessage("y" * 10), NOW)
    assert output(end) == [text("y" * 10)]
    assert end.writer.messages == 2


def test_a_client_cannot_broadcast():
    with pytest.raises(StateError, match="mask"):
        engine(CLIENT).send_encoded(EncodedMessage("a"), NOW)


# Compression


@pytest.fixture
def pair():
    return engine(CLIENT, deflate=True), engine(SERVER, deflate=True)


def carry(sender, receiver):
    receiver.receive_data(b"".join(sender.writer.take_output_bytes()), NOW)
    return events(receiver)


@pytest.mark.parametrize(
    ("message", "compress", "rsv1"),
    [
        ("a" * 63, None, False),
        ("a" * 64, None, True),
        ("a" * 63, True, True),
        ("a" * 64, False, False),
        ("", True, True),
        ("", None, False),
        (LARGE, None, True),
    ],
)
def test_what_is_compressed(pair, message, compress, rsv1):
    for sender, receiver in (pair, pair[::-1]):
        sender.send(message, NOW, compress=compress)
        data = b"".join(sender.writer.take_output_bytes())
        assert bool(data[0] & 0x40) is rsv1
        receiver.receive_data(data, NOW)
        assert [message for _, message in events(receiver)] == [message]


def test_nothing_is_compressed_without_an_agreement(end):
    end.send("a" * 1000, NOW, compress=True)
    assert output(end) == [text("a" * 1000)]
    assert end.compression_ratio == 1.0


@pytest.mark.parametrize("compress", [None, True, False])
def test_a_message_in_fragments_is_compressed_or_not_as_a_whole(pair, compress):
    client, server = pair
    server.send("a", NOW, final=False, compress=compress)
    server.ping(b"", NOW)
    server.send("b" * 100, NOW, final=False, compress=not compress)
    server.send("", NOW)
    data = server.writer.take_output_bytes()
    assert [frame[0] & 0x40 for frame in data] == [0 if compress is False else 0x40, 0, 0, 0]
    client.receive_data(b"".join(data), NOW)
    assert events(client) == [(Event.PING, b""), (Event.TEXT, "a" + "b" * 100)]


def test_messages_and_fragments_in_turn(pair):
    client, server = pair
    for sender, receiver in (pair, pair[::-1]):
        messages = ["a" * 100, b"b" * 100, "c", LARGE]
        for message in messages:
            sender.send(message, NOW)
            sender.send(message[:10], NOW, final=False)
            sender.send(message[10:], NOW)
        told = carry(sender, receiver)
        assert [each for _, each in told] == [message for message in messages for _ in range(2)]
    assert client.writer.messages == server.writer.messages == server.reader.messages == 8


def test_the_compression_ratio_counts_both_ways(pair):
    client, server = pair
    assert client.compression_ratio == server.compression_ratio == 1.0
    client.send("short", NOW)
    carry(client, server)
    assert client.compression_ratio == server.compression_ratio == 1.0
    wire_bytes = len(compressed((TEXT, b"a" * 1000))[0].payload)
    client.send("a" * 1000, NOW)
    carry(client, server)
    assert client.compression_ratio == server.compression_ratio == wire_bytes / 1000
    server.send("a" * 2000, NOW)
    more_bytes = len(compressed((TEXT, b"a" * 2000))[0].payload)
    carry(server, client)
    assert client.compression_ratio == server.compression_ratio == (wire_bytes + more_bytes) / 3000


def test_a_message_that_compresses_to_more_shows_in_the_ratio(pair):
    pair[0].send("", NOW, compress=True)
    assert pair[0].compression_ratio == 1.0
    pair[0].send("ab", NOW, compress=True)
    assert pair[0].compression_ratio > 1.0


# Closing


@pytest.mark.parametrize(
    ("code", "reason", "payload"),
    [
        (None, "", b""),
        (1000, "", b"\x03\xe8"),
        (3000, "grün", b"\x0b\xb8gr\xc3\xbcn"),
        (1000, "x" * 124, b"\x03\xe8" + b"x" * 123),
    ],
)
def test_a_close_is_sent(end, code, reason, payload):
    end.close(code, reason, NOW)
    assert output(end) == [Frame(CLOSE, payload)]
    assert (end.state, end.close_code, end.output_ended) == (CLOSING, None, False)
    assert events(end) == []


@pytest.mark.parametrize(
    ("code", "reason", "error"),
    [(1005, "", ValueError), (None, "why", ValueError), ("1000", "", TypeError), (1000, b"why", TypeError)],
)
def test_a_wrong_close_is_refused_and_changes_nothing(end, code, reason, error):
    with pytest.raises(error):
        end.close(code, reason, NOW)
    assert end.state is OPEN
    assert not end.writer.has_output


def test_what_the_peer_sent_before_it_saw_our_close_is_told(end):
    end.close(1000, "", NOW)
    assert receive(end, text("a"), text("b", fin=False), Frame(PING), last(b"c"), close(1000, "bye")) == [
        (Event.TEXT, "a"),
        (Event.PING, b""),
        (Event.TEXT, "bc"),
        (Event.CLOSE, (1000, "bye")),
    ]
    assert output(end) == [close(1000), Frame(PONG)]


def test_two_ends_close_each_other():
    for closer, other in ((engine(CLIENT), engine(SERVER)), (engine(SERVER), engine(CLIENT))):
        closer.send("last", NOW)
        closer.close(1000, "bye", NOW)
        assert carry(closer, other) == [(Event.TEXT, "last"), (Event.CLOSE, (1000, "bye"))]
        assert carry(other, closer) == [(Event.CLOSE, (1000, ""))]
        ends = {end.role: end for end in (closer, other)}
        assert ends[SERVER].output_ended
        assert not ends[CLIENT].output_ended
        for end in (ends[CLIENT], ends[SERVER]):
            end.receive_eof(NOW)
            assert (end.state, end.take_events()) == (CLOSED, [])


def test_ends_that_close_at_once():
    client, server = engine(CLIENT), engine(SERVER)
    client.close(3001, "", NOW)
    server.close(3002, "", NOW)
    there, back = client.writer.take_output_bytes(), server.writer.take_output_bytes()
    server.receive_data(b"".join(there), NOW)
    client.receive_data(b"".join(back), NOW)
    assert events(server) == [(Event.CLOSE, (3001, ""))]
    assert events(client) == [(Event.CLOSE, (3002, ""))]
    assert not client.writer.has_output
    assert not server.writer.has_output


def test_a_stream_that_ends_unannounced(end):
    receive(end, text("a", fin=False))
    end.receive_eof(NOW)
    assert events(end) == [(Event.CLOSE, (1006, "The connection ended without a Close frame"))]
    assert type(end.close_code) is int


# Time


def test_keepalive_pings_are_numbered(end):
    assert end.deadline == NOW + 30
    for number in (b"1", b"2"):
        now = end.deadline
        end.handle_timer(now)
        assert output(end) == [Frame(PING, number)]
        assert end.deadline == now + 20
        receive(end, Frame(PONG, number), now=now + 0.5)
        assert end.keepalive.latency == 0.5
        assert end.deadline == now + 30.5
    assert end.pings_sent == 2


def test_keepalive_pings_have_the_payload_that_is_asked_for(role):
    end = engine(role, ping_payload=b"still there?")
    end.handle_timer(end.deadline)
    end.configure(options(ping_payload=b"and now?"))
    receive(end, Frame(PONG))
    end.handle_timer(end.deadline)
    assert [frame.payload for frame in output(end)] == [b"still there?", b"and now?"]


def test_a_peer_that_does_not_answer_is_given_up(role):
    end = engine(role, pong_timeout=7.5)
    end.handle_timer(end.deadline)
    output(end)
    end.handle_timer(end.deadline)
    assert events(end) == [(Event.CLOSE, (1006, "No pong within 7.5 seconds"))]
    assert (end.state, end.deadline, end.output_ended) == (CLOSED, None, True)
    assert output(end) == []


def test_a_program_that_was_busy_past_the_pong_timeout_waits_again(end):
    end.handle_timer(end.deadline)
    late = end.deadline + 3
    end.handle_timer(late)
    assert (end.state, end.deadline) == (OPEN, late + 20)


def test_anything_received_is_a_sign_of_life(end):
    now = NOW + 29
    end.receive_data(b"\x81", now)
    assert end.deadline == now + 30
    end.handle_timer(NOW + 30)
    assert not end.writer.has_output


def test_a_large_payload_is_a_sign_of_life(end):
    data = wire(end, binary(LARGE))
    end.receive_data(data[:100], NOW)
    end.reader.get_buffer()[:1] = data[100:101]
    end.buffer_updated(1, NOW + 29)
    assert end.deadline == NOW + 59


def test_a_probe_pings_at_once_and_waits_for_the_pong(end):
    end.probe(NOW + 5)
    assert output(end) == [Frame(PING, b"1")]
    assert end.deadline == NOW + 25
    receive(end, Frame(PONG, b"1"), now=NOW + 6)
    assert (end.keepalive.latency, end.deadline) == (1.0, NOW + 36)


def test_no_probe_without_keepalive_or_while_reading_rests(role):
    end = engine(role, keepalive=0.0)
    end.probe(NOW)
    assert not end.writer.has_output
    end = engine(role)
    end.keepalive.pause()
    end.probe(NOW)
    assert not end.writer.has_output


def test_no_keepalive_no_deadline(role):
    end = engine(role, keepalive=0.0)
    assert end.deadline is None
    end.handle_timer(NOW + 1e6)
    assert (end.state, end.writer.has_output) == (OPEN, False)


def test_a_pause_of_the_owner_is_no_silence(end):
    end.pause_reading(NOW)
    assert end.deadline is None
    end.resume_reading(NOW + 100)
    assert end.deadline == NOW + 130


@pytest.mark.parametrize("first", ["pause", "close"])
def test_the_closing_handshake_rests_in_a_pause(end, first):
    steps = [lambda: end.pause_reading(NOW + 4), lambda: end.close(1000, "", NOW + 4)]
    for step in steps if first == "pause" else reversed(steps):
        step()
    assert end.deadline is None
    end.handle_timer(NOW + 1000)
    assert end.state is CLOSING
    end.resume_reading(NOW + 1000)
    assert end.deadline == NOW + 1010
    receive(end, close(1000), now=NOW + 1001)
    end.pause_reading(NOW + 1001)
    assert end.deadline == NOW + 1001 + LINGER  # nothing more is to be read


@pytest.mark.parametrize("closer", ["we", "the peer"])
def test_the_close_timeout_begins_when_our_close_has_left(end, closer):
    end.send(bytes(40 * MIN_READ_RATE), NOW)
    size = end.writer.output_amount
    end.close(1000, "", NOW)
    end.writer.take_output_bytes()
    if closer == "the peer":
        receive(end, close(1000))
    assert end.awaits_peer
    end.note_unsent(end.writer.bytes_written, NOW)
    for now in range(1, 40):
        assert end.deadline <= NOW + now
        end.note_unsent(size - 2 * now, NOW + now)
        end.handle_timer(NOW + now)
    assert end.state is CLOSING
    end.note_unsent(0, NOW + 45)
    assert end.deadline == NOW + 45 + (LINGER if closer == "the peer" else 10 + 45)


def test_a_peer_that_does_not_read_is_told_apart_from_one_that_does_not_answer(end):
    end.close(1000, "", NOW)
    end.writer.take_output_bytes()
    end.note_unsent(2, NOW)
    end.note_unsent(2, NOW + 10)
    end.handle_timer(NOW + 10)
    ((_, (code, reason)),) = events(end)
    assert (code, reason) == (1006, "The peer did not read the data sent before the Close frame in time")


def test_a_ping_of_the_keepalive_waits_for_its_pong_from_when_it_left(end):
    end.send(LARGE, NOW)
    end.handle_timer(NOW + 30)
    assert end.awaits_peer
    end.writer.take_output_bytes()
    end.note_unsent(end.writer.bytes_written, NOW + 30)
    end.note_unsent(1000, NOW + 49)
    end.handle_timer(NOW + 50)
    assert end.state is OPEN
    end.note_unsent(0, NOW + 60)
    assert end.deadline == NOW + 80 + 30
    receive(end, Frame(PONG, b"1"), now=NOW + 61)
    assert not end.awaits_peer


def test_what_is_not_taken_yet_has_not_left(end):
    end.send(LARGE, NOW)
    end.close(1000, "", NOW)
    end.note_unsent(0, NOW)
    assert end.deadline < NOW + 10
    end.writer.take_output_bytes()
    end.note_unsent(0, NOW + 9)
    assert end.deadline == NOW + 19 + 9


@pytest.mark.parametrize("close_timeout", [0.0, 3.0])
@pytest.mark.parametrize("closer", ["we", "the peer", "both", "a fault"])
def test_the_closing_handshake_has_a_deadline(role, closer, close_timeout):
    end = engine(role, close_timeout=close_timeout)
    now = NOW + 7
    if closer in ("we", "both"):
        end.close(1000, "", now)
    if closer != "we":
        receive(end, Frame(3) if closer == "a fault" else close(1000), now=now)
    assert end.deadline == now + (close_timeout if closer == "we" else min(close_timeout, LINGER))
    end.handle_timer(end.deadline)
    assert (end.state, end.deadline, end.output_ended) == (CLOSED, None, True)
    assert end.close_code == {"we": 1006, "a fault": 1006}.get(closer, 1000)


def test_a_program_that_was_busy_past_the_close_timeout_waits_again(end):
    end.close(1000, "", NOW)
    end.handle_timer(NOW + 15)
    assert (end.state, end.deadline) == (CLOSING, NOW + 25)
    end.handle_timer(NOW + 25)
    assert end.state is CLOSED


def test_pings_end_with_the_closing_handshake(end):
    end.close(1000, "", NOW + 25)
    end.handle_timer(NOW + 30)
    assert output(end) == [close(1000)]


# Large payloads


def test_a_large_payload_goes_through_its_buffer(end):
    data = wire(end, binary(LARGE), text("b"))
    end.receive_data(data[:50], NOW)
    view = end.reader.get_buffer()
    size = len(view)
    view[:] = data[50 : 50 + size]
    end.buffer_updated(size, NOW)
    end.receive_data(data[50 + size :], NOW)
    assert events(end) == [(Event.BINARY, LARGE), (Event.TEXT, "b")]
    assert end.bytes_received == len(data)
    assert end.reader.get_buffer() is None


def test_a_buffer_that_is_updated_after_the_end_is_forgotten(end):
    data = wire(end, binary(LARGE))
    end.receive_data(data[:50], NOW)
    view = end.reader.get_buffer()
    end.receive_eof(NOW)
    view[:] = data[50:]
    end.buffer_updated(len(data) - 50, NOW)
    assert [kind for kind, _ in events(end)] == [Event.CLOSE]
    assert end.reader.get_buffer() is None


def test_a_wrong_count_is_refused_and_not_counted(end):
    with pytest.raises(ValueError, match="count"):
        end.buffer_updated(1, NOW)
    assert end.bytes_received == 0


# The rest


def test_the_role_and_the_masks_must_fit():
    for role, pool in ((CLIENT, None), (SERVER, masks())):
        with pytest.raises(ValueError, match="masks"):
            Engine(role, NOW, masks=pool)


def test_the_limits_are_16_mib_and_131072_fragments():
    reader = Engine(SERVER, NOW).reader
    assert (reader.max_message, reader.max_fragments) == (16 << 20, 131_072)
    end = engine(SERVER)
    end.configure(options(max_message=LIMIT - 1))
    assert receive(end, binary(bytes(LIMIT)))[0] == (Event.ERROR, 1009)


def test_what_is_taken_is_gone_and_does_not_change(end):
    none, nothing = end.take_events(), end.writer.take_output_bytes()
    receive_only = wire(end, text("a"), Frame(PING))
    end.receive_data(receive_only, NOW)
    assert none == nothing == []
    told, out = end.take_events(), end.writer.take_output_bytes()
    end.receive_data(receive_only, NOW)
    assert (len(told), len(out)) == (2, 1)


def test_statistics(end):
    frames = [text("a"), text("b", fin=False), Frame(PING), last(b"c"), Frame(PONG)]
    receive(end, *frames)
    reader = end.reader
    assert (reader.messages, reader.frames) == (2, 5)
    assert end.bytes_received == len(wire(end, *frames))
    assert (end.pings_received, end.pongs_received, end.writer.frames) == (1, 1, 1)
    assert end.writer.bytes_written == len(b"".join(end.writer.take_output_bytes()))


def test_an_idle_engine_is_small(role):
    engine(role)
    ends = []
    pool = masks() if role is CLIENT else None
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        ends += [Engine(role, NOW, masks=pool, compression=compression()) for _ in range(100)]
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) / len(ends) < 3000
    for thing in (ends[0], ends[0].reader, ends[0].keepalive):
        assert not hasattr(thing, "__dict__")
        assert sys.getsizeof(thing) < 400


def test_an_engine_goes_without_the_garbage_collector():
    gc.disable()
    try:
        before = guards.count_of(Engine)
        seen = Engine(SERVER, NOW)
        seen.receive_data(wire(seen, text("a"), Frame(PING), binary(LARGE))[:100], NOW)
        assert guards.count_of(Engine) == before + 1
        del seen
        assert guards.count_of(Engine) == before
    finally:
        gc.enable()


def test_a_peer_that_does_not_read_is_owed_one_pong(end):
    end.defer_pongs()
    receive(end, *(Frame(PING, b"%d" % number) for number in range(1000)))
    assert output(end) == []
    end.send_deferred_pong(NOW)
    end.send_deferred_pong(NOW)
    assert output(end) == [Frame(PONG, b"999")]
    receive(end, Frame(PING, b"next"))
    assert output(end) == [Frame(PONG, b"next")]


def test_no_pong_is_owed_to_who_has_closed(end):
    end.defer_pongs()
    receive(end, Frame(PING, b"1"), Frame(CLOSE, b""))
    output(end)
    end.send_deferred_pong(NOW)
    assert output(end) == []

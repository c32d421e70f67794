"""The reading half: each row whole, one byte at a time and with junk behind it, for both roles."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.protocol.received import (
    FRAGMENTS,
    LARGE,
    LIMIT,
    ROWS,
    b,
    compressed,
    compressed_fragments,
    compression,
    t,
)
from tests.protocol.wire import (
    BINARY,
    CONTINUATION,
    JUNK,
    MASK,
    PING,
    TEXT,
    Frame,
    binary,
    last,
    more,
    text,
    xor,
)
from tkws.errors import ProtocolError
from tkws.protocol.events import Event
from tkws.protocol.frames import Opcode, Role
from tkws.protocol.messages import MessageReader

SERVER, CLIENT = Role.SERVER, Role.CLIENT


class Reading:
    """A reader and all that it says: messages and control frames in order, and its refusal's code."""

    def __init__(self, role: Role = CLIENT, *, deflate: bool = True, **limits: int) -> None:
        self.role = role
        self.events: list[Any] = []
        self.code: int | None = None
        limits = {"max_message": LIMIT, "max_fragments": FRAGMENTS} | limits
        self.reader = MessageReader(role, compression() if deflate else None, **limits)

    def control(self, opcode: Opcode, payload: bytes) -> None:
        assert type(opcode) is Opcode
        self.events.append((opcode, payload))
        if opcode is Opcode.CLOSE:
            self.reader.stop()

    def feed(self, *pieces: bytes) -> Reading:
        for piece in pieces:
            if self.code is not None:
                break
            try:
                self.reader.receive(piece, self.events, self.control)
            except ProtocolError as error:
                self.code = error.code
        return self

    def fill(self, data: bytes) -> Reading:
        """Receive ``data`` as a stream does that asks for a buffer each time."""
        while data:
            view = self.reader.get_buffer()
            if view is None:
                self.feed(data[:1000])
                data = data[1000:]
            else:
                count = min(len(view), len(data), 30_000)
                view[:count] = data[:count]
                self.reader.buffer_updated(count, self.events)
                data = data[count:]
        return self

    def encode(self, *frames: Frame) -> bytes:
        return b"".join(frame.encode(self.role is SERVER) for frame in frames)

    def told(self) -> tuple[list[Any], int | None]:
        return self.events, self.code


rows = pytest.mark.parametrize(("frames", "events", "code"), ROWS.values(), ids=ROWS)


@pytest.fixture(params=[SERVER, CLIENT], ids=["server", "client"])
def role(request):
    return request.param


# Rows


@rows
def test_received_whole(role, frames, events, code):
    reading = Reading(role)
    assert reading.feed(reading.encode(*frames)).told() == (events, code)


@pytest.mark.thorough
@rows
def test_received_one_byte_at_a_time(role, frames, events, code):
    reading = Reading(role)
    reading.feed(*single_bytes(reading.encode(*frames)))
    assert reading.told() == (events, code)


def single_bytes(data: bytes) -> Iterator[bytes]:
    """Cut ``data`` into bytes, but for the middle of what is long."""
    for start in range(min(len(data), 500)):
        yield data[start : start + 1]
    behind = max(500, len(data) - 500)
    yield data[500:behind]
    for start in range(behind, len(data)):
        yield data[start : start + 1]


@pytest.mark.thorough
@rows
def test_received_into_buffers(role, frames, events, code):
    reading = Reading(role)
    data = reading.encode(*frames)
    if code is None:
        assert reading.fill(data).told() == (events, None)


@pytest.mark.thorough
@rows
def test_received_with_junk_behind(role, frames, events, code):
    reading = Reading(role)
    reading.feed(reading.encode(*frames) + JUNK)
    ended = code or (None if reading.reader.stopped else 1002)
    assert reading.told() == (events, ended)


@pytest.mark.thorough
@rows
def test_what_is_counted(role, frames, events, code):
    reading = Reading(role)
    reading.feed(reading.encode(*frames))
    reader = reading.reader
    assert reader.messages == sum(kind in (Event.TEXT, Event.BINARY) for kind, _ in events)
    if code is None and not reader.stopped:
        assert reader.frames == len(frames)


@pytest.mark.parametrize("frame", [Frame(TEXT, b"", rsv1=True), Frame(BINARY, b"\0", False, True)])
def test_compression_that_was_not_agreed_is_refused(role, frame):
    reading = Reading(role, deflate=False)
    assert reading.feed(reading.encode(text("a"), frame)).told() == ([t("a")], 1002)


# What is noticed before a frame has come whole


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"", b"\x80"),
        (b"", b"\xc0"),
        (b"", b"\xf5"),
        (b"abc", b"\xff"),
        (b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed", b"\xa0"),
        (b"\xc3", b"\x28"),
        (b"\xe0", b"\x80"),
        (b"\xe2\x82", b"\x28"),
        (b"\xf0", b"\x8f"),
        (b"\xf4", b"\x90"),
        (b"\xf0\x9f\x98", b"x"),
    ],
)
@pytest.mark.parametrize("before", [[], [Frame(TEXT, "€".encode(), False)]])
def test_bad_text_is_refused_at_its_first_bad_byte(role, before, good, bad):
    frame = Frame(CONTINUATION if before else TEXT, good + bad + bytes(100))
    reading = Reading(role)
    data = reading.encode(*before, frame)
    end = len(data) - 100
    for piece in (data[: end - 1], b""):
        assert reading.feed(piece).told() == ([], None)
    assert reading.feed(data[end - 1 : end]).told() == ([], 1007)


def test_bad_compressed_text_is_refused_inside_its_frame(role):
    sender = compression()
    first = sender.encode(b"ab\xff", False)
    reading = Reading(role)
    data = reading.encode(Frame(TEXT, first + sender.encode(b"c", True), rsv1=True))
    header = len(data) - len(first) - len(sender.encode(b"c", True))
    assert reading.feed(data[: header + len(first)]).told() == ([], 1007)


@pytest.mark.parametrize(
    ("before", "frame", "code"),
    [
        ([], binary(bytes(LIMIT + 1)), 1009),
        ([binary(bytes(LIMIT - 9), fin=False)], last(bytes(10)), 1009),
        ([binary(b"", fin=False), *[more()] * (FRAGMENTS - 1)], last(b"x"), 1008),
        ([binary(b"", fin=False)], text("x"), 1002),
    ],
)
def test_a_frame_is_refused_by_its_header(role, before, frame, code):
    reading = Reading(role)
    data = reading.encode(*before)
    header = len(reading.encode(frame)) - len(frame.payload)
    whole = reading.encode(frame)[:header]
    reading.feed(data, whole[:-1])
    assert reading.told() == ([], None)
    assert reading.feed(whole[-1:]).told() == ([], code)


def test_a_length_beyond_all_memory_is_refused(role):
    for length in (1 << 61, (1 << 63) - 1):
        reading = Reading(role, max_message=1 << 63)
        mask = MASK if role is SERVER else b""
        header = bytes((0x82, 0x80 * bool(mask) | 127)) + length.to_bytes(8, "big") + mask
        assert reading.feed(header).told() == ([], 1009)


def test_a_compressed_message_counts_by_what_it_becomes(role):
    frames = compressed_fragments(BINARY, os.urandom(600), os.urandom(500))
    reading = Reading(role, max_message=1000)
    assert reading.feed(reading.encode(*frames)).told() == ([], 1009)
    assert len(reading.encode(*compressed((BINARY, bytes(1000))))) < 100


def test_limits_may_change(role):
    reading = Reading(role)
    reading.feed(reading.encode(binary(bytes(10))))
    reading.reader.max_message = 9
    assert reading.feed(reading.encode(binary(bytes(9)))).code is None
    assert reading.feed(reading.encode(binary(bytes(10)))).code == 1009
    reading = Reading(role)
    reading.reader.max_fragments = 1
    assert reading.feed(reading.encode(text("a", fin=False))).code is None
    assert reading.feed(reading.encode(last())).code == 1008


# The buffer of a large payload


def large_reading(role, payload=LARGE, **header):
    """Return a reading that waits for most of ``payload``, and the bytes that are to come."""
    reading = Reading(role)
    data = reading.encode(Frame(BINARY, payload, **header))
    reading.feed(data[:100])
    return reading, data[100:]


def test_a_large_payload_has_a_buffer(role):
    reading, rest = large_reading(role)
    view = reading.reader.get_buffer()
    assert len(view) == len(rest)
    view[:] = rest
    reading.reader.buffer_updated(len(rest), reading.events)
    assert reading.told() == ([b(LARGE)], None)
    assert type(reading.events[0][1]) is bytes
    assert reading.reader.get_buffer() is None
    reading.feed(reading.encode(text("next")))
    assert reading.events[1:] == [t("next")]


def test_the_buffer_is_what_is_still_missing(role):
    reading, rest = large_reading(role)
    for count in (1, 3, 4, 5000, 0, 70_001):
        view = reading.reader.get_buffer()
        assert len(view) == reading.reader.payload_left == len(rest)
        view[:count] = rest[:count]
        reading.reader.buffer_updated(count, reading.events)
        rest = rest[count:]
    reading.feed(rest[:10])
    assert len(reading.reader.get_buffer()) == len(rest) - 10
    reading.feed(rest[10:] + reading.encode(text("behind")))
    assert reading.reader.payload_left == 0
    assert reading.told() == ([b(LARGE), t("behind")], None)


def test_the_buffer_is_taken_back(role):
    reading, rest = large_reading(role)
    view = reading.reader.get_buffer()
    assert reading.reader.get_buffer() is view
    view[:1] = rest[:1]
    reading.reader.buffer_updated(1, reading.events)
    with pytest.raises(ValueError, match="released"):
        view[0]


def test_the_buffer_becomes_the_message_without_a_copy(role):
    payload = os.urandom(2 << 20)
    reading = Reading(role, max_message=2 << 20)
    data = reading.encode(binary(payload))
    header = len(data) - len(payload)
    pieces = [data[start : start + 100_000] for start in range(header, len(data), 100_000)]
    reading.feed(data[:header])
    del data
    tracemalloc.start()
    try:
        view = None  # stays alive from piece to piece, as in a stream that keeps it in a variable
        for piece in pieces:
            view = reading.reader.get_buffer()
            view[: len(piece)] = piece
            reading.reader.buffer_updated(len(piece), reading.events)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert reading.events == [b(payload)]
    assert view is not None
    assert peak < 1 << 20  # the buffer itself was made before


def test_every_large_fragment_has_a_buffer(role):
    reading = Reading(role)
    buffers = 0
    for frame in binary(LARGE[:80_000], fin=False), more(LARGE[80_000:160_000]), last(LARGE[160_000:]):
        data = reading.encode(Frame(PING), frame)
        reading.feed(data[:20])
        view, rest = reading.reader.get_buffer(), data[20:]
        if view is None:
            reading.feed(rest)
        else:
            buffers += 1
            view[:] = rest
            reading.reader.buffer_updated(len(rest), reading.events)
    assert buffers == 2
    assert reading.told() == ([(PING, b"")] * 3 + [b(LARGE)], None)


@pytest.mark.parametrize(
    "frame", [binary(LARGE[:65_600]), text("a" * 100_000), *compressed((BINARY, os.urandom(100_000)))]
)
def test_other_payloads_have_none(role, frame):
    reading = Reading(role)
    data = reading.encode(frame)
    assert reading.reader.get_buffer() is None
    reading.feed(data[:100])
    assert reading.reader.get_buffer() is None
    assert reading.feed(data[100:]).code is None
    assert len(reading.events) == 1


@pytest.mark.parametrize("count", [-1, len(LARGE) + 1])
def test_more_than_the_buffer_holds_is_the_callers_fault(role, count):
    reading, _ = large_reading(role)
    with pytest.raises(ValueError, match="count"):
        reading.reader.buffer_updated(count, reading.events)


def test_without_a_buffer_nothing_can_be_in_it(role):
    reading = Reading(role)
    for data in (b"", reading.encode(binary(bytes(100)))[:50]):
        with pytest.raises(ValueError, match="count"):
            reading.feed(data).reader.buffer_updated(1, reading.events)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell")
def test_an_announcement_costs_no_memory(role):
    before = resident()
    readings = [Reading(role, max_message=1 << 30) for _ in range(8)]
    for reading in readings:
        mask = MASK if role is SERVER else b""
        reading.feed(bytes((0x82, 0x80 * bool(mask) | 127)) + (32 << 20).to_bytes(8, "big") + mask)
        assert len(reading.reader.get_buffer()) == 32 << 20
    assert resident() - before < 32 << 20


def resident():
    return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * os.sysconf("SC_PAGESIZE")


# Small pieces


def test_many_small_pieces_cost_their_bytes(role):
    reading = Reading(role, max_fragments=1 << 20)
    fragments = [binary(b"..", fin=False), *(more(os.urandom(2)) for _ in range(7999)), last()]
    data = reading.encode(*fragments)
    pieces = [data[start : start + 4096] for start in range(0, len(data), 4096)]
    tracemalloc.start()
    try:
        reading.feed(*pieces)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert reading.told() == ([b(b"".join(frame.payload for frame in fragments))], None)
    assert peak < 300_000


# The end


def test_stop_drops_what_is_unfinished_and_reads_no_more(role):
    reading, rest = large_reading(role)
    view = reading.reader.get_buffer()
    reading.reader.stop()
    assert reading.reader.get_buffer() is None
    view[:] = rest
    reading.reader.buffer_updated(len(rest), reading.events)
    reading.feed(reading.encode(text("a")), JUNK)
    assert reading.told() == ([], None)


def test_the_wire_is_what_the_rfc_shows():
    """RFC 6455, 5.7."""
    assert Frame(TEXT, b"Hello").encode(False) == b"\x81\x05Hello"
    assert Frame(TEXT, b"Hello").encode(True) == b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
    assert xor(b"\x7f\x9f\x4d\x51\x58", MASK) == b"Hello"
    assert Reading(SERVER).feed(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58").events == [t("Hello")]
    assert Reading(CLIENT).feed(b"\x01\x03Hel\x80\x02lo").events == [t("Hello")]


def test_compressed_examples_of_the_rfc():
    """RFC 7692, 7.2.3."""
    hello = [b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", b"\xc1\x05\xf2\x00\x11\x00\x00"]
    assert Reading().feed(*hello).events == [t("Hello"), t("Hello")]
    assert Reading().feed(b"\x41\x03\xf2\x48\xcd", b"\x80\x04\xc9\xc9\x07\x00").events == [t("Hello")]
    assert Reading().feed(b"\xc1\x0b\x00\x05\x00\xfa\xffHello\x00").events == [t("Hello")]

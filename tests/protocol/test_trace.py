"""An engine that is traced does the same, and its tracer sees every frame."""

from __future__ import annotations

from itertools import product

import pytest

from tests.protocol.ends import NOW, engine, output, receive
from tests.protocol.received import LARGE, ROWS, Row, compressed, compression
from tests.protocol.test_messages import Reading
from tests.protocol.wire import BINARY, CONTINUATION, PING, TEXT, Frame, binary, close, last, more, text
from tkws.protocol.encoded import EncodedMessage
from tkws.protocol.engine import Engine
from tkws.protocol.frames import Role
from tkws.protocol.trace import MAX_BEGINNING, TracedFrame

CLIENT, SERVER = Role.CLIENT, Role.SERVER


def traced(end: Engine) -> list[TracedFrame]:
    """Return the list that takes the frames of an engine from now on."""
    frames: list[TracedFrame] = []
    end.trace(frames.append)
    return frames


def plain(frame: TracedFrame) -> tuple[int, int, bool, bool]:
    header = frame.header
    return int(header.opcode), header.length, header.fin, header.rsv1


@pytest.mark.thorough
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize(("role", "step"), [*product(Role, (0, 3))], ids=str)
def test_what_is_read_is_the_same_and_every_frame_is_seen(role: Role, step: int, row: Row) -> None:
    data = b"".join(frame.encode(role is SERVER) for frame in row.frames)
    if step and len(data) > 10_000:
        step = 5000
    pieces = [data[at : at + step] for at in range(0, len(data), step)] if step else [data]
    reading = Reading(role)
    frames: list[TracedFrame] = []
    reading.reader.trace(frames.append)
    reading.feed(*pieces)
    assert (reading.events, reading.code) == (row.events, row.code)
    said = [(frame.opcode, len(frame.payload), frame.fin, frame.rsv1) for frame in row.frames]
    assert [plain(frame) for frame in frames] == said[: len(frames)]
    assert reading.reader.frames == len(frames)
    assert all(frame.received and bool(frame.header.mask) is (role is SERVER) for frame in frames)
    if row.code is None and not reading.reader.stopped:
        assert len(frames) == len(said)


@pytest.mark.parametrize("role", [*Role], ids=str)
def test_a_large_payload_that_is_received_into_its_own_buffer_is_seen(role: Role) -> None:
    reading = Reading(role)
    frames: list[TracedFrame] = []
    reading.reader.trace(frames.append)
    reading.fill(binary(LARGE).encode(role is SERVER))
    [frame] = frames
    assert plain(frame) == (BINARY, len(LARGE), True, False)
    assert frame.payload == LARGE[:MAX_BEGINNING]
    assert frame.shortened


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_the_beginning_of_a_payload_that_comes_in_pieces_is_kept(step: int) -> None:
    message = "".join(f"{number} " for number in range(100))
    reading = Reading(CLIENT)
    frames: list[TracedFrame] = []
    reading.reader.trace(frames.append)
    for frame in [*compressed((TEXT, message.encode())), text(message)]:
        data = frame.encode(masked=False)
        reading.feed(*(data[at : at + step] for at in range(0, len(data), step)))
    assert [frame.payload for frame in frames] == [message.encode()[:MAX_BEGINNING]] * 2
    assert all(frame.shortened for frame in frames)


def test_a_payload_that_just_fits_is_not_shortened() -> None:
    end = engine()
    frames = traced(end)
    receive(end, binary(LARGE[:MAX_BEGINNING]), binary(LARGE[: MAX_BEGINNING + 1]))
    assert [frame.shortened for frame in frames] == [False, True]
    assert [frame.payload for frame in frames] == [LARGE[:MAX_BEGINNING]] * 2


@pytest.mark.parametrize("role", [*Role], ids=str)
def test_frames_that_are_written_are_seen_as_the_peer_gets_them(role: Role) -> None:
    end = engine(role, deflate=True)
    frames = traced(end)
    end.send("plain", NOW, compress=False)
    end.send("repeated " * 20, NOW, compress=True)
    end.send(b"one, ", NOW, final=False, compress=False)
    end.send(b"two", NOW)
    end.ping(b"?", NOW)
    end.pong(b"!", NOW)
    end.close(1000, "bye", NOW)
    written = output(end)
    assert [plain(frame) for frame in frames] == [
        (frame.opcode, len(frame.payload), frame.fin, frame.rsv1) for frame in written
    ]
    assert not any(frame.received for frame in frames)
    assert all(bool(frame.header.mask) is (role is CLIENT) for frame in frames)
    assert frames[1].payload == (b"repeated " * 20)[:MAX_BEGINNING]


@pytest.mark.parametrize("message", ["short", "long " * 50, "large " * 20_000])
def test_a_broadcast_is_seen_by_each_engine(message: str) -> None:
    end = engine()
    frames = traced(end)
    assert end.send_encoded(EncodedMessage(message), NOW)
    assert [plain(frame) for frame in frames] == [(TEXT, len(message), True, False)]
    assert frames[0].payload == message.encode()[:MAX_BEGINNING]


def test_a_ping_is_seen_before_its_pong() -> None:
    end = engine()
    frames = traced(end)
    receive(end, Frame(PING, b"?"))
    assert [str(frame) for frame in frames] == ["< PING fin masked 1 byte: b'?'", "> PONG fin 1 byte: b'?'"]


def test_the_tracer_can_be_taken_back_amid_a_message() -> None:
    end = engine()
    frames = traced(end)
    first, rest = text("in the middle", fin=False).encode(masked=True), last(b", and on").encode(masked=True)
    end.receive_data(first[:9], NOW)
    end.trace(None)
    end.receive_data(first[9:] + rest + text("short").encode(masked=True), NOW)
    end.send("unseen", NOW)
    assert frames == []
    assert [message for _, message in end.take_events()] == ["in the middle, and on", "short"]
    end.trace(frames.append)
    receive(end, text("seen"))
    assert [frame.payload for frame in frames] == [b"seen"]


@pytest.mark.parametrize(
    ("frame", "line"),
    [
        (text("hello"), '< TEXT fin masked 5 bytes: "hello"'),
        (text("a\r\nb\x1b[31m\u202e", fin=False), r'< TEXT masked 12 bytes: "a\r\nb\x1b[31m\u202e"'),
        (text(""), "< TEXT fin masked 0 bytes"),
        (text("é" * 50), '< TEXT fin masked 100 bytes: "' + "é" * 40 + '"...'),
        (text("a" + "é" * 50), '< TEXT fin masked 101 bytes: "a' + "é" * 39 + '"...'),
        (binary(b"\0\xff\n'"), '< BINARY fin masked 4 bytes: b"\\x00\\xff\\n\'"'),
        (close(1001, "going\n"), r"< CLOSE fin masked 8 bytes: 1001 going\n"),
        (close(1000), "< CLOSE fin masked 2 bytes: 1000"),
    ],
    ids=str,
)
def test_a_frame_is_one_line_of_printable_characters(frame: Frame, line: str) -> None:
    end = engine()
    frames = traced(end)
    receive(end, frame)
    assert str(frames[0]) == line
    assert line.isprintable()


def test_compressed_and_fragmented_frames_say_so() -> None:
    end = engine(deflate=True)
    frames = traced(end)
    sender = compression()
    parts = sender.encode(b"one ", False), sender.encode(b"two", True)
    receive(end, Frame(TEXT, parts[0], False, True), more(), Frame(CONTINUATION, parts[1]))
    assert [str(frame) for frame in frames] == [
        f'< TEXT rsv1 masked {len(parts[0])} bytes: "one "',
        "< CONTINUATION masked 0 bytes",
        f"< CONTINUATION fin masked {len(parts[1])} bytes: b'two'",
    ]

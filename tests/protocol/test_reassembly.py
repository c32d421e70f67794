"""Messages that are told in parts, all of them or the next, and when reading is held."""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocol.ends import NOW, engine, wire
from tests.protocol.received import LARGE, compressed, compressed_fragments
from tests.protocol.wire import BINARY, PING, TEXT, Frame, binary, last, more, text
from tkws.protocol.engine import Engine
from tkws.protocol.events import Event, Part
from tkws.protocol.frames import Role

STORY = "aé€😀" * 20_000


def joined(events: list[Any]) -> list[Any]:
    """The messages of parts, of which each begins where the one before ended; other events as they are."""
    messages: list[Any] = []
    whole, offset, empty = None, 0, 0
    for type, part in events:
        if type is not Event.PART:
            messages.append((type, part))
            continue
        assert part.offset == offset
        assert isinstance(part.data, str) is part.text
        empty += not part.data
        whole = part.data if whole is None else whole + part.data
        offset += len(part.data.encode() if part.text else part.data)
        if part.final:
            messages.append(whole)
            whole, offset, empty = None, 0, 0
        else:
            assert not empty
    assert whole is None
    return messages


def read(end: Engine, data: bytes, step: int = 1 << 20) -> list[Any]:
    for start in range(0, len(data), step):
        end.receive_data(data[start : start + step], NOW)
    return end.take_events()


FRAMES = [
    text("short"), text(""), binary(b""), Frame(PING, b"!"), text("be", fin=False), more("gü".encode()[:2]),
    Frame(PING, b"?"), more(), last("gü".encode()[2:] + b"n"), binary(LARGE), text(STORY),
    binary(LARGE, fin=False), more(LARGE), last(),
]  # fmt: skip
MESSAGES = [
    "short", "", b"", (Event.PING, b"!"), (Event.PING, b"?"), "begün", LARGE, STORY, LARGE + LARGE,
]  # fmt: skip


# name: frames that are many in one read
TINY = {
    "pings": [Frame(PING)] * 1000,
    "texts": [text("")] * 90_000,
    "fragments": [text("", fin=False), *[more()] * 900, last()],
    "texts in two": [text("", fin=False), last()] * 500,
    "texts and pings": [text("a"), Frame(PING), text("b")] * 300,
    "a large one among them": [*[Frame(PING)] * 90, binary(LARGE), *[Frame(PING)] * 90],
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("frames", TINY.values(), ids=TINY)
def test_reading_is_held_when_it_has_taken_long_enough(role, frames):
    whole, end = (engine(role, max_fragments=1000) for _ in range(2))
    data = wire(end, *frames)
    whole.receive_data(data, NOW)
    asked = 0

    def is_spent() -> bool:
        nonlocal asked
        asked += 1
        return asked % 3 == 0

    end.receive_data(data, NOW, is_spent)
    assert not asked  # of an owner that is not prepared for it
    assert end.take_events() == whole.take_events()

    end = engine(role, max_fragments=1000)
    end.reader.may_hold = True
    told, holds = [], 0
    end.receive_data(data, NOW, is_spent)
    while end.reader.held:
        holds += 1
        told += end.take_events()
        end.receive_data(b"", NOW, is_spent)
    assert asked > holds > 0
    whole.receive_data(data, NOW)
    assert told + end.take_events() == whole.take_events()
    assert end.reader.frames * 2 == whole.reader.frames


def test_what_is_compressed_is_held_after_any_message():
    end = engine(Role.CLIENT, deflate=True)
    end.reader.may_hold = True
    data = wire(end, *compressed(*[(BINARY, bytes(60_000))] * 30))
    end.receive_data(data, NOW, lambda: True)
    counts = [len(end.take_events())]
    while end.reader.held:
        end.receive_data(b"", NOW, lambda: True)
        counts.append(len(end.take_events()))
    assert sum(counts) == 30
    assert max(counts) <= 3


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("step", [1, 7, 1000, 65_536, 1 << 30])
def test_the_parts_are_the_messages(role, step):
    frames = FRAMES if step > 10 else FRAMES[:9]
    end = engine(role, in_parts=True)
    told = read(end, wire(end, *frames), step)
    assert joined([event for event in told if event[0] is not Event.PING]) == [
        message for message in MESSAGES[: 9 if step > 10 else 6] if not isinstance(message, tuple)
    ]
    assert end.reader.messages == (7 if step > 10 else 4)
    assert end.reader.frames == len(frames)
    if step == 1 << 30:
        assert all(len(part.data) < 131_072 for type, part in told if type is Event.PART)


def test_the_total_is_known_of_one_frame_that_is_not_compressed():
    end = engine(in_parts=True, deflate=True)
    told = read(end, wire(end, text("ü"), text("a", fin=False), last(), *compressed((TEXT, b"x"))))
    assert [(part.data, part.total) for _, part in told] == [("ü", 2), ("a", None), ("x", None)]


@pytest.mark.parametrize("step", [1, 100, 1 << 30])
@pytest.mark.parametrize("holds", [False, True])
def test_what_is_compressed(step, holds):
    messages = [(BINARY, bytes(400_000)), (TEXT, STORY.encode()), (BINARY, b"")]
    end = engine(Role.CLIENT, in_parts=True, deflate=True)
    end.reader.may_hold = holds
    data = wire(end, *compressed(*messages))
    told = []
    for start in range(0, len(data), step):
        told += read(end, data[start : start + step])
        while end.reader.held:
            told += read_held(end)
    assert joined(told) == [bytes(400_000), STORY, b""]
    assert max(len(part.data) for _, part in told) <= 65_536 + 512 * 1032


def refusal(end: Engine) -> int | None:
    """The code of the peer's fault."""
    end.complete_close(NOW)
    return end.fault.code if end.fault is not None else None


def read_held(end: Engine) -> list[Any]:
    end.receive_data(b"", NOW)
    return end.take_events()


def test_reading_is_held_after_a_part_and_what_comes_meanwhile_is_kept():
    end = engine(in_parts=True)
    end.reader.may_hold = True
    told = read(end, wire(end, binary(LARGE), text("next")))
    assert len(told) == 1
    assert end.reader.held
    assert read(end, wire(end, text("later"))) == []
    count = 0
    while end.reader.held:
        told += read_held(end)
        count += 1
    assert count > 1
    assert joined(told) == [LARGE, "next", "later"]


def test_many_small_messages_are_held_too():
    end = engine(in_parts=True)
    end.reader.may_hold = True
    told = read(end, wire(end, *[binary(bytes(30_000))] * 10))
    assert sum(len(part.data) for _, part in told) < 100_000
    while end.reader.held:
        told += read_held(end)
    assert joined(told) == [bytes(30_000)] * 10


@pytest.mark.parametrize("role", list(Role))
def test_only_the_next_message_comes_in_parts(role):
    end = engine(role)
    end.reader.next_in_parts()
    told = read(end, wire(end, text("one"), text("two")))
    assert [type for type, _ in told] == [Event.PART, Event.TEXT]
    end.reader.next_in_parts()
    end.reader.next_in_parts(False)
    assert read(end, wire(end, text("three"))) == [(Event.TEXT, "three")]


@pytest.mark.parametrize("frame", [binary(b"begun"), binary(LARGE)])
def test_the_message_under_way_comes_in_parts_from_then_on(frame):
    end = engine(max_message=len(LARGE) + 10)
    data = wire(end, Frame(frame.opcode, frame.payload, fin=False))
    assert not end.reader.within_message
    assert read(end, data[:-1]) == []
    assert end.reader.within_message
    end.reader.next_in_parts()
    assert end.reader.within_parts
    assert joined(read(end, data[-1:] + wire(end, last(LARGE), text("next")))) == [
        frame.payload + LARGE,
        (Event.TEXT, "next"),
    ]
    assert not end.reader.within_parts
    assert not end.reader.within_message


def test_a_message_in_parts_asks_for_the_next():
    end = engine()
    end.reader.next_in_parts()
    told = read(end, wire(end, text("a", fin=False)))
    end.reader.next_in_parts()
    told += read(end, wire(end, last(b"b"), text("c"), text("d")))
    assert joined(told) == ["ab", "c", (Event.TEXT, "d")]


def test_a_change_counts_from_the_next_message_on():
    end = engine()
    read(end, wire(end, text("a", fin=False)))
    end.reader.set_in_parts(True)
    assert joined(read(end, wire(end, last(b"b"), text("c")))) == [(Event.TEXT, "ab"), "c"]


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("fragmented", [True, False])
def test_a_message_that_is_too_large_is_asked_about(wanted, fragmented):
    end = engine(max_message=100)
    end.reader.may_hold = True
    large = (
        [binary(bytes(99), fin=False), Frame(PING, b"?"), last(bytes(2))]
        if fragmented
        else [binary(bytes(101))]
    )
    told = read(end, wire(end, text("header"), *large))
    assert told[0] == (Event.TEXT, "header")
    assert end.reader.held
    assert end.reader.asking
    if wanted:
        end.reader.next_in_parts()
    end.receive_data(b"", NOW)
    assert not end.reader.held
    assert not end.reader.asking
    if wanted:
        assert joined(end.take_events()) == [bytes(101)]
    else:
        assert refusal(end) == 1009


def test_no_question_about_parts_and_control_frames_and_what_fits():
    end = engine(max_message=10, in_parts=True, deflate=True)
    end.reader.may_hold = True
    frames = [binary(bytes(50)), Frame(PING, bytes(20)), *compressed((BINARY, bytes(50))), binary(bytes(5))]
    told = read(end, wire(end, *frames))
    assert not end.reader.asking
    assert joined([event for event in told if event[0] is Event.PART]) == [bytes(50), bytes(50), bytes(5)]


@pytest.mark.parametrize("count", [20, 21])
def test_only_empty_fragments_are_counted(count):
    end = engine(in_parts=True, max_fragments=20)
    frames = [text("a", fin=False), *[more(b"b")] * 100, *[more()] * count]
    told = read(end, wire(end, *frames))
    assert "".join(part.data for type, part in told if type is Event.PART) == (
        "a" + "b" * 100 if count == 20 else ""
    )
    assert refusal(end) == (1008 if count == 21 else None)


@pytest.mark.parametrize("bad", [b"\xff", b"\xc3(", b"\xed\xa0\x80"])
def test_bad_text_is_refused(bad):
    end = engine(in_parts=True)
    read(end, wire(end, text("good", fin=False), more(bad)))
    assert refusal(end) == 1007


def test_stop_forgets_what_is_held():
    end = engine(in_parts=True)
    end.reader.may_hold = True
    read(end, wire(end, binary(LARGE)))
    end.reader.stop()
    assert not end.reader.held
    assert read_held(end) == []


def test_a_tracer_sees_frames_in_parts():
    end = engine(in_parts=True, deflate=True)
    frames: list[Any] = []
    end.trace(frames.append)
    read(end, wire(end, *compressed_fragments(TEXT, b"compressed ", b"in two")), 3)
    assert [frame.payload for frame in frames] == [b"compressed ", b"in two"]


def test_a_part_is_a_tuple():
    assert Part(b"x", 0, True, False, None) == (b"x", 0, True, False, None)

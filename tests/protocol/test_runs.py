"""Runs of whole messages: where they end, and what comes out before."""

from __future__ import annotations

import pytest

from tests.protocol.received import b, compressed, compression, t
from tests.protocol.wire import BINARY, CONTINUATION, JUNK, PING, TEXT, Frame, binary, text
from tkws.errors import ProtocolError
from tkws.protocol.runs import RUN_SIZE, read_masked_run, read_unmasked_run

LIMIT = 70_000
SIZES = [0, 1, 2, 3, 4, 5, 124, 125, 126, 127, 128, 129, 3000, 65535]
TEXTS = ["", "a", "grün", "x" * 125, "x" * 126, "€" * 1000]

# What does not belong to a run.
OTHERS = {
    "nothing": b"",
    "junk": JUNK,
    "first fragment": (TEXT, b"x", False),
    "last fragment": (CONTINUATION, b"x"),
    "compressed, which was not agreed": (TEXT, b"x", True, True),
    "ping": (PING, b"x"),
    "too long": (BINARY, bytes(65536)),
    "bad text": (TEXT, b"a\xff"),
    "text cut in a character": (TEXT, b"\xe2\x82"),
    "half a header": b"\x81",
}


@pytest.fixture(params=["unmasked", "masked"])
def masked(request):
    return request.param == "masked"


@pytest.fixture(params=[0, 300], ids=["short", "long"])
def lead(request, masked):
    """How much comes before in the same run: a few messages are read in another way than many."""
    return [binary(bytes(request.param))] if request.param else []


def read(data, masked, position=0, limit=LIMIT):
    """Read runs until one takes nothing; return where they end, and the messages."""
    events = []
    run = read_masked_run if masked else read_unmasked_run
    while (end := run(data, position, limit, None, events)) > position:
        position = end
    return position, events


def read_behind(lead, data, masked, limit=LIMIT):
    """Return how much of ``data`` a run takes that begins with ``lead``, and what comes out of it."""
    before = encode(lead, masked)
    end, events = read(before + data, masked, limit=limit)
    assert events[: len(lead)] == [b(frame.payload) for frame in lead]
    return end - len(before), events[len(lead) :]


def encode(frames, masked):
    return b"".join(Frame(*frame).encode(masked) for frame in frames)


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("before", [b"", b"something before"])
def test_a_run_ends_where_something_else_begins(masked, other, before):
    frames = [binary(bytes(size)) for size in SIZES]
    frames += [text(message) for message in TEXTS]
    run = encode(frames, masked)
    behind = other if isinstance(other, bytes) else encode([other], masked)
    end, events = read(before + run + behind, masked, len(before))
    assert end == len(before + run)
    assert events == [b(bytes(size)) for size in SIZES] + [t(each) for each in TEXTS]
    assert {type(message) for _, message in events} == {bytes, str}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_single_message_is_a_run(masked, other):
    behind = other if isinstance(other, bytes) else encode([other], masked)
    for frame, event in ((text("a"), t("a")), (binary(b"b"), b(b"b"))):
        data = encode([frame], masked)
        assert read(data + behind[:50], masked) == (len(data), [event])


@pytest.mark.parametrize("size", [0, 1, 125, 126, 300])
def test_a_message_that_is_cut_short_anywhere_is_left(masked, lead, size):
    cut = encode([binary(b"y" * size)], masked)
    for length in range(len(cut)):
        assert read_behind(lead, cut[:length], masked) == (0, [])


def test_a_bad_text_is_left_and_so_is_what_follows_it(masked, lead):
    good, bad = encode([text("good")], masked), encode([(TEXT, b"\xc0")], masked)
    assert read_behind(lead, good + bad + good, masked) == (len(good), [t("good")])


@pytest.mark.parametrize("size", [3, 300])
def test_the_limit(masked, size):
    data = encode([binary(bytes(size))], masked)
    assert read(data, masked, limit=size) == (len(data), [b(bytes(size))])
    assert read(data, masked, limit=size - 1) == (0, [])


def test_frames_masked_as_they_must_not_be_are_left(masked, lead):
    for size in (0, 5, 125, 126, 70):
        data = encode([binary(bytes(size))], not masked) + bytes(100)
        assert read_behind(lead, data, masked) == (0, [])


def test_a_length_that_is_not_in_its_shortest_form_is_left(masked, lead):
    flag = 0x80 if masked else 0
    for length in (0, 1, 125):
        data = bytes((0x82, flag | 126, 0, length)) + bytes(4 + length)
        assert read_behind(lead, data, masked) == (0, [])


def test_long_lengths_are_left(masked):
    flag = 0x80 if masked else 0
    data = bytes((0x82, flag | 127)) + (70_000).to_bytes(8, "big") + bytes(70_010)
    assert read(data, masked, limit=1 << 20) == (0, [])


@pytest.mark.parametrize(("size", "most"), [(0, RUN_SIZE // 2), (64, RUN_SIZE // 64), (40_000, 1)])
def test_a_run_takes_no_more_than_some_bytes(masked, size, most):
    data = encode([binary(bytes(size))], masked) * (100_000 // (size + 2))
    events = []
    end = (read_masked_run if masked else read_unmasked_run)(data, 0, LIMIT, None, events)
    assert 0 < len(events) <= most
    assert end == len(encode([binary(bytes(size))], masked)) * len(events)


# Compressed


def read_compressed(frames, masked, limit=LIMIT):
    """Read with a compression; return where the run ends, what comes out and the code of a refusal."""
    events = []
    run = read_masked_run if masked else read_unmasked_run
    data = encode(frames, masked)
    try:
        return len(data) - run(data, 0, limit, compression(), events), events, None
    except ProtocolError as error:
        return None, events, error.code


def test_compressed_messages_are_part_of_a_run(masked, lead):
    payloads = [(TEXT, b"grand"), (TEXT, b"grand"), (BINARY, b"grand"), (TEXT, b""), (BINARY, bytes(3000))]
    frames = [frame for each in compressed(*payloads) for frame in (each, text("plain"), binary(b"plain"))]
    events = [
        event
        for opcode, payload in payloads
        for event in (t(payload.decode()) if opcode == TEXT else b(payload), t("plain"), b(b"plain"))
    ]
    before = [b(frame.payload) for frame in lead]
    assert read_compressed(lead + frames, masked) == (0, before + events, None)


def test_a_short_run_may_be_compressed(masked):
    frames = compressed((TEXT, b"grand"), (BINARY, b"grand"))
    assert read_compressed(frames, masked) == (0, [t("grand"), b(b"grand")], None)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (compressed((TEXT, b"abc\xff"))[0], 1007),
        (compressed((TEXT, b"\xe2\x82"))[0], 1007),
        (compressed((BINARY, bytes(LIMIT + 1)))[0], 1009),
        (Frame(BINARY, b"\xff\xff\xff", rsv1=True), 1007),
    ],
)
def test_a_bad_compressed_message_is_refused_behind_the_good_ones(masked, lead, frame, code):
    before = [b(each.payload) for each in lead]
    frames = [*lead, text("good"), frame, text("never")]
    assert read_compressed(frames, masked) == (None, [*before, t("good")], code)


@pytest.mark.parametrize(
    "frame",
    [
        Frame(TEXT, b"", fin=False, rsv1=True),
        Frame(CONTINUATION, b"", rsv1=True),
        Frame(PING, rsv1=True),
        Frame(BINARY, bytes(LIMIT), rsv1=True),
    ],
)
def test_other_frames_end_a_run_with_a_codec_too(masked, lead, frame):
    left, events, code = read_compressed([*lead, text("good"), frame], masked)
    assert (left, code) == (len(encode([frame], masked)), None)
    assert events[-1:] == [t("good")]


def test_the_limit_is_that_of_the_decompressed_message(masked):
    frames = compressed((BINARY, bytes(1000)))
    assert read_compressed(frames, masked, limit=1000) == (0, [b(bytes(1000))], None)
    assert read_compressed(frames, masked, limit=999) == (None, [], 1009)


def test_what_is_decompressed_counts_for_the_length_of_a_run(masked, lead):
    """Else a run of 32 KiB could become 32 MiB."""
    frames = compressed(*[(BINARY, bytes(LIMIT))] * 10)
    events = []
    data = encode(lead + frames, masked)
    end = (read_masked_run if masked else read_unmasked_run)(data, 0, LIMIT, compression(), events)
    assert len(events) == len(lead) + 2
    assert end == len(encode(lead + frames[:2], masked))

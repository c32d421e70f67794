"""Runs of whole messages: where they end, and what comes out before."""

from __future__ import annotations

import pytest

from tests.protocol.wire import BINARY, CONTINUATION, JUNK, PING, TEXT, Frame, text
from tkws.protocol.events import Event
from tkws.protocol.runs import read_masked_run, read_unmasked_run

LIMIT = 70_000
SIZES = [0, 1, 2, 3, 4, 5, 124, 125, 126, 127, 128, 129, 3000, 65535]
TEXTS = ["", "a", "grün", "x" * 125, "x" * 126, "€" * 1000]

# What does not belong to a run.
OTHERS = {
    "nothing": b"",
    "junk": JUNK,
    "first fragment": (TEXT, b"x", False),
    "last fragment": (CONTINUATION, b"x"),
    "compressed": (TEXT, b"x", True, True),
    "ping": (PING, b"x"),
    "too long": (BINARY, bytes(65536)),
    "bad text": (TEXT, b"a\xff"),
    "text cut in a character": (TEXT, b"\xe2\x82"),
    "half a header": b"\x81",
}


@pytest.fixture(params=["unmasked", "masked"])
def masked(request):
    return request.param == "masked"


def read(data, masked, position=0, limit=LIMIT):
    events = []
    run = read_masked_run if masked else read_unmasked_run
    return run(data, position, limit, events), events


def encode(frames, masked):
    return b"".join(Frame(*frame).encode(masked) for frame in frames)


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("before", [b"", b"something before"])
def test_a_run_ends_where_something_else_begins(masked, other, before):
    frames = [(BINARY, bytes(range(256)) * 300)[:1] + (bytes(size),) for size in SIZES]
    frames += [text(message) for message in TEXTS]
    run = encode(frames, masked)
    behind = other if isinstance(other, bytes) else encode([other], masked)
    end, events = read(before + run + behind, masked, len(before))
    assert end == len(before + run)
    assert events == [(Event.BINARY, bytes(size)) for size in SIZES] + [(Event.TEXT, each) for each in TEXTS]
    assert {type(message) for _, message in events} == {bytes, str}


@pytest.mark.parametrize("size", [0, 1, 125, 126, 300])
def test_a_message_that_is_cut_short_anywhere_is_left(masked, size):
    whole = encode([(BINARY, b"x" * 7)], masked)
    cut = encode([(BINARY, b"y" * size)], masked)
    for length in range(len(cut)):
        assert read(whole + cut[:length], masked) == (len(whole), [(Event.BINARY, b"x" * 7)])


def test_a_bad_text_is_left_and_so_is_what_follows_it(masked):
    good, bad = encode([text("good")], masked), encode([(TEXT, b"\xc0")], masked)
    assert read(good + bad + good, masked) == (len(good), [(Event.TEXT, "good")])


@pytest.mark.parametrize("size", [3, 300])
def test_the_limit(masked, size):
    data = encode([(BINARY, bytes(size))], masked)
    assert read(data, masked, limit=size) == (len(data), [(Event.BINARY, bytes(size))])
    assert read(data, masked, limit=size - 1) == (0, [])


def test_frames_masked_as_they_must_not_be_are_left(masked):
    for size in (0, 5, 125, 126, 70):
        assert read(encode([(BINARY, bytes(size))], not masked) + bytes(100), masked) == (0, [])


def test_a_length_that_is_not_in_its_shortest_form_is_left(masked):
    flag = 0x80 if masked else 0
    for length in (0, 1, 125):
        data = bytes((0x82, flag | 126, 0, length)) + bytes(4 + length)
        assert read(data, masked) == (0, [])


def test_long_lengths_are_left(masked):
    flag = 0x80 if masked else 0
    data = bytes((0x82, flag | 127)) + (70_000).to_bytes(8, "big") + bytes(70_010)
    assert read(data, masked, limit=1 << 20) == (0, [])

"""However the network cuts a stream of bytes, the engine tells the same and answers the same.

The streams are valid ones of any kind, and others that go wrong somewhere. Each is received
whole, then cut anywhere, with a buffer of its own for each large payload or without.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.protocol.ends import NOW, engine, events, output, wire
from tests.protocol.received import ROWS, compression
from tests.protocol.wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, binary, close, text
from tkws.protocol.engine import Engine
from tkws.protocol.frames import Role
from tkws.protocol.state import State

SIZES = st.integers(0, 300) | st.sampled_from([65_500, 65_535, 65_536, 65_600, 70_000, 140_000])
CONTROLS = st.builds(Frame, st.sampled_from([PING, PONG]), st.binary(max_size=125))
MESSAGES = st.one_of(
    st.text(max_size=200).map(text),
    st.builds(lambda size, byte: binary(bytes((byte,)) * size), SIZES, st.integers(0, 255)),
    st.builds(lambda size, letter: text(letter * (size // 3)), SIZES, st.sampled_from("aä€")),
)
CLOSES = st.builds(close, st.sampled_from([1000, 1001, 3000]), st.text(max_size=30))
BYTES = st.binary(min_size=1, max_size=200)
ENDS = st.one_of(
    st.just([]),
    st.just([Frame(CLOSE)]),
    CLOSES.map(lambda frame: [frame]),
    st.sampled_from([row.frames for row in ROWS.values()]),
    BYTES.map(lambda payload: [Frame(TEXT, payload)]),
    BYTES.map(lambda payload: [Frame(BINARY, payload, rsv1=True)]),
)
CUTS = st.lists(st.integers(1, 20) | st.integers(1, 5000) | st.just(70_000), min_size=1, max_size=8)


@st.composite
def streams(draw: st.DrawFn) -> list[Frame]:
    """Messages, some compressed, some in fragments with control frames between; then an end."""
    sender = compression()
    frames: list[Frame] = []
    for message in draw(st.lists(MESSAGES | CONTROLS, max_size=6)):
        if message.opcode in (PING, PONG):
            frames.append(message)
            continue
        payload, compress = message.payload, draw(st.booleans())
        cuts = sorted(draw(st.lists(st.integers(0, len(payload)), max_size=3)))
        for index, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(payload)], strict=True)):
            fin = index == len(cuts)
            part = sender.encode(payload[start:end], fin) if compress else payload[start:end]
            opcode = CONTINUATION if index else message.opcode
            frames.append(Frame(opcode, part, fin, compress and not index))
            if not fin:
                frames += draw(st.lists(CONTROLS, max_size=1))
    return frames + draw(ENDS)


def outcome(end: Engine, told: list[Any]) -> Any:
    closing = end.state, end.close_code, end.close_reason, end.output_ended
    counts = (
        end.reader.messages,
        end.reader.frames,
        end.compression_ratio if end.state is State.OPEN else None,
    )
    return told, output(end), closing, counts


def received_whole(role: Role, frames: list[Frame]) -> Any:
    end = engine(role, deflate=True)
    end.receive_data(wire(end, *frames), NOW)
    return outcome(end, events(end))


def received_in_pieces(role: Role, frames: list[Frame], sizes: list[int], *, buffers: bool) -> Any:
    """Receive pieces of the sizes, over and over, as a stream that asks for buffers or does not."""
    end = engine(role, deflate=True)
    data, told, position, turn = wire(end, *frames), [], 0, 0
    while position < len(data):
        size = sizes[turn % len(sizes)]
        turn += 1
        view = end.reader.get_buffer() if buffers else None
        if view is None:
            piece = data[position : position + size]
            end.receive_data(piece, NOW)
        else:
            piece = data[position : position + min(size, len(view))]
            view[: len(piece)] = piece
            end.buffer_updated(len(piece), NOW)
        position += len(piece)
        told += events(end)
    assert end.bytes_received == len(data)
    return outcome(end, told)


@pytest.mark.slow
@pytest.mark.parametrize("buffers", [False, True], ids=["without buffers", "with buffers"])
@pytest.mark.parametrize("role", Role, ids=["client", "server"])
@given(frames=streams(), sizes=CUTS)
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_split_gives_the_same(role: Role, buffers: bool, frames: list[Frame], sizes: list[int]) -> None:
    if max(sizes) < 200:  # a large payload byte by byte shows nothing that a small one does not
        sizes = [*sizes, 3000]
    whole = received_whole(role, frames)
    assert received_in_pieces(role, frames, sizes, buffers=buffers) == whole

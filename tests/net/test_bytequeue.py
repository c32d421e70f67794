"""The queue of what waits to be sent, against a plain bytearray that does the same by copying."""

from __future__ import annotations

import socket
from contextlib import suppress
from itertools import cycle

import pytest
from hypothesis import given, settings, strategies as st

from tests.net.source import Made
from tkws.net.bytequeue import CHUNK, IOV_MAX, JOIN_BELOW, ByteQueue, as_buffer, send, should_join


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(st.binary(max_size=20), st.sampled_from([bytes, bytearray, memoryview]), st.integers(0, 30))
    )
)
def test_bytes_come_out_as_they_went_in(steps):
    queue, model = ByteQueue(), bytearray()
    for data, kind, count in steps:
        queue.append(kind(data))
        model += data
        assert queue.size == len(model)
        if queue.size:
            piece = queue.take(count + 1)
            assert 0 < len(piece) <= count + 1
            assert piece == model[: len(piece)]
            del model[: len(piece)]
        count = min(count, queue.size)
        queue.drop(count)
        del model[:count]
        assert queue.size == len(model)
    while queue.size:
        piece = queue.first(7)
        assert model.startswith(piece)
        queue.drop(len(piece))
        del model[: len(piece)]
    assert not model


@given(
    st.lists(st.tuples(st.integers(0, 3 * CHUNK), st.booleans()), max_size=8),
    st.lists(st.integers(1, CHUNK), min_size=1, max_size=8),
)
@settings(max_examples=30, deadline=None)
def test_sources_and_buffers_come_out_in_order(pieces, limits):
    queue, model = ByteQueue(), bytearray()
    for number, (size, is_source) in enumerate(pieces):
        data = bytes([number + 1]) * size
        queue.append(Made(data) if is_source else data)
        model += data
    for limit in cycle(limits):
        assert queue.size == len(model)
        if not model:
            break
        piece = queue.take(limit)
        assert 0 < len(piece) <= limit
        assert piece == model[: len(piece)]
        del model[: len(piece)]


def test_a_source_is_read_a_chunk_at_a_time_and_not_before_it_can_go(socket_pair):
    near, far = socket_pair("unix")
    near.setblocking(False)
    queue, source = ByteQueue(), Made(bytes(3 * CHUNK))
    queue.append(b"head")
    queue.append(source)
    queue.append(b"tail")
    assert not source.reads
    sent = 0
    while queue.size:
        with suppress(BlockingIOError):
            queue.send(near)
        made = 4 + 3 * CHUNK - len(source)
        assert made - sent <= CHUNK  # what did not go is kept, and counts
        sent += len(far.recv(4 * CHUNK))
    while sent < 3 * CHUNK + 8:
        sent += len(far.recv(4 * CHUNK))
    assert max(source.reads) <= CHUNK
    assert min(source.reads[1:-1]) >= CHUNK // 2


def test_a_socket_that_took_all_may_take_more(socket_pair):
    near, far = socket_pair("unix")
    near.setblocking(False)
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * CHUNK)
    queue = ByteQueue()
    queue.append(b"one")
    assert not queue.send(near)
    for _ in range(IOV_MAX + 1):
        queue.append(b"x")
    assert queue.send(near)
    assert not queue.send(near)
    assert len(far.recv(2 * IOV_MAX)) == IOV_MAX + 4


def test_what_waits_is_not_copied():
    payload = bytearray(b"x" * 100_000)
    queue = ByteQueue()
    queue.append(payload)
    queue.drop(10)
    view = queue.first(1000)
    assert isinstance(view, memoryview)
    assert view.obj is payload


def test_a_source_that_fails_leaves_the_queue_as_it_is(monkeypatch):
    queue = ByteQueue()
    source, failing = Made(b"a" * 10), Made(b"b" * 10)
    for data in (source, b"c" * 10, failing):
        queue.append(data)
    with monkeypatch.context() as patch:
        patch.setattr(failing, "read", lambda size: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            queue.first(100)
    assert (queue.size, queue._unread) == (30, 10)
    assert b"".join(bytes(queue.take(100)) for _ in range(3)) == b"a" * 10 + b"c" * 10 + b"b" * 10
    assert queue.size == 0


def test_a_cleared_queue_is_empty():
    queue = ByteQueue()
    queue.append(b"gone")
    queue.append(Made(b"gone"))
    queue.clear()
    queue.append(b"kept")
    assert queue.size == 4
    assert queue.first(100) == b"kept"


@pytest.mark.parametrize("sizes", [[5], [5] * 40, [JOIN_BELOW * 3] * 3], ids=["one", "small", "large"])
@pytest.mark.parametrize("has_sendmsg", [True, False])
def test_one_call_sends_all_that_the_socket_takes(socket_pair, sizes, has_sendmsg):
    near, far = socket_pair("unix")
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    pieces = [bytes([number]) * size for number, size in enumerate(sizes)]
    assert send(near, pieces, has_sendmsg=has_sendmsg) == sum(sizes)
    near.shutdown(socket.SHUT_WR)
    assert far.makefile("rb").read() == b"".join(pieces)


def test_more_buffers_than_the_system_takes_leave_in_several_calls(socket_pair):
    near, far = socket_pair("unix")
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    queue = ByteQueue()
    for number in range(IOV_MAX + 5):
        queue.append(bytes([number % 256]) * 10)
    queue.send(near)
    assert queue.size == 50
    queue.send(near)
    assert queue.size == 0
    assert len(far.recv(1 << 20)) == (IOV_MAX + 5) * 10


def test_a_socket_that_takes_nothing_costs_nothing(socket_pair):
    near, _ = socket_pair("unix")
    near.setblocking(False)
    queue = ByteQueue()
    queue.append(b"x" * (1 << 24))
    queue.send(near)
    left = queue.size
    assert 0 < left < 1 << 24
    with pytest.raises(BlockingIOError):
        queue.send(near)
    assert queue.size == left


def test_small_buffers_are_worth_joining_and_large_ones_are_not():
    assert should_join([b"x"] * 2000)
    assert should_join([b"x" * JOIN_BELOW])
    assert not should_join([b"head", b"x" * 3 * JOIN_BELOW])


def test_the_length_of_a_buffer_is_in_bytes():
    assert len(as_buffer(memoryview(b"12345678").cast("I"))) == 8
    with pytest.raises(TypeError, match="data: bytes, bytearray or memoryview, not str"):
        as_buffer("text")

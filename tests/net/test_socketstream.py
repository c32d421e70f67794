"""What is particular to the stream over a socket: its system calls, and how sockets fail."""

from __future__ import annotations

import errno
import gc
import socket
import time

import pytest

from tests import guards
from tests.net.owner import Recorder
from tkws.errors import StateError
from tkws.net import SocketStream
from tkws.net.socketstream import READ_SIZE
from tkws.testing.reset import reset_on_close


class Counting(socket.socket):
    """A socket that writes down the system calls that send."""

    calls: list[str]

    def send(self, *arguments):
        self.calls.append("send")
        return super().send(*arguments)

    def sendmsg(self, *arguments):
        self.calls.append("sendmsg")
        return super().sendmsg(*arguments)


@pytest.fixture
def near(loop, socket_pair):
    """``near(kind)``: a stream, its owner, and the bare socket at the other end."""
    made: list[SocketStream] = []

    def connect(kind: str = "unix", kept: type[socket.socket] | None = None):
        sock, far = socket_pair(kind)
        if kept is not None:
            sock = kept(sock.family, sock.type, fileno=sock.detach())
        owner = Recorder()
        stream = SocketStream(loop, sock, owner)
        made.append(stream)
        return stream, owner, far

    yield connect
    for stream in made:
        stream.abort()


def reset(sock: socket.socket) -> None:
    """Close with a reset, not with an end of stream."""
    reset_on_close(sock)
    sock.close()


@pytest.fixture
def rest(loop, pump_until):
    """``rest()``: lets the loop serve what is due."""

    def rest() -> None:
        rested: list[bool] = []
        loop.call_later(0.02, rested.append, True)
        pump_until(lambda: rested)

    return rest


def fill(stream: SocketStream) -> None:
    """Write until much more waits than the limit, however much the system takes."""
    while stream.buffered_amount < 1 << 20:
        stream.write(b"x" * (1 << 20))


@pytest.mark.parametrize("kind", ["tcp", "tcp6"])
def test_small_segments_are_sent_at_once(near, kind):
    stream, _, _ = near(kind)
    assert stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert stream.socket.gettimeout() == 0


def test_ipv6_carries_both_ways(near, pump_until):
    stream, owner, far = near("tcp6")
    far.sendall(b"ping")
    pump_until(lambda: owner.received == b"ping")
    stream.write(b"pong")
    assert far.recv(10) == b"pong"
    assert stream.peername[:2] == far.getsockname()[:2]


def test_a_system_that_refuses_the_option_is_borne(near):
    class Refusing(socket.socket):
        def setsockopt(self, *_):
            raise OSError(errno.EINVAL, "as asked")

    stream, _, _ = near("tcp", Refusing)
    assert not stream.closed


def test_what_is_written_leaves_in_one_call(near):
    stream, _, far = near("tcp", Counting)
    calls = stream.socket.calls = []
    stream.write(b"1")
    stream.writelines([b"23"] * 1000)
    stream.writelines([b"head", b"4" * 50_000])
    assert calls == ["send", "send", "sendmsg"]
    stream.close()
    assert far.makefile("rb").read() == b"1" + b"23" * 1000 + b"head" + b"4" * 50_000


def test_an_owner_may_follow_its_stream(loop, socket_pair, pump_until):
    sock, far = socket_pair("unix")
    far.sendall(b"early")
    stream = SocketStream(loop, sock)
    owner = Recorder()
    stream.set_owner(owner)
    pump_until(lambda: owner.received == b"early")
    stream.abort()


def test_what_the_peer_sent_before_it_went_is_read_although_sending_fails(near, pump_until):
    stream, owner, far = near()
    far.sendall(b"last words")
    far.close()
    stream.write(b"too late")
    stream.write(b"dropped")
    assert "broken" in repr(stream)
    pump_until(lambda: owner.lost)
    assert owner.received == b"last words"
    assert isinstance(owner.cause, BrokenPipeError)
    assert owner.told == ["lost"]


def test_large_last_words_are_read_to_the_end(near, pump_until):
    stream, owner, far = near()
    far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    stream.pause_reading()
    far.setblocking(False)
    sent = far.send(b"x" * 5 * READ_SIZE)
    far.close()
    assert sent > READ_SIZE
    stream.write(b"too late")
    stream.resume_reading()
    owner.on_data = stream.pause_reading
    while not owner.lost:
        seen = len(owner.chunks)
        pump_until(lambda: len(owner.chunks) > seen or owner.lost)
        stream.resume_reading()
    assert len(owner.received) == sent
    assert isinstance(owner.cause, BrokenPipeError)


def test_a_stream_that_cannot_send_and_hears_nothing_more_is_lost(near, pump_until):
    stream, owner, far = near()
    far.sendall(b"words")
    far.shutdown(socket.SHUT_RD)
    stream.write(b"unwanted")
    pump_until(lambda: owner.lost)
    assert owner.received == b"words"
    assert isinstance(owner.cause, BrokenPipeError)


@pytest.mark.parametrize("how", ["close", "abort"])
def test_a_stream_that_cannot_send_says_why_when_it_is_closed(near, pump_until, how):
    stream, owner, far = near()
    far.sendall(b"unheard")
    far.close()
    stream.pause_reading()
    stream.write(b"too late")
    stream.end()
    getattr(stream, how)()
    pump_until(lambda: owner.lost)
    assert not owner.received
    assert isinstance(owner.cause, BrokenPipeError)


def test_an_owner_may_abort_while_it_reads_the_last_words(near, pump_until):
    stream, owner, far = near()
    far.sendall(b"last words")
    far.close()
    owner.on_data = stream.abort
    stream.write(b"too late")
    pump_until(lambda: owner.lost)
    assert owner.received == b"last words"


def test_sending_that_fails_after_the_end_of_stream_is_told_at_once(near, pump_until):
    stream, owner, far = near()
    far.close()
    pump_until(lambda: owner.at_eof)
    stream.write(b"too late")
    assert stream.closed
    pump_until(lambda: owner.lost)
    assert isinstance(owner.cause, BrokenPipeError)


def test_flushing_that_fails_is_no_clean_close(near, pump_until):
    stream, owner, far = near()
    fill(stream)
    stream.close()
    far.close()
    pump_until(lambda: owner.lost)
    assert isinstance(owner.cause, BrokenPipeError | ConnectionResetError)


def test_flushing_that_fails_while_open_is_told(near, pump_until):
    stream, owner, far = near()
    fill(stream)
    far.close()
    pump_until(lambda: owner.lost)
    assert isinstance(owner.cause, BrokenPipeError | ConnectionResetError)


def test_ending_a_connection_that_is_gone_is_told(near, rest, pump_until):
    stream, owner, far = near("tcp")
    stream.pause_reading()
    reset(far)
    rest()
    stream.end()
    stream.resume_reading()
    pump_until(lambda: owner.lost)
    assert isinstance(owner.cause, OSError)
    assert owner.told == ["lost"]


def test_a_reset_is_told_as_the_cause(near, pump_until):
    _, owner, far = near("tcp")
    reset(far)
    pump_until(lambda: owner.lost)
    assert isinstance(owner.cause, ConnectionResetError)
    assert owner.told == ["lost"]


def test_a_peer_that_is_gone_from_the_start_has_no_name(loop, socket_pair, rest, pump_until):
    sock, far = socket_pair("tcp")
    reset(far)
    rest()
    owner = Recorder()
    stream = SocketStream(loop, sock, owner)
    assert stream.peername is None
    assert stream.sockname == sock.getsockname()
    pump_until(lambda: owner.lost)


def test_a_false_alarm_is_borne(near, pump_until):
    stream, owner, far = near()
    stream._on_readable()
    assert not owner.chunks
    far.sendall(b"x")
    pump_until(lambda: owner.received == b"x")
    fill(stream)
    waiting = stream.buffered_amount
    stream._on_writable()
    assert stream.buffered_amount == waiting


def test_reading_stops_when_the_time_slice_is_spent(near, loop, pump_until):
    _, owner, far = near()
    far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    order: list[str] = []

    def take_long() -> None:
        order.append("data")
        loop.call_soon(order.append, "other")
        until = time.monotonic() + 0.006
        while time.monotonic() < until:
            pass

    owner.on_data = take_long
    far.setblocking(False)
    assert far.send(b"x" * 2 * READ_SIZE) == 2 * READ_SIZE
    pump_until(lambda: order.count("data") > 1)
    assert order[:3] == ["data", "other", "data"]


def test_a_detached_socket_is_open_and_watched_by_nobody(near, rest):
    stream, owner, far = near()
    sock = stream.detach()
    far.sendall(b"for the heir")
    rest()
    assert sock.recv(100) == b"for the heir"
    assert stream.closed
    assert "detached" in repr(stream)
    for call in (lambda: stream.write(b"x"), stream.detach):
        with pytest.raises(StateError):
            call()
    stream.close()
    stream.abort()
    stream.end()
    rest()
    assert not owner.told
    assert sock.fileno() > 0


def test_what_is_still_to_be_sent_forbids_detaching(near):
    stream, _, _ = near()
    fill(stream)
    with pytest.raises(StateError, match="nothing to send"):
        stream.detach()
    assert not stream.closed


def test_the_representation_shows_the_state(near, pump_until):
    stream, owner, far = near("tcp")
    peer = f"fd={stream.socket.fileno()} peer={stream.peername!r}"
    assert repr(stream) == f"<SocketStream open {peer} reading, 0 bytes to send>"
    stream.pause_reading()
    assert "paused" in repr(stream)
    stream.resume_reading()
    far.shutdown(socket.SHUT_WR)
    pump_until(lambda: owner.at_eof)
    assert "at end of stream" in repr(stream)
    other, _, _ = near()
    other.end()
    assert "ended" in repr(other)
    fill(stream)
    stream.end()
    assert f"ending {peer}" in repr(stream)
    assert f"{stream.buffered_amount} bytes to send" in repr(stream)
    stream.close()
    assert f"closing {peer}" in repr(stream)
    stream.abort()
    assert f"closed {peer}" in repr(stream)


def test_nothing_holds_a_lost_stream(loop, socket_pair, pump_until):
    sock, _ = socket_pair("unix")
    owner = Recorder()
    before = guards.count_of(SocketStream)
    stream = SocketStream(loop, sock, owner)
    assert guards.count_of(SocketStream) == before + 1
    stream.close()
    pump_until(lambda: owner.lost)
    del stream
    gc.collect()
    assert guards.count_of(SocketStream) == before


def test_when_the_loop_closes_a_broken_stream_is_closed_without_a_word(near, loop):
    stream, owner, far = near()
    far.close()

    def leave() -> None:
        stream.write(b"too late")
        stream.close()

    loop.on_close(leave)
    loop.close()
    assert stream.closed
    assert not owner.told


def test_when_the_loop_closes_what_is_not_taken_at_once_is_dropped(near, loop):
    stream, owner, _ = near()

    def leave() -> None:
        fill(stream)
        stream.close()

    loop.on_close(leave)
    loop.close()
    assert stream.closed
    assert owner.told == ["pause"]


def test_a_closed_stream_leaves_the_next_socket_of_its_number_alone(near, loop, socket_pair, pump_until):
    stream, _, _ = near()
    number = stream.socket.fileno()
    stream.abort()
    one, other = socket_pair("unix")
    if other.fileno() == number:
        one, other = other, one
    assert one.fileno() == number
    received = []
    loop.watch(number, lambda: received.append(one.recv(1)), None)
    stream.pause_reading()
    stream.resume_reading()
    other.send(b"!")
    pump_until(lambda: received)
    loop.unwatch(number)

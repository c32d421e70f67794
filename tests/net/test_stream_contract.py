"""What every stream owes to its owner, asked of each kind of stream in the same words."""

from __future__ import annotations

import random
import select
import sys

import pytest

from tests.net.owner import Recorder
from tests.net.source import Made
from tkws.errors import StateError
from tkws.net.bytequeue import CHUNK

pytestmark = pytest.mark.thorough

MIB = 1 << 20
# Each kind of connection, and whether its owners offer a place for what comes.
KINDS = [
    ("tcp", 0), ("tcp", 100_000), ("unix", 0), ("tls", 0), ("tls", 100_000), ("server tls", 0),
    ("server tls1.2", 0), ("tls in tls", 0),
]  # fmt: skip


class Ends:
    """The two ends of a connection: the one that a test looks at, and the other."""

    def __init__(self, near, far, near_owner: Recorder, far_owner: Recorder) -> None:
        self.near = near
        self.far = far
        self.near_owner = near_owner
        self.far_owner = far_owner


@pytest.fixture(params=KINDS, ids=lambda kind: f"{kind[0]} by buffer" if kind[1] else kind[0])
def ends(request, stream_pair) -> Ends:
    return Ends(*stream_pair(*request.param))


@pytest.fixture
def fill(ends, pump_until, loop):
    """``fill(stream, least)``: writes until ``least`` bytes wait for a peer that is not reading."""

    def fill(stream, least: int = 1) -> bytes:
        written = bytearray()
        while stream.buffered_amount < least:
            piece = random.Random(len(written)).randbytes(MIB)
            stream.write(piece)
            written += piece
            settled: list[bool] = []
            loop.call_later(0.01, settled.append, True)
            pump_until(lambda: settled)  # what the system still takes, it takes now
        return bytes(written)

    return fill


def test_bytes_arrive_in_order_both_ways(ends, pump_until):
    for number in range(200):
        ends.near.write(b"%d," % number)
        ends.far.write(b"%d;" % number)
    pump_until(lambda: len(ends.near_owner.received) == len(ends.far_owner.received) == 690)
    assert ends.far_owner.received == b"".join(b"%d," % number for number in range(200))
    assert ends.near_owner.received == b"".join(b"%d;" % number for number in range(200))


def test_much_goes_both_ways_at_once(ends, pump_until):
    payload = random.Random(1).randbytes(3 * MIB)
    ends.near.write(payload)
    ends.far.write(payload)
    pump_until(lambda: len(ends.near_owner.received) == len(ends.far_owner.received) == len(payload))
    assert ends.near_owner.received == ends.far_owner.received == payload
    assert ends.near.buffered_amount == ends.far.buffered_amount == 0


@pytest.mark.parametrize(
    "sizes",
    [[], [0], [5], [1, 0, 2], [10, 300_000, 10, 2 * MIB], [9000] * 1100, [1] * 5000],
    ids=["none", "empty", "one", "small", "large", "more than IOV_MAX", "many small"],
)
def test_writelines_sends_all_of_them(ends, pump_until, sizes):
    randomness = random.Random(2)
    pieces = [randomness.randbytes(size) for size in sizes]
    ends.near.writelines(pieces)
    ends.near.writelines(iter(pieces))
    ends.near.write(b"end")
    whole = b"".join(pieces) * 2 + b"end"
    pump_until(lambda: len(ends.far_owner.received) == len(whole))
    assert ends.far_owner.received == whole


def test_every_kind_of_buffer_is_taken(ends, pump_until):
    words = memoryview(b"abcdefgh").cast("I")
    ends.near.write(bytearray(b"12"))
    ends.near.write(memoryview(b"-34-")[1:3])
    ends.near.write(words)
    ends.near.writelines([bytearray(b"56"), words])
    pump_until(lambda: len(ends.far_owner.received) == 22)
    assert ends.far_owner.received == b"1234abcdefgh56abcdefgh"


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7])
def test_what_is_made_as_it_is_sent_keeps_its_place(ends, pump_until, size):
    payload = random.Random(size).randbytes(size)
    ends.near.write(b"<")
    ends.near.write(Made(payload))
    ends.near.writelines([b"|"] * 200 + [Made(payload), b"|", Made(b"small"), b">"])
    ends.near.write(b"end")
    whole = b"<" + payload + b"|" * 200 + payload + b"|small>end"
    pump_until(lambda: len(ends.far_owner.received) == len(whole))
    assert ends.far_owner.received == whole
    assert ends.near.buffered_amount == 0


def test_what_is_made_as_it_is_sent_waits_unmade(ends, pump_until, fill):
    ends.far.pause_reading()
    written = fill(ends.near, 2 * CHUNK)
    source = Made(bytes(3 * CHUNK))
    before = ends.near.buffered_amount
    ends.near.writelines([b"head", source, b"tail"])
    assert ends.near.buffered_amount == before + len(source) + 8
    assert not source.reads
    ends.near.end()
    ends.far.resume_reading()
    pump_until(lambda: ends.far_owner.at_eof)
    assert ends.far_owner.received == written + b"head" + bytes(3 * CHUNK) + b"tail"


@pytest.mark.slow
def test_a_stream_that_is_aborted_makes_nothing_more(ends, pump_until):
    ends.far.pause_reading()
    source = Made(bytes(64 * MIB))
    ends.near.write(source)
    left = len(source)
    assert left > 0
    ends.near.abort()
    assert ends.near.buffered_amount == 0
    pump_until(lambda: ends.near_owner.lost)
    assert len(source) == left


@pytest.mark.parametrize("wrong", ["text", 7, None, [b"x"]])
def test_what_is_no_buffer_is_refused_and_sends_nothing(ends, pump_until, wrong):
    with pytest.raises(TypeError, match="data: bytes"):
        ends.near.write(wrong)
    with pytest.raises(TypeError, match="data: bytes"):
        ends.near.writelines([b"lost", wrong])
    ends.near.write(b"ok")
    pump_until(lambda: ends.far_owner.received == b"ok")


def test_a_full_buffer_pauses_the_owner_until_it_drains(ends, pump_until, fill):
    ends.far.pause_reading()
    payload = fill(ends.near, 100_000)
    assert ends.near_owner.told == ["pause"]
    assert ends.near.buffered_amount >= 100_000
    ends.far.resume_reading()
    pump_until(lambda: len(ends.far_owner.received) == len(payload))
    assert ends.near_owner.told == ["pause", "resume"]
    assert ends.far_owner.received == payload


def test_the_marks_can_be_moved(ends, pump_until, fill):
    with pytest.raises(ValueError, match="low: from 0 to high"):
        ends.near.set_write_limits(10, 11)
    with pytest.raises(ValueError, match="low: from 0 to high"):
        ends.near.set_write_limits(10, -1)
    ends.far.pause_reading()
    ends.near.set_write_limits(100 * MIB, 0)
    payload = fill(ends.near, 100_000)
    assert ends.near_owner.told == []
    ends.near.set_write_limits(ends.near.buffered_amount, 0)
    assert ends.near_owner.told == []
    ends.near.set_write_limits(ends.near.buffered_amount - 1, 0)
    assert ends.near_owner.told == ["pause"]
    ends.near.set_write_limits(100 * MIB, 100 * MIB)
    assert ends.near_owner.told == ["pause", "resume"]
    ends.far.resume_reading()
    pump_until(lambda: len(ends.far_owner.received) == len(payload))


def test_an_owner_may_write_on_when_it_is_resumed(ends, pump_until, fill):
    ends.far.pause_reading()
    payload = fill(ends.near, 100_000)
    ends.near_owner.on_resume = lambda: ends.near.write(b"more")
    ends.far.resume_reading()
    pump_until(lambda: len(ends.far_owner.received) == len(payload) + 4)
    assert ends.far_owner.received == payload + b"more"


def test_writelines_waits_behind_what_waits(ends, pump_until, fill):
    ends.far.pause_reading()
    payload = fill(ends.near, 100_000)
    ends.near.writelines([b"1" * 20_000, b"2" * 20_000])
    ends.near.writelines([b"3", b"4"])
    ends.far.resume_reading()
    whole = payload + b"1" * 20_000 + b"2" * 20_000 + b"34"
    pump_until(lambda: len(ends.far_owner.received) == len(whole))
    assert ends.far_owner.received == whole


def test_nothing_is_received_while_reading_is_paused(ends, pump_until):
    ends.near.pause_reading()
    ends.near.pause_reading()
    ends.far.write(b"hello")
    ends.near.write(b"ping")
    pump_until(lambda: ends.far_owner.received == b"ping")
    assert not ends.near_owner.received
    ends.near.resume_reading()
    ends.near.resume_reading()
    pump_until(lambda: ends.near_owner.received == b"hello")


def test_what_has_arrived_can_be_received_without_the_loop(ends, pump_until):
    arrived = select.poll()
    arrived.register(ends.near.socket, select.POLLIN)
    ends.far.write(b"hello")
    assert arrived.poll(5000)
    ends.near.pause_reading()
    ends.near.receive_now()
    assert not ends.near_owner.received
    ends.near.resume_reading()
    ends.near.receive_now()
    ends.near.receive_now()
    assert ends.near_owner.received == b"hello"
    ends.near.abort()
    ends.near.receive_now()
    pump_until(lambda: ends.near_owner.lost)


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="the system does not tell")
def test_what_the_peer_has_not_taken_shows_though_the_system_took_it(ends, pump_until, fill):
    ends.far.pause_reading()
    payload = fill(ends.near, 1)
    assert ends.near.unacknowledged_amount > ends.near.buffered_amount + 10_000
    ends.far.resume_reading()
    pump_until(
        lambda: len(ends.far_owner.received) == len(payload) and not ends.near.unacknowledged_amount, 20
    )
    ends.near.abort()
    assert ends.near.unacknowledged_amount == 0


def test_pausing_while_data_is_received_holds_at_once(ends, pump_until):
    ends.near_owner.on_data = ends.near.pause_reading
    payload = random.Random(3).randbytes(3 * MIB)
    ends.far.write(payload)
    while len(ends.near_owner.received) < len(payload):
        seen = len(ends.near_owner.chunks)
        ends.near.resume_reading()
        pump_until(lambda: len(ends.near_owner.chunks) > seen)
        assert len(ends.near_owner.chunks) == seen + 1
    assert ends.near_owner.received == payload


def test_one_side_may_end_and_the_other_go_on(ends, pump_until):
    payload = random.Random(4).randbytes(2 * MIB)
    ends.near.write(b"question")
    ends.near.end()
    ends.near.end()
    pump_until(lambda: ends.far_owner.at_eof)
    assert ends.far_owner.received == b"question"
    ends.far.write(payload)
    pump_until(lambda: len(ends.near_owner.received) == len(payload))
    ends.far.end()
    pump_until(lambda: ends.near_owner.at_eof)
    assert ends.near_owner.received == payload
    ends.near.close()
    ends.far.close()
    pump_until(lambda: ends.near_owner.lost and ends.far_owner.lost)
    assert ends.near_owner.cause is ends.far_owner.cause is None


def test_ending_waits_for_what_was_written(ends, pump_until, fill):
    ends.far.pause_reading()
    payload = fill(ends.near)
    ends.near.end()
    ends.far.resume_reading()
    pump_until(lambda: ends.far_owner.at_eof)
    assert ends.far_owner.received == payload


def test_closing_sends_what_was_written_first(ends, pump_until, fill):
    ends.far.pause_reading()
    payload = fill(ends.near)
    ends.near.close()
    assert not ends.near.closed
    ends.far.resume_reading()
    pump_until(lambda: ends.far_owner.at_eof)
    assert ends.far_owner.received == payload
    pump_until(lambda: ends.near_owner.lost)
    assert ends.near.closed
    assert ends.near_owner.cause is None


def test_an_owner_that_closes_when_it_is_resumed_loses_nothing(ends, pump_until, fill):
    ends.far.pause_reading()
    payload = fill(ends.near, 100_000)
    ends.near_owner.on_resume = ends.near.close
    ends.far.resume_reading()
    pump_until(lambda: ends.near_owner.lost and ends.far_owner.at_eof)
    assert ends.far_owner.received == payload
    assert ends.near_owner.cause is None


@pytest.mark.parametrize("how", ["close", "abort"])
def test_the_end_is_told_once_and_from_the_loop(ends, pump_until, how):
    getattr(ends.near, how)()
    assert not ends.near_owner.lost
    ends.near.close()
    ends.near.abort()
    ends.near.end()
    ends.near.pause_reading()
    ends.near.resume_reading()
    pump_until(lambda: ends.near_owner.lost)
    assert ends.near.closed
    assert ends.near_owner.cause is None
    assert ends.near.socket.fileno() == -1


def test_nothing_is_received_after_close(ends, pump_until, fill):
    ends.far.pause_reading()
    payload = fill(ends.near)
    ends.near.close()
    ends.far.write(b"too late")
    ends.far.resume_reading()
    pump_until(lambda: ends.near_owner.lost and ends.far_owner.at_eof)
    assert not ends.near_owner.received
    assert ends.far_owner.received == payload  # no reset has taken a part of it away


def test_aborting_drops_what_waits(ends, pump_until, fill):
    ends.far.pause_reading()
    payload = fill(ends.near, 100_000)
    ends.near.abort()
    assert ends.near.buffered_amount == 0
    ends.far.resume_reading()
    pump_until(lambda: ends.far_owner.at_eof or ends.far_owner.lost)
    assert len(ends.far_owner.received) < len(payload)
    assert payload.startswith(ends.far_owner.received)


@pytest.mark.parametrize("how", ["end", "close", "abort"])
def test_writing_after_the_end_is_refused(ends, pump_until, how):
    getattr(ends.near, how)()
    for write in (lambda: ends.near.write(b"x"), lambda: ends.near.writelines([b"x" * 20_000] * 2)):
        with pytest.raises(StateError, match="writing side was closed"):
            write()


def test_writing_to_a_peer_that_is_gone_raises_nothing_and_is_told(ends, pump_until):
    ends.far.abort()

    def write() -> bool:
        if not ends.near_owner.lost:
            ends.near.write(b"x" * 1000)
            ends.near.writelines([b"y" * 20_000] * 2)
        return ends.near_owner.lost or (ends.near_owner.at_eof and not ends.near.closed)

    pump_until(write)
    while not ends.near_owner.lost:
        ends.near.write(b"x")
        pump_until(lambda: True)
    assert isinstance(ends.near_owner.cause, OSError)
    ends.near.write(b"x")
    assert ends.near.buffered_amount == 0
    assert ends.near.closed


@pytest.mark.parametrize("how", ["close", "abort"])
def test_an_owner_may_close_while_it_receives(ends, pump_until, how):
    ends.near_owner.on_data = getattr(ends.near, how)
    ends.far.write(b"x" * 3 * MIB)
    pump_until(lambda: ends.near_owner.lost)
    assert len(ends.near_owner.chunks) == 1
    assert ends.near_owner.cause is None


def test_the_peers_close_is_an_end_of_stream_behind_its_data(ends, pump_until):
    ends.near.pause_reading()
    ends.far.write(b"last words")
    ends.far.close()
    pump_until(lambda: ends.far_owner.lost)
    closed_at_eof: list[bool] = []  # afterwards a reset may come: of TLS the peer has not read all
    ends.near_owner.on_eof = lambda: closed_at_eof.append(ends.near.closed)
    ends.near.resume_reading()
    pump_until(lambda: ends.near_owner.at_eof)
    assert ends.near_owner.received == b"last words"
    assert closed_at_eof == [False]


def test_the_names_outlive_the_connection(ends, pump_until):
    names = ends.near.peername, ends.near.sockname
    assert names == (ends.far.sockname, ends.far.peername)
    ends.near.close()
    pump_until(lambda: ends.near_owner.lost)
    assert (ends.near.peername, ends.near.sockname) == names


def test_a_stream_changes_its_owner(ends, pump_until):
    heir = Recorder()
    ends.near_owner.on_data = lambda: ends.near.set_owner(heir)
    ends.far.write(b"to the first")
    pump_until(lambda: ends.near_owner.received)
    ends.far.write(b"to the heir")
    pump_until(lambda: heir.received)
    ends.near.close()
    pump_until(lambda: heir.lost)
    assert ends.near_owner.received == b"to the first"
    assert heir.received == b"to the heir"
    assert not ends.near_owner.told


def test_order_is_kept_when_an_owner_runs_the_loop(ends, root, pump_until):
    depth = 0

    def dialog() -> None:
        nonlocal depth
        depth += 1
        for _ in range(3 if depth < 20 else 0):
            root.update()

    ends.near_owner.on_data = dialog
    payload = random.Random(5).randbytes(2 * MIB)
    for start in range(0, len(payload), 50_000):
        ends.far.write(payload[start : start + 50_000])
    pump_until(lambda: len(ends.near_owner.received) == len(payload))
    assert ends.near_owner.received == payload


def test_an_owners_exception_is_reported_and_the_stream_lives_on(ends, pump_until, callback_errors):
    def fail() -> None:
        ends.near_owner.on_data = None
        raise RuntimeError("as asked")

    ends.near_owner.on_data = fail
    ends.far.write(b"one")
    pump_until(lambda: callback_errors)
    assert str(callback_errors.pop()) == "as asked"
    ends.far.write(b"two")
    pump_until(lambda: ends.near_owner.received == b"onetwo")


def test_when_the_loop_closes_the_stream_is_aborted_without_a_word(ends, loop, fill):
    ends.far.pause_reading()
    fill(ends.near)
    ends.near_owner.told.clear()

    def leave() -> None:
        ends.near.abort()
        ends.far.abort()

    loop.on_close(leave)
    loop.close()
    assert ends.near.closed
    assert ends.near.socket.fileno() == -1
    assert ends.near_owner.told == []
    ends.near.abort()
    ends.near.close()


def test_when_the_loop_closes_the_last_words_are_sent_as_far_as_they_go(ends, loop):
    def leave() -> None:
        ends.near.write(b"goodbye")
        ends.near.pause_reading()
        ends.near.resume_reading()
        ends.near.close()

    loop.on_close(leave)
    loop.close()
    assert ends.near.closed
    assert ends.far.socket.recv(1000)


@pytest.mark.slow
def test_any_sequence_of_calls_delivers_a_prefix_in_order(ends, loop, pump_until):
    randomness = random.Random(6)
    written = {ends.near: bytearray(), ends.far: bytearray()}
    for _ in range(400):
        stream = randomness.choice([ends.near, ends.far])
        act = randomness.randrange(6)
        data = randomness.randbytes(randomness.choice([0, 1, 100, 30_000, 300_000]))
        if act < 2:
            stream.write(data)
            written[stream] += data
        elif act == 2:
            stream.writelines([data] * 3)
            written[stream] += data * 3
        elif act == 3:
            stream.pause_reading()
        elif act == 4:
            stream.resume_reading()
        else:
            rested = []
            loop.call_soon(rested.append, True)
            pump_until(lambda: rested)
    ends.near.resume_reading()
    ends.far.resume_reading()
    ends.near.end()
    ends.far.end()
    pump_until(lambda: ends.near_owner.at_eof and ends.far_owner.at_eof)
    assert ends.far_owner.received == written[ends.near]
    assert ends.near_owner.received == written[ends.far]

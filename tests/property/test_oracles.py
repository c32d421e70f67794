"""The engine, `wsproto` and `websockets` under the same bytes; where they differ, the RFCs decide.

`tests.property.model` is the RFCs' text; `tests.fuzz` holds the engine against it too. Each difference
of another implementation has a name and a section here: one that is not known yet fails a test.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from tests.fuzz.frames import Case, check_told, make_engine, receive
from tests.property.model import Inflation, Rules, Verdict, judge
from tests.property.others import judge_websockets, judge_wsproto
from tests.protocol.wire import BINARY, CLOSE, CONTINUATION, PING, TEXT, Frame

OTHERS = [judge_websockets, judge_wsproto]
Judge = Callable[[Iterable[bytes], Rules], Verdict]

SERVER = Rules(masked=True)
CLIENT = Rules(masked=False)
DEFLATE = Inflation()


def pieces(data: bytes, seed: int) -> Iterator[bytes]:
    """Cut a stream anywhere."""
    rng, position = random.Random(seed), 0
    most = rng.choice((1, 3, 50, 4000)) if len(data) < 5000 else 5000
    while position < len(data):
        size = rng.randrange(1, most + 1)
        yield data[position : position + size]
        position += size


def cases(count: int, *, odd: bool) -> Iterator[tuple[int, Case, Verdict]]:
    """Yield cases that keep within every limit, with what the RFCs say of them."""
    for seed in range(count):
        case = Case(seed, odd=odd)
        verdict = judge(case.data, case.rules)
        if verdict.code not in (1008, 1009):
            yield seed, case, verdict


@pytest.mark.slow
def test_the_engine_does_what_the_model_says() -> None:
    for _, case, verdict in cases(300, odd=True):
        told: list[Any] = []
        engine = make_engine(case)
        receive(case, engine, told)
        check_told(told, verdict)


@pytest.mark.slow
@pytest.mark.parametrize("judge_other", OTHERS)
def test_all_agree_on_what_is_usual(judge_other: Judge) -> None:
    """Messages in fragments or whole, compressed in every shape or not, and control frames between them."""
    for seed, case, verdict in cases(300, odd=False):
        assert verdict.code is None
        rules = Rules(case.rules.masked, case.inflation)
        assert judge_other(pieces(case.data, seed), rules) == verdict, seed


@pytest.mark.slow
def test_wsproto_agrees_on_all_that_is_not_compressed_but_for_one_thing() -> None:
    """It is named below: a header is refused when it is whole."""
    for seed, case, verdict in cases(600, odd=True):
        if case.inflation is not None:
            continue
        theirs = judge_wsproto(pieces(case.data, seed), Rules(case.rules.masked))
        if verdict.code == 1002 and theirs.code is None:
            assert theirs.events == verdict.events, seed
        else:
            assert theirs == verdict, seed


@pytest.mark.slow
def test_websockets_agrees_but_for_three_things() -> None:
    """Each is named below: text is checked late, a header when it is whole, a Close frame's reason first."""
    for seed, case, verdict in cases(600, odd=True):
        if case.inflation is not None:
            continue
        theirs = judge_websockets(pieces(case.data, seed), Rules(case.rules.masked))
        if verdict.code == 1007:
            assert theirs.events[: len(verdict.events)] == verdict.events, seed
        elif verdict.code == 1002 and theirs.code in (None, 1007):
            assert (theirs.events, theirs.close) == (verdict.events, None), seed
        else:
            assert theirs == verdict, seed


# ---- what differs, and why


def one(rules: Rules, *frames: Frame) -> bytes:
    return b"".join(frame.encode(rules.masked) for frame in frames)


def told(data: bytes, rules: Rules) -> list[Verdict]:
    """What the model, websockets and wsproto say of a stream."""
    return [judge(data, rules), judge_websockets([data], rules), judge_wsproto([data], rules)]


def test_invalid_text_is_refused_at_its_first_byte_and_websockets_waits_for_the_message() -> None:
    """RFC 6455, 8.1 asks for the refusal, not when: at once is the strictest (Autobahn's cases 6.4)."""
    data = one(SERVER, Frame(TEXT, b"\xff", fin=False), Frame(PING), Frame(CONTINUATION, b"rest"))
    ours, websockets, wsproto = told(data, SERVER)
    assert ours == wsproto == Verdict([], 1007, None)
    assert websockets == Verdict([("ping", b"")], 1007, None)


@pytest.mark.parametrize(
    ("header", "websockets_code", "wsproto_code"),
    [
        (b"\x81\x7e", 1002, None),  # not masked
        (b"\x09\xfe", None, 1002),  # a control frame in fragments
        (b"\xb1\xfe", None, None),  # reserved bits
        (b"\x83\xfe", 1002, 1002),  # a reserved opcode
    ],
)
def test_a_header_is_refused_at_its_second_byte_and_by_others_when_it_is_whole(
    header: bytes, websockets_code: int | None, wsproto_code: int | None
) -> None:
    """RFC 6455, 5.2: what is wrong in the first two bytes is known then; the rest may never come."""
    ours, websockets, wsproto = told(header, SERVER)
    assert ours == Verdict([], 1002, None)
    assert websockets == Verdict([], websockets_code, None)
    assert wsproto == Verdict([], wsproto_code, None)
    assert told(header + bytes(6), SERVER) == [Verdict([], 1002, None)] * 3


def test_a_length_has_the_fewest_bytes_and_websockets_takes_more() -> None:
    """RFC 6455, 5.2 says MUST, and a control frame has at most 125 bytes however its length is written."""
    for opcode, name in ((0x82, "binary"), (0x89, "ping")):
        ours, websockets, wsproto = told(bytes((opcode, 0xFE)) + b"\0\1" + bytes(4) + b"x", SERVER)
        assert ours == wsproto == Verdict([], 1002, None)
        assert websockets == Verdict([(name, b"x")], None, None)


def test_a_close_frame_with_two_faults_is_refused_for_the_first() -> None:
    """RFC 6455, 7.4 and 8.1: a code that may not travel, and behind it what is no text."""
    data = one(SERVER, Frame(CLOSE, b"\x03\xe7\xff"))
    ours, websockets, wsproto = told(data, SERVER)
    assert ours == wsproto == Verdict([], 1002, None)
    assert websockets == Verdict([], 1007, None)


def deflated(data: bytes, flush: int = zlib.Z_SYNC_FLUSH) -> bytes:
    stream = zlib.compressobj(6, zlib.DEFLATED, -15)
    return stream.compress(data) + stream.flush(flush)


@pytest.mark.parametrize("rules", [SERVER, CLIENT])
def test_wsproto_forgets_that_a_message_is_compressed_when_a_ping_comes_between(rules: Rules) -> None:
    """RFC 6455, 5.4 lets control frames stand there; RFC 7692, 6.1 compresses messages, not frames."""
    rules = rules._replace(inflation=DEFLATE)
    payload = deflated(b"hello, hello")[:-4]
    frames = Frame(BINARY, payload[:5], False, True), Frame(PING), Frame(CONTINUATION, payload[5:])
    ours, websockets, wsproto = told(one(rules, *frames), rules)
    assert ours == websockets == Verdict([("ping", b""), ("binary", b"hello, hello")], None, None)
    assert wsproto.events != ours.events


def test_what_follows_a_final_block_is_read_by_ours_alone() -> None:
    """RFC 7692, 7.2.3.4 lets a sender end its DEFLATE stream with a message; the next one begins another."""
    rules = SERVER._replace(inflation=DEFLATE)
    ended = deflated(b"first", zlib.Z_FINISH) + b"\x00"
    data = one(rules, Frame(BINARY, ended, rsv1=True), Frame(BINARY, deflated(b"second")[:-4], rsv1=True))
    ours, websockets, wsproto = told(data, rules)
    assert ours == Verdict([("binary", b"first"), ("binary", b"second")], None, None)
    assert ("binary", b"second") not in websockets.events
    assert ("binary", b"second") not in wsproto.events


def test_broken_compression_is_refused_as_an_invalid_payload_and_by_websockets_as_a_fault() -> None:
    """RFC 7692 names no code; 1007 is for data that do not fit the type of the message (RFC 6455, 7.4.1)."""
    rules = SERVER._replace(inflation=DEFLATE)
    ours, websockets, wsproto = told(one(rules, Frame(BINARY, b"\xff\xff\xff", rsv1=True)), rules)
    assert ours == wsproto == Verdict([], 1007, None)
    assert websockets == Verdict([], 1002, None)

"""Random frames for the engine, in both roles, with and without compression, cut anywhere.

    python -m tests.fuzz.frames --frames 10000000 --seed 1

A case is a stream of some valid frames, spoilt here and there, of which its number decides
everything. The engine may refuse it; it may not raise, tell or answer anything else than
`tests.property.model` says, hold more than its limits allow, or leave the documented states. The
first case that fails ends the run with its number, which ``--case`` repeats.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import time
import zlib
from collections.abc import Iterator
from typing import Any

from tests.property.model import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Inflation,
    Rules,
    Verdict,
    judge,
)  # fmt: skip
from tests.protocol.wire import decode, xor
from tkws.protocol.deflate import Deflate, PerMessageDeflate
from tkws.protocol.engine import Engine
from tkws.protocol.engineoptions import EngineOptions
from tkws.protocol.events import Event
from tkws.protocol.frames import Role
from tkws.protocol.masking import MaskPool
from tkws.protocol.state import State

MAX_MESSAGE = 70_000
MAX_FRAGMENTS = 12
MOST_FRAMES = 40  # in one case

# Bytes that the engine may hold of what is not finished: a message, a header, a control frame.
MOST_HELD = MAX_MESSAGE + 14 + 125

MASKS = MaskPool(os.urandom)
TEXTS = ("", "a", "grün", "日本語", "😀" * 3, "x" * 125, "y" * 126, "z" * 300, "é" * 33_000)
SIZES = (0, 1, 5, 125, 126, 127, 300, 65_535, 65_536, MAX_MESSAGE, MAX_MESSAGE + 1)
SIZE_WEIGHTS = (4, 8, 8, 4, 4, 4, 4, 0.1, 0.1, 0.1, 0.3)
BAD_TEXT = (b"\xff", b"\xc0\xaf", b"\xed\xa0", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"abc\x80")
CLOSES = (
    b"",
    b"\x03\xe8",
    b"\x03\xe8bye",
    b"\x0b\xb8ok",
    b"\x03",
    b"\x03\xec",
    b"\x03\xf7",
    b"\x03\xf8",
    b"\x03\xe8\xff",
)


class Case:
    """One stream and how it is received.

    Args:
        seed: Decides everything.
        odd: Whether anything in it may be wrong, or right but rare: nothing is spoilt else, no control
            frame stands in a message and no DEFLATE stream ends.

    Attributes:
        role: Of the engine under test.
        inflation: The compression that was agreed; None for none.
        data: The stream.
    """

    def __init__(self, seed: int, *, odd: bool = True) -> None:
        self._rng = rng = random.Random(seed)
        self._odd = odd
        self.role = rng.choice((Role.CLIENT, Role.SERVER))
        self.inflation = rng.choice((None, Inflation(), Inflation(rng.randrange(9, 16), rng.random() < 0.5)))
        self._deflater: Any = None
        self.data = self._spoilt(b"".join(self._frames()))

    @property
    def rules(self) -> Rules:
        """What the stream is judged by."""
        return Rules(self.role is Role.SERVER, self.inflation, MAX_MESSAGE, MAX_FRAGMENTS)

    def pieces(self) -> Iterator[int]:
        """Yield sizes of pieces to receive, for ever."""
        rng = self._rng
        most = (
            rng.choice((1, 2, 7, 100, 5000, 1 << 20))
            if len(self.data) < 2000
            else rng.choice((1000, 1 << 20))
        )
        while True:
            yield rng.randrange(1, most + 1)

    def _frames(self) -> Iterator[bytes]:
        rng = self._rng
        for _ in range(rng.randrange(1, MOST_FRAMES)):
            kind = rng.random()
            if kind < 0.55:
                yield from self._message()
            elif kind < 0.75:
                yield self._frame(rng.choice((PING, PONG)), rng.randbytes(rng.choice((0, 1, 4, 125))))
            elif kind < 0.98 or not self._odd:
                yield from self._message(fragments=rng.randrange(2, MAX_FRAGMENTS + 1 + self._odd))
            elif kind < 0.99:
                yield self._frame(CLOSE, rng.choice((*CLOSES, rng.randbytes(2))))
            else:
                yield self._odd_frame()

    def _message(self, fragments: int = 1) -> Iterator[bytes]:
        """Yield the frames of a message, with control frames between them."""
        rng = self._rng
        opcode = rng.choice((TEXT, BINARY))
        payload = self._text() if opcode == TEXT else rng.randbytes(rng.choices(SIZES, SIZE_WEIGHTS)[0])
        rsv1 = self.inflation is not None and rng.random() < 0.6
        if rsv1:
            payload = self._compressed(payload)
        cuts = sorted(rng.randrange(len(payload) + 1) for _ in range(fragments - 1))
        for index, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(payload)], strict=True)):
            yield self._frame(
                CONTINUATION if index else opcode,
                payload[start:end],
                fin=index == fragments - 1,
                rsv1=rsv1 and not index,
            )
            if index < fragments - 1 and rng.random() < 0.2 * self._odd:
                yield self._frame(PING, b"between")

    def _text(self) -> bytes:
        rng = self._rng
        text = rng.choice(TEXTS[:-1] if rng.random() < 0.98 else TEXTS).encode()
        return text + rng.choice(BAD_TEXT) if rng.random() < 0.01 * self._odd else text

    def _compressed(self, payload: bytes) -> bytes:
        assert self.inflation is not None
        rng = self._rng
        if rng.random() < 0.01 * self._odd:
            return rng.randbytes(rng.randrange(1, 40))  # no DEFLATE, or DEFLATE by accident
        if rng.random() < 0.01 * self._odd:
            payload = bytes(rng.choice((MAX_MESSAGE, 100 * MAX_MESSAGE)))
        deflater = self._deflater or zlib.compressobj(
            rng.randrange(10), zlib.DEFLATED, -self.inflation.window_bits
        )
        if rng.random() < 0.02 * self._odd:  # ended by a final block (RFC 7692, 7.2.3.4)
            self._deflater = None
            return bytes(deflater.compress(payload) + deflater.flush(zlib.Z_FINISH)) + b"\x00"
        self._deflater = deflater if self.inflation.takeover else None
        return bytes(deflater.compress(payload) + deflater.flush(zlib.Z_SYNC_FLUSH))[:-4]

    def _frame(self, opcode: int, payload: bytes, *, fin: bool = True, rsv1: bool = False) -> bytes:
        masked = self.role is Role.SERVER
        header = bytes((fin << 7 | rsv1 << 6 | opcode,)) + length_of(len(payload), masked)
        if not masked:
            return header + payload
        mask = self._rng.randbytes(4)
        return header + mask + (xored(payload, mask) if payload else b"")

    def _odd_frame(self) -> bytes:
        """A frame that breaks a rule, mostly: any bits, any mask, any way to write the length."""
        rng = self._rng
        payload = rng.randbytes(rng.randrange(8))
        masked = rng.random() < 0.5
        flag = masked << 7
        long = rng.choice((len(payload), MAX_MESSAGE + 1, (1 << 63) - 1, 1 << 63))
        lengths = (
            length_of(len(payload), masked),
            bytes((flag | 126,)) + len(payload).to_bytes(2, "big"),
            bytes((flag | 127,)) + long.to_bytes(8, "big"),
        )
        return rng.randbytes(1) + rng.choice(lengths) + (bytes(4) if masked else b"") + payload

    def _spoilt(self, data: bytes) -> bytes:
        """Change a few bytes, or cut some off; mostly not."""
        rng = self._rng
        if rng.random() < 0.7 or not self._odd:
            return data
        spoilt = bytearray(data)
        for _ in range(rng.choice((1, 1, 1, 3))):
            at = rng.randrange(len(spoilt)) if spoilt else 0
            act = rng.randrange(3)
            if act == 0 and spoilt:
                spoilt[at] ^= 1 << rng.randrange(8)
            elif act == 1:
                del spoilt[at : at + rng.randrange(1, 5)]
            else:
                spoilt[at:at] = rng.randbytes(rng.randrange(1, 5))
        return bytes(spoilt[: rng.randrange(len(spoilt) + 1)] if rng.random() < 0.2 else spoilt)


def length_of(length: int, masked: bool) -> bytes:
    """Return the length as a header has it."""
    flag = masked << 7
    if length < 126:
        return bytes((flag | length,))
    if length < 1 << 16:
        return bytes((flag | 126,)) + length.to_bytes(2, "big")
    return bytes((flag | 127,)) + length.to_bytes(8, "big")


def xored(payload: bytes, mask: bytes) -> bytes:
    """Return a masked payload."""
    key = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload) ^ int.from_bytes(key)).to_bytes(len(payload))


def run(seed: int) -> int:
    """Run one case; return how many frames the engine has read, the refused one included.

    Raises:
        AssertionError: The engine did what it may not; or whatever else it raised.
    """
    case = Case(seed)
    engine = make_engine(case)
    told: list[tuple[Event, Any]] = []
    receive(case, engine, told)
    verdict = judge(case.data, case.rules)
    check_told(told, verdict)
    check_state(engine, verdict)
    frames = engine.reader.frames + (verdict.code is not None)
    engine.receive_eof(1.0)
    assert engine.state is State.CLOSED
    told += engine.take_events()
    assert [type for type, _ in told].count(Event.CLOSE) == 1
    assert told[-1][0] is Event.CLOSE
    return frames


def make_engine(case: Case) -> Engine:
    """Return the engine that receives the case."""
    compression = None
    if case.inflation is not None:
        bits, takeover = case.inflation
        compression = PerMessageDeflate(Deflate(), decode_window_bits=bits, decode_takeover=takeover)
    masks = MASKS if case.role is Role.CLIENT else None
    options = EngineOptions(max_message=MAX_MESSAGE, max_fragments=MAX_FRAGMENTS)
    return Engine(case.role, 0.0, masks=masks, compression=compression, options=options)


def receive(case: Case, engine: Engine, told: list[tuple[Event, Any]]) -> None:
    """Let the engine receive all of the case, in pieces, partly into its buffers."""
    position, sizes = 0, case.pieces()
    while position < len(case.data):
        piece = case.data[position : position + next(sizes)]
        view = engine.reader.get_buffer()
        if view is None or len(piece) % 3 == 0:
            del view
            engine.receive_data(piece, 0.0)
        else:
            piece = piece[: len(view)]
            view[: len(piece)] = piece
            engine.buffer_updated(len(piece), 0.0)
            del view
        position += len(piece)
        told += engine.take_events()
        engine.complete_close(0.0)
        told += engine.take_events()
        assert held(engine) <= MOST_HELD


def held(engine: Engine) -> int:
    """Return the bytes that the reading half holds of what is not finished."""
    reader = engine.reader
    message = reader._message
    return len(reader._incomplete) + (message.size if message is not None else 0)


def check_told(told: list[tuple[Event, Any]], verdict: Verdict) -> None:
    """What was told is what has to be."""
    messages = [(str(type), message) for type, message in told if type not in (Event.ERROR, Event.CLOSE)]
    assert messages == verdict.events
    errors = [error.code for type, error in told if type is Event.ERROR]
    closes = [message for type, message in told if type is Event.CLOSE]
    if verdict.code is not None:
        assert errors in ([verdict.code], [verdict.also])
        assert [code for code, _ in closes] == [1006]
    else:
        assert errors == []
        assert closes == ([] if verdict.close is None else [verdict.close])


def check_state(engine: Engine, verdict: Verdict) -> None:
    """The state fits, and what is to be written is well formed: pongs, then the Close frame."""
    over = verdict.code is not None or verdict.close is not None
    assert engine.state is (State.CLOSING if over else State.OPEN)
    output = b"".join(engine.writer.take_output_bytes())
    answers = decode(output, masked=engine.role is Role.CLIENT)
    pings = [payload for type, payload in verdict.events if type == "ping"]
    assert [answer.payload for answer in answers if answer.opcode == PONG] == pings
    xor.cache_clear()
    if verdict.code is not None:
        assert engine.fault is not None
        assert int.from_bytes(answers[-1].payload[:2]) == engine.fault.code
    if over:
        assert answers[-1].opcode == CLOSE
        assert len(answers) == len(pings) + 1
    else:
        assert len(answers) == len(pings)


def main() -> None:
    """Run cases until they have had so many frames, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1, help="the first case is this times 2**32")
    parser.add_argument("--case", type=int, help="run this one case only")
    args = parser.parse_args()
    if args.case is not None:
        print(f"{run(args.case)} frames")
        return
    begin, frames, count, slowest = time.monotonic(), 0, 0, 0.0
    while frames < args.frames:
        number = (args.seed << 32) + count
        before = time.thread_time()
        try:
            frames += run(number)
        except BaseException:
            print(f"case {number} failed, after {frames:,} frames of {count:,} cases")
            raise
        slowest = max(slowest, time.thread_time() - before)
        count += 1
    minutes = (time.monotonic() - begin) / 60
    versions = f"Python {platform.python_version()}, zlib {zlib.ZLIB_RUNTIME_VERSION}"
    print(f"{frames:,} frames in {count:,} cases, seed {args.seed}: nothing found ({versions})")
    print(f"{minutes:.1f} minutes; the slowest case took {slowest:.2f} s of CPU")


if __name__ == "__main__":
    main()

"""What a peer's bytes mean, by RFC 6455 and RFC 7692: slow, simple, and with none of the package's code.

`judge` takes a whole stream, as if it had come at once and nothing followed, and says what has to be
told: the messages and control frames in order, then how it ended. It is what the engine is held
against, and what decides where other implementations disagree. Only zlib is trusted with DEFLATE.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any, NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
OPCODES = {CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG}

PROTOCOL_ERROR, INVALID_PAYLOAD, POLICY_VIOLATION, MESSAGE_TOO_BIG = 1002, 1007, 1008, 1009

TAIL = b"\x00\x00\xff\xff"  # RFC 7692, 7.2.2
MOST_STREAMS = 256  # a limit of tkws's own


class Inflation(NamedTuple):
    """What was agreed on the peer's compression (RFC 7692, 7.1)."""

    window_bits: int = 15
    takeover: bool = True


class Rules(NamedTuple):
    """What a stream is judged by."""

    masked: bool
    """Whether the peer is a client (RFC 6455, 5.1)."""

    inflation: Inflation | None = None
    max_message: int = 1 << 62
    max_fragments: int = 1 << 62


class Verdict(NamedTuple):
    """What is told of a stream."""

    events: list[tuple[str, Any]]
    """``text``, ``binary``, ``ping`` and ``pong`` with what they carry."""

    code: int | None
    """The close code with which it is refused; None where nothing is wrong."""

    close: tuple[int, str] | None
    """The code and reason of the peer's Close frame, behind which nothing counts; None without one."""

    also: int | None = None
    """Another one, where a message has two faults and it is open which is found first; None otherwise."""


class Refusal(Exception):
    """The stream breaks a rule; ``code`` is what the connection is failed with, or ``also``."""

    def __init__(self, code: int, also: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.also = also


class Incomplete(Exception):
    """The stream ends inside a frame, of which nothing is wrong so far."""


class Closed(Exception):
    """A Close frame has come."""


@dataclass
class Message:
    """A message under way."""

    opcode: int
    compressed: bool
    payload: bytes = b""
    frames: int = 0


def judge(data: bytes, rules: Rules) -> Verdict:
    """Judge a whole stream."""
    reading = Reading(data, rules)
    code = also = None
    try:
        while True:
            reading.read_frame()
    except Refusal as refusal:
        code, also = refusal.code, refusal.also
    except (Incomplete, Closed):
        pass
    return Verdict(reading.events, code, reading.close, also)


@dataclass
class Reading:
    """The state between two frames."""

    data: bytes
    rules: Rules
    position: int = 0
    events: list[tuple[str, Any]] = field(default_factory=list)
    close: tuple[int, str] | None = None
    message: Message | None = None
    inflater: Any = None
    window: bytes = b""

    def take(self, count: int) -> bytes:
        """Take bytes; without them the stream is incomplete."""
        if len(self.data) - self.position < count:
            raise Incomplete
        self.position += count
        return self.data[self.position - count : self.position]

    def read_frame(self) -> None:
        """Read one frame (RFC 6455, 5.2)."""
        first, second = self.take(2)
        fin, rsv1, opcode = bool(first & 0x80), bool(first & 0x40), first & 0x0F
        length = second & 0x7F
        require(not first & 0x30)  # RSV2 and RSV3 belong to no extension here
        require(opcode in OPCODES)
        require(not rsv1 or self.rules.inflation is not None)
        require(not rsv1 or opcode in (TEXT, BINARY))  # RFC 7692, 6.1: the first frame of a message only
        require(bool(second & 0x80) is self.rules.masked)  # 5.1
        if opcode >= CLOSE:
            require(fin and length <= 125)  # 5.5
        if length == 126:
            length = int.from_bytes(self.take(2), "big")
            require(length > 125)  # in the least number of bytes
        elif length == 127:
            length = int.from_bytes(self.take(8), "big")
            require(0xFFFF < length < 1 << 63)
        mask = self.take(4) if self.rules.masked else bytes(4)
        if opcode >= CLOSE:
            self.read_control(opcode, unmask(self.take(length), mask))
        else:
            self.read_data(fin, rsv1, opcode, length, mask)

    def read_control(self, opcode: int, payload: bytes) -> None:
        """Take a control frame (5.5)."""
        if opcode == CLOSE:
            self.close = read_close(payload)
            raise Closed
        self.events.append(("ping" if opcode == PING else "pong", payload))

    def read_data(self, fin: bool, rsv1: bool, opcode: int, length: int, mask: bytes) -> None:
        """Take a frame of a message (5.4)."""
        require((opcode == CONTINUATION) is (self.message is not None))
        message = self.message = self.message or Message(opcode, rsv1)
        message.frames += 1
        if message.frames > self.rules.max_fragments:
            raise Refusal(POLICY_VIOLATION)
        if not message.compressed and len(message.payload) + length > self.rules.max_message:
            raise Refusal(MESSAGE_TOO_BIG)
        there = min(length, len(self.data) - self.position)
        message.payload += unmask(self.take(there), mask)
        whole = fin and there == length
        value = self.inflate(message.payload, whole) if message.compressed else message.payload
        if message.opcode == TEXT and not is_utf8(value, whole):
            raise Refusal(INVALID_PAYLOAD)  # 8.1
        if there < length:
            raise Incomplete
        if whole:
            self.message = None
            self.events.append(("text", value.decode()) if message.opcode == TEXT else ("binary", value))
            if message.compressed:
                self.keep_window(value)

    def inflate(self, payload: bytes, whole: bool) -> bytes:
        """Decompress a message from its beginning, as far as it has come (RFC 7692, 7.2.2)."""
        assert self.rules.inflation is not None
        data = payload + TAIL if whole else payload
        output = b""
        inflater = self.inflater.copy() if self.inflater else self.new_inflater(self.window)
        for _ in range(MOST_STREAMS + 1):
            try:
                output += inflater.decompress(data, self.rules.max_message - len(output) + 1)
            except zlib.error:
                raise Refusal(INVALID_PAYLOAD) from None
            if len(output) > self.rules.max_message:
                text = self.message is not None and self.message.opcode == TEXT
                bad_text = text and not is_utf8(output[:-1], False)
                raise Refusal(MESSAGE_TOO_BIG, INVALID_PAYLOAD if bad_text else None)
            if not inflater.eof:
                break
            data = inflater.unused_data  # a final block ended the stream: 7.2.3.4
            inflater = self.new_inflater((self.window + output)[-(1 << self.rules.inflation.window_bits) :])
            if not data or (whole and data == TAIL):
                break
        else:
            raise Refusal(POLICY_VIOLATION)
        if whole:
            self.inflater = inflater if self.rules.inflation.takeover else None
        return output

    def new_inflater(self, window: bytes) -> Any:
        """Return a decompressor that knows what came before."""
        assert self.rules.inflation is not None
        return zlib.decompressobj(-self.rules.inflation.window_bits, window)

    def keep_window(self, value: bytes) -> None:
        """Keep what the next message may refer to (7.2.3.2), for a stream that begins anew."""
        if self.rules.inflation is not None and self.inflater is not None:
            self.window = (self.window + value)[-(1 << self.rules.inflation.window_bits) :]


def require(condition: bool) -> None:
    """Refuse the stream as a fault of the protocol unless ``condition``."""
    if not condition:
        raise Refusal(PROTOCOL_ERROR)


def unmask(payload: bytes, mask: bytes) -> bytes:
    """Apply the mask (5.3)."""
    return bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload)) if any(mask) else payload


def read_close(payload: bytes) -> tuple[int, str]:
    """Read the payload of a Close frame (5.5.1, 7.4)."""
    if not payload:
        return 1005, ""
    require(len(payload) > 1)
    code = int.from_bytes(payload[:2], "big")
    require(1000 <= code <= 1014 or 3000 <= code <= 4999)
    require(code not in (1004, 1005, 1006))
    if not is_utf8(payload[2:], True):
        raise Refusal(INVALID_PAYLOAD)
    return code, payload[2:].decode()


def is_utf8(data: bytes, whole: bool) -> bool:
    """Whether ``data`` is UTF-8 or, where it is not ``whole``, the beginning of some (RFC 3629, 4)."""
    try:
        data.decode()
        return True
    except UnicodeDecodeError as error:
        return not whole and is_begun(data[error.start :])


def is_begun(data: bytes) -> bool:
    """Whether ``data`` is a part of one character, its end missing."""
    first, rest = data[0], data[1:]
    missing = (
        1 if 0xC2 <= first <= 0xDF else 2 if 0xE0 <= first <= 0xEF else 3 if 0xF0 <= first <= 0xF4 else 0
    )
    if len(rest) >= missing:
        return False
    lowest, highest = {0xE0: (0xA0, 0xBF), 0xED: (0x80, 0x9F), 0xF0: (0x90, 0xBF), 0xF4: (0x80, 0x8F)}.get(
        first, (0x80, 0xBF)
    )
    return all(
        (lowest <= byte <= highest) if index == 0 else (0x80 <= byte <= 0xBF)
        for index, byte in enumerate(rest)
    )

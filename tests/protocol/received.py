"""What a peer may send, frame by frame, and what comes out of it: the rows of several test modules."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.protocol.wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Frame,
    binary,
    last,
    more,
    text,
)
from tkws.protocol.deflate import Deflate, PerMessageDeflate
from tkws.protocol.events import Event

LIMIT = 200_000
"""The most bytes of a message with which the rows are to be read."""

FRAGMENTS = 20
"""The most frames of a message with which the rows are to be read."""

LARGE = bytes(range(256)) * 700


class Row(NamedTuple):
    """Frames; the messages and control frames that come out; the code of the refusal behind them."""

    frames: list[Frame]
    events: list[Any]
    code: int | None = None


def compression() -> PerMessageDeflate:
    return PerMessageDeflate(Deflate())


def compressed(*messages: tuple[int, bytes]) -> list[Frame]:
    sender = compression()
    return [Frame(opcode, sender.encode(payload, True), rsv1=True) for opcode, payload in messages]


def compressed_fragments(opcode: int, *fragments: bytes) -> list[Frame]:
    sender = compression()
    end = len(fragments) - 1
    return [
        Frame(CONTINUATION if index else opcode, sender.encode(part, index == end), index == end, not index)
        for index, part in enumerate(fragments)
    ]


def t(message: str) -> tuple[Event, str]:
    return Event.TEXT, message


def b(message: bytes) -> tuple[Event, bytes]:
    return Event.BINARY, message


A = text("a")
A_BEGUN = text("a", fin=False)
C1, C2 = compressed_fragments(TEXT, b"compressed ", b"in two")

READ = {
    "nothing": Row([], []),
    "an empty text": Row([text("")], [t("")]),
    "an empty binary": Row([binary(b"")], [b(b"")]),
    "short texts": Row([A, text("grün"), text("日本語")], [t("a"), t("grün"), t("日本語")]),
    "125 bytes": Row([binary(LARGE[:125])], [b(LARGE[:125])]),
    "126 bytes": Row([binary(LARGE[:126])], [b(LARGE[:126])]),
    "65535 bytes": Row([binary(LARGE[:65535])], [b(LARGE[:65535])]),
    "65536 bytes": Row([binary(LARGE[:65536])], [b(LARGE[:65536])]),
    "a long text": Row([text("😀" * 40)], [t("😀" * 40)]),
    "a large text": Row([text("€" * 50_000)], [t("€" * 50_000)]),
    "a large binary": Row([A, binary(LARGE), A], [t("a"), b(LARGE), t("a")]),
    "as large as may be": Row([binary(bytes(LIMIT))], [b(bytes(LIMIT))]),
    "fragments": Row([A_BEGUN, more(b"b"), last(b"c"), A], [t("abc"), t("a")]),
    "empty fragments": Row([text("", fin=False), more(), last()], [t("")]),
    "cut in a character": Row([Frame(TEXT, b"\xe2", fin=False), last(b"\x82\xac")], [t("€")]),
    "large fragments": Row([binary(LARGE[:90_000], fin=False), last(LARGE[90_000:])], [b(LARGE)]),
    "as many fragments as may be": Row(
        [A_BEGUN, *[more(b"b")] * (FRAGMENTS - 2), last()], [t("a" + "b" * 18)]
    ),
    "control frames": Row(
        [Frame(PING), Frame(PONG, b"x" * 125), Frame(PING, b"a")],
        [(PING, b""), (PONG, b"x" * 125), (PING, b"a")],
    ),
    "control between messages": Row([A, Frame(PING, b"1"), A], [t("a"), (PING, b"1"), t("a")]),
    "control between fragments": Row(
        [A_BEGUN, Frame(PING, b"1"), more(b"b"), Frame(PONG, b"2"), last(b"c")],
        [(PING, b"1"), (PONG, b"2"), t("abc")],
    ),
    "nothing after a Close": Row([A, Frame(CLOSE, b"\x03\xe8"), A], [t("a"), (CLOSE, b"\x03\xe8")]),
    "a Close between fragments": Row([A_BEGUN, Frame(CLOSE)], [(CLOSE, b"")]),
    "compressed": Row(compressed((TEXT, b"abc" * 99), (BINARY, LARGE)), [t("abc" * 99), b(LARGE)]),
    "compressed and not": Row([*compressed((TEXT, b"abc")), A], [t("abc"), t("a")]),
    "compressed to nothing": Row(compressed((TEXT, b""), (BINARY, b"")), [t(""), b(b"")]),
    "compressed fragments": Row(compressed_fragments(TEXT, b"x", b"", b"\xe2", b"\x82\xac"), [t("x€")]),
    "control between compressed": Row([C1, Frame(PING), C2], [(PING, b""), t("compressed in two")]),
    "compressed to the limit": Row(compressed((BINARY, bytes(LIMIT))), [b(bytes(LIMIT))]),
}
"""What is fine."""

REFUSED = {
    "reserved opcode": Row([A, Frame(3)], [t("a")], 1002),
    "continuation of nothing": Row([A, last(b"b")], [t("a")], 1002),
    "fragment of nothing": Row([more(b"b")], [], 1002),
    "text in a text": Row([A_BEGUN, A], [], 1002),
    "binary in a text": Row([A_BEGUN, binary(b"b")], [], 1002),
    "compressed continuation": Row([A_BEGUN, Frame(CONTINUATION, b"b", rsv1=True)], [], 1002),
    "compressed ping": Row([Frame(PING, rsv1=True)], [], 1002),
    "fragmented ping": Row([Frame(PING, fin=False)], [], 1002),
    "large ping": Row([Frame(PING, bytes(126))], [], 1002),
    "overlong text": Row([A, Frame(TEXT, b"\xc0\xaf")], [t("a")], 1007),
    "surrogate": Row([Frame(TEXT, b"\xed\xa0\x80")], [], 1007),
    "text beyond Unicode": Row([Frame(TEXT, b"\xf4\x90\x80\x80")], [], 1007),
    "text cut in a character": Row([A, Frame(TEXT, b"\xe2\x82"), A], [t("a")], 1007),
    "last fragment cut in a character": Row([Frame(TEXT, b"\xe2", fin=False), last(b"\x82")], [], 1007),
    "bad large text": Row([Frame(TEXT, b"a" * 66_000 + b"\xff")], [], 1007),
    "bad compressed text": Row(compressed((TEXT, b"abc\xff")), [], 1007),
    "broken compression": Row([Frame(BINARY, b"\xff\xff\xff\xff", rsv1=True)], [], 1007),
    "message too large": Row([A, binary(bytes(LIMIT + 1))], [t("a")], 1009),
    "fragments too large": Row([binary(bytes(LIMIT), fin=False), more(), last(b"x")], [], 1009),
    "compressed too large": Row(compressed((BINARY, bytes(LIMIT + 1))), [], 1009),
    "compressed fragments too large": Row(compressed_fragments(BINARY, bytes(LIMIT), b"x"), [], 1009),
    "too many fragments": Row([A_BEGUN, *[more(b"b")] * FRAGMENTS], [], 1008),
    "too many empty fragments": Row([text("", fin=False), *[more()] * FRAGMENTS], [], 1008),
}
"""What is not."""

ROWS = READ | REFUSED

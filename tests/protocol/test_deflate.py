"""permessage-deflate: the negotiation, and the compression against plain zlib."""

from __future__ import annotations

import itertools
import zlib
from typing import Any

import pytest
from hypothesis import given, strategies as st

from tkws.errors import HandshakeError, ProtocolError
from tkws.http.fields import parse_extensions
from tkws.protocol.deflate import Deflate, PerMessageDeflate

ANY = 1 << 30
TAIL = b"\x00\x00\xff\xff"

# Compresses well only by references over more than 512 bytes.
LONG_PERIOD = bytes((i * i * 31 + i // 7) % 251 for i in range(2000))


def agree(client: Deflate, server: Deflate) -> tuple[PerMessageDeflate, PerMessageDeflate, str]:
    """Negotiates as the handshake does: the client's end, the server's, and the answer between them."""
    accepted = server.accept(parse_extensions([client.offer()]))
    assert accepted is not None
    server_codec, answer = accepted
    [(name, parameters)] = parse_extensions([answer])
    assert name == "permessage-deflate"
    return client.confirm(parameters), server_codec, answer


def agreed(compression: PerMessageDeflate) -> tuple[int, bool, int, bool]:
    return (
        compression.encode_window_bits,
        compression.encode_takeover,
        compression.decode_window_bits,
        compression.decode_takeover,
    )


def raw_deflate(data: bytes, flush: int = zlib.Z_SYNC_FLUSH, zdict: bytes = b"") -> bytes:
    compression = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=zdict)
    return compression.compress(data) + compression.flush(flush)


# ---- the setting


def test_the_default_setting_asks_for_nothing() -> None:
    assert Deflate().offer() == "permessage-deflate; client_max_window_bits"


def test_every_demand_stands_in_the_offer() -> None:
    assert Deflate(True, True, 10, 11).offer() == (
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
        "server_max_window_bits=10; client_max_window_bits=11"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("server_max_window_bits", 7),
        ("server_max_window_bits", 16),
        ("client_max_window_bits", 7),
        ("client_max_window_bits", 16),
        ("level", -2),
        ("level", 10),
        ("memory_level", 0),
        ("memory_level", 10),
        ("threshold", -1),
    ],
)
def test_a_number_out_of_range_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name}: .*, not {value}$"):
        Deflate(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("server_no_context_takeover", 1),
        ("client_no_context_takeover", None),
        ("server_max_window_bits", "15"),
        ("client_max_window_bits", True),
        ("level", None),
        ("memory_level", 8.0),
        ("threshold", False),
    ],
)
def test_a_value_of_another_type_is_refused(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=f"^{name}: (True or False|a whole number), not "):
        Deflate(**{name: value})


# ---- what a server accepts


@pytest.mark.parametrize(
    ("setting", "offer", "answer", "compression"),
    [
        (Deflate(), "", "", (15, True, 15, True)),
        (Deflate(), "; client_max_window_bits", "", (15, True, 15, True)),
        (Deflate(), "; client_max_window_bits=15", "", (15, True, 15, True)),
        (
            Deflate(),
            "; client_max_window_bits=10",
            "; client_max_window_bits=10",
            (15, True, 10, True),
        ),
        (Deflate(), '; client_max_window_bits="8"', "; client_max_window_bits=8", (15, True, 8, True)),
        (Deflate(), "; server_max_window_bits=15", "; server_max_window_bits=15", (15, True, 15, True)),
        (Deflate(), "; server_max_window_bits=8", "; server_max_window_bits=8", (8, True, 15, True)),
        (Deflate(), "; server_no_context_takeover", "; server_no_context_takeover", (15, False, 15, True)),
        (Deflate(), "; client_no_context_takeover", "; client_no_context_takeover", (15, True, 15, False)),
        (
            Deflate(server_max_window_bits=9, server_no_context_takeover=True),
            "",
            "; server_no_context_takeover; server_max_window_bits=9",
            (9, False, 15, True),
        ),
        (
            Deflate(server_max_window_bits=9),
            "; server_max_window_bits=12",
            "; server_max_window_bits=9",
            (9, True, 15, True),
        ),
        (
            Deflate(server_max_window_bits=12),
            "; server_max_window_bits=9",
            "; server_max_window_bits=9",
            (9, True, 15, True),
        ),
        (
            Deflate(client_no_context_takeover=True, client_max_window_bits=9),
            "; client_max_window_bits",
            "; client_no_context_takeover; client_max_window_bits=9",
            (15, True, 9, False),
        ),
        (
            Deflate(client_max_window_bits=9),
            "; client_max_window_bits=12",
            "; client_max_window_bits=9",
            (15, True, 9, True),
        ),
        (Deflate(client_max_window_bits=9), "", "", (15, True, 15, True)),
    ],
)
def test_a_server_answers_an_offer(
    setting: Deflate, offer: str, answer: str, compression: tuple[int, bool, int, bool]
) -> None:
    accepted = setting.accept(parse_extensions(["permessage-deflate" + offer]))
    assert accepted is not None
    assert accepted[1] == "permessage-deflate" + answer
    assert agreed(accepted[0]) == compression


ILLEGAL = [
    "server_no_context_takeover=1",
    "client_no_context_takeover=true",
    "server_no_context_takeover; server_no_context_takeover",
    "server_max_window_bits",
    "server_max_window_bits=7",
    "server_max_window_bits=16",
    "server_max_window_bits=010",
    "server_max_window_bits=+9",
    "server_max_window_bits=x",
    "server_max_window_bits=10; server_max_window_bits=10",
    "client_max_window_bits=7",
    "client_max_window_bits=16",
    "client_max_window_bits=08",
    "client_max_window_bits=9; client_max_window_bits=10",
    "unknown",
    "unknown=1",
    "Server_No_Context_Takeover",
]


@pytest.mark.parametrize("illegal", ILLEGAL)
def test_an_illegal_offer_is_passed_over(illegal: str) -> None:
    refused = f"permessage-deflate; {illegal}"
    assert Deflate().accept(parse_extensions([refused])) is None
    accepted = Deflate().accept(
        parse_extensions(
            ["x-webkit-deflate-frame", f"{refused}, permessage-deflate; server_max_window_bits=9"]
        )
    )
    assert accepted is not None
    assert accepted[1] == "permessage-deflate; server_max_window_bits=9"


def test_the_first_acceptable_offer_wins() -> None:
    accepted = Deflate().accept(
        parse_extensions(["permessage-deflate; server_max_window_bits=10, permessage-deflate"])
    )
    assert accepted is not None
    assert accepted[1] == "permessage-deflate; server_max_window_bits=10"


def test_without_a_known_offer_nothing_is_accepted() -> None:
    assert Deflate().accept([]) is None
    assert Deflate().accept(parse_extensions(["permessage-bzip2, permessage-snappy"])) is None


# ---- what a client lets pass


@pytest.mark.parametrize(
    ("setting", "answer", "compression"),
    [
        (Deflate(), "", (15, True, 15, True)),
        (Deflate(), "; server_no_context_takeover", (15, True, 15, False)),
        (Deflate(), "; client_no_context_takeover", (15, False, 15, True)),
        (Deflate(), "; server_max_window_bits=8", (15, True, 8, True)),
        (Deflate(), "; client_max_window_bits=8", (8, True, 15, True)),
        (Deflate(), '; client_max_window_bits="10"', (10, True, 15, True)),
        (Deflate(client_no_context_takeover=True), "", (15, False, 15, True)),
        (Deflate(client_max_window_bits=10), "", (10, True, 15, True)),
        (Deflate(client_max_window_bits=10), "; client_max_window_bits=9", (9, True, 15, True)),
        (Deflate(client_max_window_bits=12), "; client_max_window_bits=13", (12, True, 15, True)),
        (Deflate(client_max_window_bits=8), "; client_max_window_bits=15", (8, True, 15, True)),
        (Deflate(server_max_window_bits=10), "; server_max_window_bits=10", (15, True, 10, True)),
        (Deflate(server_max_window_bits=10), "; server_max_window_bits=9", (15, True, 9, True)),
        (Deflate(server_no_context_takeover=True), "; server_no_context_takeover", (15, True, 15, False)),
    ],
)
def test_a_client_takes_a_legal_answer(
    setting: Deflate, answer: str, compression: tuple[int, bool, int, bool]
) -> None:
    [(_, parameters)] = parse_extensions(["permessage-deflate" + answer])
    assert agreed(setting.confirm(parameters)) == compression


@pytest.mark.parametrize(
    ("setting", "answer"),
    [
        *((Deflate(), illegal) for illegal in ILLEGAL),
        (Deflate(), "client_max_window_bits"),
        (Deflate(server_max_window_bits=10), "server_max_window_bits=11"),
        (Deflate(server_max_window_bits=10), "server_no_context_takeover"),
        (Deflate(server_no_context_takeover=True), "client_no_context_takeover"),
    ],
)
def test_a_client_refuses_an_illegal_answer(setting: Deflate, answer: str) -> None:
    [(_, parameters)] = parse_extensions([f"permessage-deflate; {answer}"])
    with pytest.raises(HandshakeError, match="^The server's permessage-deflate is wrong: ") as caught:
        setting.confirm(parameters)
    assert caught.value.part == "extension"


SETTINGS = st.builds(
    Deflate,
    server_no_context_takeover=st.booleans(),
    client_no_context_takeover=st.booleans(),
    server_max_window_bits=st.none() | st.integers(8, 15),
    client_max_window_bits=st.none() | st.integers(8, 15),
    level=st.integers(-1, 9),
    memory_level=st.integers(1, 9),
)


@pytest.mark.slow
@given(SETTINGS, SETTINGS, st.lists(st.binary(max_size=3000), max_size=4))
def test_any_two_settings_understand_each_other(
    client: Deflate, server: Deflate, messages: list[bytes]
) -> None:
    client_codec, server_codec, _ = agree(client, server)
    assert agreed(client_codec)[:2] == agreed(server_codec)[2:]
    assert agreed(client_codec)[2:] == agreed(server_codec)[:2]
    for message in (*messages, LONG_PERIOD, *messages, LONG_PERIOD):
        assert server_codec.decode(client_codec.encode(message, True), True, ANY) == message
        assert client_codec.decode(server_codec.encode(message, True), True, ANY) == message


def test_the_threshold_is_the_settings() -> None:
    client_codec, server_codec, _ = agree(Deflate(threshold=5), Deflate(threshold=6))
    assert (client_codec.threshold, server_codec.threshold) == (5, 6)


# ---- the encoder


@pytest.mark.parametrize("bits", range(8, 16))
def test_the_encoder_keeps_to_its_window(bits: int) -> None:
    compression = PerMessageDeflate(Deflate(level=9), encode_window_bits=bits)
    message = b"".join(LONG_PERIOD[:length] for length in (100, 300, 600, 1200, 2000)) * 30
    small_window = zlib.decompressobj(-bits)
    # Cut small, for only between calls does zlib fall back to a window of its own.
    encoded = compression.encode(message, True) + TAIL
    pieces = [small_window.decompress(encoded[i : i + 1]) for i in range(len(encoded))]
    assert b"".join(pieces) == message


def test_a_window_of_256_bytes_still_compresses() -> None:
    text = b"The quick brown fox jumps over the lazy dog. " * 30
    compression = PerMessageDeflate(Deflate(), encode_window_bits=8)
    assert (
        0.4 < len(compression.encode(text, True)) / len(text) < 0.7
    )  # references would make it smaller still


def test_takeover_makes_a_repetition_cheap() -> None:
    taking, fresh = (PerMessageDeflate(Deflate(), encode_takeover=takeover) for takeover in (True, False))
    first, second = (taking.encode(LONG_PERIOD, True) for _ in range(2))
    assert len(second) < len(first) / 10
    assert fresh.encode(LONG_PERIOD, True) == fresh.encode(LONG_PERIOD, True) == first


def test_bytes_are_counted_both_ways() -> None:
    compression = PerMessageDeflate(Deflate())
    first = compression.encode(b"a" * 1000, True)
    assert (compression.compressed_bytes, compression.plain_bytes) == (len(first), 1000)
    compression.decode(first[:3], False, 5000)
    compression.decode(first[3:], True, 5000)
    assert (compression.compressed_bytes, compression.plain_bytes) == (2 * len(first), 2000)


def test_an_empty_message_is_one_zero_byte() -> None:
    compression = PerMessageDeflate(Deflate())
    assert compression.encode(b"", True) == b"\x00"
    assert compression.encode(b"Hello", True) == bytes.fromhex("f248cdc9c90700")
    assert compression.encode(b"", True) == b"\x00"


def test_a_shared_message_of_the_rfc() -> None:
    """RFC 7692, 7.2.3.1 and 7.2.3.2: the second Hello refers to the first."""
    compression = PerMessageDeflate(Deflate())
    assert [compression.encode(b"Hello", True) for _ in range(2)] == [
        bytes.fromhex("f248cdc9c90700"),
        bytes.fromhex("f200110000"),
    ]


@pytest.mark.parametrize("takeover", [True, False])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_each_fragment_can_be_read_at_once(kind: type, takeover: bool) -> None:
    compression = PerMessageDeflate(Deflate(), encode_takeover=takeover)
    peer = zlib.decompressobj(-15)
    for _ in range(2):
        for fragment in (b"", b"Hel", b"", b"lo"):
            assert peer.decompress(compression.encode(kind(fragment), False)) == fragment
        assert peer.decompress(compression.encode(kind(b""), True) + TAIL) == b""


# ---- the decoder


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ("f248cdc9c90700", b"Hello"),  # RFC 7692, 7.2.3.1
        ("000500faff48656c6c6f00", b"Hello"),  # 7.2.3.3: a block without compression
        ("f348cdc9c9070000", b"Hello"),  # 7.2.3.4: a block with BFINAL
        ("f24805000000ffffcac9c90700", b"Hello"),  # 7.2.3.5: two blocks
        ("00", b""),  # 7.2.3.6
    ],
)
@pytest.mark.parametrize("takeover", [True, False])
def test_the_examples_of_the_rfc(payload: str, message: bytes, takeover: bool) -> None:
    compression = PerMessageDeflate(Deflate(), decode_takeover=takeover)
    for _ in range(3):
        assert compression.decode(bytes.fromhex(payload), True, ANY) == message


def test_a_context_that_is_not_taken_over_is_gone() -> None:
    compression = PerMessageDeflate(Deflate(), decode_takeover=False)
    assert compression.decode(bytes.fromhex("f248cdc9c90700"), True, ANY) == b"Hello"
    with pytest.raises(ProtocolError) as caught:
        compression.decode(bytes.fromhex("f200110000"), True, ANY)
    assert caught.value.code == 1007


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("takeover", [True, False])
def test_a_message_may_be_cut_anywhere(kind: type, takeover: bool) -> None:
    encoder = PerMessageDeflate(Deflate(), encode_takeover=takeover)
    decoder = PerMessageDeflate(Deflate(), decode_takeover=takeover)
    for _ in range(3):
        encoded = encoder.encode(LONG_PERIOD, True)
        pieces = [decoder.decode(kind(encoded[i : i + 1]), False, ANY) for i in range(len(encoded))]
        assert b"".join(pieces) + decoder.decode(kind(b""), True, ANY) == LONG_PERIOD


def test_a_stream_may_end_in_a_message_and_the_next_one_begin() -> None:
    """RFC 7692, 7.2.3.4: after a block with BFINAL more blocks may follow, and the window lasts."""
    first = raw_deflate(LONG_PERIOD, zlib.Z_FINISH)
    second = raw_deflate(LONG_PERIOD, zlib.Z_FINISH, zdict=LONG_PERIOD)
    assert len(second) < len(first) / 10
    compression = PerMessageDeflate(Deflate())
    for payload in (first + second + b"\x00", first + second):
        assert compression.decode(payload, True, ANY) == LONG_PERIOD * 2
    pieces = [compression.decode(bytes([byte]), False, ANY) for byte in first + second]
    assert b"".join(pieces) + compression.decode(b"\x00", True, ANY) == LONG_PERIOD * 2
    assert (
        compression.decode(raw_deflate(b"x" + LONG_PERIOD, zdict=LONG_PERIOD)[:-4], True, ANY)
        == b"x" + LONG_PERIOD
    )


@pytest.mark.parametrize("takeover", [True, False])
def test_a_stream_may_end_where_a_piece_ends(takeover: bool) -> None:
    """The four bytes that were removed from the end (RFC 7692, 7.2.2) are none of the next stream then."""
    sender = zlib.compressobj(6, zlib.DEFLATED, -15)
    ended = sender.compress(b"Hello") + sender.flush(zlib.Z_FINISH)
    whole, decoder = (PerMessageDeflate(Deflate(), decode_takeover=takeover) for _ in range(2))
    assert whole.decode(ended, True, ANY) == b"Hello"
    assert decoder.decode(ended, False, ANY) + decoder.decode(b"", False, ANY) == b"Hello"
    assert decoder.decode(b"", True, ANY) == b""
    for compression in (whole, decoder):
        assert compression.decode(bytes.fromhex("f248cdc9c90700"), True, ANY) == b"Hello"
        assert compression.decode(bytes.fromhex("f248cdc9c90700"), True, ANY) == b"Hello"


def test_the_window_over_many_messages_is_what_the_next_stream_sees() -> None:
    encoder, decoder = PerMessageDeflate(Deflate()), PerMessageDeflate(Deflate())
    text = b"".join(i.to_bytes(3, "big") for i in range(60_000))
    for start in range(0, len(text), 1000):
        message = text[start : start + 1000]
        assert decoder.decode(encoder.encode(message, True), True, ANY) == message
    assert decoder.decode(b"\x03\x00\x00", True, ANY) == b""  # an empty stream with BFINAL
    window = text[-32768:]
    assert decoder.decode(raw_deflate(window[:500], zdict=window)[:-4], True, ANY) == window[:500]


def test_too_many_streams_in_one_piece_are_refused() -> None:
    compression = PerMessageDeflate(Deflate())
    assert compression.decode(b"\x03\x00" * 200 + b"\x00", True, ANY) == b""
    with pytest.raises(ProtocolError) as caught:
        compression.decode(b"\x03\x00" * 1000 + b"\x00", True, ANY)
    assert caught.value.code == 1008


@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize("size", [0, 1, 5, 70_000])
def test_the_limit_is_exact(size: int, final: bool) -> None:
    encoded = PerMessageDeflate(Deflate()).encode(bytes(size), False)
    assert PerMessageDeflate(Deflate()).decode(encoded, final, size) == bytes(size)
    if size:
        with pytest.raises(ProtocolError) as caught:
            PerMessageDeflate(Deflate()).decode(encoded, final, size - 1)
        assert caught.value.code == 1009


def test_the_limit_spans_streams() -> None:
    payload = raw_deflate(b"12345", zlib.Z_FINISH) * 3 + b"\x00"
    assert PerMessageDeflate(Deflate()).decode(payload, True, 15) == b"12345" * 3
    with pytest.raises(ProtocolError) as caught:
        PerMessageDeflate(Deflate()).decode(payload, True, 14)
    assert caught.value.code == 1009


def test_no_more_than_the_limit_is_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb of 16 MiB is asked for its first 1001 bytes only."""
    inflated = []

    class Measured:
        def __init__(self, *args: Any) -> None:
            self.inner = real(*args)
            self.eof = False

        def decompress(self, data: bytes, max_length: int) -> bytes:
            inflated.append(self.inner.decompress(data, max_length))
            return inflated[-1]

    real = zlib.decompressobj
    monkeypatch.setattr(zlib, "decompressobj", Measured)
    with pytest.raises(ProtocolError):
        PerMessageDeflate(Deflate()).decode(raw_deflate(bytes(1 << 24)), True, 1000)
    assert [len(piece) for piece in inflated] == [1001]


@pytest.mark.parametrize(
    "payload", [b"\xff" * 5, b"\x07", b"\x01\x05\x00\x00\x00Hello", b"\xf2\x00\x11\x00\x00"]
)
@pytest.mark.parametrize("final", [True, False])
def test_broken_data_is_invalid_payload(payload: bytes, final: bool) -> None:
    with pytest.raises(ProtocolError, match="^Compressed data is broken: ") as caught:
        PerMessageDeflate(Deflate()).decode(payload, final, ANY)
    assert caught.value.code == 1007


def test_broken_data_behind_a_stream_is_invalid_payload() -> None:
    with pytest.raises(ProtocolError) as caught:
        PerMessageDeflate(Deflate()).decode(b"\x03\x00\xff\xff\xff", True, ANY)
    assert caught.value.code == 1007


@given(st.lists(st.tuples(st.binary(max_size=200), st.booleans()), max_size=8), st.booleans())
def test_junk_is_decoded_or_refused(pieces: list[tuple[bytes, bool]], takeover: bool) -> None:
    compression = PerMessageDeflate(Deflate(), decode_takeover=takeover)
    for piece, final in pieces:
        try:
            assert len(compression.decode(piece, final, 5000)) <= 5000
        except ProtocolError:
            break


def test_zlib_is_only_kept_while_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts what zlib makes: nothing before the first message, one for each without takeover."""
    made = {"compressobj": 0, "decompressobj": 0}
    for name in made:

        def counting(*args: object, name: str = name, real: object = getattr(zlib, name)) -> object:
            made[name] += 1
            return real(*args)  # type: ignore[operator] # a function of zlib

        monkeypatch.setattr(zlib, name, counting)
    for takeover, expected in itertools.product((True, False), (0, 1, 2)):
        made.update(compressobj=0, decompressobj=0)
        compression = PerMessageDeflate(Deflate(), encode_takeover=takeover, decode_takeover=takeover)
        for _ in range(expected):
            compression.decode(compression.encode(b"Hello", True), True, ANY)
        wanted = min(expected, 1) if takeover else expected
        assert made == {"compressobj": wanted, "decompressobj": wanted}

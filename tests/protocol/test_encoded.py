"""A message for many connections: encoded once, and compressed once for all that agree."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import pytest

from tests.protocol.ends import NOW, masks
from tests.protocol.wire import decode
from tkws.checks import Buffer
from tkws.protocol.deflate import Deflate, PerMessageDeflate
from tkws.protocol.encoded import EncodedMessage
from tkws.protocol.engine import Engine
from tkws.protocol.engineoptions import EngineOptions
from tkws.protocol.frames import Opcode, Role
from tkws.protocol.trace import TracedFrame

TEXT = "news " * 100
SETTINGS: list[dict[str, Any]] = [{"level": 0}, {"level": 9}, {"memory_level": 1}, {"level": 9}]


def codec(*, bits: int = 15, takeover: bool = False, **setting: Any) -> PerMessageDeflate:
    """The codec of a server's connection."""
    return PerMessageDeflate(Deflate(**setting), encode_window_bits=bits, encode_takeover=takeover)


def server(its_codec: PerMessageDeflate | None, **options: Any) -> Engine:
    end = Engine(Role.SERVER, NOW, masks=None, compression=its_codec)
    end.configure(EngineOptions(**options))
    return end


def heard(frames: Sequence[Buffer], *, takeover: bool = False, bits: int = 15) -> list[object]:
    """What a client of such a codec reads."""
    peer = PerMessageDeflate(Deflate(), decode_takeover=takeover, decode_window_bits=bits)
    client = Engine(Role.CLIENT, NOW, masks=masks(), compression=peer)
    client.receive_data(b"".join(frames), NOW)
    return [message for _, message in client.take_events()]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536])
def test_the_frame_is_a_servers(size: int) -> None:
    message = EncodedMessage(bytes(size))
    [frame] = decode(message.frame, masked=False)
    assert (frame.opcode, frame.payload) == (Opcode.BINARY, bytes(size))
    assert (message.payload, message.size) == (bytes(size), size)
    assert EncodedMessage("grün").frame == b"\x81\x05gr\xc3\xbcn"
    assert EncodedMessage(array("B", b"12")).frame == b"\x82\x0212"


@pytest.mark.parametrize(("message", "error"), [(None, TypeError), (5, TypeError), ("\ud800", ValueError)])
def test_what_cannot_be_encoded_is_refused(message: str, error: type[Exception]) -> None:
    with pytest.raises(error, match="^message: "):
        EncodedMessage(message)


def test_it_is_compressed_once_for_all_that_would_make_the_same_of_it() -> None:
    message = EncodedMessage(TEXT)
    codecs = [codec(bits=bits) for bits in (15, 9, 15, 8, 9, 15)]
    frames = [server(each).send_encoded(message, NOW) for each in codecs]
    assert len({id(frame) for frame in frames}) == 3
    assert frames[0] is frames[2] is frames[5]
    assert frames[1] is frames[4]
    for frame, each in zip(frames, codecs, strict=True):
        assert len(frame) < len(message.frame)
        assert heard([frame, frame], bits=each.encode_window_bits) == [TEXT, TEXT]
        assert each.plain_bytes == len(TEXT)
        assert len(frame) - 4 <= each.compressed_bytes <= len(frame) - 2


def test_settings_that_compress_otherwise_have_frames_of_their_own() -> None:
    message = EncodedMessage(TEXT)
    frames = [server(codec(**setting)).send_encoded(message, NOW) for setting in SETTINGS]
    assert len(frames[0]) > len(frames[1])
    assert frames[1] is frames[3]
    assert len({id(frame) for frame in frames}) == 3
    assert heard(frames) == 4 * [TEXT]


def test_a_context_that_is_taken_over_gets_it_uncompressed_in_between() -> None:
    end = server(codec(takeover=True))
    frames: list[bytes] = []
    for _ in range(2):
        end.send(TEXT, NOW)
        frames.append(b"".join(end.writer.take_output_bytes()))
        frames.append(end.send_encoded(EncodedMessage(TEXT, True), NOW, directly=True))
    assert heard(frames, takeover=True) == 4 * [TEXT]
    assert frames[1] == frames[3] == EncodedMessage(TEXT).frame
    assert len(frames[2]) < len(frames[0])  # the context was left alone


@pytest.mark.parametrize(
    ("compress", "threshold", "compressed"),
    [(None, 500, True), (None, 501, False), (True, 501, True), (False, 0, False), (None, 0, True)],
)
def test_the_threshold_decides_unless_the_call_does(
    compress: bool | None, threshold: int, compressed: bool
) -> None:
    end = server(codec(threshold=threshold))
    frame = end.send_encoded(EncodedMessage(TEXT, compress), NOW)
    assert (len(frame) < 500) is compressed
    assert heard([frame]) == [TEXT]
    assert end.compression_ratio == pytest.approx((len(frame) - 2) / 500 if compressed else 1, abs=0.01)


def test_an_empty_message_is_compressed_as_one() -> None:
    frame = server(codec(threshold=0)).send_encoded(EncodedMessage(""), NOW)
    assert frame == b"\xc1\x01\x00"
    assert heard([frame]) == [""]


@pytest.mark.parametrize("directly", [True, False])
def test_a_compressed_one_is_cut_by_the_size_that_it_has(directly: bool) -> None:
    """A fragment's size that the compressed frame fits in; one that only the uncompressed fits in."""
    end = server(codec(), fragment_size=100)
    frame = end.send_encoded(EncodedMessage(TEXT), NOW, directly=directly)
    assert len(frame) < 100
    assert heard([frame]) == [TEXT]
    noise = bytes(number * 7919 % 251 for number in range(97))  # with the header 99, and 105 compressed
    taken = server(codec(level=0), fragment_size=100)
    sent = taken.send_encoded(EncodedMessage(noise), NOW, directly=directly)
    output = taken.writer.take_output_bytes()
    if directly:
        assert (sent, output) == (b"", [])
        assert (taken.writer.messages, taken.compression_ratio) == (0, 1)
    else:
        assert len(decode(b"".join(output), masked=False)) == 2
        assert heard(output) == [noise]


def test_the_tracer_sees_it_uncompressed() -> None:
    end = server(codec())
    frames: list[TracedFrame] = []
    end.trace(frames.append)
    frame = end.send_encoded(EncodedMessage(TEXT), NOW)
    assert [(each.header.rsv1, each.header.length) for each in frames] == [(True, len(frame) - 2)]
    assert TEXT.encode().startswith(frames[0].payload)


def test_a_buffer_may_change_afterwards() -> None:
    words = bytearray(b"1234" * 100)
    message = EncodedMessage(words, True)
    words[:] = b"5"
    assert heard([server(codec()).send_encoded(message, NOW)]) == [b"1234" * 100]

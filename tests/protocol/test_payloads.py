"""What becomes a payload: text, bytes and every contiguous buffer, which stays the program's own."""

from __future__ import annotations

import ctypes
import mmap
import struct
from array import array
from typing import Any

import pytest

from tkws.protocol.frames import Opcode
from tkws.protocol.payloads import encode_control, encode_message

WORDS = struct.pack("=3H", 1, 2, 3)


def mapped() -> mmap.mmap:
    data = mmap.mmap(-1, len(WORDS))
    data[:] = WORDS
    return data


class Point(ctypes.Structure):
    _fields_ = (("x", ctypes.c_uint16), ("y", ctypes.c_uint16), ("O", ctypes.c_uint16))


def buffers():
    """Makes of each kind of buffer one that holds `WORDS`."""
    numpy = pytest.importorskip("numpy")
    shorts = numpy.array([1, 2, 3], numpy.uint16)
    return {
        "bytearray": bytearray(WORDS),
        "memoryview": memoryview(b"<" + WORDS + b">")[1:-1],
        "memoryview of words": memoryview(WORDS).cast("H"),
        "memoryview of a table": memoryview(WORDS).cast("B").cast("B", (2, 3)),
        "array": array("H", [1, 2, 3]),
        "mmap": mapped(),
        "ctypes array": (ctypes.c_uint16 * 3)(1, 2, 3),
        "ctypes structure": Point(1, 2, 3),
        "numpy": shorts,
        "numpy table": shorts.reshape(1, 3),
        "numpy part": numpy.array([0, 1, 2, 3, 4], numpy.uint16)[1:4],
        "numpy that cannot be written": numpy.frombuffer(WORDS, numpy.uint16),
        "numpy records": numpy.array([(1, 2, 3)], [("x", "u2"), ("y", "u2"), ("O", "u2")]),
    }


KINDS = list(buffers())


def test_text_is_encoded() -> None:
    assert encode_message("grün") == (Opcode.TEXT, b"gr\xc3\xbcn")
    assert encode_control("payload", "grün") == b"gr\xc3\xbcn"


def test_bytes_are_not_copied() -> None:
    payload = b"binary"
    assert encode_message(payload)[1] is encode_control("payload", payload) is payload


@pytest.mark.parametrize("kind", KINDS)
def test_every_contiguous_buffer_is_bytes_like(kind: str) -> None:
    buffer = buffers()[kind]
    assert encode_message(buffer) == (Opcode.BINARY, WORDS)
    assert encode_control("payload", buffer) == WORDS
    assert type(encode_message(buffer)[1]) is bytes


def test_an_empty_buffer_is_an_empty_message() -> None:
    for empty in (bytearray(), memoryview(b""), array("d")):
        assert encode_message(empty) == (Opcode.BINARY, b"")


def test_a_payload_is_a_copy_and_holds_no_buffer() -> None:
    growing, map, words = bytearray(WORDS), mapped(), array("H", [1, 2, 3])
    payloads = [encode_message(each)[1] for each in (growing, map, words)]
    growing.extend(b"more")
    growing[:2] = map[:2] = b"\xff\xff"
    words.append(4)
    map.close()
    assert payloads == [WORDS] * 3


@pytest.mark.parametrize("value", [None, 5, 1.5, ["a"], object(), {b"a"}, range(3)], ids=type)
def test_what_has_no_buffer_is_refused(value: Any) -> None:
    wanted = rf"str or bytes-like, not {type(value).__name__}$"
    with pytest.raises(TypeError, match=f"^message: {wanted}"):
        encode_message(value)
    with pytest.raises(TypeError, match=f"^payload: {wanted}"):
        encode_control("payload", value)


def test_a_buffer_with_gaps_is_refused() -> None:
    numpy = pytest.importorskip("numpy")
    table = numpy.arange(6, dtype=numpy.uint8).reshape(2, 3)
    for gaps in (memoryview(b"abcdef")[::2], memoryview(b"abc")[::-1], table[:, :2], table.T):
        with pytest.raises(TypeError, match="^message: the buffer is not contiguous: pass a copy, such as"):
            encode_message(gaps)


def test_a_buffer_that_is_closed_is_refused() -> None:
    map, view = mapped(), memoryview(b"abc")
    map.close()
    view.release()
    for closed in (map, view):
        with pytest.raises(ValueError, match="^payload: .*(closed|released)"):
            encode_control("payload", closed)


def test_addresses_of_objects_are_no_payload() -> None:
    numpy = pytest.importorskip("numpy")
    for objects in (numpy.array([None, "a"], object), numpy.array([(1, "a")], [("x", "u2"), ("y", object)])):
        with pytest.raises(TypeError, match="^message: the buffer holds Python objects"):
            encode_message(objects)
    with pytest.raises(ValueError, match="^message: "):
        encode_message(numpy.array(["2026-01-01"], "datetime64[D]"))


@pytest.mark.parametrize("payload", ["x" * 126, "€" * 42, bytes(126), array("H", bytes(126))], ids=len)
def test_a_control_frame_holds_125_bytes(payload) -> None:
    with pytest.raises(ValueError, match="^ping: at most 125 bytes, not 126"):
        encode_control("ping", payload)
    assert len(encode_control("ping", payload[:-1])) < 126


def test_text_that_utf_8_cannot_carry_is_refused() -> None:
    with pytest.raises(ValueError, match="^message: not encodable as UTF-8"):
        encode_message("\ud800")
    with pytest.raises(ValueError, match="^ping: not encodable as UTF-8"):
        encode_control("ping", "\ud800")

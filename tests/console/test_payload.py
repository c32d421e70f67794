"""Previews are one short line; what is typed as hex and base64 is read, or refused with a sentence."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, strategies as st

from tkws.console.text.payload import byte_count, hex_dump, preview, read_base64, read_hex


@given(payload=st.text() | st.binary(), length=st.integers(1, 60))
def test_a_preview_is_one_line_that_fits(payload: str | bytes, length: int) -> None:
    shown = preview(payload, length)
    assert len(shown) <= length
    assert not {"\n", "\r", "\t", "\0"} & set(shown)


@pytest.mark.parametrize(
    ("payload", "length", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("a\nb", 9, "a⏎b"),
        ("a\tb", 9, "a⇥b"),
        ("a\r\n\0", 9, "a\\r⏎\\x00"),
        ("\x1b[2J", 9, "\\x1b[2J"),
        ("\u202eabc", 9, "\\u202eabc"),
        ("\u202eabc", 8, "\\u202ea…"),
        (b"\0\xff", 5, "00 ff"),
        (b"\0\xff\1", 5, "00 f…"),
        (b"", 5, ""),
    ],
)
def test_a_preview_begins_as_the_payload_does(payload: str | bytes, length: int, shown: str) -> None:
    assert preview(payload, length) == shown


def test_bytes_are_dumped_sixteen_to_a_line() -> None:
    assert hex_dump(bytes(range(60, 78)) + b"\0").splitlines() == [
        "00000000  3c 3d 3e 3f 40 41 42 43  44 45 46 47 48 49 4a 4b  <=>?@ABCDEFGHIJK",
        "00000010  4c 4d 00                                          LM.",
    ]
    assert hex_dump(b"") == ""
    assert hex_dump(b"<", 16) == hex_dump(bytes(16) + b"<").splitlines()[1]


@given(data=st.binary())
def test_hex_is_read_as_it_is_written(data: bytes) -> None:
    assert read_hex(data.hex()) == read_hex(data.hex(" ").upper()) == read_hex(data.hex(":")) == data
    assert read_hex("\n".join(f"0x{byte:02x}," for byte in data)) == data


@given(data=st.binary())
def test_base64_is_read_as_it_is_written(data: bytes) -> None:
    packed = base64.b64encode(data).decode()
    assert read_base64(packed) == read_base64(packed.rstrip("=")) == read_base64(f" {packed}\n") == data
    assert read_base64(base64.urlsafe_b64encode(data).decode()) == data


@pytest.mark.parametrize("text", ["4", "xy", "48 65 6", "hello"])
def test_what_is_no_hex_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="^Not hex: "):
        read_hex(text)


@pytest.mark.parametrize("text", ["?", "SGVsbG8!", "A", "é"])
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="^Not base64: "):
        read_base64(text)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KiB"),
        (150 << 10, "150 KiB"),
        (3 << 20, "3.0 MiB"),
        (5 << 30, "5.0 GiB"),
    ],
)
def test_sizes_are_said_in_words(size: int, words: str) -> None:
    assert byte_count(size) == words

"""The payload of Close frames."""

from __future__ import annotations

from typing import Any

import pytest

from tkws.errors import ProtocolError
from tkws.protocol.closing import (
    DEFAULT_REASONS,
    MAX_REASON_BYTES,
    CloseCode,
    decode_close,
    encode_close,
    is_sendable,
)

SENDABLE = {1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)}


def test_exactly_the_codes_of_the_rfc_may_travel() -> None:
    assert {code for code in range(-1, 70000) if is_sendable(code)} == SENDABLE


def test_every_registered_code_has_a_name() -> None:
    assert [code.value for code in CloseCode] == list(range(1000, 1016))


def test_the_default_reasons_fit_a_frame_and_cover_the_codes_of_tcllib() -> None:
    assert set(DEFAULT_REASONS) == {1000, 1001, 1002, 1003, *range(1006, 1012), 1015}
    assert all(0 < len(reason.encode()) <= MAX_REASON_BYTES for reason in DEFAULT_REASONS.values())


@pytest.mark.parametrize("reason", ["", "bye", "грустно", "x" * 123, "€" * 41])
@pytest.mark.parametrize("code", [1000, 1014, 3000, 4999, CloseCode.GOING_AWAY])
def test_what_is_encoded_is_decoded(code: int, reason: str) -> None:
    payload = encode_close(code, reason)
    assert decode_close(payload) == (code, reason)
    assert decode_close(bytearray(payload)) == decode_close(memoryview(payload)) == (code, reason)
    assert type(decode_close(payload)[0]) is int


def test_the_code_stands_in_network_order() -> None:
    assert encode_close(1000, "ok") == b"\x03\xe8ok"


def test_a_close_without_code_is_empty_and_reads_as_1005() -> None:
    assert encode_close(None) == b""
    assert decode_close(b"") == (1005, "")


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("x" * 124, "x" * 123),
        ("x" * 1_000_000, "x" * 123),
        ("€" * 42, "€" * 41),
        ("x" + "€" * 41, "x" + "€" * 40),
        ("xxxx" + "😀" * 30, "xxxx" + "😀" * 29),
    ],
)
def test_a_long_reason_is_cut_at_a_character(reason: str, kept: str) -> None:
    assert decode_close(encode_close(1000, reason)) == (1000, kept)


@pytest.mark.parametrize("code", sorted(set(range(990, 1030)) - SENDABLE) + [-1, 0, 2999, 5000, 65536])
def test_a_code_that_may_not_travel_is_refused(code: int) -> None:
    with pytest.raises(ValueError, match=f"^code: .*, not {code}$"):
        encode_close(code, "")


@pytest.mark.parametrize("code", ["1000", 1000.0, True, b"\x03\xe8"])
def test_a_code_that_is_no_int_is_refused(code: Any) -> None:
    with pytest.raises(TypeError, match="^code: a whole number or None, not "):
        encode_close(code, "")


def test_a_code_may_be_a_number_of_numpys() -> None:
    numpy = pytest.importorskip("numpy")
    assert encode_close(numpy.uint16(1000)) == encode_close(1000)


def test_a_reason_must_be_text_that_a_code_accompanies() -> None:
    with pytest.raises(TypeError, match="^reason: str, not bytes"):
        encode_close(1000, b"bye")  # type: ignore[arg-type] # wrong on purpose
    with pytest.raises(ValueError, match="^reason: only with a code"):
        encode_close(None, "bye")
    with pytest.raises(ValueError, match="^reason: without a lone surrogate"):
        encode_close(1000, "\ud800")


def test_half_a_code_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError) as caught:
        decode_close(b"\x03")
    assert caught.value.code == 1002


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
def test_a_forbidden_code_is_a_protocol_error(code: int) -> None:
    with pytest.raises(ProtocolError, match=str(code)) as caught:
        decode_close(code.to_bytes(2, "big") + b"reason")
    assert caught.value.code == 1002


@pytest.mark.parametrize("reason", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"cut \xe2\x82"])
def test_a_reason_that_is_not_utf8_is_invalid_payload(reason: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        decode_close(b"\x03\xe8" + reason)
    assert caught.value.code == 1007

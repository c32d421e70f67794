"""The header of a frame: each row is written and read, whole, cut short and with junk behind it."""

from __future__ import annotations

import pytest

from tkws.errors import ProtocolError
from tkws.protocol.frames import (
    MAX_CONTROL_PAYLOAD,
    FrameHeader,
    Opcode,
    Role,
    encode_header,
    parse_header,
)

JUNK = b"\xff" * 20
MASK = b"\x12\x34\x56\x78"

# (opcode, fin, rsv1, length, mask) and the header's bytes.
ROWS = [
    ((Opcode.TEXT, True, False, 0, b""), b"\x81\x00"),
    ((Opcode.TEXT, True, False, 5, b""), b"\x81\x05"),
    ((Opcode.TEXT, True, False, 5, MASK), b"\x81\x85" + MASK),
    ((Opcode.TEXT, False, False, 1, b""), b"\x01\x01"),
    ((Opcode.TEXT, True, True, 7, b""), b"\xc1\x07"),
    ((Opcode.TEXT, False, True, 7, MASK), b"\x41\x87" + MASK),
    ((Opcode.BINARY, True, False, 125, b""), b"\x82\x7d"),
    ((Opcode.BINARY, True, False, 126, b""), b"\x82\x7e\x00\x7e"),
    ((Opcode.BINARY, True, False, 126, MASK), b"\x82\xfe\x00\x7e" + MASK),
    ((Opcode.BINARY, True, False, 0xFFFF, b""), b"\x82\x7e\xff\xff"),
    ((Opcode.BINARY, True, False, 0x10000, b""), b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ((Opcode.BINARY, True, False, 0x10000, MASK), b"\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00" + MASK),
    ((Opcode.BINARY, True, False, (1 << 63) - 1, b""), b"\x82\x7f\x7f" + b"\xff" * 7),
    ((Opcode.CONTINUATION, False, False, 3, b""), b"\x00\x03"),
    ((Opcode.CONTINUATION, True, False, 3, bytes(4)), b"\x80\x83" + bytes(4)),
    ((Opcode.CLOSE, True, False, 2, b""), b"\x88\x02"),
    ((Opcode.PING, True, False, 0, MASK), b"\x89\x80" + MASK),
    ((Opcode.PONG, True, False, MAX_CONTROL_PAYLOAD, b""), b"\x8a\x7d"),
]

# What is refused; masked, compression; the bytes; how many of them suffice; a word of the reason.
REFUSED = [
    (False, False, b"\xa1\x00", 2, "reserved bit"),
    (False, False, b"\x91\x00", 2, "reserved bit"),
    (False, True, b"\xa1\x00", 2, "reserved bit"),
    (False, False, b"\xc1\x00", 2, "reserved bit"),
    (False, True, b"\xc0\x00", 2, "first frame"),
    (False, True, b"\xc9\x00", 2, "compressed"),
    (False, False, b"\x09\x00", 2, "fragmented"),
    (False, False, b"\x89\x7e\x00\x7e", 2, "at most 125"),
    (False, False, b"\x88\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 2, "at most 125"),
    (True, False, b"\x81\x00", 2, "client must mask"),
    (False, False, b"\x81\x80" + MASK, 2, "server must not mask"),
    (False, False, b"\x82\x7e\x00\x7d", 4, "shortest"),
    (True, False, b"\x82\xfe\x00\x00" + MASK, 4, "shortest"),
    (False, False, b"\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff", 10, "shortest"),
    (False, False, b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", 10, "highest bit"),
    *(
        (False, False, bytes((0x80 | opcode, 0)), 2, "Opcode")
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
    ),
]


@pytest.mark.parametrize(("fields", "data"), ROWS)
def test_a_header_is_written(fields, data):
    opcode, fin, rsv1, length, mask = fields
    assert encode_header(opcode, length, fin=fin, rsv1=rsv1, mask=mask) == data


def test_a_header_is_of_an_unmasked_last_frame_unless_it_is_said():
    assert encode_header(Opcode.BINARY, 5) == b"\x82\x05"


@pytest.mark.parametrize("before", [b"", b"before it"])
@pytest.mark.parametrize("behind", [b"", b"payload", JUNK])
@pytest.mark.parametrize(("fields", "data"), ROWS)
def test_a_header_is_read(fields, data, before, behind):
    opcode, fin, rsv1, length, mask = fields
    header = parse_header(before + data + behind, len(before), masked=bool(mask), compression=rsv1)
    assert header == FrameHeader(fin, rsv1, opcode, length, mask, len(data))
    assert isinstance(header.opcode, Opcode)


@pytest.mark.parametrize(("fields", "data"), ROWS)
def test_a_header_that_is_not_there_whole_is_waited_for(fields, data):
    *_, mask = fields
    for size in range(len(data)):
        assert parse_header(data[:size], 0, masked=bool(mask), compression=True) is None


@pytest.mark.parametrize("behind", [b"", JUNK])
@pytest.mark.parametrize(("masked", "compression", "data", "enough", "reason"), REFUSED)
def test_a_wrong_header_is_refused_where_it_is_wrong(masked, compression, data, enough, reason, behind):
    for size in range(enough):
        assert parse_header(data[:size], 0, masked=masked, compression=compression) is None
    for seen in (data[:enough], data + behind):
        with pytest.raises(ProtocolError, match=reason) as caught:
            parse_header(seen, 0, masked=masked, compression=compression)
        assert caught.value.code == 1002


def test_every_first_byte_is_read_or_refused_as_rfc_6455_says():
    for first in range(256):
        fin, rsv1, opcode = first & 0x80, first & 0x40, first & 0xF
        for compression in (False, True):
            good = not first & 0x30 and opcode in set(Opcode)
            good = good and (not rsv1 or (compression and opcode in (Opcode.TEXT, Opcode.BINARY)))
            good = good and (bool(fin) or opcode < 8)
            try:
                header = parse_header(bytes((first, 0)), 0, masked=False, compression=compression)
            except ProtocolError:
                assert not good
            else:
                assert good
                assert header == (bool(fin), bool(rsv1), opcode, 0, b"", 2)


def test_control_frames_are_the_opcodes_from_8_on():
    assert [opcode.name for opcode in Opcode if opcode.is_control] == ["CLOSE", "PING", "PONG"]


def test_the_roles():
    assert [role.name for role in Role] == ["CLIENT", "SERVER"]

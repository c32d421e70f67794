"""Runs of messages that each came whole in one frame: the fast path of reading.

Knows nothing of fragments, control frames or frames that have not come whole, and refuses no
frame: a run ends where anything else begins, wrong or just unusual, which is left to
`tkws.protocol.messages`. Only compressed messages can be refused here, since they can be decompressed only
once. Most traffic never leaves this module, so it is written for speed: it makes no call, object or test
for each message that can be avoided.
"""

from __future__ import annotations

from typing import Final

from tkws.errors import ProtocolError
from tkws.protocol.closing import CloseCode
from tkws.protocol.deflate import PerMessageDeflate
from tkws.protocol.events import Event, EventRecord
from tkws.protocol.masking import xor

_TEXT: Final = Event.TEXT  # in Python 3.11, looking a member up on its enum is a call
_BINARY: Final = Event.BINARY

_FINAL_TEXT = 0x81
_FINAL_BINARY = 0x82
_COMPRESSED_TEXT = 0xC1
_COMPRESSED_BINARY = 0xC2

_PLAIN = (_FINAL_TEXT, _FINAL_BINARY)
_COMPRESSED = (_COMPRESSED_TEXT, _COMPRESSED_BINARY)

RUN_SIZE: Final = 32768  # bytes of a run, if not of a single message: in 64 KiB there can be 32,768 messages
_COMPRESSED_COST = 32  # bytes that a compressed message counts for in it, beside a quarter of its own

_SHORT_RUN = 160  # bytes; a message or two, for which one XOR of all costs more than it saves

_LONGEST_HEADER = 8  # of a frame that can be part of a run

_KEY_OF_6 = bytes(6)  # the XOR with it leaves a header as it is
_KEY_OF_8 = bytes(8)


def read_unmasked_run(
    data: bytes, position: int, limit: int, compression: PerMessageDeflate | None, events: list[EventRecord]
) -> int:
    """Read a run of what a server sends.

    Args:
        data: The received bytes.
        position: The offset of a frame in ``data``.
        limit: The most bytes that a message may have, decompressed.
        compression: The compression that was agreed, or None.
        events: Takes the messages.

    Returns:
        Where in ``data`` the run ends: before what is not part of it, or after some `RUN_SIZE` bytes.

    Raises:
        ProtocolError: A compressed message is broken, too large or not UTF-8.
    """
    append = events.append
    size = _end_of_run(data, position)
    left = RUN_SIZE
    try:
        while True:
            first = data[position]
            length = data[position + 1]
            start = position + 2
            if length > 125:  # above 127 where the frame is masked
                if length != 126:
                    break
                length = data[position + 2] << 8 | data[position + 3]
                start = position + 4
                if length < 126:
                    break
            end = start + length
            if end > size or length > limit:
                break
            if first == _FINAL_TEXT:
                append((_TEXT, data[start:end].decode()))
            elif first == _FINAL_BINARY:
                append((_BINARY, data[start:end]))
            elif compression is not None and first in _COMPRESSED:
                append(_decompress(first, data[start:end], limit, compression))
                left -= _cost(events)
                if left < 0:
                    return end
            else:
                break
            position = end
    except (IndexError, UnicodeDecodeError):  # the data end, or a text is not UTF-8
        pass
    return position


def read_masked_run(
    data: bytes, position: int, limit: int, compression: PerMessageDeflate | None, events: list[EventRecord]
) -> int:
    """Read a run of what a client sends; the rest is as with `read_unmasked_run`.

    One XOR unmasks all of it, which takes less time than one for each message.
    """
    whole = _PLAIN if compression is None else _PLAIN + _COMPRESSED
    begin, size = position, _end_of_run(data, position)
    if size - begin < _SHORT_RUN:
        return _read_short(data, position, limit, compression, events)
    frames: list[tuple[int, int, int]] = []
    keys: list[bytes] = []
    add_frame, add_key = frames.append, keys.append
    try:
        while True:
            first = data[position]
            length = data[position + 1] ^ 0x80
            start = position + 6
            header_key = _KEY_OF_6
            if length > 125:  # above 127 where the frame is not masked
                if length != 126:
                    break
                length = data[position + 2] << 8 | data[position + 3]
                start = position + 8
                header_key = _KEY_OF_8
                if length < 126:
                    break
            end = start + length
            if end > size or length > limit or first not in whole:
                break
            key = data[start - 4 : start] * ((length + 3) >> 2)
            add_key(header_key)
            add_key(key[:length] if length & 3 else key)
            add_frame((first, start - begin, end - begin))
            position = end
    except IndexError:  # the data end
        pass
    if not frames:
        return begin
    return begin + _append_messages(
        xor(data[begin:position], b"".join(keys)), frames, limit, compression, events
    )


def _end_of_run(data: bytes, position: int) -> int:
    """Return where in ``data`` a run ends at the latest: behind the first message, if that is longer."""
    size = len(data)
    if size - position <= RUN_SIZE:
        return size
    length = data[position + 1] & 0x7F
    if length == 126:
        length = data[position + 2] << 8 | data[position + 3]
    return min(size, position + max(RUN_SIZE, length + _LONGEST_HEADER))


def _read_short(
    data: bytes, position: int, limit: int, compression: PerMessageDeflate | None, events: list[EventRecord]
) -> int:
    """Read a run of one or two short messages."""
    size = len(data)
    try:
        while True:
            first = data[position]
            length = data[position + 1] ^ 0x80
            start = position + 6
            end = start + length
            if length > 125 or end > size or length > limit:
                break
            key = (data[start - 4 : start] * ((length + 3) >> 2))[:length]
            payload = (int.from_bytes(data[start:end]) ^ int.from_bytes(key)).to_bytes(length)
            if first == _FINAL_TEXT:
                events.append((_TEXT, payload.decode()))
            elif first == _FINAL_BINARY:
                events.append((_BINARY, payload))
            elif compression is not None and first in _COMPRESSED:
                events.append(_decompress(first, payload, limit, compression))
            else:
                break
            position = end
    except (IndexError, UnicodeDecodeError):
        pass
    return position


def _append_messages(
    data: bytes,
    frames: list[tuple[int, int, int]],
    limit: int,
    compression: PerMessageDeflate | None,
    events: list[EventRecord],
) -> int:
    """Cut the messages of frames ``(first byte, start, end)`` out; return where the last good one ends."""
    append = events.append
    done = 0
    left = RUN_SIZE
    try:
        for first, start, end in frames:
            if first == _FINAL_TEXT:
                append((_TEXT, data[start:end].decode()))
            elif compression is None or first == _FINAL_BINARY:
                append((_BINARY, data[start:end]))
            else:
                append(_decompress(first, data[start:end], limit, compression))
                left -= _cost(events)
                if left < 0:
                    return end
            done = end
    except UnicodeDecodeError:
        pass
    return done


def _cost(events: list[EventRecord]) -> int:
    """Return how many bytes of a run the message counts for that was decompressed last."""
    return _COMPRESSED_COST + (len(events[-1][1]) >> 2)


def _decompress(first: int, payload: bytes, limit: int, compression: PerMessageDeflate) -> EventRecord:
    message = compression.decode(payload, True, limit)
    if first == _COMPRESSED_BINARY:
        return _BINARY, message
    try:
        return _TEXT, message.decode()
    except UnicodeDecodeError as error:
        raise ProtocolError(CloseCode.INVALID_PAYLOAD, "Text is not valid UTF-8") from error

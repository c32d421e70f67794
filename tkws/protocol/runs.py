"""Runs of messages that each came whole in one plain frame: the fast path of reading.

Knows nothing of fragments, compression or control frames, and refuses nothing: a run ends
where something else begins, wrong or just unusual, and that is left to `tkws.protocol.messages`.
Most traffic never leaves this module, so it is written for speed: no call, object or test for
a message that could be spared.
"""

from __future__ import annotations

from tkws.protocol.events import Event, EventRecord
from tkws.protocol.masking import xor

_FINAL_TEXT = 0x81
_FINAL_BINARY = 0x82

_SHORT = 160  # bytes; a message or two, for which one XOR of all costs more than it saves

_KEY_OF_6 = bytes(6)  # the XOR with it leaves a header as it is
_KEY_OF_8 = bytes(8)


def read_unmasked_run(data: bytes, position: int, limit: int, events: list[EventRecord]) -> int:
    """Read a run of what a server sends.

    Args:
        data: What has been received.
        position: Where in ``data`` a frame begins.
        limit: The most bytes that a message may have.
        events: Takes the messages.

    Returns:
        Where in ``data`` the run ends.
    """
    append = events.append
    text, binary = Event.TEXT, Event.BINARY
    size = len(data)
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
                append((text, data[start:end].decode()))
            elif first == _FINAL_BINARY:
                append((binary, data[start:end]))
            else:
                break
            position = end
    except (IndexError, UnicodeDecodeError):  # the data end, or it is bad text
        pass
    return position


def read_masked_run(data: bytes, position: int, limit: int, events: list[EventRecord]) -> int:
    """Read a run of what a client sends; arguments and result are those of `read_unmasked_run`.

    One XOR unmasks all of it, which takes less time than one for each message.
    """
    begin = position
    if len(data) - position < _SHORT:
        return _read_short(data, position, limit, events)
    frames: list[tuple[int, int, int]] = []
    keys: list[bytes] = []
    add_frame, add_key = frames.append, keys.append
    size, whole = len(data), (_FINAL_TEXT, _FINAL_BINARY)
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
    return begin + _cut(xor(data[begin:position], b"".join(keys)), frames, events)


def _read_short(data: bytes, position: int, limit: int, events: list[EventRecord]) -> int:
    """Do the same for a message or two."""
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
                events.append((Event.TEXT, payload.decode()))
            elif first == _FINAL_BINARY:
                events.append((Event.BINARY, payload))
            else:
                break
            position = end
    except (IndexError, UnicodeDecodeError):
        pass
    return position


def _cut(data: bytes, frames: list[tuple[int, int, int]], events: list[EventRecord]) -> int:
    """Cut the messages of frames ``(first byte, start, end)`` out; return where the last good one ends."""
    append = events.append
    text, binary = Event.TEXT, Event.BINARY
    done = 0
    try:
        for first, start, end in frames:
            append((text, data[start:end].decode()) if first == _FINAL_TEXT else (binary, data[start:end]))
            done = end
    except UnicodeDecodeError:
        pass
    return done

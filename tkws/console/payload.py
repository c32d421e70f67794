"""How payloads look, and how typed ones are read: previews, pretty JSON, hex, base64.

Pure functions; they know no widget.
"""

from __future__ import annotations

import base64
import binascii
import json
import re

DETAIL_BYTES = 64 << 10
"""How much of a payload the detail pane shows: a text widget grows slow beyond."""

_BREAKS = re.compile(r"[\r\n\t\v\f\x00-\x1f\x7f\u2028\u2029]+")
_HEX_LINE = 16


def preview(payload: str | bytes, length: int) -> str:
    """Return one line of at most ``length`` characters that begins as the payload does."""
    if isinstance(payload, bytes):
        text = payload[: length // 3 + 1].hex(" ")
        cut = len(text) > length or len(payload) > length // 3 + 1
    else:
        text = _BREAKS.sub(" ⏎ " if "\n" in payload[:length] else " ", payload[:length])
        cut = len(payload) > length or len(text) > length
    return f"{text[: length - 1]}…" if cut else text


def pretty_json(text: str) -> str | None:
    """Return JSON with line breaks and indents; None for what is not JSON, or a bare word or number."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return None


def hex_dump(data: bytes) -> str:
    """Return offset, hex and ASCII of each 16 bytes, as ``hexdump -C`` shows them."""
    lines = []
    for offset in range(0, len(data), _HEX_LINE):
        part = data[offset : offset + _HEX_LINE]
        left, right = part[:8].hex(" "), part[8:].hex(" ")
        ascii = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{offset:08x}  {left:<23}  {right:<23}  {ascii}")
    return "\n".join(lines)


def read_hex(text: str) -> bytes:
    """Return the bytes written as hex; white space, colons and ``0x`` in front of bytes are taken.

    Raises:
        ValueError: For anything else.
    """
    try:
        return bytes.fromhex(re.sub(r"0[xX]|[:,]", " ", text))
    except ValueError:
        raise ValueError("Not hex: pairs of 0-9 and a-f are wanted, such as 48 65 6c 6c 6f") from None


def read_base64(text: str) -> bytes:
    """Return the bytes written as base64, in the standard or the URL's alphabet, padded or not.

    Raises:
        ValueError: For anything else.
    """
    packed = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("Not base64: letters, digits, + and / are wanted, such as SGVsbG8=") from None


def byte_count(size: float) -> str:
    """Return a number of bytes in words, such as ``"1.5 KiB"``."""
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"

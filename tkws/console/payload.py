"""Formatting and parsing of payloads: previews, pretty JSON, hex, base64.

Pure functions; they know no widget.
"""

from __future__ import annotations

import base64
import binascii
import json
import re

DETAIL_BYTES = 64 << 10
"""How much of a payload the detail pane shows, in bytes; a text widget becomes slow with more."""

_BREAKS = re.compile(r"[\r\n\t\v\f\x00-\x1f\x7f\u2028\u2029]+")
_HEX_LINE = 16


def preview(payload: str | bytes, length: int) -> str:
    """Return the beginning of a payload as one line of at most ``length`` characters."""
    if isinstance(payload, bytes):
        text = payload[: length // 3 + 1].hex(" ")
        cut = len(text) > length or len(payload) > length // 3 + 1
    else:
        text = _BREAKS.sub(" ⏎ " if "\n" in payload[:length] else " ", payload[:length])
        cut = len(payload) > length or len(text) > length
    return f"{text[: length - 1]}…" if cut else text


def pretty_json(text: str) -> str | None:
    """Return JSON with line breaks and indents; None if the text is not a JSON object or array."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return None


def hex_dump(data: bytes) -> str:
    """Return a hex dump with offset, hex and ASCII of 16 bytes per line, like ``hexdump -C``."""
    lines = []
    for offset in range(0, len(data), _HEX_LINE):
        part = data[offset : offset + _HEX_LINE]
        left, right = part[:8].hex(" "), part[8:].hex(" ")
        ascii = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{offset:08x}  {left:<23}  {right:<23}  {ascii}")
    return "\n".join(lines)


def read_hex(text: str) -> bytes:
    """Return the bytes of a hex string; white space, colons, commas and ``0x`` are allowed between bytes.

    Raises:
        ValueError: The text is not hex.
    """
    try:
        return bytes.fromhex(re.sub(r"0[xX]|[:,]", " ", text))
    except ValueError:
        raise ValueError("Not hex: use pairs of 0-9 and a-f, such as 48 65 6c 6c 6f") from None


def read_base64(text: str) -> bytes:
    """Return the bytes of a base64 string, in the standard or URL-safe alphabet, with or without padding.

    Raises:
        ValueError: The text is not base64.
    """
    packed = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("Not base64: use letters, digits, + and /, such as SGVsbG8=") from None


def byte_count(size: float) -> str:
    """Return a number of bytes with a unit, such as ``"1.5 KiB"``."""
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"

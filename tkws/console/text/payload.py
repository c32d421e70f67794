"""Formatting and parsing of payloads: previews, hex, base64, requests of JSON-RPC.

Pure functions; they know no widget.
"""

from __future__ import annotations

import base64
import binascii
import json
import re

from tkws.console.text.visible import visible_line

_HEX_LINE = 16


def preview(payload: str | bytes, length: int) -> str:
    """Return the beginning of a payload as one line of at most ``length`` characters.

    A character that cannot be seen is written as `visible_line` does.
    """
    if isinstance(payload, bytes):
        text = payload[: length // 3 + 1].hex(" ")
        cut = len(text) > length or len(payload) > length // 3 + 1
    else:
        text = visible_line(payload[:length])
        cut = len(payload) > length or len(text) > length
    return f"{text[: length - 1]}…" if cut else text


def kind_of(payload: str | bytes) -> str:
    """Return the type of a message as a `tkws.console.log.log.Row` has it."""
    return "text" if isinstance(payload, str) else "binary"


def printed(payload: str | bytes) -> str:
    """Return a payload as the terminal mode prints it, whole: a text as it is, bytes in hex."""
    return payload if isinstance(payload, str) else payload.hex()


def as_bytes(payload: str | bytes) -> bytes:
    """Return a payload as bytes: a text in UTF-8, with three bytes for each lone surrogate."""
    return payload if isinstance(payload, bytes) else payload.encode(errors="surrogatepass")


def hex_dump(data: bytes, start: int = 0) -> str:
    """Return a hex dump with offset, hex and ASCII of 16 bytes per line, like ``hexdump -C``.

    Args:
        data: The bytes.
        start: The offset of the first one.
    """
    lines = []
    for offset in range(0, len(data), _HEX_LINE):
        part = data[offset : offset + _HEX_LINE]
        left, right = part[:8].hex(" "), part[8:].hex(" ")
        ascii = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{start + offset:08x}  {left:<23}  {right:<23}  {ascii}")
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


def json_rpc_request(line: str, id: int) -> str:
    """Return a request of JSON-RPC 2.0 for a line that has a method and its parameters.

    Args:
        line: ``METHOD`` or ``METHOD PARAMS``. The parameters are JSON: an array, an object, or one value or
            several with commas between them, of which an array is made.
        id: The identifier.

    Raises:
        ValueError: The parameters are not JSON.
    """
    method, _, rest = line.strip().partition(" ")
    rest = rest.strip()
    request: dict[str, object] = {"jsonrpc": "2.0", "id": id, "method": method}
    if rest:
        try:
            request["params"] = json.loads(rest if rest[0] in "[{" else f"[{rest}]")
        except ValueError as error:
            raise ValueError(
                f"{method}: its parameters as JSON, such as [1, 2], not {rest}: {error}"
            ) from None
    return json.dumps(request, ensure_ascii=False, separators=(",", ":"))


def byte_count(size: float) -> str:
    """Return a number of bytes with a unit, such as ``"1.5 KiB"``."""
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"

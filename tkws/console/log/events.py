"""The events of a connection that are not messages, as sentences for the conversation."""

from __future__ import annotations

import re
from typing import Any

import tkws
from tkws.console.log.log import Row
from tkws.console.text.prettyjson import Formatter, looks_like_json

_CLOSED = re.compile(r"(?:Closed|The (?:client|server) closed): (\d+)")
_IN_ORDER = "1000", "1001", "1005"


def describe(ws: tkws.WebSocket, type: str, message: Any) -> str:
    """Return an event that is not a message as a sentence."""
    if type == "connect":
        agreed = f", subprotocol {ws.protocol}" if ws.protocol else ""
        extensions = ws.response.headers.get("Sec-WebSocket-Extensions", "") if ws.response else ""
        return f"Connected to {ws.url}{agreed}{f', {extensions}' if extensions else ''}"
    if type == "close":
        code, reason = message
        return f"Closed: {code} {reason}".rstrip()
    if type == "retry":
        attempt, delay, cause = message
        return f"Attempt {attempt} in {delay:.1f} s, because: {cause}"
    if isinstance(message, tkws.OpenError) and message.status is not None:
        body = message.body.decode(errors="replace").strip()
        if looks_like_json(body):
            body = "".join(Formatter(body).slices())
        fields = "\n".join(f"{name}: {value}" for name, value in message.headers.items())
        return "\n".join(part for part in (str(message), "", fields, "", body) if part or fields)
    return str(message)


def is_abnormal(row: Row) -> bool:
    """Return whether a row tells of a failure, or of an end that was not in good order."""
    if row.type != "close" or not isinstance(row.payload, str):
        return row.type in ("error", "timeout", "refused")
    code = _CLOSED.match(row.payload)
    return code is not None and code[1] not in _IN_ORDER

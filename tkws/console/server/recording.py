"""The messages of the server in a recorded conversation, with the time between them.

Knows rows and files, but neither connections nor widgets.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tkws.console.log import archive
from tkws.console.log.log import Direction, Row

_FALLBACK_GAP = 1.0  # seconds before a recording without any distances begins again
_SERVERS_NOTE = re.compile(r"Listening at \S+$")
_TO_SEVERAL = "all", "from "  # how the name begins in a row that went to several clients
_CONNECTION = re.compile(r"#\d+")
_NOTHING = 'no message of a server is in it (what a client received has "direction": "in")'


class Cue(NamedTuple):
    """A message to send."""

    offset: float
    """Seconds after the first message."""
    payload: str | bytes


@dataclass(frozen=True, slots=True)
class Recording:
    """The messages, the first at offset 0.

    Attributes:
        name: The name of the file or conversation, to be shown.
        cues: The messages; at least one.
    """

    name: str
    cues: Sequence[Cue]

    @property
    def period(self) -> float:
        """The seconds after which it begins again: its length, and an average distance after the last."""
        length = self.cues[-1].offset
        return length + length / (len(self.cues) - 1) if length > 0 else _FALLBACK_GAP


def recording_of(rows: Sequence[Row], name: str) -> Recording:
    """Return the recording of what the server said in a conversation.

    In the conversation of a client, or between a client and its server, that is what came in. In that of a
    server, it is what the first of its clients was sent. Where the clock was set back, there is no distance.

    Raises:
        ValueError: There is no message of the server, or one that cannot be sent.
    """
    messages = _said_by_server(rows)
    if not messages:
        raise ValueError(f"{name}: {_NOTHING}")
    cues: list[Cue] = []
    offset = 0.0
    before = messages[0].time
    for row in messages:
        if isinstance(row.payload, str) and not _is_encodable(row.payload):
            raise ValueError(f"{name}, line {row.number + 1}: the text cannot be encoded as UTF-8")
        offset += max(0.0, row.time - before)
        before = row.time
        cues.append(Cue(offset, row.payload))
    return Recording(name, cues)


def load_recording(path: Path) -> Generator[None, None, Recording]:
    """Return the recording in a file; each step reads some of it.

    Raises:
        OSError: The file cannot be read.
        ValueError: A line is not a row of a conversation; or see `recording_of`.
    """
    rows: list[Row] = []
    for part in archive.load(path):
        rows += part
        yield
    return recording_of(rows, path.name)


def read_recording(path: Path) -> Recording:
    """Return the recording in a file; see `load_recording`."""
    steps = load_recording(path)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return] # as its type says


def _said_by_server(rows: Iterable[Row]) -> list[Row]:
    messages = [row for row in rows if row.type in ("text", "binary")]
    received = [row for row in messages if row.direction is Direction.IN]
    if received and not _is_of_server(rows):
        first = received[0].peer
        return [row for row in received if row.peer == first]
    sent = [row for row in messages if row.direction is Direction.OUT and row.peer]
    client = next((row.peer for row in sent if _CONNECTION.fullmatch(row.peer)), "")
    return [
        row
        for row in sent
        if row.peer == client or (row.peer.startswith(_TO_SEVERAL) and row.peer != f"from {client}")
    ]


def _is_of_server(rows: Iterable[Row]) -> bool:
    return any(
        row.peer.startswith(_TO_SEVERAL)
        or (row.type == "open" and isinstance(row.payload, str) and _SERVERS_NOTE.match(row.payload))
        for row in rows
    )


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

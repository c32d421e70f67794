"""The books of one direction: what was sent came once, in order and whole, or an event told its loss.

A message carries its number, and its other bytes follow from that. Each connection must have heard an
unbroken row of numbers; what no connection heard must lie where the sender was told of a loss: by a
`close` that was not its own, or by `MessagesLost`, which must name nothing that was heard, and nothing
twice. The books stay as small as the number of connections that live.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import tkws

OWN_CLOSE = 4000
"""The code of a sender that ends when all was sent: a `close` with it promises that all arrived."""

_DIGITS = 12


@dataclass(frozen=True)
class Tally:
    """What the books come to; ``sent == delivered + lost`` where they are in order."""

    sent: int
    delivered: int
    lost: int


class Ledger:
    """Give `sending` the events of the end that sends, and `receiving` those of the end that hears.

    Args:
        own_close: The code with which the sender closes. Where both ends send, each ledger has its own.

    Attributes:
        sent: Messages that were sent, or taken by the offline buffer.
        delivered: Messages that the other end has heard.
        refused: Calls of `send` that raised `tkws.StateError`.
        wrong: What is amiss already, in sentences.
    """

    def __init__(self, own_close: int = OWN_CLOSE) -> None:
        self.own_close = own_close
        self.sent = self.delivered = self.refused = 0
        self.wrong: list[str] = []
        # By sending end, the first number that it has had no `close` for; an end that is over is not kept.
        self._begun: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        self._has_begun = False
        self._told: list[range] = []
        self._unsent: list[range] = []  # by `MessagesLost`
        self._skipped: list[tuple[range, str]] = []  # amid what a connection heard
        self._heard: dict[tkws.WebSocket, range] = {}  # by connections that live
        self._over: list[range] = []  # by those that have ended
        self._turn = threading.RLock()  # of the threads that send

    def message(self, number: int, size: int) -> bytes:
        """A message as it must arrive; the number alone takes 12 bytes."""
        head = b"%012d" % number
        return (head * (size // _DIGITS + 1))[: max(size, _DIGITS)]

    def send(self, ws: Any, size: int = 0, *, text: bool = False) -> bool:
        """Send the next message, from any thread; return whether it was taken."""
        with self._turn:
            payload = self.message(self.sent, size)
            try:
                ws.send(payload.decode() if text else payload)
            except tkws.StateError:
                self.refused += 1
                return False
            self.sent += 1
            return True

    def sending(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        """The handler, or a part of it, of the end that sends."""
        with self._turn:
            self._take_note(ws, type, message)

    def receiving(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        """The handler, or a part of it, of the end that hears."""
        if type in ("text", "binary"):
            self._hear(ws, message.encode() if type == "text" else message)
        elif type == "disconnect" and ws in self._heard:
            self._over.append(self._heard.pop(ws))

    def tally(self) -> Tally:
        """Close the books.

        Raises:
            AssertionError: Something came twice, out of order or damaged, or was lost untold.
        """
        heard = _joined([*self._over, *self._heard.values()], self.wrong)
        _joined([*heard, *self._unsent], self.wrong, "were told as not sent, and came or were told again")
        unsent = _joined(self._unsent)
        for skipped, sentence in self._skipped:
            if not any(row.start <= skipped.start and skipped.stop <= row.stop for row in unsent):
                self.wrong.append(sentence)
        missing = _gaps(heard, self.sent)
        self._told = _joined(self._told)
        for gap in missing:
            if not any(told.start <= gap.start and gap.stop <= told.stop for told in self._told):
                self.wrong.append(f"{gap} was lost and nothing told it; told: {self._told[-9:]}")
        assert not self.wrong, "; ".join(self.wrong[:9])
        tally = Tally(self.sent, self.delivered, sum(map(len, missing)))
        assert tally.sent == tally.delivered + tally.lost, tally
        return tally

    def _take_note(self, ws: Any, type: str, message: Any) -> None:
        if isinstance(message, tkws.MessagesLost):
            for lost in message.messages:
                number = int(lost[:_DIGITS])
                self._tell(number, number + 1)
                if self._unsent and self._unsent[-1].stop == number:
                    number = self._unsent.pop().start
                self._unsent.append(range(number, int(lost[:_DIGITS]) + 1))
        elif type == "connect":
            # What was sent before the first of them was kept for it.
            self._begun.setdefault(ws, self.sent if self._has_begun else 0)
            self._has_begun = True
        elif type == "close":
            if message[0] != self.own_close:
                self._tell(self._begun.get(ws, 0), self.sent)
            self._begun[ws] = self.sent

    def _hear(self, ws: tkws.WebSocket, payload: bytes) -> None:
        number = int(payload[:_DIGITS])
        if payload != self.message(number, len(payload)):
            self.wrong.append(f"message {number} was damaged")
        row = self._heard.get(ws)
        if row is not None and number != row.stop:
            sentence = f"{number} came behind {row.stop - 1} on {ws!r}"
            if number < row.stop:
                self.wrong.append(sentence)
            else:  # which is right where those between were told as not sent
                self._skipped.append((range(row.stop, number), sentence))
            self._over.append(row)
            row = None
        self._heard[ws] = range(number if row is None else row.start, number + 1)
        self.delivered += 1

    def _tell(self, start: int, stop: int) -> None:
        if start < stop:
            self._told = _joined([*self._told, range(start, stop)])


def _joined(rows: list[range], wrong: list[str] | None = None, what: str = "came twice") -> list[range]:
    """Return the union of ``rows``, in order; an overlap is put down in ``wrong`` as ``what`` it is."""
    joined: list[range] = []
    for row in sorted(rows, key=lambda each: each.start):
        if not joined or joined[-1].stop < row.start:
            joined.append(row)
            continue
        if wrong is not None and row.start < joined[-1].stop:
            wrong.append(f"numbers from {row.start} on {what}")
        joined[-1] = range(joined[-1].start, max(joined[-1].stop, row.stop))
    return joined


def _gaps(rows: list[range], end: int) -> list[range]:
    """Return what ``rows``, joined, leave out of the numbers below ``end``."""
    starts = [0, *(row.stop for row in rows)]
    stops = [*(row.start for row in rows), end]
    return [range(*pair) for pair in zip(starts, stops, strict=True) if pair[0] < pair[1]]

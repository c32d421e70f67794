"""Plays a recording to each client of a server, at the recorded distances times a speed.

Each client hears it from the beginning, and has a `Head`: the place where it is. A client that does not read
holds up its own head alone. Knows connections, but no widget.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import tkws
from tkws.console.server.recording import Cue, Recording
from tkws.loop import Timer

_RUN_TIME = 0.004  # seconds of sending without a break
_MAX_LATE = 1.0  # seconds that messages may be late and still keep their distance to the first
_MAX_WAIT = 3600.0  # seconds until the next look, however long the distance is


class Head:
    """The place in a recording at which a client is.

    Args:
        recording: The recording.
        now: The present time in seconds, as of `time.monotonic`; in the methods likewise.

    Attributes:
        index: The number of the next message; that of all messages at the end.
        rounds: How many times it has begun again.
    """

    def __init__(self, recording: Recording, now: float) -> None:
        self.index: int = 0
        self.rounds: int = 0
        self._recording = recording
        self._offset = 0.0  # the place in the recording at `_since`
        self._since: float | None = now  # None while it is held

    @property
    def at_end(self) -> bool:
        """Whether all messages have been taken."""
        return self.index == len(self._recording.cues)

    @property
    def held(self) -> bool:
        """Whether the place stays as it is."""
        return self._since is None

    def delay(self, now: float, speed: float) -> float:
        """Return the seconds until the next message, or until the next round; not above 0 if it is due."""
        since = now if self._since is None else self._since
        return (self._next_offset() - self._offset) / speed - (now - since)

    def take(self) -> Cue:
        """Return the next message, and move to the one after it."""
        self.index += 1
        return self._recording.cues[self.index - 1]

    def begin_again(self) -> None:
        """Move to the next round, which is due."""
        self.index = 0
        self.rounds += 1
        self._offset -= self._recording.period

    def hold(self, now: float, speed: float) -> None:
        """Stay at the present place, until `release`."""
        if self._since is not None and now > self._since:
            self._offset = min(self._next_offset(), self._offset + (now - self._since) * speed)
        self._since = None

    def release(self, now: float) -> None:
        """Continue from where it was held; a no-op if it was not."""
        if self._since is None:
            self._since = now

    def _next_offset(self) -> float:
        return self._recording.period if self.at_end else self._recording.cues[self.index].offset


class Playback:
    """Plays a recording to the clients that are added.

    Args:
        recording: The recording.
        send: Called as ``send(ws, payload)`` to send a message.
        on_end: Called with the connection whose client has heard all.
        speed: How many times faster than recorded; infinity for no distances.
        repeats: Whether it begins again at its end.

    Attributes:
        recording: As above.
    """

    def __init__(
        self,
        recording: Recording,
        send: Callable[[tkws.WebSocket, str | bytes], object],
        on_end: Callable[[tkws.WebSocket], object] = lambda _: None,
        *,
        speed: float = 1.0,
        repeats: bool = False,
    ) -> None:
        self.recording: Final = recording
        self._send = send
        self._on_end = on_end
        self._speed = speed
        self._repeats = repeats
        self._paused = False
        self._heads: dict[tkws.WebSocket, Head] = {}
        self._timers: dict[tkws.WebSocket, Timer] = {}
        self._full: set[tkws.WebSocket] = set()  # those that do not read

    @property
    def speed(self) -> float:
        """How many times faster than recorded."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        now = time.monotonic()
        going = [head for head in self._heads.values() if not head.held]
        for head in going:
            head.hold(now, self._speed)
        self._speed = speed
        for head in going:
            head.release(now)
        self._play_all()

    @property
    def repeats(self) -> bool:
        """Whether it begins again at its end."""
        return self._repeats

    @repeats.setter
    def repeats(self, repeats: bool) -> None:
        self._repeats = repeats
        self._release_all()

    @property
    def paused(self) -> bool:
        """Whether it is paused."""
        return self._paused

    def add(self, ws: tkws.WebSocket) -> None:
        """Begin to play to a client that has connected."""
        self._heads[ws] = Head(self.recording, time.monotonic())
        self._full.discard(ws)
        if self._paused:
            self._heads[ws].hold(time.monotonic(), self._speed)
        self._play(ws)

    def remove(self, ws: tkws.WebSocket) -> None:
        """Forget a client; a no-op if it is not known."""
        self._cancel(ws)
        self._full.discard(ws)
        self._heads.pop(ws, None)

    def drained(self, ws: tkws.WebSocket) -> None:
        """Continue with a client that reads again."""
        if ws in self._full:
            self._full.discard(ws)
            self._release(ws)

    def pause(self) -> None:
        """Stay where each client is, until `resume`."""
        self._paused = True
        now = time.monotonic()
        for ws, head in self._heads.items():
            self._cancel(ws)
            head.hold(now, self._speed)

    def resume(self) -> None:
        """Continue after a `pause`."""
        self._paused = False
        self._release_all()

    def restart(self) -> None:
        """Play from the beginning to each client."""
        for ws in list(self._heads):
            self.add(ws)

    def close(self) -> None:
        """Stop for good."""
        for ws in list(self._heads):
            self.remove(ws)

    def head_of(self, ws: tkws.WebSocket) -> Head | None:
        """Return the place at which a client is; None if it is not known."""
        return self._heads.get(ws)

    def _release(self, ws: tkws.WebSocket) -> None:
        head = self._heads[ws]
        if self._paused or ws in self._full or (head.at_end and not self._repeats):
            return
        head.release(time.monotonic())
        self._play(ws)

    def _release_all(self) -> None:
        for ws in list(self._heads):
            self._release(ws)

    def _play_all(self) -> None:
        for ws in list(self._heads):
            self._play(ws)

    def _play(self, ws: tkws.WebSocket) -> None:
        """Send what is due, and set a timer for the next message."""
        self._cancel(ws)
        end = time.monotonic() + _RUN_TIME
        while (head := self._heads.get(ws)) is not None and not head.held and ws.state is tkws.State.OPEN:
            now = time.monotonic()
            if head.at_end and not self._repeats:
                head.hold(now, self._speed)
                self._on_end(ws)
                return
            delay = head.delay(now, self._speed)
            if delay < -_MAX_LATE:  # as after the computer has slept: no hurry
                head.hold(now, self._speed)
                head.release(now)
            if delay > 0 or now > end:
                self._timers[ws] = ws.loop.call_later(min(max(0.0, delay), _MAX_WAIT), self._play, ws)
                return
            self._take(ws, head, now)

    def _take(self, ws: tkws.WebSocket, head: Head, now: float) -> None:
        """Send the message that is due, or begin the next round."""
        if head.at_end:
            head.begin_again()
        elif ws.buffered_amount > ws.cget("high_water"):
            self._full.add(ws)
            head.hold(now, self._speed)
        else:
            self._send(ws, head.take().payload)

    def _cancel(self, ws: tkws.WebSocket) -> None:
        if timer := self._timers.pop(ws, None):
            timer.cancel()

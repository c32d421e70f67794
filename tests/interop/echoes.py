"""Connections between tkws and a party that says back what it hears, to be measured from our end."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from typing import Any

import tkws
from tests.interop.chromium import Tab
from tests.interop.links import Recorder
from tests.interop.others import PROGRAMS
from tests.interop.parties import TheirParty

# Seconds for a message there and back, the largest too.
PATIENCE = 60.0


class Echoed:
    """A connection to a party that says back what it hears.

    Args:
        root: Whose loop it is on.
        pump_until: Runs it.
        role: Of tkws.
        theirs: The party.
        count: How many messages it says back.
        deflate: What it asks of the compression, as `TheirParty.begin` takes it.
        ours: Options of our end.

    Attributes:
        ws: Our end.
    """

    def __init__(
        self,
        root: tkinter.Misc,
        pump_until: Callable[..., None],
        role: str,
        theirs: TheirParty | Tab,
        count: int,
        deflate: str | None = None,
        **ours: Any,
    ) -> None:
        self._pump_until = pump_until
        self._theirs = theirs
        self._heard = Recorder()
        part = [("echo", count)]
        if role == "server":
            server = tkws.serve(master=root, **ours)
            server.live("/talk", self._heard)
            server.directory("/", PROGRAMS / "node")  # for browsers
            theirs.begin(part, "open", f"ws://127.0.0.1:{server.port}/talk", deflate=deflate)
        else:
            theirs.begin(part, "serve", "/talk", "*", deflate=deflate)
            pump_until(lambda: theirs.port, PATIENCE)
            tkws.open(f"ws://127.0.0.1:{theirs.port}/talk", self._heard, master=root, **ours)
        pump_until(lambda: self._heard.opened and theirs.transcript, PATIENCE)
        (self.ws,) = self._heard.opened

    @property
    def agreed(self) -> list[str]:
        """The Sec-WebSocket-Extensions of the answer, as each end that has it tells."""
        ours = [self.ws.response.headers.get("Sec-WebSocket-Extensions", "")] if self.ws.response else []
        return [*ours, self._theirs.agreed]

    def exchange(self, message: str | bytes) -> tuple[int, int]:
        """Says a message, which comes back the same; returns the bytes that went, and that came."""
        sent, received = self.ws.statistics.bytes_sent, self.ws.statistics.bytes_received
        self._heard.events.clear()
        self.ws.send(message)
        self._pump_until(lambda: self._heard.messages, PATIENCE)
        same = self._heard.messages == [message]
        assert same, "another message came back"
        return self.ws.statistics.bytes_sent - sent, self.ws.statistics.bytes_received - received

    def close(self) -> None:
        """Ends it, as both ends say."""
        self.ws.close(1000, "bye")
        self._pump_until(lambda: self._heard.over and self._theirs.over, PATIENCE)
        assert self.ws.state is tkws.State.CLOSED
        assert [code for code, _ in self._heard["close"]] == [1000]
        assert [words[1] for words in self._theirs.transcript if words[0] == "close"] == ["1000"]

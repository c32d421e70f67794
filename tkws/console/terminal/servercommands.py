"""The commands of a server's terminal: they list its clients, send to one of them, and close connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import tkws
from tkws.console.server.serversession import Mode, ServerSession, peer_of
from tkws.console.terminal.commands import Command, Commands, pong, read_close
from tkws.console.text.payload import read_base64, read_hex


class ServerCommands:
    """The commands.

    Args:
        session: The server.
        note: Called with the lines that a command shows.
        on_close: Called to end the program, after the server has been closed.

    Attributes:
        commands: The table of them. Any other line is sent to all clients.
    """

    def __init__(
        self, session: ServerSession, note: Callable[..., object], on_close: Callable[[], object]
    ) -> None:
        self._session = session
        self._note = note
        self._on_close = on_close
        self._pinged: set[str] = set()
        self.commands: Commands = Commands(self._table(), session.send)

    def pong_received(self, name: str) -> None:
        """Show how long a ping took, if a command sent one to the client of that name."""
        if name in self._pinged:
            self._pinged.discard(name)
            ws, _ = self._take_client("ping", name)
            self._note(pong(ws), name=name)

    def _table(self) -> Iterator[Command]:
        yield Command("clients", "", "list the clients", lambda _: self._note(*self._list()))
        yield Command("send", "CLIENT TEXT", "send a text to one client", self._send, self._names)
        yield Command("binary", "HEX", "send bytes to all, given as hex",
            lambda rest: self._session.send(read_hex(rest)))  # fmt: skip
        yield Command("base64", "TEXT", "send bytes to all, given as base64",
            lambda rest: self._session.send(read_base64(rest)))  # fmt: skip
        yield Command(
            "ping", "CLIENT", "send a ping, and show how long the pong took", self._ping, self._names
        )
        yield Command(
            "mode", "MODE", "echo, chat or silent: what is done with messages", self._set_mode, self._modes
        )
        yield Command("kick", "CLIENT [CODE [REASON]]", "close a connection", self._kick, self._names)
        yield Command("close", "[CODE [REASON]]", "close all connections, and end", self._close)
        yield Command("help", "", "show this list", lambda _: self._note(*self.commands.help()))

    def _names(self) -> list[str]:
        return list(self._session.names.values())

    def _modes(self) -> list[str]:
        return [mode.value for mode in Mode if mode is not Mode.ANSWERS or mode is self._session.mode]

    def _list(self) -> list[str]:
        return [
            f"{name:4} {peer_of(ws):21} {ws.request.target if ws.request else '/'}, "
            f"{ws.statistics.messages_received:,} in, {ws.statistics.messages_sent:,} out"
            for ws, name in self._session.names.items()
        ] or ["Nobody is connected."]

    def _take_client(self, command: str, text: str) -> tuple[tkws.WebSocket, str]:
        """Return the client that the first word of some arguments names, and the rest of them."""
        word, _, rest = text.partition(" ")
        for ws, name in self._session.names.items():
            if name.removeprefix("#") == word.removeprefix("#"):
                return ws, rest
        there = ", ".join(self._names()) or "nobody is connected"
        raise ValueError(f"/{command}: the name of a client ({there}), not {word!r}")

    def _send(self, rest: str) -> None:
        ws, text = self._take_client("send", rest)
        self._session.send(text, ws)

    def _ping(self, rest: str) -> None:
        ws, payload = self._take_client("ping", rest)
        ws.ping(payload.encode())
        self._pinged.add(self._session.names[ws])

    def _set_mode(self, rest: str) -> None:
        if rest not in self._modes():
            raise ValueError(f"/mode: one of {', '.join(self._modes())}, not {rest!r}")
        self._session.mode = Mode(rest)

    def _kick(self, rest: str) -> None:
        ws, end = self._take_client("kick", rest)
        ws.close(*read_close("kick", end))

    def _close(self, rest: str) -> None:
        code, reason = read_close("close", rest)
        self._session.close(code if rest else tkws.CloseCode.GOING_AWAY, reason)
        self._on_close()

"""Scripted conversations between a client and a server, the same whoever plays the two.

A conversation is a list of lines ``(speaker, action, *arguments)``, each of which is spoken when the one
before has been heard: `Conversation.part` makes of it what one party has to do and to wait for, and
`Conversation.heard` what it is told.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

Record = tuple[str, ...]

CLIENT = "client"
SERVER = "server"

# What the other party hears of an action; the rest it does not wait for.
HEARD = ("text", "binary", "ping")

# What is said by letters rather than by bytes.
GREETING = "Grüße aus Łódź, 世界"
BYTES = bytes(range(256))


@dataclass(frozen=True)
class Conversation:
    """A conversation, and how its connection is opened.

    Attributes:
        lines: As above. ``text``, ``binary``: a message, and False for a fragment that is not the last.
            ``ping``, ``pong``: a payload. ``close``: a code or None, and a reason. ``find``: a host and a
            port, None for the peer's. ``conninfo``: what.
        target: What the client asks for.
        offered: The subprotocols that it offers.
        accepted: A glob for those that the server speaks.
    """

    lines: list[tuple]
    target: str = "/talk"
    offered: tuple[str, ...] = ("chat.v1",)
    accepted: str = "*"

    def part(self, side: str, deaf: Collection[str] = ()) -> list[tuple]:
        """What ``side`` has to do, in order; ``("wait", type)`` stands for what it has to hear first.

        It does not wait for a type to which it is ``deaf``.
        """
        entries: list[tuple] = []
        for speaker, action, *arguments in self.lines:
            if speaker == side:
                entries.append((action, *arguments))
                if action == "ping":
                    entries.append(("wait", "pong"))
            elif action in HEARD and arguments[1:] != [False]:
                entries.append(("wait", action))
        return [entry for entry in entries if entry[0] != "wait" or entry[1] not in deaf]

    def heard(self, side: str, deaf: Collection[str] = ()) -> list[Record]:
        """What ``side`` is told by RFC 6455, as transcripts have it.

        Nothing is told of a type to which it is ``deaf``.
        """
        if not self.lines:
            return [("error", "404"), ("disconnect",)] if side == CLIENT else []
        url = urlsplit(self.target)
        asked = [url.path, *(word for pair in parse_qsl(url.query) for word in pair)]
        records: list[Record] = [("connect", *(asked if side == SERVER else [self.chosen]))]
        end: list[Record] = [("disconnect",)]
        said: list[str | bytes] = []
        for speaker, action, *arguments in self.lines:
            if action == "close":
                # An answer to a Close frame has its code, and may have its reason (RFC 6455, 5.5.1).
                reason = arguments[1:] if speaker != side else []
                end.insert(0, ("close", self.code, *reason))
            elif speaker == side:
                records += [("pong", arguments[0].hex())] if action == "ping" else []
            elif action in ("ping", "pong"):
                records.append((action, arguments[0].hex()))
            else:
                said.append(arguments[0])
                if arguments[1:] != [False]:
                    records.append((action, _joined(said)))
                    said.clear()
        return [record for record in records + end if record[0] not in deaf]

    def needs(self, side: str) -> set[str]:
        """The actions that ``side`` takes, and ``fragment``; ``close`` with the code that it says."""
        actions = {action for speaker, action, *_ in self.lines if speaker == side and action != "close"}
        if any(line[0] == side and line[3:] == (False,) for line in self.lines):
            actions.add("fragment")
        return actions | {f"close {line[2]}" for line in self.lines if line[:2] == (side, "close")}

    @property
    def closer(self) -> str:
        """The side that closes; empty where the connection was not opened."""
        return next((speaker for speaker, action, *_ in self.lines if action == "close"), "")

    @property
    def code(self) -> str:
        """The code of its Close frame, as transcripts have it."""
        return next((str(line[2] or 1005) for line in self.lines if line[1] == "close"), "")

    @property
    def chosen(self) -> str:
        """The subprotocol on which both agree."""
        return next((each for each in self.offered if fnmatch.fnmatch(each, self.accepted)), "")


def _joined(fragments: list[str | bytes]) -> str:
    """The words of a transcript for a message in fragments."""
    return "".join(fragment if isinstance(fragment, str) else fragment.hex() for fragment in fragments)


def echoed(*messages: str | bytes) -> list[tuple]:
    """Lines by which the client says ``messages``, each of which the server says back."""
    kinds = [("binary" if isinstance(message, bytes) else "text", message) for message in messages]
    return [(side, kind, message) for kind, message in kinds for side in (CLIENT, SERVER)]


def sized(*sizes: int) -> list[str | bytes]:
    """A text and a binary message of each size in bytes."""
    return [message for size in sizes for message in ("x" * size, (BYTES * (size // 256 + 1))[:size])]


CONVERSATIONS = {
    "messages": Conversation(
        [*echoed("hello", GREETING, "", BYTES, b"", '\0\n\\"'), (CLIENT, "close", 1000, "bye")],
        target="/talk?name=Anna&room=3",
    ),
    "sizes": Conversation([*echoed(*sized(1, 125, 126, 65535, 65536)), (CLIENT, "close", 1000, "bye")]),
    "fragments": Conversation(
        [
            (CLIENT, "text", "Grü", False),
            (CLIENT, "text", "", False),
            (CLIENT, "text", "ße", True),
            (SERVER, "binary", b"\xff", False),
            (SERVER, "binary", b"\x00\xfe", True),
            (SERVER, "text", "whole"),
            (CLIENT, "close", 1000, "bye"),
        ]
    ),
    "a ping between fragments of the server": Conversation(
        [
            (CLIENT, "text", "go on"),
            (SERVER, "text", "half, ", False),
            (CLIENT, "ping", b"still there?"),
            (SERVER, "text", "whole", True),
            (CLIENT, "close", 1000, "bye"),
        ]
    ),
    "a ping between fragments of the client": Conversation(
        [
            (CLIENT, "text", "go on"),
            (CLIENT, "text", "half, ", False),
            (SERVER, "ping", b"still there?"),
            (CLIENT, "text", "whole", True),
            (SERVER, "close", 1000, "bye"),
        ]
    ),
    "pings": Conversation(
        [
            (CLIENT, "ping", b""),
            (CLIENT, "ping", b"from the client"),
            (SERVER, "ping", b"\x00\xff" * 62),
            (SERVER, "text", "done"),
            (CLIENT, "close", 1000, "bye"),
        ]
    ),
    "pongs": Conversation(
        [
            (CLIENT, "pong", b"unasked"),
            (CLIENT, "text", "said"),
            (SERVER, "pong", b"unasked too"),
            (SERVER, "text", "said"),
            (CLIENT, "close", 1000, "bye"),
        ]
    ),
    "close by the server": Conversation([*echoed("hello"), (SERVER, "close", 4001, "Schluß für heute")]),
    "close by the client, without a reason": Conversation([*echoed("hello"), (CLIENT, "close", 4000, "")]),
    "close by the client, without a code": Conversation([*echoed("hello"), (CLIENT, "close", None, "")]),
    "close by the server, without a code": Conversation([*echoed("hello"), (SERVER, "close", None, "")]),
    "close, and words on the way": Conversation(
        [
            (CLIENT, "text", "go on"),
            (CLIENT, "close", 1000, "bye"),
            (SERVER, "text", "too late"),
        ]
    ),
    "choice of a subprotocol": Conversation(
        [*echoed("hello"), (CLIENT, "close", 1000, "bye")],
        offered=("other", "chat.v2", "chat.v1"),
        accepted="chat.*",
    ),
    "no subprotocol": Conversation([*echoed("hello"), (CLIENT, "close", 1000, "bye")], offered=()),
    "a path that is not served": Conversation([], target="/elsewhere"),
    "information": Conversation(
        [
            *[
                (side, "conninfo", what)
                for side in (CLIENT, SERVER)
                for what in ("type", "client", "server", "closed", "state")
            ],
            *[
                (side, "find", host, port)
                for side in (CLIENT, SERVER)
                for host, port in [("x", "*"), ("*", None)]
            ],
            *echoed("hello"),
            (CLIENT, "close", 1000, "bye"),
        ]
    ),
}


def _closed_with(code: int, reason: str) -> dict[str, Conversation]:
    """Conversations that each side ends by ``code``."""
    return {
        f"close by the {side} with {code}": Conversation([*echoed("hello"), (side, "close", code, reason)])
        for side in (CLIENT, SERVER)
    }


# What only the peers are asked that speak by the RFC alone.
MORE = {name: conversation for name, conversation in CONVERSATIONS.items() if name != "information"} | {
    "many small messages": Conversation(
        [
            *[(CLIENT, "text", f"client's {number}") for number in range(500)],
            (SERVER, "text", "all of them"),
            *[(SERVER, "binary", number.to_bytes(2, "big")) for number in range(500)],
            (CLIENT, "close", 1000, "bye"),
        ]
    ),
    "many small fragments": Conversation(
        [
            *[(side, "text", "é", number == 99) for side in (CLIENT, SERVER) for number in range(100)],
            (CLIENT, "close", 1000, "bye"),
        ]
    ),
    "pings by the client": Conversation(
        [
            *[(CLIENT, "ping", payload) for payload in (b"", b"\xff", b"\x00" * 125)],
            (CLIENT, "text", "there?"),
            (SERVER, "text", "yes"),
            (CLIENT, "close", 1000, "bye"),
        ]
    ),
    "pings by the server": Conversation(
        [
            *echoed("hello"),
            *[(SERVER, "ping", payload) for payload in (b"", b"\xff", b"\x00" * 125)],
            (SERVER, "text", "there?"),
            (CLIENT, "close", 1000, "bye"),
        ]
    ),
    **_closed_with(1001, "moving"),
    **_closed_with(1011, "x" * 123),
    **_closed_with(3000, "é" * 61),
    **_closed_with(4999, "Schluß"),
}

"""Scripted conversations between a client and a server, the same whoever plays the two.

A conversation is a list of lines ``(speaker, action, *arguments)``, each of which is spoken when the one
before has been heard: `part` makes of it what one party has to do and to wait for.
"""

from __future__ import annotations

from dataclasses import dataclass

CLIENT = "client"
SERVER = "server"

# What the other party hears of an action; the rest it does not wait for.
HEARD = {"text": "text", "binary": "binary", "ping": "ping"}

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

    def part(self, side: str) -> list[tuple]:
        """What ``side`` has to do, in order; ``("wait", type)`` stands for what it has to hear first."""
        entries: list[tuple] = []
        for speaker, action, *arguments in self.lines:
            if speaker == side:
                entries.append((action, *arguments))
                if action == "ping":
                    entries.append(("wait", "pong"))
            elif action in HEARD and arguments[1:] != [False]:
                entries.append(("wait", HEARD[action]))
        return entries


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

"""The implementations that take part in processes of their own: how each is started, and what it can do."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from tests.interop.conversations import CLIENT, SERVER, Conversation
from tests.interop.parties import TheirParty
from tests.interop.record import NODE_MODULES

PROGRAMS = Path(__file__).parent

EVERYTHING = frozenset({"text", "binary", "ping", "pong", "fragment", "close"})
CODES = frozenset(f"close {code}" for code in range(1000, 5000))
BROWSER = {"text", "binary", "close 1000", "close None", *(f"close {code}" for code in range(3000, 5000))}


@dataclass(frozen=True)
class Other:
    """An implementation that takes part in conversations.

    Attributes:
        program: Starts it; empty for the browser, which is started by itself.
        sides: Those that it plays.
        says: What it does in a conversation; ``close`` with any code, or ``close 1000``.
        deaf: The types of events that it does not tell.
        compresses: Whether it has permessage-deflate.
    """

    program: tuple[str | Path, ...]
    sides: tuple[str, ...] = (CLIENT, SERVER)
    says: Collection[str] = EVERYTHING
    deaf: Collection[str] = ()
    compresses: bool = True

    def can(self, side: str, conversation: Conversation) -> bool:
        """Whether its programming interface has all that this side needs, and tells of pings it waits for."""
        needs = conversation.needs(side)
        heard = {
            first[1] for first, then in pairwise(conversation.part(side)) if then[0] != "wait" == first[0]
        }
        return (
            side in self.sides
            and all(need in self.says or need.split()[0] in self.says for need in needs)
            and not ("ping" in heard and "ping" in self.deaf)
        )


def node(script: str) -> tuple[str | Path, ...]:
    return ("node", PROGRAMS / "node" / script)


def python(module: str) -> tuple[str | Path, ...]:
    return (sys.executable, "-m", f"tests.interop.python.{module}")


OTHERS = {
    "aiohttp": Other(
        python("with_aiohttp"),
        says=EVERYTHING - {"fragment", "close"} | CODES,
        deaf={"ping", "pong"},
    ),
    "chromium": Other((), (CLIENT,), BROWSER, deaf={"ping", "pong"}),
    "curl": Other(python("with_curl"), (CLIENT,), compresses=False),
    "picows": Other(
        python("with_picows"), says=EVERYTHING - {"close"} | CODES, deaf={"ping"}, compresses=False
    ),
    "websocket-client": Other(
        python("with_websocket_client"), (CLIENT,), EVERYTHING - {"close"} | CODES, compresses=False
    ),
    "ws": Other(node("ws.mjs")),
    "undici": Other(node("undici.mjs"), (CLIENT,), BROWSER, deaf={"ping", "pong"}),
}


def start(peer: str, errors: Path) -> TheirParty:
    """Starts a peer; skips where it is not installed."""
    other = OTHERS[peer]
    if other.program[0] == "node":
        if shutil.which("node") is None:
            pytest.skip("node is not installed")
        if not (NODE_MODULES / peer).is_dir():
            pytest.skip(f"{peer} is not installed in .cache/node: tests/run.sh does it")
    return TheirParty(list(other.program), errors, NODE_PATH=os.fspath(NODE_MODULES))

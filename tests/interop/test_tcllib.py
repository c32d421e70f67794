"""tcllib's ``websocket`` package under tclsh, as client to our server and as server to our client.

Every conversation is held three times: by tcllib with itself, which is the reference, and by tkws in either
role. Where the transcripts of tkws's conversations differ from the reference, they do so by a defect of
tcllib's that tkws does not share: `EXPLAINED` lists the differences, by the numbers of ``docs/tcllib.md``. It
holds in both directions: nothing else differs, and what is listed still does.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

import tkws
from tests.interop.conversations import CLIENT, CONVERSATIONS, SERVER, Conversation, Record
from tests.interop.parties import TCLLIB, OurParty, TheirParty, Transcripts, differences
from tkws.loop import loop_for

PEER = "tcllib"

# Seconds that a conversation may take; tclsh alone needs a tenth of one to start.
PATIENCE = 15.0

Hold = Callable[[Conversation, str], Transcripts]


@dataclass(frozen=True)
class Difference:
    """Some records of the reference, and what stands for them where tkws takes part.

    Attributes:
        defects: The numbers of the defects that it is owed to.
        ours: The side that tkws plays.
        of: The side whose transcript it is.
        reference: The records of the reference.
        found: The records in their place.
    """

    defects: tuple[int, ...]
    ours: str
    of: str
    reference: tuple[Record, ...]
    found: tuple[Record, ...]


BYE = ("close", "1000", "bye")
GONE = ("close", "1001", "Endpoint going away")
LOST = ("close", "1006")
REFUSED = ("bgerror", "Cannot change type of message under continuation!")
AFTER_CLOSE = (("sent", "-1"), ("disconnect",))
STILL_THERE = b"still there?".hex()
UNASKED = b"unasked".hex()
UNASKED_TOO = b"unasked too".hex()

# tcllib never answers a Close frame (1), and tells what it closed with itself, since it does not wait (2).
NOT_ANSWERED = Difference((1, 2), CLIENT, CLIENT, (BYE,), (LOST,))
# It never sends one either (1): only from tkws does a server hear how the client closes.
HEARD_AT_LAST = Difference((1,), CLIENT, SERVER, (GONE,), (BYE,))
# The end of the connection without a Close frame is 1006, not 1001 (10).
NOT_GOING_AWAY = Difference((10,), SERVER, SERVER, (GONE,), (LOST,))

CLOSED_BY_CLIENT = [NOT_ANSWERED, HEARD_AT_LAST, NOT_GOING_AWAY]

# What came while tcllib sent a message in fragments ended its connection (4): only the transcripts with tkws
# on that side go on.
_CLIENT_GOES_ON = (("pong", STILL_THERE), ("text", "half, whole"), BYE)
_SERVER_HEARS_PING = (("ping", STILL_THERE), ("sent", "7"), LOST, *AFTER_CLOSE)
_CLIENT_HEARS_PING = (("ping", STILL_THERE), ("sent", "11"), LOST, *AFTER_CLOSE)

EXPLAINED: dict[str, list[Difference]] = {
    "messages": CLOSED_BY_CLIENT,
    "sizes": CLOSED_BY_CLIENT,
    "fragments": CLOSED_BY_CLIENT,
    "a ping between fragments of the server": [
        Difference((10,), CLIENT, CLIENT, (GONE,), (LOST,)),
        Difference((4,), SERVER, CLIENT, (GONE,), _CLIENT_GOES_ON),
        Difference((4, 10), SERVER, SERVER, (REFUSED,), _SERVER_HEARS_PING),
    ],
    "a ping between fragments of the client": [
        Difference((4, 1), CLIENT, CLIENT, (REFUSED,), _CLIENT_HEARS_PING),
        Difference((4,), CLIENT, SERVER, (GONE,), _CLIENT_GOES_ON),
        NOT_GOING_AWAY,
    ],
    "pings": CLOSED_BY_CLIENT,
    "pongs": [
        # tcllib sends a ping for a pong (17), and its peer answers it.
        Difference((17,), CLIENT, CLIENT, (("pong", UNASKED),), ()),
        Difference((17,), CLIENT, SERVER, (("ping", UNASKED),), (("pong", UNASKED),)),
        Difference((17,), SERVER, CLIENT, (("ping", UNASKED_TOO),), (("pong", UNASKED_TOO),)),
        Difference((17, 10), SERVER, SERVER, (("pong", UNASKED_TOO), GONE), (LOST,)),
        NOT_ANSWERED,
        HEARD_AT_LAST,
    ],
    "close by the server": [
        Difference((10,), CLIENT, CLIENT, (GONE,), (LOST,)),
        Difference((1,), SERVER, CLIENT, (GONE,), (("close", "4001", "Schluß für heute"),)),
        Difference((1, 2), SERVER, SERVER, (("close", "4001", "Schluß für heute"),), (LOST,)),
    ],
    "close by the client, without a reason": [
        # A code that tcllib has no reason for is its own reason (10), also where it came from tkws.
        Difference((1, 2), CLIENT, CLIENT, (("close", "4000", "4000"),), (LOST,)),
        Difference((1, 10), CLIENT, SERVER, (GONE,), (("close", "4000", "4000"),)),
        NOT_GOING_AWAY,
    ],
    "close by the client, without a code": [
        # The Close frame without a code that tkws sends is a 1000 to tcllib (10).
        Difference((1, 2), CLIENT, CLIENT, (("close",),), (LOST,)),
        Difference((1, 10), CLIENT, SERVER, (GONE,), (("close", "1000", "Normal closure"),)),
        NOT_GOING_AWAY,
    ],
    "close by the server, without a code": [
        Difference((10,), CLIENT, CLIENT, (GONE,), (LOST,)),
        Difference((1, 10), SERVER, CLIENT, (GONE,), (("close", "1000", "Normal closure"),)),
        Difference((1, 2), SERVER, SERVER, (("close",),), (LOST,)),
    ],
    "close, and words on the way": [
        # tcllib reads nothing any more once it has closed (2).
        Difference((1, 2), CLIENT, CLIENT, (BYE,), (("text", "too late"), LOST)),
        HEARD_AT_LAST,
        NOT_GOING_AWAY,
    ],
    "choice of a subprotocol": CLOSED_BY_CLIENT,
    "no subprotocol": CLOSED_BY_CLIENT,
    "a path that is not served": [
        # tcllib leaves the connection CONNECTING for ever.
        Difference((16,), CLIENT, CLIENT, (), (("disconnect",),)),
    ],
    "information": [
        *CLOSED_BY_CLIENT,
        # By its port no connection is found.
        Difference((14,), CLIENT, CLIENT, (("find", "0"),), (("find", "1"),)),
        Difference((14,), SERVER, SERVER, (("find", "0"),), (("find", "1"),)),
    ],
}


@pytest.fixture(scope="module")
def _tcllib() -> None:
    """Skips where there is no such package."""
    if shutil.which("tclsh") is None:
        pytest.skip("tclsh is not installed")
    wanted = "package require websocket; package require json::write"
    asked = subprocess.run(
        ["tclsh"], input=wanted, capture_output=True, encoding="utf-8", timeout=30, check=False
    )
    if asked.stderr:
        pytest.skip(f"tcllib is not installed: {asked.stderr.splitlines()[0]}")


@pytest.fixture(scope="module")
def theirs(_tcllib: None, tmp_path_factory) -> Iterator[dict[str, TheirParty]]:
    """tcllib as the client, and tcllib as the server."""
    errors = tmp_path_factory.mktemp("tcllib")
    parties = {side: TheirParty(["tclsh", TCLLIB], errors / side) for side in (CLIENT, SERVER)}
    yield parties
    statuses = {side: party.close() for side, party in parties.items()}
    assert not any(statuses.values()), [(errors / side).read_text(encoding="utf-8") for side in statuses]


@pytest.fixture
def hold(root, pump_until, theirs: dict[str, TheirParty]) -> Iterator[Hold]:
    """``hold(conversation, ours)``: the transcripts of both sides; tkws plays the side ``ours``."""
    loop = loop_for(root)
    for party in theirs.values():
        party.attend(loop)

    def serve(conversation: Conversation, ours: str) -> OurParty | TheirParty:
        part = conversation.part(SERVER)
        if ours != SERVER:
            theirs[SERVER].begin(part, "serve", "/talk", conversation.accepted)
            pump_until(lambda: theirs[SERVER].port, PATIENCE)
            return theirs[SERVER]
        listening = tkws.serve(master=root, compression=False)
        party = OurParty(part, listening.port)
        listening.live("/talk", party, conversation.accepted)
        return party

    def connect(conversation: Conversation, ours: str, port: int | None) -> OurParty | TheirParty:
        part = conversation.part(CLIENT)
        url = f"ws://127.0.0.1:{port}{conversation.target}"
        if ours != CLIENT:
            theirs[CLIENT].begin(part, "open", url, *conversation.offered)
            return theirs[CLIENT]
        party = OurParty(part)
        tkws.open(url, party, master=root, protocols=conversation.offered, compression=False)
        return party

    def hold(conversation: Conversation, ours: str) -> Transcripts:
        server = serve(conversation, ours)
        client = connect(conversation, ours, server.port)
        pump_until(lambda: client.over and (server.over or not conversation.lines), PATIENCE)
        return {CLIENT: client.transcript, SERVER: server.transcript}

    yield hold
    for party in theirs.values():
        party.ignore(loop)


@pytest.mark.slow
@pytest.mark.parametrize("conversation", CONVERSATIONS)
def test_what_differs_from_tcllib_is_a_defect_of_tcllib(conversation: str, hold: Hold) -> None:
    reference = hold(CONVERSATIONS[conversation], "")
    assert reference[CLIENT][0][0] == ("connect" if CONVERSATIONS[conversation].lines else "error")
    found = {
        (ours, *difference)
        for ours in (CLIENT, SERVER)
        for difference in differences(reference, hold(CONVERSATIONS[conversation], ours))
    }
    explained = {(entry.ours, entry.of, entry.reference, entry.found) for entry in EXPLAINED[conversation]}
    unexplained, gone = found - explained, explained - found
    assert not unexplained
    assert not gone

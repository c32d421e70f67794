"""The same conversations with every other implementation at hand, in each role that it has."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tkws
from tests.interop.conversations import CLIENT, MORE, SERVER, Conversation, Record
from tests.interop.others import OTHERS, PROGRAMS
from tests.interop.parties import OurParty, TheirParty, Transcripts, abridged, differences

PATIENCE = 15.0

# The side across.
ACROSS = {CLIENT: SERVER, SERVER: CLIENT}

CASES = [
    pytest.param(peer, ACROSS[side], name, compression, id=f"{peer}-{ACROSS[side]}-{name}-{compression}")
    for peer, other in OTHERS.items()
    for side in other.sides
    for name, conversation in MORE.items()
    for compression in (["plain", "compressed"] if other.compresses else ["plain"])
    if other.can(side, conversation)
]

Records = tuple[Record, ...]


def answered_with_1000(peer: str, role: str) -> dict[tuple[str, str, str], list[tuple[Records, Records]]]:
    """What differs where every Close frame is answered with 1000 (RFC 6455, 5.5.1: "typically" it echoes)."""
    return {
        (peer, role, name): [((("close", conversation.code),), (("close", "1000"),))]
        for name, conversation in MORE.items()
        if conversation.closer == role and conversation.code != "1000"
    }


NO_STATUS = [((("error", "404"),), (("error",),))]
NOT_AFTER_CLOSE = [((("text", "too late"),), ())]
SENT_0 = (("error", "close code 0 may not travel"), ("close", "1006"))

# Where a transcript is another than by the RFC: by the peer, the role of tkws and the conversation, what
# would be there, and what is; ours first.
EXPLAINED = {
    **answered_with_1000("aiohttp", CLIENT),
    **answered_with_1000("aiohttp", SERVER),
    **answered_with_1000("websocket-client", SERVER),
    # A Close frame without a code is 0 to it; as a client it then waits for another, up to the end.
    ("aiohttp", CLIENT, "close by the client, without a code"): [
        ((("close", "1005"),), (("close", "1000"),)),
        ((("close", "1005", ""),), (("close", "0", ""),)),
    ],
    ("aiohttp", SERVER, "close by the server, without a code"): [
        ((("close", "1005"),), (("close", "1000"),)),
        ((("close", "1005", ""),), (("close", "1006", ""),)),
    ],
    # It answers one with the code 0, which is none (RFC 6455, 7.4.2).
    ("picows", CLIENT, "close by the client, without a code"): [((("close", "1005"),), SENT_0)],
    ("picows", SERVER, "close by the server, without a code"): [((("close", "1005"),), SENT_0)],
    # Their programs are told of no message once they close.
    ("aiohttp", SERVER, "close, and words on the way"): NOT_AFTER_CLOSE,
    ("chromium", SERVER, "close, and words on the way"): NOT_AFTER_CLOSE,
    ("undici", SERVER, "close, and words on the way"): NOT_AFTER_CLOSE,
    ("websocket-client", SERVER, "close, and words on the way"): NOT_AFTER_CLOSE,
    # A browser does not tell its page the status of a refusal.
    ("chromium", SERVER, "a path that is not served"): NO_STATUS,
    ("undici", SERVER, "a path that is not served"): NO_STATUS,
    # It takes a request for another path for a bad one.
    ("ws", CLIENT, "a path that is not served"): [((("error", "404"),), (("error", "400"),))],
}

Hold = Callable[[Conversation, bool], Transcripts]


@pytest.fixture
def hold(root, pump_until, theirs: TheirParty, peer: str, role: str) -> Hold:
    """``hold(conversation, compression)``: the transcripts of both sides."""

    def hold(conversation: Conversation, compression: bool) -> Transcripts:
        ours = OurParty(conversation.part(role))
        part = conversation.part(ACROSS[role], OTHERS[peer].deaf)
        deflate = "" if compression else None
        if role == SERVER:
            server = tkws.serve(master=root, compression=compression)
            server.live("/talk", ours, conversation.accepted)
            server.directory("/", PROGRAMS / "node")  # for browsers
            url = f"ws://127.0.0.1:{server.port}{conversation.target}"
            theirs.begin(part, "open", url, *conversation.offered, deflate=deflate)
        else:
            theirs.begin(part, "serve", "/talk", conversation.accepted, deflate=deflate)
            pump_until(lambda: theirs.port, PATIENCE)
            url = f"ws://127.0.0.1:{theirs.port}{conversation.target}"
            tkws.open(url, ours, master=root, protocols=conversation.offered, compression=compression)
        parties: dict[str, OurParty | TheirParty] = {role: ours, ACROSS[role]: theirs}
        pump_until(
            lambda: parties[CLIENT].over and (parties[SERVER].over or not conversation.lines), PATIENCE
        )
        closer = conversation.closer
        return {
            side: [
                record[:2] if record[0] == "close" and side == closer else record
                for record in party.transcript
                if record[0] != "sent"
            ]
            for side, party in parties.items()
        }

    return hold


@pytest.mark.parametrize(("peer", "role", "conversation", "compression"), CASES, scope="session")
def test_both_sides_hear_what_the_other_says(hold: Hold, peer, role, conversation, compression) -> None:
    held = MORE[conversation]
    deaf = {role: (), ACROSS[role]: OTHERS[peer].deaf}
    expected = {
        side: [tuple(map(abridged, record)) for record in held.heard(side, deaf[side])] for side in deaf
    }
    found = hold(held, compression == "compressed")
    different = [difference[1:] for difference in differences(expected, found)]
    assert different == EXPLAINED.get((peer, role, conversation), [])

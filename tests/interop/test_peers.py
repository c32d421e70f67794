"""The same conversations with every other implementation at hand, in each role that it has."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tkws
from tests.interop.conversations import CLIENT, MORE, SERVER, Conversation
from tests.interop.others import OTHERS
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

# Where a transcript is another than by the RFC: by the peer, the role of tkws and the conversation, what
# would be there, and what is.
EXPLAINED = {
    # A browser tells its page nothing of what comes once it closes, nor of the status of a refusal.
    ("undici", SERVER, "close, and words on the way"): [((("text", "too late"),), ())],
    ("undici", SERVER, "a path that is not served"): [((("error", "404"),), (("error",),))],
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

"""Every offer of permessage-deflate, every answer to it: what RFC 7692, 7.1 allows, and nothing else.

What is allowed is written here from the RFC's text, with none of the package's code. What
`websockets` offers and answers is then held against ours, and ours against it; where it departs from
the RFC, a test is named after that.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from websockets.exceptions import NegotiationError
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)

from tkws.errors import HandshakeError
from tkws.http.fields import Parameters, parse_extensions
from tkws.protocol.deflate import Deflate, PerMessageDeflate

Named = dict[str, str | None]

SERVER_AFRESH, CLIENT_AFRESH = "server_no_context_takeover", "client_no_context_takeover"
SERVER_BITS, CLIENT_BITS = "server_max_window_bits", "client_max_window_bits"

BITS = [None, 8, 9, 12, 15]
ABSENT = "absent"

SETTINGS = [
    Deflate(*each) for each in itertools.product((False, True), (False, True), BITS, BITS)
]  # what a side may be set to
VALUES = [None, "7", "8", "9", "12", "15", "16", "08", "", "x"]  # of a parameter that is there


def named(*, afresh: tuple[str, ...], **bits: str | None) -> Named:
    """Return the parameters; what is `ABSENT` is left out."""
    return dict.fromkeys(afresh) | {name: value for name, value in bits.items() if value != ABSENT}


def shapes(values: list[str | None]) -> list[Named]:
    """Return every set of the four parameters, with these values of the two that have one."""
    subsets = [(), (SERVER_AFRESH,), (CLIENT_AFRESH,), (SERVER_AFRESH, CLIENT_AFRESH)]
    windows = [ABSENT, *values]
    return [
        named(afresh=afresh, server_max_window_bits=server, client_max_window_bits=client)
        for afresh, server, client in itertools.product(subsets, windows, windows)
    ]


def is_well_formed(parameters: Named, *, in_offer: bool) -> bool:
    """Whether each value is one that the parameter may have (7.1.1 and 7.1.2)."""
    numbers = {str(bits) for bits in range(8, 16)}  # no leading zeros
    client = numbers | {None} if in_offer else numbers  # the value is optional in an offer only
    return parameters.get(SERVER_BITS, "15") in numbers and parameters.get(CLIENT_BITS, "15") in client


def answers(offer: Named, answer: Named) -> bool:
    """Whether a server may answer the offer so (7.1.1 and 7.1.2)."""
    if not is_well_formed(answer, in_offer=False):
        return False
    if SERVER_AFRESH in offer and SERVER_AFRESH not in answer:  # 7.1.1.1
        return False
    if CLIENT_BITS in answer and CLIENT_BITS not in offer:  # 7.1.2.2
        return False
    if int(answer.get(SERVER_BITS) or 15) > int(offer.get(SERVER_BITS) or 15):  # 7.1.2.1
        return False
    # Where it is left out, the client is not limited; in the offer it was a hint (7.1.2.2).
    return int(answer.get(CLIENT_BITS) or 0) <= int(offer.get(CLIENT_BITS) or 15)


def parsed(value: str) -> Named:
    [(name, parameters)] = parse_extensions([value])
    assert name == "permessage-deflate"
    assert len(dict(parameters)) == len(parameters)
    return dict(parameters)


def accept(setting: Deflate, offer: Named) -> tuple[PerMessageDeflate, Named] | None:
    accepted = setting.accept([("permessage-deflate", tuple(offer.items()))])
    return None if accepted is None else (accepted[0], parsed(accepted[1]))


def confirm(setting: Deflate, answer: Named) -> PerMessageDeflate | None:
    try:
        return setting.confirm(tuple(answer.items()))
    except HandshakeError:
        return None


def assert_they_talk(one: PerMessageDeflate, other: PerMessageDeflate) -> None:
    """What each may keep or look back to, the other knows; messages pass both ways."""
    for sender, receiver in ((one, other), (other, one)):
        assert sender.encode_window_bits <= receiver.decode_window_bits
        assert receiver.decode_takeover or not sender.encode_takeover
        for message in (b"first " * 60, b"", b"first " * 60):
            assert receiver.decode(sender.encode(message, True), True, 1000) == message


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS[::7], ids=repr)
def test_a_server_accepts_every_good_offer_and_no_other(setting: Deflate) -> None:
    for offer in shapes(VALUES):
        accepted = accept(setting, offer)
        assert (accepted is not None) is is_well_formed(offer, in_offer=True), offer
        if accepted is not None:
            codec, answer = accepted
            assert answers(offer, answer), (offer, answer)
            # What this side was set to is kept to, whatever the offer says.
            assert codec.encode_window_bits <= (setting.server_max_window_bits or 15)
            assert not (setting.server_no_context_takeover and codec.encode_takeover)


def test_a_client_accepts_every_answer_that_its_offer_allows_and_no_other() -> None:
    for setting in SETTINGS:
        offer = parsed(setting.offer())
        assert is_well_formed(offer, in_offer=True)
        for answer in shapes(["8", "12", "15"]):
            assert (confirm(setting, answer) is not None) is answers(offer, answer), (offer, answer)


@pytest.mark.parametrize("answer", shapes(VALUES), ids=str)
def test_a_client_accepts_no_answer_that_is_malformed(answer: Named) -> None:
    accepted = confirm(Deflate(), answer) is not None
    assert accepted is answers(parsed(Deflate().offer()), answer)


@pytest.mark.parametrize("name", [SERVER_AFRESH, CLIENT_AFRESH])
@pytest.mark.parametrize("value", ["", "1", "true"])
def test_no_context_takeover_has_no_value(name: str, value: str) -> None:
    assert accept(Deflate(), {name: value}) is None
    assert confirm(Deflate(), {name: value}) is None


@pytest.mark.parametrize("name", [SERVER_AFRESH, CLIENT_AFRESH, SERVER_BITS, CLIENT_BITS])
def test_a_parameter_stands_once(name: str) -> None:
    value = "10" if name.endswith("bits") else None
    twice: Parameters = ((name, value), (name, value))
    assert Deflate().accept([("permessage-deflate", twice)]) is None
    with pytest.raises(HandshakeError, match="twice"):
        Deflate().confirm(twice)


@pytest.mark.slow
def test_whatever_two_of_ours_are_set_to_they_talk() -> None:
    for client, server in itertools.product(SETTINGS[::3], SETTINGS[::4]):
        accepted = accept(server, parsed(client.offer()))
        assert accepted is not None
        codec, answer = accepted
        other = confirm(client, answer)
        assert other is not None
        assert_they_talk(codec, other)


# The other implementation: its arguments are the same four, in the same order.

OWN_BITS = [
    bits for bits in BITS if bits != 8
]  # zlib has no such window, so it does not offer one of its own

THEIR_CLIENTS = [
    ClientPerMessageDeflateFactory(*each)
    for each in itertools.product((False, True), (False, True), BITS, [True, *OWN_BITS])
]
THEIR_SERVERS = [
    ServerPerMessageDeflateFactory(*each)
    for each in itertools.product((False, True), (False, True), OWN_BITS, BITS)
]


def test_websockets_takes_every_answer_of_ours_to_its_offers() -> None:
    for client, setting in itertools.product(THEIR_CLIENTS, SETTINGS[::7]):
        accepted = accept(setting, dict(client.get_request_params()))
        assert accepted is not None
        if accepted[1].get(CLIENT_BITS) != "8":
            client.process_response_params(list(accepted[1].items()), [])


def test_websockets_refuses_a_client_window_of_8_bits_that_rfc_7692_7_1_2_2_allows() -> None:
    """It offers any window and then refuses this one; a server of ours asks for it only if it is set to."""
    client = ClientPerMessageDeflateFactory(client_max_window_bits=True)
    accepted = accept(Deflate(client_max_window_bits=8), dict(client.get_request_params()))
    assert accepted is not None
    with pytest.raises(NegotiationError, match="use 9"):
        client.process_response_params(list(accepted[1].items()), [])


def test_ours_takes_every_answer_of_websockets_to_our_offers() -> None:
    for server, setting in itertools.product(THEIR_SERVERS, SETTINGS[::7]):
        offer: Any = list(parsed(setting.offer()).items())
        answer = their_answer(server, offer)
        if answer is not None:
            assert confirm(setting, answer) is not None, (offer, answer)
        else:
            assert setting.server_max_window_bits == 8


def test_websockets_agrees_on_which_offers_are_well_formed() -> None:
    server = ServerPerMessageDeflateFactory()
    for offer in shapes(VALUES):
        if offer.get(SERVER_BITS) != "8":
            accepted = their_answer(server, list(offer.items())) is not None
            assert accepted is is_well_formed(offer, in_offer=True), offer


def test_websockets_declines_a_server_window_of_8_bits_that_rfc_7692_7_1_2_1_allows() -> None:
    """A server may decline, so this is no fault; ours compresses by Huffman codes alone there."""
    assert their_answer(ServerPerMessageDeflateFactory(), [(SERVER_BITS, "8")]) is None
    assert accept(Deflate(), {SERVER_BITS: "8"}) is not None


def their_answer(server: ServerPerMessageDeflateFactory, offer: Any) -> Named | None:
    try:
        return dict(server.process_request_params(offer, [])[0])
    except NegotiationError:
        return None

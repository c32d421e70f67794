"""Every offer of permessage-deflate, every answer to it: what RFC 7692, 7.1 allows, and nothing else.

What is allowed is written here from the RFC's text, with none of the package's code. What
`websockets` offers and answers is then held against ours, and ours against it; where it departs from
the RFC, a test is named after that.
"""

from __future__ import annotations

import dataclasses
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

pytestmark = pytest.mark.thorough

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
    # The value of the client's own window in the offer is a hint, which the server may ignore (7.1.2.2).
    return int(answer.get(SERVER_BITS) or 15) <= int(offer.get(SERVER_BITS) or 15)  # 7.1.2.1


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
            compression, answer = accepted
            assert answers(offer, answer), (offer, answer)
            assert_what_was_agreed(
                compression,
                own_bits=(setting.server_max_window_bits, offer.get(SERVER_BITS), answer.get(SERVER_BITS)),
                own_takeover=not setting.server_no_context_takeover and SERVER_AFRESH not in answer,
                peers_bits=(answer.get(CLIENT_BITS),),
                peers_takeover=CLIENT_AFRESH not in answer,
            )
            hint = (setting.client_max_window_bits or 15, int(offer.get(CLIENT_BITS) or 15))
            assert answer.get(CLIENT_BITS) in (None, str(min(hint)))


@pytest.mark.slow
@pytest.mark.parametrize("own", [None, *range(8, 16)])
def test_a_client_accepts_every_answer_that_its_offer_allows_and_no_other(own: int | None) -> None:
    every: list[str | None] = [str(bits) for bits in range(8, 16)]
    for each in (setting for setting in SETTINGS if setting.client_max_window_bits is None):
        setting = dataclasses.replace(each, client_max_window_bits=own)
        offer = parsed(setting.offer())
        assert is_well_formed(offer, in_offer=True)
        for answer in shapes(every):
            compression = confirm(setting, answer)
            assert (compression is not None) is answers(offer, answer), (offer, answer)
            if compression is not None:
                assert_what_was_agreed(
                    compression,
                    own_bits=(own, answer.get(CLIENT_BITS)),
                    own_takeover=not setting.client_no_context_takeover and CLIENT_AFRESH not in answer,
                    peers_bits=(answer.get(SERVER_BITS),),
                    peers_takeover=SERVER_AFRESH not in answer,
                )


def assert_what_was_agreed(
    compression: PerMessageDeflate,
    *,
    own_bits: tuple[int | str | None, ...],
    own_takeover: bool,
    peers_bits: tuple[str | None, ...],
    peers_takeover: bool,
) -> None:
    """This side keeps to the smallest window that anything says; the other is read by the answer alone."""
    assert compression.encode_window_bits == min(int(bits or 15) for bits in own_bits)
    assert compression.decode_window_bits == min(int(bits or 15) for bits in peers_bits)
    assert (compression.encode_takeover, compression.decode_takeover) == (own_takeover, peers_takeover)


NO_OFFERS: list[Named] = [
    {SERVER_BITS: None},
    {SERVER_BITS: "7"},
    {CLIENT_BITS: "08"},
    {"unknown": None},
    {SERVER_AFRESH: "1"},
]


@pytest.mark.parametrize("offer", shapes([None, "9", "15"])[::5], ids=str)
def test_a_server_falls_back_to_the_next_offer(offer: Named) -> None:
    """The first that it can accept, among offers that it cannot and those of other extensions (5)."""
    good = is_well_formed(offer, in_offer=True)
    fallback: Named = {SERVER_BITS: "11"}
    for bad in NO_OFFERS:
        offers = [
            ("x-webkit-deflate-frame", ()),
            ("permessage-deflate", tuple(bad.items())),
            ("permessage-deflate", tuple(offer.items())),
            ("permessage-deflate", tuple(fallback.items())),
        ]
        accepted = Deflate().accept(offers)
        assert accepted is not None
        assert answers(offer if good else fallback, parsed(accepted[1]))
        alone = accept(Deflate(), offer if good else fallback)
        assert alone is not None
        assert parsed(accepted[1]) == alone[1]


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
    for first, second in (("10", "10"), ("10", "11")) if name.endswith("bits") else ((None, None),):
        twice: Parameters = ((name, first), ("server_no_context_takeover", None), (name, second))
        assert Deflate().accept([("permessage-deflate", twice)]) is None
        with pytest.raises(HandshakeError, match="twice"):
            Deflate().confirm(twice)


def test_a_server_that_ignores_the_hint_is_taken_at_the_hint() -> None:
    """As node's `ws` does with a clientMaxWindowBits of 13."""
    compression = confirm(Deflate(client_max_window_bits=12), {CLIENT_BITS: "13"})
    assert compression is not None
    assert compression.encode_window_bits == 12


@pytest.mark.slow
def test_whatever_two_of_ours_are_set_to_they_talk() -> None:
    for client, server in itertools.product(SETTINGS[::3], SETTINGS[::4]):
        accepted = accept(server, parsed(client.offer()))
        assert accepted is not None
        compression, answer = accepted
        other = confirm(client, answer)
        assert other is not None
        assert_they_talk(compression, other)


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

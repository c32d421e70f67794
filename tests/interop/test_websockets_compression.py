"""permessage-deflate with the ``websockets`` package at the other end: what is agreed, and that it holds."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)

from tests.interop.links import Link
from tkws import Deflate

PEER = "websockets"

LinkFactory = Callable[..., Link]

TAKEOVERS = [(False, False), (True, False), (False, True), (True, True)]
DEMANDING = pytest.mark.parametrize("demanding", ["ours", "theirs"])


@pytest.fixture
def agree(link: LinkFactory, role: str) -> Callable[..., Link]:
    """``agree(demanding, **demands)``: a connection of which one end, ours or theirs, makes demands."""
    factory = ServerPerMessageDeflateFactory if role == "client" else ClientPerMessageDeflateFactory

    def agree(demanding: str, **demands: Any) -> Link:
        ours = Deflate(**demands) if demanding == "ours" else Deflate()
        theirs = factory(**demands) if demanding == "theirs" else factory()
        return link(ours={"compression": ours}, theirs={"extensions": [theirs], "compression": None})

    return agree


def parameters(link: Link) -> dict[str, str]:
    """What was agreed; a parameter without a value has ``""``."""
    name, *found = link.agreed.split(";")
    assert name.strip() == "permessage-deflate"
    pairs = (parameter.strip().partition("=") for parameter in found)
    return {name: value for name, _, value in pairs}


def repetitive(size: int) -> bytes:
    """Bytes that occur again at many distances, the longest as far as there are windows."""
    source = random.Random(size)
    data = bytearray(source.randbytes(100))
    while len(data) < size:
        start = source.randrange(len(data))
        data += source.randbytes(50) + data[start : start + 200] + data[:100]
    return bytes(data[:size])


def converse(link: Link, beside, pump_until) -> None:
    """Messages both ways, whole and in fragments, some of them again."""
    messages = [b"once more" * 20, b"once more" * 20, repetitive(100_000), b"", b"once more" * 20]
    for message in messages:
        link.ours.send(message)
        assert beside(link.theirs.recv()) == message
        link.ours.send(message[:50], final=False)
        link.ours.send(message[50:])
        assert beside(link.theirs.recv()) == message
        beside(link.theirs.send(message))
        beside(link.theirs.send([message[:50], message[50:]]))
    pump_until(lambda: len(link.heard.messages) == 2 * len(messages))
    assert link.heard.messages == [message for message in messages for _ in range(2)]


@DEMANDING
@pytest.mark.parametrize(("server", "client"), TAKEOVERS)
def test_context_takeover(agree, beside, pump_until, role, demanding, server, client) -> None:
    link = agree(demanding, server_no_context_takeover=server, client_no_context_takeover=client)
    agreed = parameters(link)
    assert ("server_no_context_takeover" in agreed, "client_no_context_takeover" in agreed) == (
        server,
        client,
    )
    converse(link, beside, pump_until)

    afresh = {"server": server, "client": client}
    message = random.Random(1).randbytes(400).hex()
    sizes = [link.ours.send(message) for _ in range(2)]
    assert (sizes[1] < sizes[0] / 2) is not afresh[role]
    link.heard.events.clear()
    before = [link.ours.statistics.bytes_received]
    for count in (1, 2):
        beside(link.theirs.send(message))
        pump_until(lambda: len(link.heard.messages) == count)
        before.append(link.ours.statistics.bytes_received)
    sizes = [before[1] - before[0], before[2] - before[1]]
    assert (sizes[1] < sizes[0] / 2) is not afresh["client" if role == "server" else "server"]


@pytest.mark.slow
@DEMANDING
@pytest.mark.parametrize("side", ["server", "client"])
def test_window_bits(agree, beside, pump_until, demanding, side) -> None:
    for bits in range(9, 16):
        link = agree(demanding, **{f"{side}_max_window_bits": bits})
        assert parameters(link).get(f"{side}_max_window_bits", "15") == str(bits)
        converse(link, beside, pump_until)


@pytest.mark.parametrize("ours", [True, False])
def test_nothing_is_compressed_where_one_end_will_not(link, beside, pump_until, ours) -> None:
    link = link(ours={"compression": ours}, theirs={"compression": None if ours else "deflate"})
    assert link.agreed == ""
    assert link.ours.send("x" * 1000) > 1000
    assert beside(link.theirs.recv()) == "x" * 1000
    beside(link.theirs.send("x" * 1000))
    pump_until(lambda: link.heard.messages == ["x" * 1000])
    assert link.ours.statistics.bytes_received > 1000


def test_the_threshold_and_the_switch_of_a_message(link, beside) -> None:
    link = link(ours={"compression": Deflate(threshold=500)})
    sent = {
        499: link.ours.send("x" * 499),
        500: link.ours.send("x" * 500),
        1000: link.ours.send("x" * 1000, compress=False),
        100: link.ours.send("x" * 100, compress=True),
    }
    assert {size: bytes_sent < size / 2 for size, bytes_sent in sent.items()} == {
        499: False,
        500: True,
        1000: False,
        100: True,
    }
    assert [len(beside(link.theirs.recv())) for _ in sent] == list(sent)


def test_the_ratio_is_told(link, beside) -> None:
    link = link()
    link.ours.send("x" * 10_000)
    beside(link.theirs.recv())
    assert link.ours.statistics.compression_ratio < 0.1

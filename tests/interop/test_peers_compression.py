"""Compression in each shape in which it may be agreed (RFC 7692, 7.1), with all others that have it.

One end makes demands: ours of each of them, theirs where its programming interface takes them. What was
agreed is told by each end that can, and is seen in the sizes of what goes each way.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.interop.conversations import CLIENT, SERVER
from tests.interop.echoes import Echoed
from tests.interop.others import OTHERS
from tests.interop.test_peers import ACROSS
from tkws import Deflate

# Parameters of permessage-deflate; True for one without a value.
Shape = dict[str, Any]

SHAPES: dict[str, Shape] = {
    "no demands": {},
    "server afresh": {"server_no_context_takeover": True},
    "client afresh": {"client_no_context_takeover": True},
    "both afresh": {"server_no_context_takeover": True, "client_no_context_takeover": True},
    "server's window": {"server_max_window_bits": 10},
    "client's window": {"client_max_window_bits": 10},
    "both windows": {"server_max_window_bits": 10, "client_max_window_bits": 11},
    "all": {
        "server_no_context_takeover": True,
        "client_no_context_takeover": True,
        "server_max_window_bits": 11,
        "client_max_window_bits": 10,
    },
}

DISTANCE = 3000
_SOURCE = random.Random(1)
NOISE = _SOURCE.randbytes(4000)

# Twice the same letters, what occurs again at a distance, what does not, and nothing.
MESSAGES: list[str | bytes] = [
    *[_SOURCE.randbytes(200).hex()] * 2,
    _SOURCE.randbytes(DISTANCE) * 2,
    NOISE,
    "",
]

# By peer: what it can demand.
DEMANDS = {"ws": set(SHAPES), "aiohttp": {"server's window"}}

# What a server leaves out of its answer: hints of the client about itself, which keeps to them all the same
# (RFC 7692, 7.1.1.2 and 7.1.2.2).
IGNORED = {"aiohttp": {"client_no_context_takeover", "client_max_window_bits"}}

# Who takes compressed messages and sends none.
SENDS_PLAIN = {"undici"}


def cases() -> Iterator[object]:
    """Each peer, our role, who demands, and what."""
    for peer, other in OTHERS.items():
        for side in other.sides if other.compresses else ():
            for demanding in ("ours", "theirs"):
                for shape in SHAPES:
                    if demanding == "ours" or (
                        shape in DEMANDS.get(peer, ()) and (peer, side) != ("aiohttp", SERVER)
                    ):
                        name = f"{peer}-{ACROSS[side]}-{demanding}-{shape}"
                        yield pytest.param(peer, ACROSS[side], demanding, shape, id=name)


def parameters(extensions: str) -> Shape:
    """The parameters of permessage-deflate in a field."""
    name, *found = (word.strip() for word in extensions.split(";"))
    assert name == "permessage-deflate"
    pairs = (parameter.partition("=") for parameter in found)
    return {name: int(value) if value else True for name, _, value in pairs}


def words(shape: Shape) -> str:
    """The shape as `TheirParty.begin` takes it."""
    return " ".join(name if value is True else f"{name}={value}" for name, value in shape.items())


@pytest.mark.parametrize(("peer", "role", "demanding", "shape"), list(cases()), scope="session")
def test_compression_in_each_shape(echoed: Callable[..., Echoed], peer, role, demanding, shape) -> None:
    demanded = SHAPES[shape]
    if demanding == "ours":
        connection = echoed(len(MESSAGES), "", compression=Deflate(**demanded))
    else:
        connection = echoed(len(MESSAGES), words(demanded), compression=True)
    ignored = IGNORED.get(peer, set()) if role == CLIENT else set()
    agreed = {name: value for name, value in demanded.items() if name not in ignored}
    assert [parameters(told) for told in connection.agreed] == [agreed] * len(connection.agreed)

    sizes = [connection.exchange(message) for message in MESSAGES]
    for side, of_side in zip((role, ACROSS[role]), zip(*sizes, strict=True), strict=True):
        first, again, far, noise, _ = of_side
        compressed = side == role or peer not in SENDS_PLAIN
        window = 2 ** demanded.get(f"{side}_max_window_bits", 15)
        assert (first < 300) is compressed
        assert (again < 100) is (compressed and f"{side}_no_context_takeover" not in demanded)
        assert (far < 1.5 * DISTANCE) is (compressed and window > DISTANCE)
        assert noise > len(NOISE)

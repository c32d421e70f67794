"""Large messages, whole, to every other implementation and back, in each role that it has."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.interop.echoes import Echoed
from tests.interop.others import OTHERS
from tests.interop.test_peers import ACROSS

MIB = 1 << 20

# Sixteen bytes, of characters of each length.
LETTERS = "aé€𝄞xyz123"

# In MiB, by what each does in a second or so: websocket-client masks, and libcurl's program joins, slowly.
SIZES = dict.fromkeys(OTHERS, (1, 16)) | {"ws": (1, 16, 64), "picows": (1, 64)}
SIZES |= {"curl": (1,), "websocket-client": (1,)}

CASES = [
    pytest.param(
        peer, ACROSS[side], size, id=f"{peer}-{ACROSS[side]}-{size}", marks=[pytest.mark.slow] * (size > 1)
    )
    for peer, other in OTHERS.items()
    for side in other.sides
    for size in SIZES[peer]
]


@pytest.mark.parametrize(("peer", "role", "size"), CASES, scope="session")
def test_large_messages_come_back(echoed: Callable[..., Echoed], peer, role, size) -> None:
    connection = echoed(2, compression=False, max_message=size * MIB)
    for message in (LETTERS * (size * MIB // 16), random.Random(size).randbytes(size * MIB)):
        went, came = connection.exchange(message)
        assert went >= size * MIB
        assert came >= size * MIB

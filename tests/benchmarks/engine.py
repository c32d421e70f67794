"""How many small messages the engine reads a second: 64-byte text out of chunks of 64 KiB.

Each end reads what the other sends: a client unmasked frames, a server masked ones. It is
compared with the sans-IO layer of ``websockets``, fed with the same bytes and asked for its
events, which it leaves undecoded; and with the floor, a plain loop that slices and decodes.
Rounds are interleaved, and seconds are those of the processor, so that the noise of the
machine falls on all alike. Run: ``python -m tests.benchmarks.engine``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable

from websockets.client import ClientProtocol
from websockets.protocol import Protocol, State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from tkws.protocol.engine import Engine
from tkws.protocol.frames import Opcode, Role, encode_header
from tkws.protocol.masking import MaskPool, apply_mask

TEXT = b"0123456789abcdef" * 4
CHUNK = 65536
MASKS = MaskPool(os.urandom)
BAR_RATE = 1_000_000
BAR_RATIO = 4.0

Chunks = list[bytes]


def stream(role: Role, messages: int) -> Chunks:
    """Return the chunks that an end of this role reads."""
    frames = []
    for _ in range(messages):
        mask = MASKS.next() if role is Role.SERVER else b""
        payload = apply_mask(TEXT, mask) if mask else TEXT
        frames.append(encode_header(Opcode.TEXT, len(TEXT), mask=mask) + payload)
    data = b"".join(frames)
    return [data[start : start + CHUNK] for start in range(0, len(data), CHUNK)]


def read_tkws(role: Role, chunks: Chunks) -> int:
    """Read with our engine."""
    engine = Engine(role, 0.0, masks=MASKS if role is Role.CLIENT else None)
    messages = 0
    for chunk in chunks:
        engine.receive_data(chunk, 0.0)
        messages += len(engine.take_events())
    return messages


def read_websockets(role: Role, chunks: Chunks) -> int:
    """Read with the sans-IO layer of websockets."""
    protocol: Protocol = ServerProtocol(state=State.OPEN)
    if role is Role.CLIENT:
        protocol = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN)
    messages = 0
    for chunk in chunks:
        protocol.receive_data(chunk)
        messages += len(protocol.events_received())
    return messages


def read_floor(role: Role, chunks: Chunks) -> int:
    """Slice one large chunk at fixed places and decode, knowing of nothing."""
    del role
    messages = []
    size = len(TEXT)
    for chunk in chunks:
        start = 2
        while start < len(chunk):
            messages.append(chunk[start : start + size].decode())
            start += size + 2
    return len(messages)


READERS = {"tkws": read_tkws, "websockets": read_websockets}


def rate(read: Callable[[Role, Chunks], int], role: Role, chunks: Chunks) -> float:
    """Return the messages a second."""
    begin = time.process_time()
    messages = read(role, chunks)
    return messages / (time.process_time() - begin)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--without-numpy", action="store_true", help="as where tkws[speed] is not installed")
    args = parser.parse_args()
    if args.without_numpy:
        sys.modules["numpy"] = None  # type: ignore[assignment]
    chunks = {role: stream(role, args.messages) for role in Role}
    runs = [(name, read, role, chunks[role]) for role in Role for name, read in READERS.items()]
    runs.append(("floor", read_floor, Role.CLIENT, [b"".join(chunks[Role.CLIENT])]))
    rates: dict[tuple[str, Role], list[float]] = {(name, role): [] for name, _, role, _ in runs}
    for _ in range(args.rounds + 1):
        for name, read, role, data in runs:
            rates[name, role].append(rate(read, role, data))
    report({run: measured[1:] for run, measured in rates.items()})


def report(rates: dict[tuple[str, Role], list[float]]) -> None:
    """Print the medians of the rounds, and those of the ratios within each round."""
    for (name, role), measured in rates.items():
        print(f"{name:10} {role.name.lower()} {statistics.median(measured):10,.0f} messages/s")
    for other, role in [key for key in rates if key[0] != "tkws"]:
        pairs = zip(rates["tkws", role], rates[other, role], strict=True)
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        print(f"ratio to {other:10} {role.name.lower()} {ratio:5.2f}")
    print(f"bars: {BAR_RATE:,} messages/s, {BAR_RATIO} times the rate of websockets")


if __name__ == "__main__":
    main()

"""What is measured in one process: the engine alone, what it costs to await, and to import tkws.

The engine reads 64-byte text out of chunks of 64 KiB, as a client (unmasked) and as a server (masked). It is
compared with the sans-IO layer of ``websockets``, which leaves its events undecoded, and with the floor, a
plain loop that slices and decodes. Seconds are those of the processor.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from websockets.client import ClientProtocol
from websockets.protocol import Protocol, State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

import tkws
from tests.benchmarks import awaited, wire
from tests.benchmarks.results import FOLDER, Round
from tkws.protocol.engine import Engine
from tkws.protocol.frames import Opcode, Role, encode_header
from tkws.protocol.masking import MaskPool, apply_mask, load_numpy

CHUNK = 65536
SIZE = 64
MESSAGES = 50_000
MASKS = MaskPool(os.urandom)

load_numpy()  # else a thread imports it amid the first reading, whose seconds would be in that

Chunks = list[bytes]
Read = Callable[[Role, Chunks], int]


def frame(role: Role) -> bytes:
    """Return a frame for an end of this role; a server's has a mask of its own."""
    text = wire.payload(SIZE)
    if role is Role.CLIENT:
        return wire.frame(text)
    mask = MASKS.next()
    return encode_header(Opcode.TEXT, SIZE, mask=mask) + apply_mask(text, mask)


def chunks(role: Role) -> Chunks:
    """Return what an end of this role reads."""
    data = b"".join(frame(role) for _ in range(MESSAGES))
    return [data[start : start + CHUNK] for start in range(0, len(data), CHUNK)]


def read_tkws(role: Role, data: Chunks) -> int:
    """Read with our engine."""
    engine = Engine(role, 0.0, masks=MASKS if role is Role.CLIENT else None)
    messages = 0
    for chunk in data:
        engine.receive_data(chunk, 0.0)
        messages += len(engine.take_events())
    return messages


def read_websockets(role: Role, data: Chunks) -> int:
    """Read with the sans-IO layer of websockets."""
    protocol: Protocol = ServerProtocol(state=State.OPEN)
    if role is Role.CLIENT:
        protocol = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN)
    messages = 0
    for chunk in data:
        protocol.receive_data(chunk)
        messages += len(protocol.events_received())
    return messages


def read_floor(role: Role, data: Chunks) -> int:
    """Slice at fixed places and decode, knowing of nothing."""
    del role
    messages, header = [], 2
    for chunk in [b"".join(data)]:
        for start in range(header, len(chunk), SIZE + header):
            messages.append(chunk[start : start + SIZE].decode())  # noqa: PERF401 # as a parser would
    return len(messages)


MASKED_READERS: dict[str, Read] = {"tkws": read_tkws, "websockets": read_websockets}
READERS = MASKED_READERS | {"slices": read_floor}


def measure_engine(role: Role) -> Round:
    """Let each reader read twice, and measure it the second time: numpy, if it is used, is loaded by then."""
    data = chunks(role)
    readers = READERS if role is Role.CLIENT else MASKED_READERS
    for read in readers.values():
        read(role, data)
    return {name: {"rate": rate(read, role, data)} for name, read in readers.items()}


def rate(read: Read, role: Role, data: Chunks) -> float:
    """Return the messages a second."""
    begin = time.process_time()
    messages = read(role, data)
    seconds = time.process_time() - begin
    assert messages == MESSAGES
    return messages / seconds


IMPORTS = {"tkws": "tkws", "websockets": "websockets.asyncio.client", "picows": "picows"}
IMPORT = "import tkinter, time; begin = time.perf_counter(); import {}; print(time.perf_counter() - begin)"


def measure_imports() -> Round:
    """Import each in a process of its own, after tkinter."""
    return {name: {"ms": import_seconds(module) * 1000} for name, module in IMPORTS.items()}


def import_seconds(module: str) -> float:
    """Return what a module costs on top of tkinter, the second time: compiled already."""
    command = [sys.executable, "-c", IMPORT.format(module)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(FOLDER / "compiled")
    seconds = 0.0
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, check=True, timeout=60, env=environment)
        seconds = float(done.stdout)
    return seconds


@dataclass(frozen=True)
class Inside:
    """A measurement in one process: its heading, the figure that counts, and its unit."""

    title: str
    figure: str
    unit: str
    measure: Callable[[], Round]


INSIDE = {
    "engine_client": Inside(
        "Engine alone, 64 B text, as a client", "rate", "messages/s", lambda: measure_engine(Role.CLIENT)
    ),
    "engine_server": Inside(
        "Engine alone, 64 B text, as a server", "rate", "messages/s", lambda: measure_engine(Role.SERVER)
    ),
    "await_loop": Inside(
        "Awaited round trips of 64 B, websockets on both loops", "rate", "for a second of CPU", awaited.loops
    ),
    "await_echo": Inside(
        "Awaited round trips of 64 B, `aio.connect`",
        "rate",
        "for a second of CPU",
        awaited.echoes,
    ),
    "await_flood": Inside(
        "Flood of 64 B text, received by `async for`",
        "rate",
        "messages for a second of CPU",
        awaited.floods,
    ),
    "await_sleeps": Inside("10,000 tasks that sleep", "ms", "ms of CPU", awaited.sleeps),
    "import": Inside("Import, on top of tkinter", "ms", "ms", measure_imports),
}


def measure_inside(name: str) -> Round:
    """Measure in a process of its own as pure Python, and if tkws is compiled, in another one as that."""
    runs = _measured(name, {"TKWS_PURE": "1"})
    if tkws.compiled:
        runs["tkws_compiled"] = _measured(name, {})["tkws"]
    return runs


def _measured(name: str, environment: dict[str, str]) -> Round:
    command = [sys.executable, "-m", "tests.benchmarks.inside", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=os.environ | environment)
    runs: Round = json.loads(done.stdout)
    return runs


if __name__ == "__main__":
    print(json.dumps(INSIDE[sys.argv[1]].measure()))

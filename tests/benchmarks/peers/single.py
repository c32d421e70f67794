"""Peers of one client: they flood it, pace it, ask it for echoes, take what it sends, or stay silent.

What they send was made before. A peer ends the connection with a Close frame when its time is over, and
waits until the client has ended it too, so that nothing is lost on the way.
"""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Callable
from typing import Any

from tests.benchmarks import wire
from tests.benchmarks.orders import hear, say
from tkws.protocol.frames import Opcode

BATCH = 1 << 20
PAUSE = 0.0001
PATIENCE = 25.0

Task = dict[str, Any]
Figures = dict[str, Any]


def play(peer: Callable[[socket.socket, Task], Figures], task: Task) -> None:
    """Wait for the client and for the runner's go, play, and tell how it went."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        say(port=listener.getsockname()[1])
        sock = wire.accept_client(listener)
    sock.settimeout(PATIENCE)
    hear()
    figures = peer(sock, task)
    try:
        sock.sendall(wire.CLOSE)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(BATCH):
            pass
    except OSError:
        pass  # it did not wait for our end
    sock.close()
    say(**figures)
    hear()


def message_of(task: Task) -> bytes:
    """Return the frame that is sent again and again."""
    opcode = Opcode.BINARY if task["binary"] else Opcode.TEXT
    payload = wire.json_payload if task.get("json") else wire.payload
    return wire.frame(payload(task["size"]), opcode=opcode)


def flood(sock: socket.socket, task: Task) -> Figures:
    """Send as much as it takes, for some seconds."""
    message = message_of(task)
    batch = max(1, BATCH // len(message))
    data = message * batch
    messages, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < task["seconds"]:
        sock.sendall(data)
        messages += batch
    return {"messages": messages, "seconds": time.perf_counter() - begin}


def pace(sock: socket.socket, task: Task) -> Figures:
    """Send what is due by now, look at the clock again 0.1 ms later, and so on."""
    message = message_of(task)
    data = memoryview(message * (BATCH // len(message)))
    most = len(data) // len(message)
    total, rate = int(task["rate"] * task["seconds"]), task["rate"]
    messages, begin = 0, time.perf_counter()
    while messages < total:
        due = min(total, int((time.perf_counter() - begin) * rate)) - messages
        if due > 0:
            sock.sendall(data[: min(due, most) * len(message)])
            messages += min(due, most)
        time.sleep(PAUSE)
    return {"messages": messages, "seconds": time.perf_counter() - begin}


def ask(sock: socket.socket, task: Task) -> Figures:
    """Keep some questions in flight, and count the answers."""
    message, flight = message_of(task), task["flight"]
    data = memoryview(message * flight)
    size = wire.size_of_frame(task["size"], masked=task["masked"])
    send, recv_into = sock.sendall, sock.recv_into
    buffer = bytearray(size * flight)
    begin = now = time.perf_counter()
    deadline = begin + task["seconds"]
    send(data)
    asked, answers, rest = flight, 0, 0
    while answers < asked:
        count = recv_into(buffer)
        if not count:
            raise RuntimeError("the client ended before its last answer")
        came, rest = divmod(rest + count, size)
        answers += came
        now = time.perf_counter()
        if came and now < deadline:
            send(data[: came * len(message)])
            asked += came
    return {"messages": answers, "seconds": now - begin}


def take(sock: socket.socket, task: Task) -> Figures:
    """Receive for some seconds, counted from the first byte; acknowledge each so many bytes, if told to."""
    buffer = bytearray(BATCH)
    acknowledgement, every = wire.frame(b"ok"), task.get("acknowledged", math.inf)
    received, due = sock.recv_into(buffer), every
    begin = time.perf_counter()
    while time.perf_counter() - begin < task["seconds"]:
        received += sock.recv_into(buffer)
        if received >= due:
            sock.sendall(acknowledgement)
            due += every
    return {"bytes": received, "seconds": time.perf_counter() - begin}


def wait(sock: socket.socket, task: Task) -> Figures:
    """Say nothing for some seconds."""
    time.sleep(task["seconds"])
    return {"messages": 0, "seconds": task["seconds"]}


PEERS = {"flood": flood, "pace": pace, "ask": ask, "take": take, "wait": wait}

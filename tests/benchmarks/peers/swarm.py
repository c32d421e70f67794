"""Many clients of one server, in one process: they connect, wait, and count what is broadcast to them.

The first of them is in command: the server broadcasts when it says so, and the run is over when it leaves.
"""

from __future__ import annotations

import os
import resource
import select
import socket
import struct
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from tests.benchmarks import wire
from tests.benchmarks.orders import hear, say
from tkws.protocol.frames import Opcode

# Clients that connect at a time: fewer than any contender's backlog.
AT_A_TIME = 25
BROADCAST = "broadcast"
# Broadcasts there are at least.
LEAST = 5
# Messages of one call of the system.
FLOOD_BATCH = 10_000
PATIENCE = 20.0
# Seconds between two looks at the clock.
PAUSE = 0.001
# Closing resets the connection: thousands of them do not linger in TIME_WAIT.
RESET = struct.pack("ii", 1, 0)

Task = dict[str, Any]
Figures = dict[str, Any]


def allow_descriptors() -> None:
    """Let this process have as many descriptors as it may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def play(task: Task) -> None:
    """Connect, wait for the runner's go, and play."""
    allow_descriptors()
    commander = wire.connect_client(task["port"])
    commander.settimeout(PATIENCE)
    begin = time.perf_counter()
    clients = connect(task["port"], task["clients"] - 1)
    say(ready=True, joining=task["clients"] / (time.perf_counter() - begin))
    hear()
    figures = PLAYS[task["play"]]([commander, *clients], task)
    commander.sendall(wire.frame(wire.NORMAL, opcode=Opcode.CLOSE, masked=True))
    commander.shutdown(socket.SHUT_WR)
    say(**figures)
    hear()


def connect(port: int, count: int) -> list[socket.socket]:
    """Connect clients, some at a time, through their handshakes."""
    clients: list[socket.socket] = []
    question = wire.request(port)
    while len(clients) < count:
        some = [
            socket.create_connection(("127.0.0.1", port)) for _ in range(min(AT_A_TIME, count - len(clients)))
        ]
        for sock in some:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            sock.sendall(question)
        for sock in some:
            sock.settimeout(PATIENCE)
            wire.read_head(sock)
        clients += some
    return clients


def count_connects(clients: list[socket.socket], task: Task) -> Figures:
    """Connect and leave, again and again, for some seconds."""
    count, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < task["seconds"]:
        for sock in connect(task["port"], AT_A_TIME):
            sock.close()
        count += AT_A_TIME
    return {"rate": count / (time.perf_counter() - begin), "messages": 0}


def broadcasts(clients: list[socket.socket], task: Task) -> Figures:
    """Ask for broadcasts for some seconds, and time each from the question to the last client's last byte."""
    poller = select.epoll()
    for sock in clients:
        poller.register(sock, select.EPOLLIN)
    expected = len(clients) * wire.size_of_frame(task["size"], masked=False)
    question = wire.frame(BROADCAST.encode(), masked=True)
    times: list[float] = []
    start = time.perf_counter()
    while len(times) < LEAST or time.perf_counter() - start < task["seconds"]:
        begin = time.perf_counter()
        clients[0].sendall(question)
        received = 0
        while received < expected:
            ready = poller.poll(PATIENCE)
            if not ready:
                raise TimeoutError(f"{received} of {expected} bytes came")
            for fd, _ in ready:
                received += len(os.read(fd, 65536))
        times.append((time.perf_counter() - begin) * 1000)
    poller.close()
    return {"ms": median(times), "messages": len(times)}


def flood(clients: list[socket.socket], task: Task) -> Figures:
    """Let the first client flood the server for some seconds, among the silent others."""
    data = wire.frame(wire.payload(task["size"]), masked=True) * FLOOD_BATCH
    messages, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < task["seconds"]:
        clients[0].sendall(data)
        messages += FLOOD_BATCH
    return {"messages": messages}


def pace(clients: list[socket.socket], task: Task) -> Figures:
    """Let each client send what is due by now, again and again for some seconds."""
    message = wire.frame(wire.payload(task["size"]), masked=True)
    total, sent = int(task["rate"] * task["seconds"]), 0
    begin = time.perf_counter()
    while sent < total:
        due = min(total, int((time.perf_counter() - begin) * task["rate"])) - sent
        if due > 0:
            for sock in clients:
                sock.sendall(message * due)
            sent += due
        time.sleep(PAUSE)
    return {"messages": total * len(clients)}


PLAYS: dict[str, Callable[[list[socket.socket], Task], Figures]] = {
    "broadcasts": broadcasts,
    "connects": count_connects,
    "flood": flood,
    "pace": pace,
}

"""How much of a bare loop's rate a WebSocket keeps: round trips of 64-byte text, one in flight.

Two echo servers, each a Tcl interpreter in a process of its own: a bare ``createfilehandler``
that sends back the bytes that it received, and tkws. One blocking driver plays with both in
turn, so that the noise of the machine falls on both. Where the system lets us, the driver and the
servers keep to a processor each: else the scheduler's choice, which changes from second to second,
is what is measured. Run: ``python -m tests.benchmarks.round_trip``.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
import tkinter
from typing import Any

import tkws
from tkws.protocol.frames import Opcode, encode_header
from tkws.protocol.masking import apply_mask

TEXT = b"0123456789abcdef" * 4
MASK = b"\x12\x34\x56\x78"
QUESTION = encode_header(Opcode.TEXT, len(TEXT), mask=MASK) + apply_mask(TEXT, MASK)
ANSWER = encode_header(Opcode.TEXT, len(TEXT)) + TEXT
BAR = 0.77

PROCESSORS = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]


def serve_bare(root: tkinter.Tk, sock: socket.socket) -> None:
    """Echo bytes from a file handler."""
    sock.setblocking(False)

    def echo(fd: object, mask: int) -> None:
        data = sock.recv(65536)
        if data:
            sock.send(data)
        else:
            sys.exit()

    root.tk.createfilehandler(sock, tkinter.READABLE, echo)


def serve_tkws(root: tkinter.Tk, sock: socket.socket) -> None:
    """Echo text messages."""

    def echo(ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "text":
            ws.send(message)
        elif type == "disconnect":
            sys.exit()

    tkws.takeover(sock, echo, server=True, master=root, compression=False)


SERVERS = {"bare": serve_bare, "tkws": serve_tkws}


def keep_to(which: int) -> None:
    """Stay on the first or the last of the processors that this process may use."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {PROCESSORS[which]})


def serve(name: str) -> None:
    """Be one of the echo servers: print the port, accept one driver."""
    keep_to(-1)
    root = tkinter.Tcl()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        sock, _ = listener.accept()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    SERVERS[name](root, sock)
    root.mainloop(-1)


class Peer:
    """The driver's end of one echo server."""

    def __init__(self, name: str) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.round_trip", "--serve", name]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.sock = socket.create_connection(("127.0.0.1", int(self.process.stdout.readline())))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.size = len(QUESTION) if name == "bare" else len(ANSWER)

    def rate(self, trips: int) -> float:
        """Return the round trips a second over ``trips`` of them."""
        send, recv, size = self.sock.sendall, self.sock.recv, self.size
        begin = time.perf_counter()
        for _ in range(trips):
            send(QUESTION)
            got = len(recv(size))
            while got < size:
                got += len(recv(size - got))
        return trips / (time.perf_counter() - begin)

    def close(self) -> None:
        """End the server by closing the connection."""
        self.sock.close()
        self.process.wait(10)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", choices=SERVERS, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--trips", type=int, default=2000)
    args = parser.parse_args()
    if args.serve:
        serve(args.serve)
        return
    peers = {name: Peer(name) for name in SERVERS}
    keep_to(0)
    for peer in peers.values():
        peer.rate(args.trips)
    rates: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(args.rounds):
        for name, peer in peers.items():
            rates[name].append(peer.rate(args.trips))
    for peer in peers.values():
        peer.close()
    for name, measured in rates.items():
        print(f"{name:5} {statistics.median(measured):10,.0f} round trips/s (median of {args.rounds})")
    ratios = [ours / bare for ours, bare in zip(rates["tkws"], rates["bare"], strict=True)]
    print(f"ratio {statistics.median(ratios):10.2f} (bar: {BAR})")


if __name__ == "__main__":
    main()

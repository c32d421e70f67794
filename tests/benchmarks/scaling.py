"""One in-window server against two that a broker joins: the same people hear the same lines of one chat.

Hosts are processes of their own, with `demos.chat.host.Host` on a bare Tcl interpreter; the people are plain
sockets in this process, which count what they hear. One of them says all lines at once. Two
figures: lines heard a second by all together, and the delay of a single line, from the socket of
who says it to the last who hears it. Run: ``python -m tests.benchmarks.scaling``; needs ``nats-server``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import tkinter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from demos.chat import messages
from demos.chat.host import Host
from tests.demos.brokers import cluster
from tkws.protocol.frames import Opcode, encode_header
from tkws.protocol.masking import apply_mask

MASK = b"\x12\x34\x56\x78"
KEY = "MDEyMzQ1Njc4OWFiY2RlZg=="
SAID = b'"type":"said"'
PATIENCE = 60.0  # seconds that anything may take


def serve(brokers: list[str]) -> None:
    """Be a host: print its URL, run until standard input ends."""
    root = tkinter.Tcl()
    host = Host(root, brokers=brokers)
    host.start()
    while host.bridge is not None and not host.bridge.broker.url:
        root.dooneevent()
    print(host.url, flush=True)
    root.createfilehandler(sys.stdin, tkinter.READABLE, lambda *_: os._exit(0))
    root.mainloop(-1)


@contextlib.contextmanager
def hosts(count: int, brokers: list[str]) -> Iterator[list[str]]:
    """Run hosts; yield their URLs."""
    command = [sys.executable, "-m", "tests.benchmarks.scaling", "--serve", *brokers]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        for _ in range(count)
    ]
    try:
        yield [process.stdout.readline().strip() for process in processes if process.stdout is not None]
    finally:
        for process in processes:
            process.communicate()


class Crowd:
    """People in the lobby, as many at each host.

    Args:
        urls: The hosts'.
        people: How many in all.
    """

    def __init__(self, urls: list[str], people: int) -> None:
        self.people = people
        self._selector = selectors.DefaultSelector()
        self._socks = [self._enter(urls[number % len(urls)], number) for number in range(people)]
        self._heard = 0
        self._tails: dict[socket.socket, bytes] = {}

    def lines_a_second(self, lines: int) -> float:
        """Say so many lines at once; return how many were heard a second by all together."""
        begin = time.perf_counter()
        self._say([f"line {number}" for number in range(lines)])
        self._hear(lines * self.people)
        return lines * self.people / (time.perf_counter() - begin)

    def delay(self) -> float:
        """Say one line; return the seconds until all have heard it."""
        begin = time.perf_counter()
        self._say(["a single line"])
        self._hear(self.people)
        return time.perf_counter() - begin

    def settle(self) -> None:
        """Read what comes until nobody is told anything more for half a second."""
        while self._read(0.5):
            pass
        self._heard = 0

    def close(self) -> None:
        """Leave."""
        for sock in self._socks:
            sock.close()

    def _enter(self, url: str, number: int) -> socket.socket:
        parts = urlsplit(url)
        sock = socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = [
            f"GET /rooms/lobby?nick=p{number} HTTP/1.1", f"Host: {parts.netloc}", "Upgrade: websocket",
            "Connection: Upgrade", f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13", "", "",
        ]  # fmt: skip
        sock.sendall("\r\n".join(head).encode())
        self._selector.register(sock, selectors.EVENT_READ)
        return sock

    def _say(self, lines: list[str]) -> None:
        frames = []
        for line in lines:
            payload = messages.encode("say", text=line).encode()
            frames.append(encode_header(Opcode.TEXT, len(payload), mask=MASK) + apply_mask(payload, MASK))
        self._heard = 0
        self._socks[0].sendall(b"".join(frames))

    def _hear(self, count: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while self._heard < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._heard} of {count} lines were heard")
            self._read(1.0)

    def _read(self, seconds: float) -> bool:
        ready = self._selector.select(seconds)
        for key, _ in ready:
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            data = self._tails.get(sock, b"") + sock.recv(1 << 20)
            self._heard += data.count(SAID)
            self._tails[sock] = data[data.rfind(SAID) + 1 :][-len(SAID) + 1 :]
        return bool(ready)


def measure(urls: list[str], people: int, lines: int) -> tuple[float, float]:
    """Return lines a second and the delay of one, with people spread over the hosts."""
    crowd = Crowd(urls, people)
    try:
        crowd.settle()
        delays = [crowd.delay() for _ in range(20)]
        return crowd.lines_a_second(lines), statistics.median(delays)
    finally:
        crowd.close()


def main() -> None:
    """Measure both arrangements in turn and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", nargs="*", metavar="BROKER", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--lines", type=int, default=500)
    args = parser.parse_args()
    if args.serve is not None:
        serve(args.serve)
        return
    found: dict[str, list[tuple[float, float]]] = {"one host": [], "two hosts, joined by a broker": []}
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder), 1) as [server]:
        while not server.is_up():
            time.sleep(0.05)
        for _ in range(args.rounds):
            for name, (count, brokers) in zip(found, ((1, []), (2, [server.url])), strict=True):
                with hosts(count, brokers) as urls:
                    found[name].append(measure(urls, args.people, args.lines))
    for name, measured in found.items():
        rates, delays = zip(*measured, strict=True)
        print(
            f"{name:30} {statistics.median(rates):9,.0f} lines heard a second, "
            f"one line after {1000 * statistics.median(delays):.1f} ms"
        )


if __name__ == "__main__":
    main()

"""A client in a process of its own that sends short texts as fast as they are taken.

``python -m tests.flooding PORT`` starts it. It ends when it is cut off, and in any case after some gigabytes.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.peers import KEY, MASK
from tkws.protocol.frames import Opcode, encode_header
from tkws.protocol.masking import apply_mask

TEXT = b"0123456789abcdef" * 4
BATCH = 1000  # messages of one call of the system
BATCHES = 50_000
PATIENCE = 30.0  # seconds without anybody who takes a batch


def flood(port: int) -> None:
    """Open a WebSocket and fill it."""
    frames = (encode_header(Opcode.TEXT, len(TEXT), mask=MASK) + apply_mask(TEXT, MASK)) * BATCH
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        head = (
            "GET /flood HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade",
            f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13", "", "",
        )  # fmt: skip
        sock.sendall("\r\n".join(head).encode())
        assert sock.recv(4096).startswith(b"HTTP/1.1 101 ")
        with contextlib.suppress(ConnectionError):
            for _ in range(BATCHES):
                sock.sendall(frames)


@contextlib.contextmanager
def flooding(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Have a server flooded by another process meanwhile."""
    command = [sys.executable, "-m", "tests.flooding", str(port)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[1]) as process:
        try:
            yield process
        finally:
            process.kill()


if __name__ == "__main__":
    flood(int(sys.argv[1]))

"""How the runner speaks with the processes that it starts: one JSON object a line, each way.

A process gets its task as the first line, and a line for "go" later. It writes a line when it is ready, one
when it has begun, and its report; it ends when its standard input does.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from typing import Any, Self

GO: dict[str, Any] = {"go": True}


def say(**what: Any) -> None:
    """Write a line to the runner."""
    print(json.dumps(what), flush=True)


def hear() -> dict[str, Any]:
    """Wait for a line of the runner's; a process that the runner left ends here."""
    line = sys.stdin.readline()
    if not line:
        os._exit(0)
    heard: dict[str, Any] = json.loads(line)
    return heard


class Program:
    """A process of the runner's, which keeps to some of the processors.

    Args:
        command: The program and its arguments.
        task: Its first line.
        processors: Those that it may use; none: any.
    """

    def __init__(self, command: list[str], task: dict[str, Any], processors: set[int]) -> None:
        self.command = command
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        if processors:
            os.sched_setaffinity(self.process.pid, processors)
        self._heard = bytearray()
        self.tell(task)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def tell(self, what: dict[str, Any]) -> None:
        """Send it a line."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(what).encode() + b"\n")

    def hear(self, timeout: float) -> dict[str, Any]:
        """Wait for its next line, for at most ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self._heard:
            self._read(deadline - time.monotonic())
        line, _, rest = bytes(self._heard).partition(b"\n")
        self._heard[:] = rest
        heard: dict[str, Any] = json.loads(line)
        return heard

    def _read(self, patience: float) -> None:
        output = self.process.stdout
        assert output
        if not select.select([output], [], [], max(0.0, patience))[0]:
            raise TimeoutError(f"{self.command} did not speak in time")
        data = os.read(output.fileno(), 65536)
        if not data:
            raise RuntimeError(f"{self.command} ended too early")
        self._heard += data

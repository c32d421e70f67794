"""A cluster of real NATS servers (Debian's ``nats-server``) on 127.0.0.1, each a process of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from string import Template

import pytest

PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))

CONFIG = Template("""
listen: "127.0.0.1:$clients"
cluster { name: "test", listen: "127.0.0.1:$routes", routes: [$others] }
""")

# Seconds that a server may take until it has ended.
PATIENCE = 15.0


class Server:
    """One server.

    Attributes:
        url: For its clients.
    """

    def __init__(self, config: Path, port: int) -> None:
        self.url = f"nats://127.0.0.1:{port}"
        self._port = port
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start; `is_up` tells when it listens."""
        program = shutil.which("nats-server", path=PATH)
        assert program is not None
        self._process = subprocess.Popen([program, "-c", str(self._config)], stderr=subprocess.DEVNULL)

    def is_up(self) -> bool:
        """Whether it listens."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    def stop(self) -> None:
        """Stop; nothing where it is stopped already."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)
            self._process = None


@contextmanager
def cluster(folder: Path, size: int) -> Iterator[list[Server]]:
    """Yield the servers of a cluster, started; skips the test where the program is not there."""
    if shutil.which("nats-server", path=PATH) is None:
        pytest.skip("no nats-server")
    ports = free_ports(2 * size)
    servers = []
    for number in range(size):
        clients, routes = ports[2 * number : 2 * number + 2]
        others = ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports[1::2] if port != routes)
        config = folder / f"nats-{number}.conf"
        config.write_text(CONFIG.substitute(clients=clients, routes=routes, others=others), encoding="utf-8")
        servers.append(Server(config, clients))
    try:
        for server in servers:
            server.start()
        yield servers
    finally:
        for server in servers:
            server.stop()


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens at."""
    with ExitStack() as stack:
        socks = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [sock.getsockname()[1] for sock in socks]

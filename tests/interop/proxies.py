"""Real proxies, each a process of its own on 127.0.0.1, by a configuration that is written here.

They are Debian's packages. `Proxies` starts one when it is first asked for, skips the test where the
program is not there, and in the end stops them all, each by its own process.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from string import Template
from urllib.parse import quote

import pytest

# Seconds that a proxy may take until it listens, and until it has ended.
PATIENCE = 15.0

# Seconds between looks at a proxy that starts.
LOOK = 0.02

# Where Debian has daemons, which is not on everybody's path.
PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))

USER = "ann"
PASSWORD = "p@ss:w/rd %"  # of which nothing may stay as it is in a URL
SIMPLE_PASSWORD = "secret"  # tinyproxy takes letters and digits

# A name of 127.0.0.1 that squid alone knows.
HIDDEN_NAME = "server.test"

TINYPROXY = """\
Listen 127.0.0.1
Port $port
"""

SQUID = """\
cache deny all
cache_log /dev/null
access_log none
cache_store_log none
pid_filename none
netdb_filename none
pinger_enable off
shutdown_lifetime 0 seconds
hosts_file $folder/hosts
"""

SQUID_USERS = """\
auth_param basic program /usr/lib/squid/basic_ncsa_auth $folder/users
acl known proxy_auth REQUIRED
http_access allow known
"""

SQUID_DIGEST_USERS = """\
auth_param digest program /usr/lib/squid/digest_file_auth -c $folder/digests
auth_param digest realm tkws
acl known proxy_auth REQUIRED
http_access allow known
"""

DANTE = """\
logoutput: stderr
internal: 127.0.0.1 port = $port
external: 127.0.0.1
clientmethod: none
socksmethod: none
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 command: connect }
"""


@dataclass(frozen=True)
class Recipe:
    """How one proxy is started; ``$port`` and ``$folder`` stand for its own."""

    program: str
    package: str
    arguments: str
    config: str = ""
    password: str | None = None


_TINYPROXY = ("tinyproxy", "tinyproxy-bin", "-d -c $folder/config")
_SQUID = ("squid", "squid", "-N -n tkws$port -f $folder/config")
_DANTE = ("danted", "dante-server", "-f $folder/config -p $folder/pid")
_MICROSOCKS = ("microsocks", "microsocks", "-i 127.0.0.1 -p $port")

RECIPES = {
    "tinyproxy": Recipe(*_TINYPROXY, TINYPROXY),
    "tinyproxy with a user": Recipe(
        *_TINYPROXY, TINYPROXY + f"BasicAuth {USER} {SIMPLE_PASSWORD}\n", SIMPLE_PASSWORD
    ),
    "tinyproxy for port 443": Recipe(*_TINYPROXY, TINYPROXY + "ConnectPort 443\n"),
    "squid": Recipe(*_SQUID, SQUID + "http_port 127.0.0.1:$port\nhttp_access allow localhost\n"),
    "squid with a user": Recipe(*_SQUID, SQUID + SQUID_USERS + "http_port 127.0.0.1:$port\n", PASSWORD),
    "squid with Digest": Recipe(
        *_SQUID, SQUID + SQUID_DIGEST_USERS + "http_port 127.0.0.1:$port\n", PASSWORD
    ),
    "squid over TLS": Recipe(
        *_SQUID,
        SQUID + "https_port 127.0.0.1:$port tls-cert=$folder/certificate\nhttp_access allow localhost\n",
    ),
    "squid for nobody": Recipe(*_SQUID, SQUID + "http_port 127.0.0.1:$port\nhttp_access deny all\n"),
    "microsocks": Recipe(*_MICROSOCKS),
    "microsocks with a user": Recipe(
        *_MICROSOCKS[:2], f"{_MICROSOCKS[2]} -u {USER} -P {SIMPLE_PASSWORD}", password=SIMPLE_PASSWORD
    ),
    "dante": Recipe(*_DANTE, DANTE),
}


class RealProxy:
    """A proxy that runs.

    Args:
        recipe: How to start it.
        certificate: What it shows where it speaks TLS: a key and certificates, in PEM.

    Attributes:
        place: Its host and port.
        password: The one of `USER`; None where it asks for none.
    """

    def __init__(self, recipe: Recipe, certificate: bytes) -> None:
        program = shutil.which(recipe.program, path=PATH)
        if program is None:
            pytest.skip(f"no {recipe.program}: install {recipe.package} (Debian)")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.place = f"127.0.0.1:{self._port}"
        self.password = recipe.password
        self._folder = Path(tempfile.mkdtemp(prefix="tkws-proxy-"))
        self._folder.chmod(0o755)  # squid runs as a user of its own
        words = {"port": str(self._port), "folder": str(self._folder)}
        self._write("config", Template(recipe.config).substitute(words).encode())
        self._write("hosts", f"127.0.0.1 {HIDDEN_NAME}\n".encode())
        self._write("certificate", certificate)
        digest = hashlib.md5((recipe.password or "").encode()).hexdigest()
        self._write("users", f"{USER}:{digest}\n".encode())
        digest = hashlib.md5(f"{USER}:tkws:{recipe.password}".encode()).hexdigest()
        self._write("digests", f"{USER}:tkws:{digest}\n".encode())
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [program, *Template(recipe.arguments).substitute(words).split()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait_until_it_listens()

    def url(self, scheme: str, user: str | None = USER, password: str | None = None) -> str:
        """Its URL, with the credentials that it asks for or with others; with none where ``user`` is None."""
        if self.password is None or user is None:
            return f"{scheme}://{self.place}"
        secret = self.password if password is None else password
        return f"{scheme}://{user}:{quote(secret, safe='')}@{self.place}"

    def terminate(self) -> None:
        """Asks the process to end; harmless when it has."""
        self._process.terminate()

    def stop(self) -> None:
        """Ends the process."""
        self.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        path.write_bytes(content)
        path.chmod(0o644)

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self._listens():
            try:
                self._process.wait(LOOK)
            except subprocess.TimeoutExpired:
                if time.monotonic() < deadline:
                    continue
            log = (self._folder / "log").read_text(encoding="utf-8", errors="replace")
            self.stop()
            pytest.fail(f"{self._process.args!r} does not listen:\n{log}")

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0


class Proxies:
    """The proxies of a module of tests: ``proxies["squid"]`` runs from then on."""

    def __init__(self, certificate: bytes) -> None:
        self._certificate = certificate
        self._running: dict[str, RealProxy] = {}
        self._started: list[RealProxy] = []

    def __getitem__(self, name: str) -> RealProxy:
        if name not in self._running:
            self._running[name] = self.start(name)
        return self._running[name]

    def start(self, name: str) -> RealProxy:
        """One more, for a test that stops it."""
        self._started.append(RealProxy(RECIPES[name], self._certificate))
        return self._started[-1]

    def stop(self) -> None:
        """Ends them all."""
        for proxy in self._started:
            proxy.terminate()  # together: squid takes more than a second
        for proxy in self._started:
            proxy.stop()

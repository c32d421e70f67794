"""tkws behind nginx, which takes TLS off, and in front of nginx as a client of a static TLS host."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from string import Template

import pytest
import trustme

import tkws
from tests.interop.proxies import PATH
from tests.peers import Log

PATIENCE = 15.0  # seconds that nginx may take until it listens, and until it has ended

CONFIG = """\
daemon off;
master_process off;
pid $folder/pid;
error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path $folder/body;
    proxy_temp_path $folder/proxy;
    fastcgi_temp_path $folder/fastcgi;
    uwsgi_temp_path $folder/uwsgi;
    scgi_temp_path $folder/scgi;
    server {
        listen 127.0.0.1:$port ssl;
        ssl_certificate $folder/certificate;
        ssl_certificate_key $folder/certificate;
        root $folder/pages;
        location /ws/ {
            proxy_pass http://127.0.0.1:$upstream/;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $$http_upgrade;
            proxy_set_header Connection $$http_connection;
            proxy_set_header Host $$http_host;
        }
    }
}
"""


class Nginx:
    """An nginx that runs.

    Attributes:
        url: Where it speaks TLS.
    """

    def __init__(self, program: str, folder: Path, certificate: bytes, upstream: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.url = f"wss://localhost:{self._port}"
        words = {"folder": str(folder), "port": str(self._port), "upstream": str(upstream)}
        (folder / "config").write_text(Template(CONFIG).substitute(words), encoding="utf-8")
        (folder / "certificate").write_bytes(certificate)
        (folder / "pages").mkdir()
        (folder / "pages" / "index.html").write_text("static", encoding="utf-8")
        self._command = [program, "-c", str(folder / "config"), "-p", str(folder)]
        self.start()

    def start(self) -> None:
        """Starts the process, also once more."""
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)

    def is_ready(self) -> bool:
        """Whether it listens; fails where it has ended."""
        assert self._process.poll() is None
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    def stop(self) -> None:
        """Ends the process."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def upstream(root) -> Iterator[tuple[tkws.HTTPServer, Log]]:
    """A server that echoes, and what it was told."""
    log = Log(text=lambda ws, message: ws.send(message), binary=lambda ws, message: ws.send(message))
    server = tkws.serve(master=root, handler=log)
    yield server, log
    server.close()


@pytest.fixture
def nginx(upstream, pump_until, tmp_path, ca: trustme.CA) -> Iterator[Nginx]:
    """An nginx in front of `upstream`."""
    program = shutil.which("nginx", path=PATH)
    if program is None:
        pytest.skip("no nginx: install nginx-light (Debian)")
    certificate = ca.issue_cert("localhost").private_key_and_cert_chain_pem.bytes()
    running = Nginx(program, tmp_path, certificate, upstream[0].port)
    try:
        pump_until(running.is_ready, PATIENCE)
        yield running
    finally:
        running.stop()


def opened(root, url: str, context: ssl.SSLContext, **options) -> tuple[tkws.WebSocket, Log]:
    log = Log()
    return tkws.open(url, log, master=root, ssl=context, **options), log


def finish(ws: tkws.WebSocket, log: Log, pump_until: Callable[..., None]) -> None:
    ws.close(1000, "done")
    pump_until(lambda: log.over, PATIENCE)
    assert log.one("close")[0] == 1000


def test_a_conversation_through_a_reverse_proxy_that_takes_tls_off(
    root, pump_until, nginx, upstream, client_ssl
):
    ws, log = opened(root, f"{nginx.url}/ws/chat", client_ssl)
    pump_until(lambda: log.open, PATIENCE)
    ws.send("héllo")
    ws.send(bytes(range(256)) * 4096)
    pump_until(lambda: log.all("binary"), PATIENCE)
    assert log.all("text") == ["héllo"]
    assert log.all("binary") == [bytes(range(256)) * 4096]
    request = upstream[1].all("connect")[0]
    assert request.path == "/chat"
    ws.ping(b"through")
    pump_until(lambda: log.all("pong") == [b"through"], PATIENCE)
    finish(ws, log, pump_until)
    pump_until(lambda: upstream[1].over, PATIENCE)
    assert upstream[1].one("close") == (1000, "done")


def test_the_servers_close_passes_the_reverse_proxy(root, pump_until, nginx, upstream, client_ssl):
    ws, log = opened(root, f"{nginx.url}/ws/", client_ssl)
    pump_until(lambda: log.open and upstream[0].connections, PATIENCE)
    upstream[0].connections[0].close(4001, "go")
    pump_until(lambda: log.over, PATIENCE)
    assert log.one("close") == (4001, "go")
    assert ws.state is tkws.State.CLOSED


def test_a_static_host_answers_with_its_page(root, pump_until, nginx, client_ssl):
    _, log = opened(root, f"{nginx.url}/index.html", client_ssl)
    pump_until(lambda: log.over, PATIENCE)
    error = log.one("error")
    assert isinstance(error, tkws.HandshakeError)
    assert (error.status, error.body) == (200, b"static")
    assert error.headers["Server"].startswith("nginx")


def test_a_server_that_is_gone_is_a_bad_gateway(root, pump_until, nginx, upstream, client_ssl):
    upstream[0].close()
    _, log = opened(root, f"{nginx.url}/ws/", client_ssl)
    pump_until(lambda: log.over, PATIENCE)
    assert log.one("error").status == 502


def test_a_client_comes_back_when_the_reverse_proxy_does(root, pump_until, nginx, upstream, client_ssl):
    backoff = tkws.Backoff(initial=0.05, factor=1)
    ws, log = opened(root, f"{nginx.url}/ws/", client_ssl, reconnect=backoff)
    pump_until(lambda: log.open, PATIENCE)
    nginx.stop()
    pump_until(lambda: log.all("retry"), PATIENCE)
    nginx.start()
    pump_until(lambda: len(log.all("connect")) == 2, PATIENCE)
    ws.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED, PATIENCE)

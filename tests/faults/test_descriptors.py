"""The first opening of a process that has no descriptor left, with which Python could import what it needs.

In a process of its own, since here everything was imported long ago. Each ends within half a minute.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest

import tkws
from tests.peers import Log, Peer

pytestmark = pytest.mark.slow

PATIENCE = 30.0  # seconds that a program may take

LIMIT = """
import json, os, resource, sys, tkinter, tkws
from tkws.loop import loop_for
root = tkinter.Tcl()
loop_for(root)
root.update()
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
def leave(spare):
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + spare, hard))
"""

CLIENT = f"""{LIMIT}
url, spare, *before = sys.argv[1:]
for name in before:
    __import__(name)
events = []
def on_event(ws, type, message):
    events.append((str(type), str(message), getattr(message, "phase", "")))
    if type == "retry" and message[0] == 3:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    elif type == "connect":
        ws.close()
    elif type == "disconnect" and ws.close_code is not None:
        root.quit()
leave(int(spare))
imported = sys.modules.keys() & {{"encodings.idna"}}
ws = tkws.open(url, on_event, master=root, reconnect=tkws.Backoff(initial=0.02, factor=1))
root.mainloop(-1)
print(json.dumps([sorted(imported), events]))
"""

SERVER = f"""{LIMIT}
server = tkws.serve(master=root, handler=lambda ws, type, message: type == "disconnect" and root.quit())
leave(1)
print(server.port, flush=True)
root.mainloop(-1)
"""


@pytest.fixture
def start(monkeypatch, ca, tmp_path, child):
    """``start(source, arguments...)``: a program that trusts `ca` as the system's only authority."""
    authority = tmp_path / "authority.pem"
    ca.cert_pem.write_to_path(str(authority))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))

    def start(source: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", "-c", source, *arguments]
        return child(command)

    return start


def outcome(child, pump_until) -> str:
    pump_until(lambda: child.poll() is not None, PATIENCE)
    out, err = child.communicate()
    assert all(line.startswith("cannot accept on ") for line in err.splitlines()), err
    assert child.returncode == 0
    return out


@pytest.mark.parametrize(
    ("before", "phases"),
    [
        ((), {"connect"}),
        (("encodings.idna",), {"tls"}),
    ],
    ids=["nothing", "names"],
)
def test_what_cannot_be_imported_is_told_and_tried_again(root, start, pump_until, server_ssl, before, phases):
    server = tkws.serve(master=root, handler=Log(), ssl=server_ssl)
    url = server.url.replace("127.0.0.1", "localhost")
    imported, events = json.loads(outcome(start(CLIENT, url, "0", *before), pump_until))
    assert imported == sorted(before)
    kinds = [kind for kind, _, _ in events]
    assert kinds == ["error", "disconnect", "retry"] * 3 + ["connect", "close", "disconnect"]
    errors = [event for event in events if event[0] == "error"]
    assert all("Too many open files" in said for _, said, _ in errors)
    assert {phase for _, _, phase in errors} == phases
    pump_until(lambda: not server.connections)
    server.close()


@pytest.mark.parametrize("spare", [1, 2, 3])
def test_with_a_few_descriptors_it_opens_in_the_end(root, start, pump_until, server_ssl, spare):
    server = tkws.serve(master=root, handler=Log(), ssl=server_ssl)
    url = server.url.replace("127.0.0.1", "localhost")
    _, events = json.loads(outcome(start(CLIENT, url, str(spare)), pump_until))
    assert [kind for kind, _, _ in events][-3:] == ["connect", "close", "disconnect"]
    pump_until(lambda: not server.connections)
    server.close()


def test_a_server_has_what_it_needs_before_its_visitors_take_the_descriptors(start, peers, pump_until):
    child = start(SERVER)
    port = child.stdout.readline()
    peer = Peer(peers.keep(socket.create_connection(("127.0.0.1", int(port)))), pump_until, client=True)
    peer.ask("/")
    assert peer.answer()[0] == 101
    peer.bye()
    peer.wait_for_end()
    peer.sock.close()
    assert outcome(child, pump_until) == ""

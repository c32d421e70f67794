"""A server with more connections than Tcl's own notifier has descriptors for, one of them a flood."""

from __future__ import annotations

import sys

import pytest

from tests.loop.child import run_child

pytestmark = pytest.mark.slow

# Both ends of each connection are in the one process, so that twice as many descriptors are open.
CONNECTIONS = 2000 if sys.platform == "win32" else 1500

PROGRAM = """
import contextlib, socket, sys, threading, tkinter

CONNECTIONS = {connections}
if sys.platform != "win32":  # there is no limit on Windows
    import resource

    wanted = 2 * CONNECTIONS + 100
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        print("too few descriptors")
        raise SystemExit
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))

import tkws
from tests.peers import KEY, MASK
from tkws.protocol.frames import Opcode, encode_header
from tkws.protocol.masking import apply_mask
from tkws.testing import run_until

def frame(payload):
    return encode_header(Opcode.TEXT, len(payload), mask=MASK) + apply_mask(payload, MASK)

REQUEST = (
    "GET / HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
    f"Sec-WebSocket-Key: {{KEY}}\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n"
).encode()
flooded = 0

def handler(ws, type, message):
    global flooded
    if type == "text" and message == "flood":
        flooded += 1
    elif type == "text":
        ws.send(message)

root = tkinter.Tcl()
server = tkws.serve(master=root, handler=handler, keepalive=0)
clients = []

def pump(condition):
    run_until(condition, 60, master=root)

def take(client, end):
    data = b""
    while not data.endswith(end):
        data += client.recv(4096)
    return data

while len(clients) < CONNECTIONS:
    for _ in range(100):
        client = socket.create_connection(server.addresses[0])
        client.sendall(REQUEST)
        clients.append(client)
    pump(lambda: len(server.connections) == len(clients))
assert clients[-1].fileno() > 2048, clients[-1].fileno()
for client in clients:
    assert take(client, b"\\r\\n\\r\\n").startswith(b"HTTP/1.1 101 ")

assert server.broadcast("to all") == CONNECTIONS
pump(lambda: not any(ws.buffered_amount for ws in server.connections))
for client in clients:
    take(client, b"to all")

def flood():
    with contextlib.suppress(OSError):
        while True:
            clients[0].sendall(frame(b"flood") * 1000)

thread = threading.Thread(target=flood, daemon=True)
thread.start()
pump(lambda: flooded)
for number, client in enumerate(clients[1:]):
    client.sendall(frame(b"%06d" % number))
answered = []
loop = server.loop
for number, client in enumerate(clients[1:]):
    def read(client=client, number=number):
        assert take(client, b"%06d" % number)
        loop.unwatch(client.fileno())
        answered.append(number)
    loop.watch(client.fileno(), read, None)
before = flooded
pump(lambda: len(answered) == CONNECTIONS - 1)
pump(lambda: flooded > before)
clients[0].shutdown(socket.SHUT_RDWR)
thread.join(10)
loop.close()
for client in clients:
    client.close()
print("served", len(answered))
"""


def test_a_server_serves_more_connections_than_select_knows_while_one_is_a_flood():
    child = run_child(PROGRAM.format(connections=CONNECTIONS), timeout=240)
    if child.stdout == "too few descriptors\n":
        pytest.skip("this system allows too few descriptors")
    assert child.stdout == f"served {CONNECTIONS - 1}\n", child.stderr
    assert child.returncode == 0

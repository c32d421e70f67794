"""TLS that is cut off, in both roles, and peers that change keys again and again.

Bounds: what is not complete is not delivered, nothing holds Tk up longer than `heartbeat` allows, little
waits to be sent, and each test has the seconds of its `pump_until`.
"""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

import tkws
from tests.hostile.conftest import Served
from tests.peers import KEY, Peer, Secured
from tkws.protocol.frames import Opcode
from tkws.testing.reset import reset_on_close

pytestmark = [pytest.mark.thorough, pytest.mark.usefixtures("heartbeat")]

WORDS = {"end": "without ending TLS", "reset": "reset by peer"}


@pytest.fixture
def server(root, server_ssl, log):
    server = tkws.serve(master=root, handler=log, ssl=server_ssl)
    yield server
    server.close()


@pytest.fixture(params=["server", "client"])
def peer(request, root, peers, server, log, server_ssl, client_ssl) -> Secured:
    """The other end of a connection of ours, as a server or as a client; TLS has been agreed on."""
    if request.param == "server":
        return Secured(peers.connect(server), client_ssl)
    listening = peers.listen()
    tkws.open(f"wss://localhost:{listening.port}/", log, master=root, ssl=client_ssl)
    return Secured(listening.accept(), server_ssl)


def shake_hands(peer: Peer, client: bool) -> None:
    if client:
        peer.ask()
        assert peer.answer()[0] == 101
    else:
        peer.accept()


def cut(peer: Secured, way: str) -> None:
    """Ends TCP without a word of TLS."""
    if way == "reset":
        reset_on_close(peer.sock)
    peer.sock.close()


@pytest.mark.parametrize("way", WORDS)
@pytest.mark.parametrize("within", ["a message", "a frame", "a record"])
def test_tls_is_cut_off_within(peer, log, pump_until, way, within):
    shake_hands(peer, peer.below._client)
    pump_until(lambda: log.open)
    peer.text("before")
    pump_until(lambda: log.all("text"))
    received = log.ws.statistics.bytes_received
    whole = peer.frame(Opcode.TEXT, b"the message that is cut")
    if within == "a message":
        peer.say(Opcode.TEXT, b"the message", fin=False)
    elif within == "a frame":
        peer.send(whole[:-5])
    else:
        peer.below.send(peer.seal(whole)[:-5])
    if within != "a record":
        pump_until(lambda: log.ws.statistics.bytes_received > received)
    cut(peer, way)
    pump_until(lambda: log.over)
    assert log.types == ["connect", "text", "close", "disconnect"]
    assert log.all("text") == ["before"]
    code, reason = log.one("close")
    assert code == 1006
    assert WORDS[way] in reason
    assert WORDS[way] in log.one("disconnect")


@pytest.mark.parametrize("way", WORDS)
def test_tls_is_cut_off_within_the_opening(peer, server, log, pump_until, way):
    if peer.below._client:
        peer.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: webso")
        cut(peer, way)
        pump_until(lambda: not server._http_connections)
        assert not log.events
    else:
        peer.take_until()
        peer.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: webso")
        cut(peer, way)
        pump_until(lambda: log.over)
        assert log.types == ["error", "disconnect"]
        assert WORDS[way] in str(log.one("error"))


# ---- keys


@pytest.fixture
def program(server, root, log, pump_until):
    """``program(version)``: the command line's client, connected by a WebSocket, and what it prints."""
    if shutil.which("openssl") is None:
        pytest.skip("the openssl command is not installed")
    made: list[subprocess.Popen[bytes]] = []
    printed = bytearray()

    def start(version: str) -> tuple[subprocess.Popen[bytes], bytearray]:
        command = ["openssl", "s_client", "-msg", "-connect", f"127.0.0.1:{server.port}", version]
        pipe = subprocess.PIPE
        child = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, bufsize=0)
        made.append(child)
        assert child.stdin is not None
        assert child.stdout is not None
        output = child.stdout.fileno()
        os.set_blocking(output, False)
        loop = server.loop

        def read() -> None:
            data = os.read(output, 1 << 20)
            printed.extend(data)
            if not data:
                loop.unwatch(output)

        loop.watch(output, read, None)
        pump_until(lambda: b"Verify return code" in printed)
        lines = ("GET / HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade")
        fields = (*lines, f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13", "", "")
        child.stdin.write("\r\n".join(fields).encode())
        pump_until(lambda: log.open)
        return child, printed

    yield start
    for child in made:
        assert child.stdout is not None
        server.loop.unwatch(child.stdout.fileno())
        child.kill()
        child.communicate()


@pytest.mark.slow
def test_a_client_that_renegotiates_is_refused_and_ends(program, root, server, log, pump_until, client_ssl):
    served = Served(root, server, pump_until, ssl=client_ssl)
    child, printed = program("-tls1_2")
    handshakes = printed.count(b"ClientHello")
    child.stdin.write(b"R\n")
    pump_until(lambda: log.over)
    pump_until(lambda: child.poll() is not None)
    assert b"RENEGOTIATING" in printed
    assert b"no renegotiation" in printed
    assert printed.count(b"ClientHello") == handshakes + 1  # asked for, and never begun:
    assert printed.count(b"ServerHello\n") == 1
    assert log.one("close")[0] == 1006
    served.goes_on()
    served.ws.close()


@pytest.mark.slow
@pytest.mark.parametrize("command", [b"k\n", b"K\n"], ids=["its own", "both"])
def test_a_client_that_changes_keys_without_end_is_served_as_any_other(
    program, root, server, log, pump_until, client_ssl, command
):
    served = Served(root, server, pump_until, ssl=client_ssl)
    child, printed = program("-tls1_3")
    ours, theirs = (
        b"<<< TLS 1.3, Handshake [length 0005], KeyUpdate",
        b">>> TLS 1.3, Handshake [length 0005], KeyUpdate",
    )
    most = asked = 0

    def push() -> bool:
        nonlocal most, asked
        if printed.count(theirs) == asked:  # one by one: it drops what comes along with a command
            child.stdin.write(command)
            asked += 1
        most = max(most, log.ws.buffered_amount)
        return asked == 500

    pump_until(push)
    pump_until(lambda: printed.count(theirs) == 500)
    served.goes_on()
    assert printed.count(ours) <= (500 if command == b"K\n" else 0)
    assert most < 64 * 1024
    assert log.types == ["connect"]
    served.ws.close()
    child.stdin.write(b"Q\n")
    pump_until(lambda: log.over)


@pytest.mark.slow
def test_the_smallest_records_do_not_hold_up_the_window(peer, log, pump_until):
    """Some 2,600 of them are in one read."""
    shake_hands(peer, peer.below._client)
    pump_until(lambda: log.open)
    frame = peer.frame(Opcode.PONG)
    peer.below.send(
        b"".join(peer.seal(frame[at : at + 1]) for _ in range(4000 // len(frame)) for at in range(len(frame)))
    )
    peer.text("the last")
    pump_until(lambda: log.all("text"))
    assert log.all("text") == ["the last"]

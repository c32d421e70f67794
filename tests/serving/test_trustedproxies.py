"""Behind a proxy that is trusted: whose request it is, whom limits count, and what a client may pretend."""

from __future__ import annotations

import socket

import pytest

import tkws
from tests.peers import Peer
from tkws.http.headers import Headers
from tkws.serving.trustedproxies import TrustedProxies


@pytest.mark.parametrize(
    ("peer", "noted", "client"),
    [
        ("127.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("127.0.0.1", "198.51.100.1, 192.0.2.7", "192.0.2.7"),  # the first one may be the client's own idea
        ("127.0.0.1", "192.0.2.7, 10.1.2.3, 127.0.0.1", "192.0.2.7"),
        ("127.0.0.1", "10.1.2.3, 10.1.2.4", "10.1.2.3"),  # trusted all the way
        ("127.0.0.1", "192.0.2.7, unknown, 10.1.2.3", "10.1.2.3"),
        ("127.0.0.1", "unknown", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.2", "192.0.2.7", "127.0.0.2"),  # not trusted
        ("::ffff:127.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("2001:db8::1%eth0", "192.0.2.7", "192.0.2.7"),
        ("2001:db9::1", "192.0.2.7", "2001:db9::1"),
        ("", "192.0.2.7", "192.0.2.7"),
    ],
)
def test_whose_request_it_is(peer, noted, client):
    trusted = TrustedProxies(["127.0.0.1", "10.0.0.0/8", "2001:db8::/32", "unix"])
    address = (peer, 5) if peer else ""
    request = tkws.Request("GET", "/", Headers({"X-Forwarded-For": noted}), address)
    found = trusted.find_client(request)
    assert found.peer == ((client, 5) if client == peer else (client, 0))
    assert (found.path, found.headers) == (request.path, request.headers)
    assert TrustedProxies(()).find_client(request) is request


@pytest.fixture
def server(root, log) -> tkws.HTTPServer:
    return tkws.serve(master=root, handler=log, trusted_proxies=["127.0.0.1"])


def test_a_connection_has_the_address_of_its_client(server, peers, log, pump_until):
    asked = []
    server.admit(lambda request: asked.append(request.peer))
    peer = peers.connect(server)
    peer.ask("/", "Forwarded: for=192.0.2.7")
    assert peer.answer()[0] == 101
    pump_until(lambda: log.open)
    assert log.ws.peername == log.one("connect").peer == asked[0] == ("192.0.2.7", 0)
    assert tkws.find("192.0.2.7") == [log.ws]


def test_limits_count_clients(server, peers, pump_until):
    server.configure(max_connections_per_address=1)
    peer_of = {}
    for number in (*range(20), 7):
        peer = peers.connect(server)
        peer.ask("/", f"X-Forwarded-For: 192.0.2.{number}")
        wanted = 429 if number in peer_of else 101
        assert peer.answer()[0] == wanted
        peer_of.setdefault(number, peer)
    peer_of[7].sock.close()
    pump_until(lambda: len(server.connections) == 19)
    peer = peers.connect(server)
    peer.ask("/", "X-Forwarded-For: 192.0.2.7")
    assert peer.answer()[0] == 101


def test_a_client_that_is_no_proxy_cannot_choose_its_address(server, peers, log, pump_until):
    server.configure(trusted_proxies=["192.0.2.0/24"])
    peer = peers.connect(server)
    peer.ask("/", "X-Forwarded-For: 192.0.2.7")
    assert peer.answer()[0] == 101
    pump_until(lambda: log.open)
    assert log.ws.peername[0] == "127.0.0.1"
    assert log.ws.peername[1] == peer.sock.getsockname()[1]


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no Unix sockets here")
@pytest.mark.parametrize("trusted", [True, False])
def test_a_proxy_by_a_unix_socket(root, peers, log, pump_until, tmp_path, trusted):
    tkws.serve(unix=tmp_path / "chat", master=root, handler=log, trusted_proxies=["unix"] if trusted else [])
    sock = peers.keep(socket.socket(socket.AF_UNIX))
    sock.connect(str(tmp_path / "chat"))
    peer = Peer(sock, pump_until, client=True)
    peer.ask("/", "X-Forwarded-For: 192.0.2.7")
    assert peer.answer()[0] == 101
    pump_until(lambda: log.open)
    assert log.ws.peername == (("192.0.2.7", 0) if trusted else "")


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("127.0.0.1", TypeError),
        ([5], TypeError),
        (["example.org"], ValueError),
        (["10.0.0.0/99"], ValueError),
        ([""], ValueError),
    ],
)
def test_proxies_that_are_none(root, value, error):
    with pytest.raises(error, match="^trusted_proxies: "):
        tkws.serve(master=root, trusted_proxies=value)


def test_a_network_may_be_written_by_one_of_its_addresses(root):
    assert tkws.serve(master=root, trusted_proxies=("10.1.2.3/8",))["trusted_proxies"] == ("10.1.2.3/8",)

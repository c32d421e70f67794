"""Files that are larger than what may be in memory: in pieces, as the client takes them, whatever happens."""

from __future__ import annotations

import contextlib
import os
import socket
import tracemalloc

import pytest

import tkws
from tests.peers import Peer, Secured
from tkws.testing import FakeClock
from tkws.testing.reset import reset_on_close

pytestmark = pytest.mark.thorough

KIB, MIB = 1 << 10, 1 << 20

# Bytes of Python's memory that a download may take, whatever the size of its file.
MOST = 2 * MIB


@pytest.fixture(params=["tcp", "tcp without sendfile", "tls"])
def wire(request, monkeypatch, server_ssl):
    """Each way by which a file leaves; the context of the server."""
    if request.param == "tcp" and not hasattr(os, "sendfile"):
        pytest.skip("this system has no sendfile")
    if request.param == "tcp without sendfile":
        monkeypatch.delattr(os, "sendfile", raising=False)
    return server_ssl if request.param == "tls" else None


@pytest.fixture
def folder(tmp_path):
    """A folder with a file of 8 MiB that is nowhere the same, and an empty one."""
    (tmp_path / "file.bin").write_bytes(os.urandom(8 * MIB))
    (tmp_path / "empty.bin").touch()
    return tmp_path


@pytest.fixture
def server(root, wire, folder) -> tkws.HTTPServer:
    server = tkws.serve(master=root, ssl=wire, handshake_timeout=30)
    server.directory("/files", folder)
    return server


@pytest.fixture
def peer(server, peers, wire, client_ssl) -> Peer:
    peer = peers.connect(server)
    return peer if wire is None else Secured(peer, client_ssl)


def descriptors(path) -> int:
    """How many there are of a file."""
    links = (os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd"))
    return sum(link == os.path.realpath(path) for link in links)


def take(peer: Peer, count: int, pump_until) -> int:
    """Read ``count`` bytes off the wire and keep none; how many there were before the end."""
    taken, ended = len(peer.received), False
    room = bytearray(MIB // 4)

    def read():
        nonlocal taken, ended
        with contextlib.suppress(BlockingIOError):
            while not ended and taken < count:
                try:
                    got = peer.sock.recv_into(room)
                except ConnectionError:
                    got = 0
                taken, ended = taken + got, not got
        return ended or taken >= count

    pump_until(read)
    return taken


@pytest.mark.slow
def test_a_large_file_comes_whole_and_in_pieces(server, peer, folder):
    data = (folder / "file.bin").read_bytes()
    peer.request("/files/file.bin")
    status, fields, body = peer.answer()
    assert (status, fields["content-length"]) == (200, str(len(data)))
    assert "connection" not in fields
    assert body == data
    peer.request("/files/file.bin", "Range: bytes=1000001-7000000")
    status, fields, body = peer.answer()
    assert (status, fields["content-range"]) == (206, f"bytes 1000001-7000000/{len(data)}")
    assert body == data[1000001:7000001]
    peer.request("/files/file.bin", method="HEAD")
    head = peer.take_until()
    assert b"Content-Length: %d\r\n" % len(data) in head
    peer.request("/files/file.bin", f"If-None-Match: {fields['etag']}")
    assert peer.answer()[0] == 304
    peer.request("/files/empty.bin")
    assert peer.answer()[::2] == (200, b"")
    assert descriptors(folder / "file.bin") == 0


@pytest.mark.slow
def test_neither_the_window_nor_the_memory_notices(server, peer, folder, pump_until, heartbeat):
    size = 128 * MIB
    os.truncate(folder / "empty.bin", size)  # takes no room on the disk
    peer.request("/files/empty.bin")
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        taken = take(peer, size, pump_until)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert taken >= size
    assert peak < MOST
    assert heartbeat.beats > 1


def test_several_requests_at_once_are_answered_in_turn(server, peer, folder):
    data = (folder / "file.bin").read_bytes()
    ranges = [(0, 100_000), (5, 6), (1_000_000, 1_200_000), (70_000, 70_100)]
    get = "GET /files/file.bin HTTP/1.1\r\nHost: localhost\r\nRange: bytes={}-{}\r\n\r\n".format
    peer.send("".join(get(*each) for each in ranges).encode())
    for first, last in ranges:
        assert peer.answer()[2] == data[first : last + 1]


def test_a_websocket_may_follow_a_file(server, peer, log, pump_until):
    server.live("/chat", log)
    get = b"GET /files/file.bin HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-99999\r\n\r\n"
    peer.send(get)
    peer.ask("/chat")
    assert len(peer.answer()[2]) == 100_000
    assert peer.answer()[0] == 101
    pump_until(lambda: log.open)


def test_no_more_files_are_open_than_are_being_sent(server, peer, folder, pump_until):
    get = b"GET /files/file.bin HTTP/1.1\r\nHost: localhost\r\n\r\n"
    peer.send(get * 20)
    pump_until(lambda: descriptors(folder / "file.bin"))
    assert descriptors(folder / "file.bin") == 1


@pytest.mark.parametrize("how", ["resets", "says all", "server", "loop"])
def test_an_end_closes_the_file(server, peer, folder, pump_until, how):
    peer.request("/files/file.bin")
    pump_until(lambda: descriptors(folder / "file.bin"))
    if how == "resets":
        reset_on_close(peer.sock)
        peer.sock.close()
    elif how == "says all":
        peer.sock.shutdown(socket.SHUT_WR)
        take(peer, 9 * MIB, pump_until)
    elif how == "server":
        server.close()
    else:
        server.loop.close()
    if how == "loop":
        assert not descriptors(folder / "file.bin")
    else:
        pump_until(lambda: not descriptors(folder / "file.bin"))
        pump_until(lambda: not server._http_connections)


def test_a_file_that_becomes_shorter_breaks_the_connection(server, peer, folder, pump_until):
    """An end without the rest: a client can tell it by Content-Length."""
    peer.request("/files/file.bin")
    pump_until(lambda: descriptors(folder / "file.bin"))
    os.truncate(folder / "file.bin", 100)
    assert take(peer, 9 * MIB, pump_until) < 8 * MIB
    pump_until(lambda: not server._http_connections)
    assert not descriptors(folder / "file.bin")


def test_a_file_that_grows_is_sent_as_it_was(server, peer, folder, pump_until):
    size = (folder / "file.bin").stat().st_size
    peer.request("/files/file.bin")
    pump_until(lambda: descriptors(folder / "file.bin"))
    with (folder / "file.bin").open("ab") as file:
        file.write(b"more")
    assert len(peer.answer()[2]) == size
    peer.request("/files/file.bin", "Range: bytes=-4")
    assert peer.answer()[2] == b"more"


def test_a_file_that_is_replaced_is_sent_as_it_was(server, peer, folder, pump_until):
    if os.name == "nt":
        pytest.skip("a file that is open stays on Windows")
    data = (folder / "file.bin").read_bytes()
    peer.request("/files/file.bin")
    pump_until(lambda: descriptors(folder / "file.bin"))
    (folder / "new").write_bytes(b"new")
    (folder / "new").replace(folder / "file.bin")
    assert peer.answer()[2] == data


def test_a_client_that_takes_too_little_is_dropped_with_its_file(root, peers, folder, pump_until):
    clock = FakeClock(root)
    server = tkws.serve(master=root, handshake_timeout=30)
    server.directory("/", folder)
    peer = peers.connect(server)
    peer.request("/file.bin")
    pump_until(lambda: descriptors(folder / "file.bin"))
    for _ in range(2):
        clock.advance(30)
        with contextlib.suppress(BlockingIOError):
            peer.sock.recv(1000)
    pump_until(lambda: not server._http_connections)
    assert not descriptors(folder / "file.bin")


def test_each_answer_has_a_date(server, peer):
    server.page("/", "front")
    server.page("/own", tkws.Response(200, headers={"Date": "mine"}))
    for target in ("/", "/files/empty.bin", "/nothing"):
        peer.request(target)
        assert peer.answer()[1]["date"].endswith(" GMT")
    peer.request("/own")
    assert peer.answer()[1]["date"] == "mine"
    peer.send(b"nonsense\r\n\r\n")
    assert "date" in peer.answer()[1]

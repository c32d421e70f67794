"""One end of TLS as bytes in and bytes out: two of them talk to each other, with nothing in between."""

from __future__ import annotations

import ssl

import pytest

from tkws.net.bytequeue import ByteQueue
from tkws.net.tlssession import RECORD, TLSSession


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def ends(request, client_ssl, server_ssl) -> tuple[TLSSession, TLSSession]:
    """A client's and a server's session that have shaken hands."""
    client_ssl.maximum_version = request.param
    client = TLSSession(client_ssl, server_side=False, server_hostname="localhost")
    server = TLSSession(server_ssl, server_side=True, server_hostname=None)
    done = [False, False]
    while not all(done):
        done = [client.shake_hands(), done[1]]
        server.feed(client.output())
        done = [done[0], server.shake_hands()]
        client.feed(server.output())
    with pytest.raises(ssl.SSLWantReadError):
        client.read()
    return client, server


def say(session: TLSSession, *pieces: bytes) -> bytes:
    queue = ByteQueue()
    for piece in pieces:
        queue.append(piece)
    session.encrypt(queue, 1 << 20)
    return session.output()


def test_what_one_encrypts_the_other_reads_record_by_record(ends):
    client, server = ends
    assert client.drained
    client.feed(say(server, b"a" * (RECORD + 1), b"b"))
    assert not client.drained
    assert client.read() == b"a" * RECORD
    assert client.read() == b"a"
    assert not client.drained
    assert client.read() == b"b"
    assert client.drained
    with pytest.raises(ssl.SSLWantReadError):
        client.read()


def test_a_small_view_takes_a_record_piece_by_piece(ends):
    client, server = ends
    client.feed(say(server, b"abcdefgh"))
    view = memoryview(bytearray(5))
    assert client.read_into(view) == 5
    assert view == b"abcde"
    assert not client.drained
    assert client.read_into(view) == 3
    assert view[:3] == b"fgh"
    assert client.drained


def test_encrypting_stops_soon_after_the_most_that_was_asked_for(ends):
    client, server = ends
    queue = ByteQueue()
    for _ in range(10):
        queue.append(b"x" * 1000)
    client.encrypt(queue, 2500)
    assert queue.size == 7000
    client.encrypt(queue, 100_000)
    assert queue.size == 0
    server.feed(client.output())
    assert sum(len(server.read()) for _ in range(10)) == 10_000


def test_a_record_in_pieces_is_not_read_before_its_end(ends):
    client, server = ends
    record = say(server, b"whole")
    for number in range(len(record) - 1):
        client.feed(record[number : number + 1])
        with pytest.raises(ssl.SSLWantReadError):
            client.read()
        assert client.drained
    client.feed(record[-1:])
    assert client.read() == b"whole"


@pytest.mark.parametrize("into", [True, False], ids=["view", "object"])
def test_what_was_fed_before_the_end_can_be_read_after_it(ends, into):
    client, server = ends
    client.feed(say(server, b"a" * RECORD, b"b"))
    client.end()
    assert client.output()
    assert not client.drained
    client.feed(say(server, b"c"))
    view = memoryview(bytearray(RECORD))
    read = (lambda: bytes(view[: client.read_into(view)])) if into else client.read
    assert [read(), read(), read()] == [b"a" * RECORD, b"b", b"c"]
    server.end()
    client.feed(server.output())
    assert read() == b""
    assert read() == b""


def test_each_side_ends_by_itself(ends):
    client, server = ends
    client.end()
    server.feed(client.output())
    assert server.read() == b""
    client.feed(say(server, b"still here"))
    assert client.read() == b"still here"
    server.end()
    client.feed(server.output())
    assert client.read() == b""
    assert server.read() == b""


def test_an_end_that_is_both_sides_is_none_that_fails(ends):
    client, server = ends
    server.end()
    client.feed(server.output())
    client.end()
    server.feed(client.output())
    assert client.read() == server.read() == b""


def test_a_forged_record_is_fatal(ends):
    client, server = ends
    record = bytearray(say(server, b"genuine"))
    record[-1] ^= 1
    client.feed(bytes(record))
    with pytest.raises(ssl.SSLError) as caught:
        client.read()
    assert not isinstance(caught.value, ssl.SSLWantReadError)
    assert client.output()  # the alert


def test_a_forged_record_is_fatal_in_ending_too(ends):
    client, server = ends
    record = bytearray(say(server, b"genuine"))
    record[-1] ^= 1
    client.feed(bytes(record))
    with pytest.raises(ssl.SSLError):
        client.end()


def test_a_context_that_checks_names_wants_one(client_ssl):
    for name in (None, ""):
        with pytest.raises(ValueError, match="server_hostname: needed"):
            TLSSession(client_ssl, server_side=False, server_hostname=name)
    with pytest.raises(ValueError, match="server_hostname: .*label"):
        TLSSession(client_ssl, server_side=False, server_hostname=".example.org")
    client_ssl.check_hostname = False
    TLSSession(client_ssl, server_side=False, server_hostname=None)

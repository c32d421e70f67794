"""TLS over a stream: handshakes that fail, ends that are none, and peers that are not ours."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import threading

import pytest

from tests.net.owner import Recorder
from tkws.errors import StateError
from tkws.net import SocketStream, Stream, TLSStream
from tkws.net.tls import ENCRYPT_BUDGET, ENCRYPT_CHUNK, MAX_BELOW
from tkws.testing.reset import reset_on_close

MIB = 1 << 20


class End:
    """One end of a connection that is to become TLS, with everything that it was told."""

    def __init__(self, loop, sock, context, **arguments) -> None:
        self.owner = Recorder()
        self.established = 0
        self.below = SocketStream(loop, sock, Recorder())
        self.stream = TLSStream(self.below, context, self.owner, on_established=self.note, **arguments)

    def note(self) -> None:
        assert not self.owner.received
        self.established += 1


@pytest.fixture
def ends(loop, socket_pair):
    """``ends(client_context, server_context, name)``: both ends; a context that is None leaves a socket."""
    made: list[End] = []

    def connect(client, server, name: str = "localhost"):
        sockets = socket_pair("tcp")
        both: list[End | socket.socket] = list(sockets)
        if client is not None:
            both[0] = End(loop, sockets[0], client, server_hostname=name)
        if server is not None:
            both[1] = End(loop, sockets[1], server, server_side=True)
        made.extend(end for end in both if isinstance(end, End))
        return both

    yield connect
    for end in made:
        end.stream.abort()


@pytest.fixture
def open_ends(ends, client_ssl, server_ssl, pump_until):
    """A client and a server that have shaken hands."""
    client, server = ends(client_ssl, server_ssl)
    pump_until(lambda: client.established and server.established)
    return client, server


def forge(stream: TLSStream) -> None:
    """Slip a record that is not genuine into what ``stream`` sends."""
    stream.socket.send(b"\x17\x03\x03\x00\x20" + b"forged" * 5 + b"!!")


# ---- the handshake


def test_what_was_agreed_can_be_read(ends, client_ssl, server_ssl, pump_until):
    server_ssl.set_alpn_protocols(["http/1.1"])
    client_ssl.set_alpn_protocols(["http/1.1"])
    client, server = ends(client_ssl, server_ssl)
    assert repr(client.stream).startswith("<TLSStream shaking hands, no version yet, over <SocketStream open")
    pump_until(lambda: client.established and server.established)
    assert client.stream.ssl_object.selected_alpn_protocol() == "http/1.1"
    assert ("DNS", "localhost") in client.stream.ssl_object.getpeercert()["subjectAltName"]
    assert repr(client.stream).startswith("<TLSStream open, TLSv1.3, over <SocketStream open")


def test_a_client_names_the_server_that_it_wants(ends, client_ssl, server_ssl, pump_until):
    named = []
    server_ssl.sni_callback = lambda _socket, name, _context: named.append(name)
    client, server = ends(client_ssl, server_ssl, "localhost")
    pump_until(lambda: client.established and server.established)
    assert named == ["localhost"]


def test_an_unknown_authority_is_refused_and_both_sides_know_why(ends, server_ssl, pump_until):
    client, server = ends(ssl.create_default_context(), server_ssl)
    pump_until(lambda: client.owner.lost and server.owner.lost)
    assert isinstance(client.owner.cause, ssl.SSLCertVerificationError)
    assert isinstance(server.owner.cause, ssl.SSLError)
    assert "unknown ca" in str(server.owner.cause)
    assert client.established == 0
    assert client.owner.told == ["lost"]


def test_a_certificate_for_another_name_is_refused(ends, client_ssl, server_ssl, pump_until):
    client, _ = ends(client_ssl, server_ssl, "example.org")
    pump_until(lambda: client.owner.lost)
    assert isinstance(client.owner.cause, ssl.SSLCertVerificationError)
    assert "example.org" in str(client.owner.cause)


def test_a_missing_name_is_the_callers_fault(loop, socket_pair, client_ssl):
    below = SocketStream(loop, socket_pair("tcp")[0], Recorder())
    with pytest.raises(ValueError, match="server_hostname: needed"):
        TLSStream(below, client_ssl, Recorder())
    below.abort()


def test_no_common_version_is_told_to_both(ends, client_ssl, server_ssl, pump_until):
    client_ssl.maximum_version = ssl.TLSVersion.TLSv1_2
    server_ssl.minimum_version = ssl.TLSVersion.TLSv1_3
    client, server = ends(client_ssl, server_ssl)
    pump_until(lambda: client.owner.lost and server.owner.lost)
    assert isinstance(client.owner.cause, ssl.SSLError)
    assert isinstance(server.owner.cause, ssl.SSLError)


def test_a_context_that_allows_nothing_is_told_from_the_loop(ends, client_ssl, pump_until):
    client_ssl.minimum_version = ssl.TLSVersion.TLSv1_3
    client_ssl.maximum_version = ssl.TLSVersion.TLSv1_2
    client, _ = ends(client_ssl, None)
    assert not client.owner.lost
    pump_until(lambda: client.owner.lost)
    assert "NO_PROTOCOLS_AVAILABLE" in str(client.owner.cause)


def test_a_server_that_does_not_speak_tls_is_told(ends, client_ssl, pump_until):
    client, far = ends(client_ssl, None)
    far.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    pump_until(lambda: client.owner.lost)
    assert isinstance(client.owner.cause, ssl.SSLError)


def test_a_client_that_does_not_speak_tls_gets_an_alert(ends, server_ssl, pump_until):
    far, server = ends(None, server_ssl)
    far.sendall(b"GET / HTTP/1.1\r\n\r\n")
    pump_until(lambda: server.owner.lost)
    assert "HTTP_REQUEST" in str(server.owner.cause)


def test_an_end_within_the_handshake_is_told(ends, client_ssl, pump_until):
    client, far = ends(client_ssl, None)
    far.shutdown(socket.SHUT_WR)
    pump_until(lambda: client.owner.lost)
    assert isinstance(client.owner.cause, ssl.SSLEOFError)
    assert client.owner.told == ["lost"]


def test_a_reset_within_the_handshake_is_told(ends, client_ssl, pump_until):
    client, far = ends(client_ssl, None)
    reset_on_close(far)
    far.close()
    pump_until(lambda: client.owner.lost)
    assert isinstance(client.owner.cause, ConnectionError)


def test_what_was_received_with_what_preceded_tls_is_given_by_hand(ends, client_ssl, server_ssl, pump_until):
    client, far = ends(client_ssl, None)
    hello = far.recv(MIB)
    server = End(client.stream.loop, far, server_ssl, server_side=True)
    server.stream.data_received(hello)
    pump_until(lambda: client.established and server.established)
    server.stream.abort()


@pytest.mark.parametrize("how", ["end", "close"])
def test_what_is_written_before_the_handshake_waits_for_it(ends, client_ssl, server_ssl, pump_until, how):
    client, server = ends(client_ssl, server_ssl)
    client.stream.write(b"early ")
    client.stream.writelines([b"bird" * 10_000] * 2)
    assert client.stream.buffered_amount == 80_006
    getattr(client.stream, how)()
    with pytest.raises(StateError):
        client.stream.write(b"too late")
    pump_until(lambda: server.owner.at_eof)
    assert server.owner.received == b"early " + b"bird" * 20_000


@pytest.mark.parametrize("how", ["close", "abort"])
def test_closing_within_the_handshake_waits_for_nothing(ends, client_ssl, server_ssl, pump_until, how):
    client, server = ends(client_ssl, server_ssl)
    getattr(client.stream, how)()
    assert client.stream.closed
    pump_until(lambda: client.owner.lost and server.owner.lost)
    assert client.owner.cause is None
    assert isinstance(server.owner.cause, OSError)


def test_ending_within_the_handshake_follows_it(ends, client_ssl, server_ssl, pump_until):
    client, server = ends(client_ssl, server_ssl)
    client.stream.end()
    server.stream.write(b"hello")
    pump_until(lambda: server.owner.at_eof and client.owner.received)
    assert client.owner.received == b"hello"


def test_reading_paused_within_the_handshake_is_paused_after_it(
    ends, client_ssl, server_ssl, pump_until, loop
):
    client, server = ends(client_ssl, server_ssl)
    client.stream.pause_reading()
    pump_until(lambda: client.established and server.established)
    written = 0
    while not server.stream.buffered_amount:
        server.stream.write(b"x" * MIB)
        written += MIB
        rested: list[bool] = []
        loop.call_later(0.01, rested.append, True)
        pump_until(lambda: rested)
        assert written < 64 * MIB  # the peer is slowed down
    assert not client.owner.received
    client.stream.resume_reading()
    pump_until(lambda: len(client.owner.received) == written)


def test_reading_may_be_paused_and_resumed_within_the_handshake(ends, client_ssl, server_ssl, pump_until):
    client, server = ends(client_ssl, server_ssl)
    client.stream.pause_reading()
    client.stream.resume_reading()
    server.stream.write(b"on")
    pump_until(lambda: client.owner.received == b"on")


# ---- the end


def test_an_end_without_close_notify_is_a_failure(open_ends, pump_until):
    client, server = open_ends
    server.stream.write(b"half a mess")
    server.below.close()
    pump_until(lambda: client.owner.lost)
    assert client.owner.received == b"half a mess"
    assert isinstance(client.owner.cause, ssl.SSLEOFError)
    assert client.owner.told == ["lost"]


def test_what_came_before_such_an_end_is_read_first(open_ends, pump_until, loop):
    client, server = open_ends
    client.owner.on_data = client.stream.pause_reading
    server.stream.writelines([b"x" * 16_384] * 4)
    server.below.close()
    for _ in range(2):
        seen = len(client.owner.chunks)
        client.stream.resume_reading()
        pump_until(lambda: len(client.owner.chunks) > seen)
        rested: list[bool] = []
        loop.call_later(0.02, rested.append, True)
        pump_until(lambda: rested)
        assert not client.owner.lost
    client.owner.on_data = None
    client.stream.resume_reading()
    pump_until(lambda: client.owner.lost)
    assert len(client.owner.received) == 4 * 16_384
    assert isinstance(client.owner.cause, ssl.SSLEOFError)


def test_such_an_end_may_be_seen_before_what_waits_is_decrypted(open_ends, pump_until):
    client, server = open_ends
    client.owner.on_data = client.stream.pause_reading
    server.stream.writelines([b"x" * 16_384] * 3)
    pump_until(lambda: client.owner.received)
    client.owner.on_data = None
    client.stream.resume_reading()
    client.stream.eof_received()
    assert len(client.owner.received) == 3 * 16_384
    pump_until(lambda: client.owner.lost)
    assert isinstance(client.owner.cause, ssl.SSLEOFError)


def test_what_follows_close_notify_is_ignored(open_ends, pump_until, loop):
    client, server = open_ends
    server.stream.end()
    pump_until(lambda: client.owner.at_eof)
    client.stream.data_received(b"junk")
    client.stream.write(b"still here")
    pump_until(lambda: server.owner.received == b"still here")
    assert client.owner.told == ["eof"]


def test_a_forged_record_is_a_failure_for_both(open_ends, pump_until):
    client, server = open_ends
    forge(server.stream)
    pump_until(lambda: client.owner.lost and server.owner.lost)
    assert isinstance(client.owner.cause, ssl.SSLError)
    assert not isinstance(client.owner.cause, ssl.SSLEOFError)
    assert "bad record mac" in str(server.owner.cause)
    client.stream.write(b"dropped")
    client.stream.writelines([b"dropped" * 10_000] * 2)
    client.stream.data_received(b"dropped")
    assert client.stream.buffered_amount == 0


def test_a_forged_record_after_this_sides_end_is_a_failure(open_ends, pump_until):
    client, server = open_ends
    client.stream.end()
    forge(server.stream)
    pump_until(lambda: client.owner.lost)
    assert isinstance(client.owner.cause, ssl.SSLError)


def test_what_openssl_still_wants_to_say_is_dropped_with_the_connection(open_ends, pump_until):
    client, server = open_ends

    def abort() -> None:
        client.stream._session._outgoing.write(b"an answer to the peer's wish for new keys")
        client.stream.abort()

    client.owner.on_data = abort
    server.stream.write(b"new keys, please")
    pump_until(lambda: client.owner.lost)
    assert client.owner.cause is None


def test_the_stream_below_is_ended_too(open_ends, pump_until):
    client, server = open_ends
    server.below.set_owner(below := Recorder())
    client.stream.end()
    pump_until(lambda: below.at_eof)
    assert below.received  # close_notify


def test_a_failure_does_not_wait_for_a_peer_that_is_not_reading(open_ends, pump_until):
    client, server = open_ends
    server.stream.pause_reading()
    while not client.below.buffered_amount:
        client.stream.write(b"x" * MIB)
    forge(server.stream)
    pump_until(lambda: client.owner.lost)
    assert isinstance(client.owner.cause, ssl.SSLError)


def test_what_was_received_is_kept_when_this_side_ends(open_ends, pump_until):
    client, server = open_ends
    client.owner.on_data = lambda: (client.stream.pause_reading(), client.stream.end())
    server.stream.writelines([b"x" * 16_384] * 3)
    pump_until(lambda: server.owner.at_eof)
    assert len(client.owner.received) == 16_384
    server.stream.close()
    client.owner.on_data = None
    client.stream.resume_reading()
    pump_until(lambda: client.owner.at_eof)
    assert len(client.owner.received) == 3 * 16_384
    client.stream.close()
    pump_until(lambda: client.owner.lost)
    assert client.owner.cause is None


def test_a_forged_record_that_waited_is_found_in_ending(open_ends, pump_until):
    client, server = open_ends
    client.owner.on_data = client.stream.pause_reading
    server.stream.write(b"genuine")
    forge(server.stream)
    pump_until(lambda: client.owner.received)
    client.stream.end()
    pump_until(lambda: client.owner.lost)
    assert isinstance(client.owner.cause, ssl.SSLError)


def test_what_comes_while_closing_is_dropped(open_ends, pump_until):
    client, server = open_ends
    server.stream.pause_reading()
    written = 0
    while not client.below.buffered_amount:
        client.stream.write(b"x" * MIB)
        written += MIB
    client.stream.close()
    server.stream.write(b"too late")
    server.stream.end()
    server.stream.resume_reading()
    pump_until(lambda: client.owner.lost and server.owner.at_eof)
    assert len(server.owner.received) == written
    assert not client.owner.received
    assert client.owner.cause is None


def test_ending_then_closing(open_ends, pump_until):
    client, server = open_ends
    client.stream.end()
    client.stream.end()
    client.stream.close()
    client.stream.close()
    pump_until(lambda: client.owner.lost and server.owner.at_eof)
    assert client.owner.cause is None


def test_the_stream_below_gives_no_buffers(open_ends):
    client, _ = open_ends
    assert client.below._owner.get_buffer() is None
    with pytest.raises(AssertionError, match="get_buffer"):
        client.below._owner.buffer_updated(1)


# ---- how much at once


class Sink(Stream):
    """A stream that takes everything at once, and goes nowhere."""

    def __init__(self, loop) -> None:
        super().__init__(None, loop, None, None, None)  # type: ignore[arg-type] # it asks for none of them
        self.taken = 0

    buffered_amount = unacknowledged_amount = 0
    closed = False

    def write(self, data) -> None:
        self.taken += len(data)

    def _write_pieces(self, pieces) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def receive_now(self) -> None: ...
    def end(self) -> None: ...
    def close(self) -> None: ...

    def abort(self) -> None:
        if not self.closed:
            self.closed = True
            self._owner.connection_lost(None)


@pytest.fixture
def into_sink(loop, client_ssl, server_ssl):
    """A client whose stream below takes everything at once."""
    sinks = Sink(loop), Sink(loop)
    said: list[list[bytes]] = [[], []]
    for sink, words in zip(sinks, said, strict=True):
        sink.write = words.append
    owner = Recorder()
    client = TLSStream(sinks[0], client_ssl, owner, server_hostname="localhost")
    server = TLSStream(sinks[1], server_ssl, Recorder(), server_side=True)
    while any(said):
        for words, other in ((said[0], server), (said[1], client)):
            while words:
                other.data_received(words.pop(0))
    del sinks[0].write
    yield client, sinks[0], owner
    client.abort()
    server.abort()


def test_a_large_message_is_encrypted_in_turns(into_sink, loop, pump_until):
    client, sink, _ = into_sink
    seen_by_others: list[int] = []
    client.set_write_limits(100 * MIB, 0)
    client.write(b"x" * 3 * ENCRYPT_BUDGET)
    loop.call_soon(lambda: seen_by_others.append(sink.taken))
    assert ENCRYPT_BUDGET <= sink.taken < ENCRYPT_BUDGET + 2 * ENCRYPT_CHUNK
    taken = sink.taken
    client.write(b"y")
    assert sink.taken == taken
    assert client.buffered_amount > 0
    client.close()
    pump_until(lambda: seen_by_others)
    assert seen_by_others[0] < 2 * ENCRYPT_BUDGET + 3 * ENCRYPT_CHUNK
    pump_until(lambda: not client.buffered_amount)
    assert sink.taken > 3 * ENCRYPT_BUDGET


def test_when_the_loop_closes_a_turn_is_not_waited_for(into_sink, loop):
    client, _, owner = into_sink
    client.write(b"x" * 3 * ENCRYPT_BUDGET)
    loop.on_close(client.close)
    loop.close()
    assert owner.lost


def test_when_the_loop_closes_there_are_no_more_turns(into_sink, loop):
    client, sink, owner = into_sink

    def leave() -> None:
        client.write(b"x" * 3 * ENCRYPT_BUDGET)
        client.close()

    loop.on_close(leave)
    loop.close()
    assert sink.taken > 3 * ENCRYPT_BUDGET
    assert owner.lost


@pytest.mark.parametrize("error", [ssl.SSLError(1, "as asked"), None], ids=["fatal", "renegotiation"])
def test_what_openssl_says_to_a_write(into_sink, monkeypatch, error):
    client, sink, owner = into_sink
    said = [error or ssl.SSLWantReadError(2, "as asked")]
    encrypt = type(client._session).encrypt

    def refuse(session, plaintext, most) -> None:
        if said:
            raise said.pop()
        encrypt(session, plaintext, most)

    monkeypatch.setattr(type(client._session), "encrypt", refuse)
    client.write(b"hello")
    assert sink.taken == 0
    client.data_received(b"")  # the peer's word
    if error is None:
        assert sink.taken > 5
        assert client.buffered_amount == 0
    else:
        assert sink.taken == 0
        client.abort()
        assert owner.cause is error


def test_a_peer_that_asks_and_does_not_read_the_answers_is_not_heard(into_sink, monkeypatch):
    client, sink, owner = into_sink
    calls: list[str] = []
    for name in ("pause_reading", "resume_reading"):
        monkeypatch.setattr(sink, name, lambda name=name: calls.append(name))
    client.data_received(b"")
    assert calls == []
    sink.buffered_amount = MAX_BELOW + 1  # answers of OpenSSL's own
    client.data_received(b"")
    assert calls == ["pause_reading"]
    client.pause_reading()
    client.resume_reading()
    assert calls == ["pause_reading", "pause_reading"], "the owner's wish to read on is not enough"
    sink.buffered_amount = 0
    client.resume_writing()
    assert calls[2:] == ["resume_reading"]
    assert not owner.told


def test_a_peer_that_has_read_the_answers_waits_for_an_owner_that_paused(into_sink, monkeypatch):
    client, sink, _ = into_sink
    resumed: list[int] = []
    monkeypatch.setattr(sink, "resume_reading", lambda: resumed.append(1))
    sink.buffered_amount = MAX_BELOW + 1
    client.data_received(b"")
    client.pause_reading()
    sink.buffered_amount = 0
    client.resume_writing()
    assert not resumed
    client.resume_reading()
    assert resumed


# ---- a peer that is not ours


@pytest.mark.parametrize("server_side", [False, True], ids=["server", "client"])
def test_the_standard_librarys_own_tls_agrees(
    loop, socket_pair, client_ssl, server_ssl, pump_until, server_side
):
    near, far = socket_pair("tcp")
    heard = bytearray()

    def talk() -> None:
        context = client_ssl if server_side else server_ssl
        name = "localhost" if server_side else None
        with context.wrap_socket(far, server_side=not server_side, server_hostname=name) as peer:
            while len(heard) < 3 * MIB:
                heard.extend(peer.recv(MIB))
            peer.sendall(heard)
            assert peer.recv(10) == b""
            peer.unwrap()

    thread = threading.Thread(target=talk)
    thread.start()
    context, name = (server_ssl, None) if server_side else (client_ssl, "localhost")
    owner = Recorder()
    below = SocketStream(loop, near)
    stream = TLSStream(below, context, owner, server_side=server_side, server_hostname=name)
    payload = b"0123456789abcdef" * (3 * MIB // 16)
    stream.write(payload)
    pump_until(lambda: len(owner.received) == len(payload))
    stream.end()
    pump_until(lambda: owner.at_eof)
    stream.close()
    pump_until(lambda: owner.lost)
    thread.join()
    assert owner.received == payload
    assert owner.cause is None


@pytest.fixture
def openssl(certificate, tmp_path, loop):
    """``openssl(version)``: the command line's TLS server, its port, and what it prints meanwhile."""
    if shutil.which("openssl") is None:
        pytest.skip("the openssl command is not installed")
    made: list[subprocess.Popen[bytes]] = []
    pem = tmp_path / "server.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(str(pem))

    def serve(version: str):
        options = ["-accept", "127.0.0.1:0", "-cert", str(pem), "-key", str(pem), version]
        pipe = subprocess.PIPE
        server = subprocess.Popen(
            ["openssl", "s_server", *options], stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, bufsize=0
        )
        made.append(server)
        assert server.stdout is not None
        while not (line := server.stdout.readline()).startswith(b"ACCEPT"):
            assert line
        printed = bytearray()
        output = server.stdout.fileno()
        loop.watch(output, lambda: printed.extend(os.read(output, 65536)), None)
        return server, int(line.rsplit(b":", 1)[1]), printed

    yield serve
    for server in made:
        assert server.stdout is not None
        loop.unwatch(server.stdout.fileno())
        server.kill()
        server.communicate()


@pytest.mark.parametrize(
    ("version", "command"),
    [("-tls1_2", b"r\n"), ("-tls1_3", b"k\n"), ("-tls1_3", b"K\n")],
    ids=["renegotiation", "new keys of the peer", "new keys of both"],
)
def test_keys_may_change_in_mid_stream(loop, openssl, client_ssl, pump_until, request, version, command):
    server, port, printed = openssl(version)
    owner = Recorder()
    below = SocketStream(loop, socket.create_connection(("127.0.0.1", port)))
    stream = TLSStream(below, client_ssl, owner, server_hostname="localhost")
    request.addfinalizer(stream.abort)
    for number in range(3):
        stream.write(b"ours %d\n" % number)
        pump_until(lambda: b"ours %d\n" % number in printed)
        server.stdin.write(command)
        theirs = b"theirs %d\n" % number  # said until it is heard: what comes along with a command is dropped
        pump_until(lambda: theirs in owner.received or not server.stdin.write(theirs))
        stream.write(b"x" * 50_000)
    pump_until(lambda: printed.count(b"x") >= 150_000)
    assert not owner.told

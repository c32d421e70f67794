"""What a connection tells of its opening: how long the steps took, and the TLS beneath it, on both ends."""

from __future__ import annotations

import ssl

import pytest

import tkws


@pytest.fixture
def opened(root, log, pump_until):
    """``opened(**options)``: a client's connection that is open, and the server's end of it."""
    ends: list[tkws.WebSocket] = []

    def note(ws, type, message):
        ends.append(ws)

    def opened(server_ssl=None, admit=None, **options):
        server = tkws.serve(master=root, ssl=server_ssl, handler=note)
        if admit is not None:
            server.admit(admit)
        scheme = "ws" if server_ssl is None else "wss"
        ws = tkws.open(f"{scheme}://localhost:{server.port}/", log, master=root, **options)
        assert ws.timings == tkws.Timings()
        assert ws.tls is None
        pump_until(lambda: log.open and ends)
        return ws, ends[0]

    return opened


def test_the_steps_of_an_opening(opened):
    client, server = opened(proxy=None)
    assert [step for step, seconds in client.timings._asdict().items() if seconds is not None] == [
        "name", "connect", "handshake",
    ]  # fmt: skip
    assert all(seconds >= 0 for seconds in client.timings if seconds is not None)
    assert sum(seconds or 0 for seconds in client.timings) < 60
    assert server.timings._replace(handshake=None) == tkws.Timings()
    assert server.timings.handshake is not None
    assert client.tls is server.tls is None
    assert client.request.tls is server.request.tls is None
    assert str(tkws.Timings(name=0.5, tls=0.0012)) == "name 500.0 ms, tls 1.2 ms"


def test_the_steps_with_tls(opened, server_ssl, client_ssl):
    client, server = opened(server_ssl, proxy=None, ssl=client_ssl)
    assert client.timings.tls is not None
    assert server.timings.tls is not None
    for end in (client, server):
        assert end.tls.version == "TLSv1.3"
        assert end.tls.cipher
    assert ("DNS", "localhost") in client.tls.peercert["subjectAltName"]
    assert server.tls.peercert is None
    assert server.request.tls == server.tls


def test_a_client_with_a_certificate_is_known_before_it_is_admitted(opened, ca, server_ssl, client_ssl):
    known = []
    ca.configure_trust(server_ssl)
    server_ssl.verify_mode = ssl.CERT_REQUIRED
    ca.issue_cert("ada@example.org", common_name="Ada").configure_cert(client_ssl)

    def admit(request):
        subject = dict(pair for entry in request.tls.peercert["subject"] for pair in entry)
        known.append(subject["commonName"])
        return subject["commonName"] == "Ada"

    _, server = opened(server_ssl, admit, proxy=None, ssl=client_ssl)
    assert known == ["Ada"]
    assert server.tls.peercert == server.request.tls.peercert


def test_what_is_known_stays_after_the_end(opened, server_ssl, client_ssl, log, pump_until):
    client, _ = opened(server_ssl, proxy=None, ssl=client_ssl)
    client.close()
    pump_until(lambda: log.over)
    assert client.tls.version == "TLSv1.3"
    assert client.timings.handshake is not None


def test_a_socket_that_was_handed_in_has_no_timings(taken):
    ws, _ = taken
    assert ws.timings == tkws.Timings()
    assert ws.tls is None

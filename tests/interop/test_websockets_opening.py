"""Opening handshakes with the ``websockets`` package: agreements, headers, refusals, TLS, Unix sockets."""

from __future__ import annotations

import http
import ssl
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidStatus
from websockets.http11 import Request, Response

import tkws
from tests.interop.asyncio_thread import PATIENCE
from tests.interop.links import Link, Recorder

PEER = "websockets"

MIB = 1024 * 1024


def exchange(link: Link, beside, pump_until, size: int = 1000) -> None:
    """One message each way."""
    link.ours.send(b"o" * size)
    assert beside(link.theirs.recv()) == b"o" * size
    beside(link.theirs.send(b"t" * size))
    pump_until(lambda: link.heard.messages[-1:] == [b"t" * size], PATIENCE)


# ---- what is agreed and told


@pytest.mark.parametrize(
    ("offered", "spoken", "chosen"),
    [(["b", "a"], ["a"], "a"), (["a"], ["b", "a"], "a"), ([], ["a"], ""), (["c"], [], "")],
)
def test_our_client_learns_which_subprotocol_their_server_chose(
    root, pump_until, their_server, offered, spoken, chosen
) -> None:
    # Left to itself, their server refuses whoever offers none of those that it speaks.
    server = their_server(subprotocols=spoken, select_subprotocol=lambda _, offers: choose(offers, spoken))
    client = Recorder()
    ws = tkws.open(server.url, client, master=root, protocols=offered)
    pump_until(lambda: client.opened and server.accepted)
    assert client["connect"] == [chosen]
    assert ws.protocol == chosen
    assert (server.accepted[0].subprotocol or "") == chosen
    ws.close()
    pump_until(lambda: client.over)


def choose(offers, spoken):
    return next((offer for offer in offers if offer in spoken), None)


@pytest.mark.parametrize(
    ("offered", "chosen"), [(["x", "chat.v2", "chat.v1"], "chat.v2"), (["other"], "other"), (None, None)]
)
def test_their_client_learns_which_subprotocol_our_server_chose(
    root, pump_until, their_client, offered, chosen
) -> None:
    server = tkws.serve(master=root)
    chat, other = Recorder(), Recorder()
    server.live("/", chat, "chat.*")
    server.live("/", other, "other")
    connection = their_client(server.url, subprotocols=offered)
    assert connection.subprotocol == chosen
    recorder = other if chosen == "other" else chat
    pump_until(lambda: recorder.opened)
    assert recorder.opened[0].protocol == (chosen or "")


def test_our_server_refuses_subprotocols_that_it_does_not_speak(root, beside, their_client) -> None:
    server = tkws.serve(master=root)
    server.live("/", Recorder(), "chat.*")
    with pytest.raises(InvalidStatus) as refused:
        their_client(server.url, subprotocols=["other"])
    assert refused.value.response.status_code == http.HTTPStatus.BAD_REQUEST


def test_headers_path_and_query_arrive(root, pump_until, their_server, their_client) -> None:
    theirs = their_server()
    client = Recorder()
    ws = tkws.open(
        f"{theirs.url}a/b%20c?x=1&y=",
        client,
        master=root,
        headers=[("Authorization", "Bearer abc"), ("X-Twice", "1"), ("X-Twice", "2")],
        origin="https://example.org",
    )
    pump_until(lambda: client.opened and theirs.accepted)
    request = theirs.accepted[0].request
    assert request.path == "/a/b%20c?x=1&y="
    assert request.headers["Authorization"] == "Bearer abc"
    assert request.headers.get_all("X-Twice") == ["1", "2"]
    assert request.headers["Origin"] == "https://example.org"
    assert ws.response is not None
    assert "websockets" in ws.response.headers["Server"]
    ws.close()
    pump_until(lambda: client.over)

    heard = Recorder()
    ours = tkws.serve(master=root, handler=heard)
    their_client(f"{ours.url}a/b%20c?x=1&y=", additional_headers={"Authorization": "Bearer abc"})
    pump_until(lambda: heard.opened)
    (request,) = heard["connect"]
    assert (request.path, request.query) == ("/a/b%20c", (("x", "1"), ("y", "")))
    assert request.headers["authorization"] == "Bearer abc"


# ---- what is refused


def test_our_client_is_told_why_their_server_refuses(root, pump_until, their_server) -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(http.HTTPStatus.FORBIDDEN, "Not today.\n")

    server = their_server(process_request=refuse)
    client = Recorder()
    tkws.open(server.url, client, master=root)
    pump_until(lambda: client.over)
    (error,) = client["error"]
    assert isinstance(error, tkws.OpenError)
    assert (error.status, error.body, error.phase) == (403, b"Not today.\n", "handshake")
    assert [type for type, _ in client.events] == ["error", "disconnect"]


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        ("nowhere", {}, 404),
        ("", {"origin": "https://elsewhere.example"}, 403),
        ("", {"additional_headers": {"X-Long": "x" * 20_000}}, 431),
    ],
)
def test_their_client_is_told_why_our_server_refuses(root, their_client, path, options, status) -> None:
    server = tkws.serve(master=root)
    server.live("/", Recorder())
    with pytest.raises(InvalidStatus) as refused:
        their_client(server.url + path, **options)
    assert refused.value.response.status_code == status
    assert refused.value.response.body
    assert not server.connections


def test_their_client_comes_from_an_origin_that_is_admitted(root, their_client) -> None:
    server = tkws.serve(master=root, handler=Recorder(), origins=["https://*.example"])
    assert their_client(server.url, origin="https://some.example").response.status_code == 101


# ---- TLS and Unix sockets


@pytest.fixture
def over_tls(link, role, server_ssl, client_ssl):
    """``over_tls()``: as `link`, encrypted."""
    contexts = (client_ssl, server_ssl) if role == "client" else (server_ssl, client_ssl)
    return lambda: link(ours={"ssl": contexts[0]}, theirs={"ssl": contexts[1]})


@pytest.mark.slow
def test_tls(over_tls, beside, pump_until) -> None:
    link = over_tls()
    assert link.ours.url.startswith("wss://")
    for size in (1, 1000, 16384, MIB, 4 * MIB):
        exchange(link, beside, pump_until, size)
    link.ours.close(4000, "done")
    pump_until(lambda: link.heard.over)
    assert link.heard["close"] == [(4000, "done")]
    beside(link.theirs.wait_closed())
    assert link.theirs.close_code == 4000


def test_tls_that_they_end(over_tls, beside, pump_until) -> None:
    link = over_tls()
    exchange(link, beside, pump_until)
    beside(link.theirs.close(4001, "theirs"))
    pump_until(lambda: link.heard.over)
    assert link.heard["close"] == [(4001, "theirs")]


def test_our_client_refuses_a_certificate_of_strangers(root, pump_until, their_server, server_ssl) -> None:
    server = their_server(ssl=server_ssl)
    client = Recorder()
    tkws.open(server.url, client, master=root, ssl=ssl.create_default_context())
    pump_until(lambda: client.over)
    (error,) = client["error"]
    assert error.phase == "tls"
    assert isinstance(error.__cause__, ssl.SSLCertVerificationError)


def test_our_server_outlives_a_client_that_refuses_its_certificate(
    root, pump_until, their_client, server_ssl, client_ssl
) -> None:
    heard = Recorder()
    server = tkws.serve(master=root, handler=heard, ssl=server_ssl)
    with pytest.raises(ssl.SSLCertVerificationError):
        their_client(server.url, ssl=ssl.create_default_context())
    their_client(server.url, ssl=client_ssl)
    pump_until(lambda: heard.opened)


def test_a_unix_socket(root, beside, pump_until, their_server, tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    server = their_server(path=path)
    client = Recorder()
    ws = tkws.open("ws://localhost/", client, master=root, unix=path)
    pump_until(lambda: client.opened and server.accepted)
    exchange(Link(ws, server.accepted[0], client), beside, pump_until)
    ws.close()
    pump_until(lambda: client.over)
    assert client["close"] == [(1000, "")]

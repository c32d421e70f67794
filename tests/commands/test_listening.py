"""Where `tkws.serve` listens: several addresses, a Unix path, sockets that are handed in, a shared port."""

from __future__ import annotations

import os
import pathlib
import socket
import stat

import pytest

import tkws
import tkws.aio
from tests.peers import Log

unix_only = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no Unix sockets here")


@pytest.fixture
def greeting(root, pump_until):
    """``greeting(server, **arguments)``: what a client hears, opened with these."""

    def greeting(server: tkws.HTTPServer, url="", **arguments):
        server.live("/", lambda ws, type, message: ws.send("hello") if type == "connect" else None)
        log = Log()
        ws = tkws.open(url or server.url, log, master=root, **arguments)
        pump_until(lambda: log.all("text") or log.over)
        heard = log.all("text")
        ws.close()
        pump_until(lambda: log.over and not server.connections)
        return heard

    return greeting


# ---- several addresses


@pytest.mark.parametrize("hosts", [["127.0.0.1", "127.0.0.2"], ("127.0.0.2", "127.0.0.1")])
def test_several_addresses_share_a_port(root, greeting, hosts):
    server = tkws.serve(hosts, master=root)
    assert server.addresses == [(host, server.port) for host in hosts]
    assert server.url == f"ws://{hosts[0]}:{server.port}/"
    for host in hosts:
        assert greeting(server, f"ws://{host}:{server.port}/") == ["hello"]
    server.close()


@pytest.mark.usefixtures("ipv6")
def test_an_address_that_is_named_twice_is_listened_on_once(root, greeting):
    server = tkws.serve(["localhost", "127.0.0.1", "::1", "127.0.0.2"], master=root)
    assert [address[0] for address in server.addresses] == ["127.0.0.1", "::1", "127.0.0.2"]
    assert len({address[1] for address in server.addresses}) == 1
    assert server.url == f"ws://localhost:{server.port}/"
    assert greeting(server) == ["hello"]


@pytest.mark.parametrize("taken", [0, 1])
def test_if_one_cannot_be_had_none_is_kept(root, taken):
    hosts = ["127.0.0.1", "127.0.0.2"]
    with socket.create_server((hosts[taken], 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OSError, match=f"cannot listen on {hosts[taken]}:{port}"):
            tkws.serve(hosts, port, master=root)
    server = tkws.serve(hosts, port, master=root)
    assert server.port == port
    with pytest.raises(OSError, match=r"cannot listen on 192\.0\.2\.1"):
        tkws.serve(["127.0.0.1", "192.0.2.1"], master=root)


# ---- a Unix socket


@unix_only
@pytest.mark.parametrize("kind", [str, pathlib.Path])
def test_a_unix_path(notifier, root, greeting, tmp_path, kind):
    path = tmp_path / "chat"
    server = tkws.serve(unix=kind(path), master=root)
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert server.addresses == [str(path)]
    assert (server.port, server.url) == (0, "ws://localhost/")
    assert repr(server) == f"<HTTPServer {str(path)!r} listening>"
    assert greeting(server, unix=path) == ["hello"]
    server.close()
    assert not path.exists()


@unix_only
def test_a_unix_path_goes_with_the_interpreter(root, tmp_path):
    server = tkws.serve(unix=tmp_path / "chat", master=root)
    server.loop.close()
    assert not (tmp_path / "chat").exists()


@unix_only
def test_a_unix_path_that_is_taken(root, tmp_path):
    server = tkws.serve(unix=tmp_path / "chat", master=root)
    with pytest.raises(OSError, match="cannot listen on"):
        tkws.serve(unix=tmp_path / "chat", master=root)
    server.close()
    (tmp_path / "chat").write_text("a file", encoding="utf-8")
    with pytest.raises(OSError, match="cannot listen on"):
        tkws.serve(unix=tmp_path / "chat", master=root)
    assert (tmp_path / "chat").read_text(encoding="utf-8") == "a file"


@unix_only
def test_limits_and_pages_on_a_unix_socket(root, greeting, tmp_path, peers, pump_until):
    from tests.peers import Peer

    path = str(tmp_path / "chat")
    server = tkws.serve(unix=path, master=root, max_connections_per_address=1, handler=Log())
    server.page("/", "front")
    peer_of = []
    for _ in range(2):
        sock = peers.keep(socket.socket(socket.AF_UNIX))
        sock.connect(path)
        peer_of.append(Peer(sock, pump_until, client=True))
    peer_of[0].request("/")
    assert peer_of[0].answer()[2] == b"front"
    peer_of[0].ask("/ws")
    assert peer_of[0].answer()[0] == 101
    peer_of[1].ask("/ws")
    assert peer_of[1].answer()[0] == 429


@unix_only
def test_tls_on_a_unix_socket(root, greeting, tmp_path, server_ssl, client_ssl):
    server = tkws.serve(unix=tmp_path / "chat", master=root, ssl=server_ssl)
    assert server.url == "wss://localhost/"
    assert greeting(server, unix=tmp_path / "chat", ssl=client_ssl) == ["hello"]


@unix_only
def test_awaited_on_a_unix_socket(root, tmp_path):
    async def greet(connection):
        await connection.send("hello")

    async def main():
        async with (
            tkws.aio.serve(greet, unix=tmp_path / "chat") as server,
            tkws.aio.connect(server.url, unix=tmp_path / "chat") as ws,
        ):
            return await ws.recv()

    assert tkws.aio.run(main(), master=root) == "hello"


# ---- a socket that is handed in


def test_a_socket_that_listens_already(notifier, root, greeting):
    sock = socket.create_server(("127.0.0.1", 0))
    address = sock.getsockname()
    server = tkws.serve(sock=sock, master=root)
    assert sock.fileno() == -1
    assert server.addresses == [address]
    assert server.url == f"ws://127.0.0.1:{address[1]}/"
    assert greeting(server) == ["hello"]
    server.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


@unix_only
def test_a_socket_as_systemd_hands_it_in(root, greeting, tmp_path):
    path = str(tmp_path / "chat")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path)
        made.listen()
        descriptor = os.dup(made.fileno())
    server = tkws.serve(sock=socket.socket(fileno=descriptor), master=root)
    assert greeting(server, unix=path) == ["hello"]
    server.close()
    assert os.path.exists(path)  # whoever made it removes it


def test_several_sockets(root, greeting):
    socks = [socket.create_server((host, 0)) for host in ("127.0.0.1", "127.0.0.2")]
    ports = [sock.getsockname()[1] for sock in socks]
    server = tkws.serve(sock=socks, master=root)
    assert server.port == ports[0]
    for address in server.addresses:
        assert greeting(server, f"ws://{address[0]}:{address[1]}/") == ["hello"]


@pytest.mark.parametrize("sock", ["not listening", "closed", "datagram", "connected", "list", "wrong list"])
def test_a_socket_that_is_refused_stays_the_programs(root, peers, sock):
    listening = peers.keep(socket.create_server(("127.0.0.1", 0)))
    near, _ = peers.sockets()
    made = {
        "not listening": lambda: peers.keep(socket.socket()),
        "closed": lambda: socket.socket().__enter__(),
        "datagram": lambda: peers.keep(socket.socket(type=socket.SOCK_DGRAM)),
        "connected": lambda: near,
        "list": list,
        "wrong list": lambda: [listening, near],
    }[sock]()
    if sock == "closed":
        made.close()
    with pytest.raises(ValueError, match="^sock: "):
        tkws.serve(sock=made, master=root)
    assert listening.fileno() >= 0
    assert near.fileno() >= 0


def test_an_option_that_is_wrong_takes_no_socket(root, peers):
    sock = peers.keep(socket.create_server(("127.0.0.1", 0)))
    with pytest.raises(TypeError, match="unknown option"):
        tkws.serve(sock=sock, master=root, keep_alive=5)
    assert sock.fileno() >= 0


# ---- a shared port


@pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="no SO_REUSEPORT here")
def test_a_port_is_shared_only_if_both_say_so(root, greeting):
    first = tkws.serve(master=root, reuse_port=True)
    second = tkws.serve(port=first.port, master=root, reuse_port=True)
    assert second.port == first.port
    with pytest.raises(OSError, match="cannot listen"):
        tkws.serve(port=first.port, master=root)
    first.close()
    assert greeting(second) == ["hello"]


def test_a_system_that_cannot_share(root, monkeypatch):
    monkeypatch.setattr("tkws.net.bind._SHARED_USE", None)
    with pytest.raises(ValueError, match="^reuse_port: this system"):
        tkws.serve(master=root, reuse_port=True)
    tkws.serve(master=root)


# ---- arguments


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"host": []}, ValueError, "host: at least one address"),
        ({"host": ["127.0.0.1", 5]}, TypeError, "host: each a str, not int"),
        ({"host": ["127.0.0.1", "example.org"]}, ValueError, "host: a numeric address"),
        ({"host": b"127.0.0.1"}, TypeError, "host: str or several, not bytes"),
        ({"unix": ""}, ValueError, "unix: a path, not an empty"),
        ({"unix": "/x", "sock": []}, ValueError, "sock: not together with unix"),
        ({"unix": "/x", "port": 80}, ValueError, "unix: not together with host, port"),
        ({"sock": [], "host": ""}, ValueError, "sock: not together with host, port"),
        ({"unix": "/x", "reuse_port": True}, ValueError, "unix: not together with host, port and reuse_port"),
        ({"sock": "socket"}, TypeError, "sock: a listening socket or several, not str"),
        ({"sock": [5]}, TypeError, "sock: each a listening socket, not int"),
        ({"reuse_port": 1}, TypeError, "reuse_port: True or False"),
    ],
)
def test_arguments_that_do_not_fit(root, arguments, error, words):
    with pytest.raises(error, match=f"^{words}"):
        tkws.serve(master=root, **arguments)


def test_arguments_of_the_awaited_server():
    with pytest.raises(TypeError, match="^host: str or several, not int"):
        tkws.aio.serve(print, 5)


def test_addresses_of_any_iterable(root):
    server = tkws.serve(iter(["127.0.0.1"]), master=root)
    assert server.url == f"ws://127.0.0.1:{server.port}/"

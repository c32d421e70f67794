"""Listening sockets: both families, ports that are taken, and what a crash leaves behind."""

from __future__ import annotations

import errno
import socket
from typing import ClassVar

import pytest

from tkws.net.bind import PORT_TRIES, bind_tcp, bind_unix


@pytest.fixture
def bound():
    """``bound(sockets)``: keeps them for the test, and closes them after it."""
    made: list[socket.socket] = []

    def keep(sockets: list[socket.socket]) -> list[socket.socket]:
        made.extend(sockets)
        return sockets

    yield keep
    for sock in made:
        sock.close()


def crowded(code: int, times: int) -> type[socket.socket]:
    """A kind of socket whose binding by IPv6 fails with ``code``, so many times: ``ports`` has where."""

    class Crowded(socket.socket):
        ports: ClassVar[list[int]] = []

        def bind(self, address):
            if self.family == socket.AF_INET6 and len(self.ports) < times:
                self.ports.append(address[1])
                raise OSError(code, "as asked")
            super().bind(address)

    return Crowded


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "0.0.0.0"])
def test_a_numeric_address_is_one_socket(bound, host):
    (sock,) = bound(bind_tcp(host, 0))
    assert sock.getsockname()[0] == host
    assert sock.getsockname()[1] > 0
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)


@pytest.mark.parametrize(
    ("host", "names"),
    [("localhost", ["127.0.0.1", "::1"]), ("", ["0.0.0.0", "::"]), (None, ["0.0.0.0", "::"])],
)
def test_both_families_listen_on_the_same_port(bound, host, names):
    v4, v6 = bound(bind_tcp(host, 0))
    assert [v4.getsockname()[0], v6.getsockname()[0]] == names
    assert v4.getsockname()[1] == v6.getsockname()[1]
    assert v6.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)


def test_a_machine_without_ipv6_listens_by_ipv4(bound):
    (sock,) = bound(bind_tcp("localhost", 0, make_socket=crowded(errno.EADDRNOTAVAIL, 1)))
    assert sock.getsockname()[0] == "127.0.0.1"


def test_a_free_port_is_looked_for_until_it_is_free_in_both(bound):
    kind = crowded(errno.EADDRINUSE, PORT_TRIES - 1)
    assert len(bound(bind_tcp("localhost", 0, make_socket=kind))) == 2
    assert len(kind.ports) == PORT_TRIES - 1


def test_the_search_for_a_port_has_an_end():
    kind = crowded(errno.EADDRINUSE, PORT_TRIES)
    with pytest.raises(OSError, match=r"cannot listen on \[::1\]:\d+: as asked") as caught:
        bind_tcp("localhost", 0, make_socket=kind)
    assert caught.value.errno == errno.EADDRINUSE


def test_a_port_that_was_asked_for_is_not_exchanged(bound):
    (sock,) = bound(bind_tcp("127.0.0.1", 0))
    port = sock.getsockname()[1]
    sock.close()
    with pytest.raises(OSError, match=rf"cannot listen on \[::1\]:{port}"):
        bind_tcp("localhost", port, make_socket=crowded(errno.EADDRINUSE, 1))


def test_a_port_in_use_is_an_error_that_says_which(bound):
    port = bound(bind_tcp("127.0.0.1", 0))[0].getsockname()[1]
    with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
        bind_tcp("127.0.0.1", port)


def test_a_port_can_be_taken_again_while_its_last_connections_die(bound):
    (sock,) = bound(bind_tcp("127.0.0.1", 0))
    with socket.create_connection(sock.getsockname()), sock.accept()[0] as accepted:
        accepted.shutdown(socket.SHUT_WR)  # who ends first keeps the port for a minute
    address = sock.getsockname()
    sock.close()
    assert bound(bind_tcp(*address))[0].getsockname() == address


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("example.org", 0), ValueError, "host: a numeric address, 'localhost' or ''"),
        (("127.0.0.1", 65536), ValueError, "port: 0 to"),
        (("127.0.0.1", "80"), TypeError, "port: a whole number"),
        ((b"127.0.0.1", 80), TypeError, "host: str"),
    ],
)
def test_bad_arguments_raise(arguments, error, words):
    with pytest.raises(error, match=words):
        bind_tcp(*arguments)


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(OSError, match="cannot listen on 192.0.2.1:0"):
        bind_tcp("192.0.2.1", 0)


def test_a_unix_path(bound, tmp_path):
    (sock,) = bound([bind_unix(str(tmp_path / "it"))])
    assert sock.getsockname() == str(tmp_path / "it")
    with pytest.raises(OSError, match="it: Address already in use"):
        bind_unix(str(tmp_path / "it"))
    with pytest.raises(OSError, match="cannot listen on .*missing/it"):
        bind_unix(str(tmp_path / "missing/it"))
    with pytest.raises(OSError, match="path too long"):
        bind_unix("x" * 1000)


def test_what_a_crash_left_behind_is_replaced(bound, tmp_path):
    bind_unix(str(tmp_path / "it")).close()
    assert (tmp_path / "it").is_socket()
    bound([bind_unix(str(tmp_path / "it"))])
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "it"))


def test_a_file_is_never_replaced(tmp_path):
    (tmp_path / "it").write_text("precious", encoding="utf-8")
    with pytest.raises(OSError, match="Address already in use"):
        bind_unix(str(tmp_path / "it"))
    assert (tmp_path / "it").read_text(encoding="utf-8") == "precious"


def test_a_busy_listener_is_not_replaced(bound, tmp_path):
    (busy,) = bound([bind_unix(str(tmp_path / "it"))])
    busy.listen(0)
    clients = bound([socket.socket(socket.AF_UNIX) for _ in range(4)])
    for client in clients:
        client.setblocking(False)
        client.connect_ex(str(tmp_path / "it"))
    with pytest.raises(OSError, match="Address already in use"):
        bind_unix(str(tmp_path / "it"))

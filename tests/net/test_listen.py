"""Accepting: many at once, none lost, and what happens when the system has no more to give."""

from __future__ import annotations

import errno
import logging
import os
import socket
import time
from collections.abc import Callable
from typing import ClassVar

import pytest

from tkws.errors import StateError
from tkws.net import Listener
from tkws.net.bind import bind_tcp
from tkws.net.listen import MAX_ACCEPTS


@pytest.fixture
def accepted():
    """The sockets and addresses that were accepted; closed after the test."""
    made: list[tuple[socket.socket, object]] = []
    yield made
    for sock, _ in made:
        sock.close()


@pytest.fixture
def listener(loop, accepted, tmp_path):
    """``listener(kind, failing)``: one that puts what it accepts into `accepted`; closed after the test.

    With ``failing`` it is over one of these sockets.
    """
    made: list[Listener] = []

    def make(kind: str = "127.0.0.1", failing: type[socket.socket] | None = None) -> Listener:
        def note(sock, address) -> None:
            accepted.append((sock, address))

        if kind == "unix":
            made.append(Listener.unix(loop, tmp_path / "socket", note))
        elif failing is not None:
            made.append(Listener(loop, bind_tcp(kind, 0, make_socket=failing), note))
        else:
            made.append(Listener.tcp(loop, kind, 0, note))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def client():
    """``client(address)``: a connected socket; closed after the test."""
    made: list[socket.socket] = []

    def connect(address) -> socket.socket:
        family = (
            socket.AF_UNIX
            if isinstance(address, str)
            else socket.AF_INET6
            if ":" in address[0]
            else socket.AF_INET
        )
        made.append(socket.socket(family))
        made[-1].connect(address)
        return made[-1]

    yield connect
    for sock in made:
        sock.close()


@pytest.mark.parametrize("kind", ["127.0.0.1", "::1", "unix"])
def test_accepts(listener, accepted, client, pump_until, kind):
    made = listener(kind)
    one = client(made.addresses[0])
    pump_until(lambda: accepted)
    sock, address = accepted[0]
    assert sock.gettimeout() == 0
    assert address == one.getsockname()
    one.send(b"hello")
    pump_until(lambda: sock.recv(10) == b"hello")


def test_both_families_are_accepted_on_one_port(listener, accepted, client, pump_until):
    made = listener("localhost")
    assert [address[0] for address in made.addresses] == ["127.0.0.1", "::1"]
    assert {address[1] for address in made.addresses} == {made.port}
    for address in made.addresses:
        client(address)
    pump_until(lambda: len(accepted) == 2)


def test_a_storm_is_accepted_in_portions(listener, accepted, client, loop, pump_until):
    made = listener()
    others: list[int] = []
    for _ in range(2 * MAX_ACCEPTS + 10):
        client(made.addresses[0])
    made._on_accept = lambda sock, address: (
        accepted.append((sock, address)),
        loop.call_soon(lambda: others.append(len(accepted))),
    )
    pump_until(lambda: len(accepted) == 2 * MAX_ACCEPTS + 10)
    assert others[0] <= MAX_ACCEPTS


def test_accepting_stops_when_the_time_slice_is_spent(listener, accepted, client, loop, pump_until):
    made = listener()
    others: list[int] = []

    def take_long(sock, address) -> None:
        accepted.append((sock, address))
        loop.call_soon(lambda: others.append(len(accepted)))
        until = time.monotonic() + 0.006
        while time.monotonic() < until:
            pass

    made._on_accept = take_long
    for _ in range(3):
        client(made.addresses[0])
    pump_until(lambda: len(accepted) == 3)
    assert others[0] == 1


def test_closing(listener, accepted, client, pump_until):
    made = listener()
    address = made.addresses[0]
    assert repr(made) == f"<Listener listening on [{address!r}]>"
    made.close()
    made.close()
    assert made.closed
    assert made.addresses == [address]
    assert made.port == address[1]
    assert "closed" in repr(made)
    with pytest.raises(ConnectionRefusedError):
        client(address)


def test_a_listener_may_be_closed_while_it_accepts(listener, accepted, client, pump_until):
    made = listener()
    made._on_accept = lambda sock, address: (accepted.append((sock, address)), made.close())
    for _ in range(3):
        client(made.addresses[0])
    pump_until(lambda: accepted)
    assert len(accepted) == 1
    assert made.closed
    assert made._retry_timer is None


def test_a_unix_path_goes_with_its_listener(listener, tmp_path):
    made = listener("unix")
    assert made.port is None
    assert (tmp_path / "socket").is_socket()
    made.close()
    assert not (tmp_path / "socket").exists()
    made.close()


@pytest.mark.parametrize("other", ["nothing", "a file"])
def test_a_path_that_is_no_longer_its_own_is_left_alone(listener, tmp_path, other):
    made = listener("unix")
    (tmp_path / "socket").unlink()
    if other == "a file":
        (tmp_path / "socket").write_text("precious", encoding="utf-8")
    made.close()
    assert (tmp_path / "socket").exists() == (other == "a file")


def test_an_abstract_name_leaves_no_file(loop, accepted, client, pump_until):
    name = f"\0tkws-{os.getpid()}"
    made = Listener.unix(loop, name, lambda *pair: accepted.append(pair))
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(name)
        pump_until(lambda: accepted)
    made.close()


@pytest.fixture
def no_descriptors():
    """``restore = no_descriptors()``: the process can open nothing, until ``restore()`` or the test's end."""
    import resource  # POSIX has it

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    def restore() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    def exhaust() -> Callable[[], None]:
        probe = os.dup(0)
        os.close(probe)
        resource.setrlimit(resource.RLIMIT_NOFILE, (probe, hard))
        return restore

    yield exhaust
    restore()


def fails(*codes: int, always: int = 0) -> type[socket.socket]:
    """A kind of socket of which ``accept`` fails with each of these codes, the last one first."""

    class Fails(socket.socket):
        failures: ClassVar[list[int]] = list(codes)
        calls = 0

        def accept(self):
            type(self).calls += 1
            if self.failures or always:
                raise OSError(self.failures.pop() if self.failures else always, "as asked")
            return super().accept()

    return Fails


def test_without_descriptors_it_rests_and_recovers(
    listener, accepted, client, pump_until, no_descriptors, caplog
):
    counting = fails()
    made = listener(failing=counting)
    made.retry_delay = 0.01
    client(made.addresses[0])
    with caplog.at_level(logging.WARNING, "tkws.net"):
        restore = no_descriptors()
        pump_until(lambda: counting.calls >= 3)
        assert not accepted
        assert made.port is not None
        restore()
        pump_until(lambda: accepted)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "Too many open files" in caplog.text


def test_a_second_shortage_is_told_again(listener, accepted, client, pump_until, caplog):
    failing = fails()
    made = listener(failing=failing)
    made.retry_delay = 0.01
    caplog.set_level(logging.WARNING, "tkws.net")
    for count in (1, 2):
        failing.failures.append(errno.ENOBUFS)
        client(made.addresses[0])
        pump_until(lambda: len(accepted) == count)
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2


def test_a_listener_without_descriptors_can_be_closed(listener, client, pump_until):
    made = listener(failing=fails(always=errno.EMFILE))
    client(made.addresses[0])
    pump_until(lambda: "out of descriptors" in repr(made))
    made.close()


def test_what_is_wrong_with_one_connection_does_not_stop_the_next(
    listener, accepted, client, pump_until, caplog
):
    client(listener(failing=fails(errno.ECONNABORTED, errno.EPROTO)).addresses[0])
    pump_until(lambda: accepted)
    assert not caplog.records


def test_an_endless_row_of_them_does_not_hold_the_loop(listener, client, loop, pump_until):
    failing = fails(always=errno.ECONNABORTED)
    client(listener(failing=failing).addresses[0])
    rested: list[bool] = []
    loop.call_later(0.02, rested.append, True)
    pump_until(lambda: rested and failing.calls)


def test_bad_sockets_are_the_callers_fault(loop):
    with pytest.raises(ValueError, match="sockets: at least one"):
        Listener(loop, [], pytest.fail)
    with socket.socket() as sock, pytest.raises(ValueError, match="does not listen"):
        Listener(loop, [sock], pytest.fail)


def test_a_system_that_does_not_tell_is_trusted(loop):
    class Reticent(socket.socket):
        def getsockopt(self, *_):
            raise OSError(errno.ENOPROTOOPT, "as asked")

    sock = Reticent()
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    Listener(loop, [sock], pytest.fail).close()


def test_a_closed_loop_leaves_no_socket_behind(loop, tmp_path):
    loop.close()
    with pytest.raises(StateError):
        Listener.tcp(loop, "localhost", 0, pytest.fail)
    with pytest.raises(StateError):
        Listener.unix(loop, tmp_path / "it", pytest.fail)

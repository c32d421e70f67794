"""Names become addresses without holding anything up."""

from __future__ import annotations

import socket
import threading

import pytest

from tkws.errors import OpenError
from tkws.net import Endpoint, Resolution, resolve, worker


@pytest.fixture
def resolver(monkeypatch):
    """Stands in for the system's resolver: a dict of what it answers, and the threads it was asked on."""

    class Resolver(dict):
        def __init__(self) -> None:
            self.threads: list[threading.Thread] = []

        def getaddrinfo(self, host, port, **arguments):
            self.threads.append(threading.current_thread())
            answer = self[host]
            if isinstance(answer, Exception):
                raise answer
            return [(family, socket.SOCK_STREAM, 6, "", (address, port)) for family, address in answer]

    made = Resolver()
    real = socket.getaddrinfo

    def getaddrinfo(host, port, **arguments):
        if isinstance(host, bytes):  # a numeric address, or so it is asked
            return real(host, port, **arguments)
        return made.getaddrinfo(host, port, **arguments)

    monkeypatch.setattr(resolve.socket, "getaddrinfo", getaddrinfo)
    return made


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        ("127.0.0.1", Endpoint(socket.AF_INET, ("127.0.0.1", 80))),
        ("::1", Endpoint(socket.AF_INET6, ("::1", 80, 0, 0))),
    ],
)
def test_a_numeric_address_needs_no_thread(loop, pump_until, resolver, host, endpoint):
    found: list[list[Endpoint]] = []
    Resolution(loop, host, 80, found.append, pytest.fail)
    assert not found
    assert not worker._threads
    pump_until(lambda: found)
    assert found == [[endpoint]]


def test_a_name_is_looked_up_on_another_thread_in_the_systems_order(loop, pump_until, resolver):
    v6, v4 = (socket.AF_INET6, "2001:db8::1"), (socket.AF_INET, "192.0.2.1")
    resolver["example.org"] = [v6, v4, v6]
    found: list[list[Endpoint]] = []
    Resolution(loop, "example.org", 443, found.append, pytest.fail)
    pump_until(lambda: found)
    assert [(endpoint.family, endpoint.address[0]) for endpoint in found[0]] == [v6, v4]
    assert found[0][1].address == ("192.0.2.1", 443)
    assert resolver.threads != [threading.current_thread()]


def test_the_systems_resolver_knows_this_machine(loop, pump_until):
    found: list[list[Endpoint]] = []
    Resolution(loop, "localhost", 80, found.append, pytest.fail)
    pump_until(lambda: found)
    assert {endpoint.address[0] for endpoint in found[0]} <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "Name or service not known"),
        (UnicodeError("label empty or too long"), "label empty or too long"),
    ],
)
def test_a_name_that_is_none_is_an_error_that_says_which(loop, pump_until, resolver, cause, words):
    resolver["no.such.example"] = cause
    failures: list[OpenError] = []
    Resolution(loop, "no.such.example", 80, pytest.fail, failures.append)
    pump_until(lambda: failures)
    assert str(failures[0]) == f"cannot resolve 'no.such.example': {words}"
    assert failures[0].phase == "resolve"
    assert failures[0].__cause__ is cause


@pytest.mark.parametrize("host", [".example", "a" * 64 + ".example", "nul\0byte", "two words"])
def test_the_systems_resolver_is_not_upset_by_what_is_no_name(loop, pump_until, host):
    failures: list[OpenError] = []
    Resolution(loop, host, 80, pytest.fail, failures.append)
    pump_until(lambda: failures)
    assert isinstance(failures[0].__cause__, OSError | ValueError)


@pytest.mark.parametrize("host", ["127.0.0.1", "example.org"])
def test_a_cancelled_lookup_is_not_answered(loop, pump_until, resolver, host):
    resolver["example.org"] = [(socket.AF_INET, "192.0.2.1")]
    lookup = Resolution(loop, host, 80, pytest.fail, pytest.fail)
    lookup.cancel()
    lookup.cancel()
    pump_until(lambda: not worker._threads)
    rested: list[bool] = []
    loop.call_soon(rested.append, True)
    pump_until(lambda: rested)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("", 80), ValueError, "host: a name or an address"),
        ((b"localhost", 80), TypeError, "host: str, not bytes"),
        (("localhost", "80"), TypeError, "port: a whole number, not str"),
        (("localhost", True), TypeError, "port: a whole number, not bool"),
        (("localhost", 65536), ValueError, "port: 0 to 65535"),
        (("localhost", -1), ValueError, "port: 0 to 65535"),
    ],
)
def test_bad_arguments_raise_at_the_call(loop, arguments, error, words):
    with pytest.raises(error, match=words):
        Resolution(loop, *arguments, pytest.fail, pytest.fail)

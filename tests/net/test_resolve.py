"""Names become addresses without holding anything up."""

from __future__ import annotations

import socket
import threading

import pytest

from tests.resolver import Resolver
from tkws.errors import OpenError
from tkws.net import Endpoint, Resolution, worker
from tkws.net.resolve import ask_system


@pytest.fixture
def resolver() -> Resolver:
    """A resolver to hand in."""
    return Resolver()


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        ("127.0.0.1", Endpoint(socket.AF_INET, ("127.0.0.1", 80))),
        ("::1", Endpoint(socket.AF_INET6, ("::1", 80, 0, 0))),
    ],
)
def test_a_numeric_address_needs_no_thread(loop, pump_until, resolver, host, endpoint):
    found: list[list[Endpoint]] = []
    Resolution(loop, host, 80, found.append, pytest.fail, look_up=resolver.look_up)
    assert not found
    assert not worker._threads
    pump_until(lambda: found)
    assert found == [[endpoint]]


def test_a_name_is_looked_up_on_another_thread(loop, pump_until, resolver):
    resolver["example.org"] = ["2001:db8::1", "192.0.2.1"]
    found: list[list[Endpoint]] = []
    Resolution(loop, "example.org", 443, found.append, pytest.fail, look_up=resolver.look_up)
    pump_until(lambda: found)
    assert [(endpoint.family, endpoint.address) for endpoint in found[0]] == [
        (socket.AF_INET6, ("2001:db8::1", 443)),
        (socket.AF_INET, ("192.0.2.1", 443)),
    ]
    [thread] = resolver.threads
    assert thread is not threading.current_thread()


def test_the_systems_answer_keeps_its_order_and_has_each_address_once(system_resolver):
    system_resolver["example.org"] = ["2001:db8::1", "192.0.2.1", "2001:db8::1"]
    assert ask_system("example.org", 443) == [
        Endpoint(socket.AF_INET6, ("2001:db8::1", 443)),
        Endpoint(socket.AF_INET, ("192.0.2.1", 443)),
    ]


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
    Resolution(loop, "no.such.example", 80, pytest.fail, failures.append, look_up=resolver.look_up)
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
    resolver["example.org"] = ["192.0.2.1"]
    lookup = Resolution(loop, host, 80, pytest.fail, pytest.fail, look_up=resolver.look_up)
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

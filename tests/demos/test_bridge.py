"""One chat over several hosts, joined by two clustered NATS servers; one is stopped while people talk."""

from __future__ import annotations

import tkinter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demos.chat import bridge
from demos.chat.broker import Broker
from demos.chat.host import Host
from demos.chat.person import Person
from tests.demos.brokers import Server, cluster
from tests.demos.conftest import seen

PumpUntil = Callable[..., None]

CASPER = b'{"host": "ghost", "people": {"lobby": ["casper"]}, "number": 0}'

pytestmark = pytest.mark.slow


@pytest.fixture
def servers(tmp_path: Path, pump_until: PumpUntil) -> Iterator[list[Server]]:
    """Two NATS servers, clustered."""
    with cluster(tmp_path, 2) as started:
        pump_until(lambda: all(server.is_up() for server in started))
        yield started


@pytest.fixture
def host_at(root: tkinter.Tk, pump_until: PumpUntil) -> Iterator[Callable[..., Host]]:
    """``host_at(server, ...)``: a chat's host that is joined by these servers, the first wanted first."""
    made: list[Host] = []

    def host_at(*servers: Server) -> Host:
        host = Host(root, brokers=[server.url for server in servers])
        made.append(host)
        host.start()
        pump_until(lambda: host.bridge is not None and host.bridge.broker.url)
        return host

    yield host_at
    served = [host.server for host in made if host.server is not None]
    for host in made:
        host.stop()
    pump_until(lambda: not any(server.connections for server in served))


def said(person: Person) -> list[str]:
    """What a person heard said, without the rest."""
    return [line for line in seen(person) if "<" not in line]


@pytest.fixture
def two(servers, host_at, meet_at, pump_until) -> tuple[Person, Person]:
    """Ann and Bob, each at a host of their own, each host at a server of its own."""
    first, second = servers
    ann = meet_at(host_at(first, second), "ann")
    bob = meet_at(host_at(second, first), "bob")
    pump_until(lambda: {"ann", "bob"} == set(ann.rooms["lobby"].people) == set(bob.rooms["lobby"].people))
    return ann, bob


def test_people_of_two_hosts_are_in_one_room(two, pump_until) -> None:
    ann, bob = two
    ann.say("lobby", "Hello, other window.")
    pump_until(lambda: said(bob) == ["#lobby ann: Hello, other window."] == said(ann))
    bob.rename("robert")
    pump_until(lambda: set(ann.rooms["lobby"].people) == {"ann", "robert"})
    assert ann.room_sizes == bob.room_sizes == {"lobby": 2}
    bob.close()
    pump_until(lambda: "#lobby <notice> robert left" in seen(ann))


def test_a_nickname_is_taken_whatever_the_host(two, host_at, meet_at, servers, pump_until) -> None:
    host = host_at(servers[0])
    pump_until(lambda: len(host.chat.rooms["lobby"].nicknames) == 2)
    assert meet_at(host, "Ann").rooms["lobby"].you == "Ann 2"


def test_a_host_that_comes_later_is_told_what_was_said(two, host_at, meet_at, servers, pump_until) -> None:
    ann, bob = two
    for number in range(3):
        ann.say("lobby", f"before {number}")
    pump_until(lambda: len(said(bob)) == 3)
    host = host_at(servers[1])
    pump_until(lambda: len(host.chat.rooms["lobby"].history) == 3)
    cleo = meet_at(host, "cleo")
    pump_until(lambda: said(cleo) == said(ann))
    cleo.say("lobby", "I have read all of it.")
    pump_until(lambda: said(ann)[-1] == "#lobby cleo: I have read all of it.")


def test_a_server_is_stopped_while_people_talk_and_nothing_is_lost(two, servers, pump_until) -> None:
    ann, bob = two
    hosts_server = servers[0]
    spoken = 0

    def speak(count: int) -> None:
        nonlocal spoken
        for _ in range(count):
            ann.say("lobby", f"ann {spoken}")
            bob.say("lobby", f"bob {spoken}")
            spoken += 1

    def all_heard() -> bool:
        return all(
            [line for line in said(person) if f"#lobby {who}:" in line]
            == [f"#lobby {who}: {who} {number}" for number in range(spoken)]
            for person in (ann, bob)
            for who in ("ann", "bob")
        )

    speak(5)
    pump_until(all_heard)
    hosts_server.stop()
    speak(5)  # nobody knows yet
    pump_until(lambda: not hosts_server.is_up())
    speak(5)
    pump_until(all_heard)
    hosts_server.start()
    pump_until(hosts_server.is_up)
    speak(5)
    pump_until(all_heard)


def test_a_host_that_is_silent_is_forgotten(two, root, servers, pump_until, monkeypatch) -> None:
    ann, _ = two
    monkeypatch.setattr(bridge, "HOST_TIMEOUT", 0.5)
    words: list[bytes] = []
    ghost = Broker(
        [servers[0].url],
        ["chat.>"],
        on_message=lambda subject, payload: words.append(payload),
        on_ready=lambda: ghost.publish(
            "chat.people", b'{"host": "ghost", "people": {"lobby": ["casper"]}, "number": 0}'
        ),
        on_lost=print,
        master=root,
    )
    pump_until(lambda: "#lobby <notice> casper joined" in seen(ann))
    ghost.close()
    pump_until(lambda: "#lobby <notice> casper left" in seen(ann))


@pytest.mark.parametrize("urls", [[], ["http://127.0.0.1:4222"], ["nats://"], ["nats://127.0.0.1:many"]])
def test_a_broker_needs_a_url(root, urls) -> None:
    with pytest.raises(ValueError, match=r"urls|[Pp]ort"):
        Broker(urls, [], on_message=print, on_ready=print, on_lost=print, master=root)


@pytest.mark.parametrize(
    "payload",
    [
        b"no JSON",
        b"[]",
        b'{"host": "ghost", "people": {"lobby": [7]}}',
        b'{"host": "ghost", "people": {"lobby": ["\\u0007"]}}',
        b'{"host": "ghost", "people": 7}',
        b'{"host": "ghost", "people": {}, "number": "many"}',
    ],
)
def test_what_no_host_says_is_told_and_does_nothing(two, root, servers, pump_until, host_at, payload) -> None:
    ann, _ = two
    watching = host_at(servers[0])
    ghost = Broker(
        [servers[0].url],
        [],
        on_message=print,
        on_ready=lambda: ghost.publish("chat.people", payload),
        on_lost=print,
        master=root,
    )
    pump_until(lambda: "An invalid message from another host" in watching.broker_log[-1])
    assert set(ann.rooms["lobby"].people) == {"ann", "bob"}
    ghost.close()

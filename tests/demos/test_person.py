"""A client's side of the chat: people who talk through a real server, without a window."""

from __future__ import annotations

import socket
import tkinter
from collections.abc import Callable

import pytest

from demos.chat.host import Host
from demos.chat.messages import BadMessageError
from demos.chat.person import Person, ServerStatus
from tests.demos.conftest import Meet, Watching, seen

PumpUntil = Callable[..., None]


def test_two_people_talk(meet: Meet, pump_until: PumpUntil) -> None:
    ann, bob = meet("ann"), meet("bob")
    assert ann.say("lobby", " Hello bob. ")
    pump_until(lambda: "#lobby ann: Hello bob." in seen(bob))
    bob.say("lobby", "Hello ann.")
    pump_until(lambda: "#lobby bob: Hello ann." in seen(ann))
    assert seen(ann) == [
        "#lobby <notice> You joined",
        "#lobby <notice> bob joined",
        "#lobby ann: Hello bob.",
        "#lobby bob: Hello ann.",
    ]
    assert [line.own for line in ann.rooms["lobby"].lines if line.who] == [True, False]


def test_a_newcomer_reads_what_was_said_before(meet: Meet, pump_until: PumpUntil) -> None:
    ann = meet("ann")
    ann.say("lobby", "first")
    pump_until(lambda: "#lobby ann: first" in seen(ann))
    bob = meet("bob")
    pump_until(lambda: len(seen(bob)) == 2)
    assert seen(bob) == ["#lobby ann: first", "#lobby <notice> You joined"]


def test_only_what_others_say_elsewhere_is_unread(meet: Meet, pump_until: PumpUntil) -> None:
    ann, bob = meet("ann"), meet("bob")
    for person in (ann, bob):
        person.join("tea")
        person.set_current_room("lobby")
    pump_until(lambda: len(ann.rooms["tea"].people) == len(bob.rooms["tea"].people) == 2)
    bob.say("tea", "psst")
    bob.say("lobby", "hello")
    pump_until(lambda: "#tea bob: psst" in seen(ann) and "#lobby bob: hello" in seen(ann))
    pump_until(lambda: "#tea bob: psst" in seen(bob))
    assert {name: place.unread for name, place in ann.rooms.items()} == {"lobby": 0, "tea": 1}
    assert bob.rooms["tea"].unread == 0
    ann.set_current_room("tea")
    assert ann.rooms["tea"].unread == 0


def test_another_nickname_is_seen_in_every_room(meet: Meet, pump_until: PumpUntil) -> None:
    ann, bob = meet("ann"), meet("bob")
    ann.join("tea")
    pump_until(lambda: ann.rooms["tea"].you == "ann")
    ann.rename("Ann Other")
    pump_until(lambda: "#lobby <notice> ann is now Ann Other" in seen(bob))
    pump_until(lambda: "#tea <notice> You are now Ann Other" in seen(ann))
    assert ann.nick == "Ann Other"
    assert bob.rooms["lobby"].people == ["Ann Other", "bob"]
    bob.rename("ann other")
    pump_until(lambda: "#lobby <error> The nickname ann other is taken." in seen(bob))
    assert bob.nick == "bob"


def test_a_taken_nickname_gets_a_number(meet: Meet) -> None:
    meet("ann")
    assert meet("Ann").nick == "Ann 2"


@pytest.mark.parametrize("nick", ["a&b=c/?#%", "Ünï cödé", "+1"])
def test_a_nickname_arrives_as_it_was_chosen(meet: Meet, nick: str) -> None:
    assert meet(nick).rooms["lobby"].you == nick


def test_who_leaves_is_gone(meet: Meet, host: Host, pump_until: PumpUntil) -> None:
    ann, bob = meet("ann"), meet("bob", "tea")
    bob.join("lobby")
    pump_until(lambda: ann.room_sizes == {"lobby": 2, "tea": 1})
    bob.leave("tea")
    pump_until(lambda: ann.room_sizes == {"lobby": 2})
    assert list(host.chat.rooms) == ["lobby"]
    bob.close()
    pump_until(lambda: "#lobby <notice> bob left" in seen(ann))
    assert ann.rooms["lobby"].people == ["ann"]
    assert bob.error == ""


def test_what_cannot_be_said_is_told_at_once(meet: Meet) -> None:
    ann = meet("ann")
    with pytest.raises(BadMessageError):
        ann.say("lobby", "   ")
    with pytest.raises(BadMessageError):
        ann.rename("x" * 21)


@pytest.mark.slow
def test_the_latency_is_measured(meet: Meet, pump_until: PumpUntil) -> None:
    ann = meet("ann")
    assert ann.latency is None
    pump_until(lambda: ann.latency is not None)
    assert ann.latency is not None
    assert 0 <= ann.latency < 5


def test_a_restart_is_told_and_survived(meet: Meet, host: Host, pump_until: PumpUntil) -> None:
    ann, bob = meet("ann"), meet("bob")
    ann.join("tea")
    pump_until(lambda: ann.rooms["tea"].you)
    ann.say("lobby", "before")
    pump_until(lambda: "#lobby ann: before" in seen(bob))
    host.stop()
    pump_until(lambda: ann.status is bob.status is ServerStatus.LOST)
    assert ann.error == bob.error == "The server was stopped."
    assert not ann.say("lobby", "lost?")
    host.start()
    ann.connect()
    pump_until(lambda: ann.rooms["tea"].you and ann.rooms["lobby"].you)
    assert ann.status is ServerStatus.CONNECTED
    ann.say("lobby", "after")
    bob.connect()
    pump_until(lambda: "#lobby ann: after" in seen(bob))
    assert [line for line in seen(bob) if "ann:" in line] == ["#lobby ann: before", "#lobby ann: after"]


@pytest.mark.slow
def test_a_lost_server_is_tried_again_by_itself_later_and_later(
    meet: Meet, host: Host, pump_until: PumpUntil
) -> None:
    ann = meet("ann")
    host.stop()
    pump_until(lambda: ann.status is ServerStatus.LOST)
    assert ann.retry_in is not None
    assert ann._retry_after == 2.0, "after the attempt that is planned"
    pump_until(lambda: ann.error.startswith("Cannot connect") and ann.retry_in is not None)
    assert ann._retry_after == 4.0
    host.start()
    pump_until(lambda: ann.rooms["lobby"].you)
    assert not ann.error
    assert ann._next_retry is None


def test_a_server_that_is_not_there_is_told(root: tkinter.Tk, pump_until: PumpUntil) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    watching = Watching()
    watching.person = person = Person(f"ws://127.0.0.1:{port}", "ann", watching, root)
    person.join("lobby")
    person.connect()
    pump_until(lambda: person.status is ServerStatus.LOST)
    assert person.error.startswith(f"Cannot connect to ws://127.0.0.1:{port}: ")
    assert watching.statuses == [ServerStatus.CONNECTING, ServerStatus.LOST]


def test_an_address_that_is_none_is_told(root: tkinter.Tk) -> None:
    watching = Watching()
    watching.person = person = Person("http//nowhere", "ann", watching, root)
    person.connect()
    assert person.status is ServerStatus.LOST
    assert person.error.startswith("http//nowhere is not a valid address: ")


def test_a_refusal_leaves_the_rest_in_place(meet: Meet, pump_until: PumpUntil) -> None:
    ann = meet("ann")
    ann.join("x" * 25)
    pump_until(lambda: seen(ann)[-1].startswith(f"#{'x' * 25} <error> A room's name"))
    assert ann.status is ServerStatus.CONNECTED
    assert ann.say("lobby", "still here")


def test_a_nickname_changes_without_a_server(root: tkinter.Tk) -> None:
    watching = Watching()
    watching.person = person = Person("ws://127.0.0.1:9", "ann", watching, root)
    person.rename("bob")
    assert person.nick == "bob"

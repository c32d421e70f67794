"""A chat without a screen: a host, and people who remember what they are told."""

from __future__ import annotations

import tkinter
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from demos.chat.host import Host
from demos.chat.person import JoinedRoom, Line, Person, ServerStatus


class Watching:
    """Remembers what a person sees, as ``"room: text"``."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.statuses: list[ServerStatus] = []
        self.person: Person

    def line_added(self, place: JoinedRoom, line: Line) -> None:
        speaker = f"{line.who}: " if line.who else f"<{line.kind.value}> "
        self.lines.append(f"#{place.name} {speaker}{line.text}")

    def rooms_changed(self) -> None:
        pass

    def status_changed(self) -> None:
        self.statuses.append(self.person.status)


Meet = Callable[..., Person]


@pytest.fixture
def host(root: tkinter.Tk, pump_until: Callable[..., None]) -> Iterator[Host]:
    """A chat's server that runs."""
    made = Host(root)
    made.start()
    yield made
    server = made.server
    made.stop()
    if server is not None:
        pump_until(lambda: not server.connections)


@pytest.fixture
def meet_at(root: tkinter.Tk, pump_until: Callable[..., None]) -> Iterator[Meet]:
    """``meet_at(host, nick, room="lobby")``: somebody who is in the room by that host."""
    people: list[Person] = []

    def meet_at(host: Host, nick: str, room: str = "lobby") -> Person:
        watching = Watching()
        person = watching.person = Person(host.url, nick, watching, root)
        people.append(person)
        person.connect()
        place = person.join(room)
        pump_until(lambda: place.you in place.people)
        return person

    yield meet_at
    for person in people:
        person.close()


@pytest.fixture
def meet(host: Host, meet_at: Meet) -> Meet:
    """``meet(nick, room="lobby")``: somebody who is in the room; ``seen(person)`` tells what they saw."""
    return partial(meet_at, host)


def seen(person: Person) -> list[str]:
    """What a person was shown, the oldest first."""
    watching = person._listener
    assert isinstance(watching, Watching)
    return watching.lines


@pytest.fixture
def fetch() -> Iterator[Callable[[str], Future[tuple[int, Any, str]]]]:
    """``fetch(url)``: a page, by the standard library's client in a thread: status, headers, text."""

    def get(url: str) -> tuple[int, Any, str]:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.status, response.headers, response.read().decode()

    with ThreadPoolExecutor(1) as executor:
        yield lambda url: executor.submit(get, url)

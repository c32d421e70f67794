"""The chat's server, by connections that are no chat's client: what it answers, and what it does not bear."""

from __future__ import annotations

import json
import tkinter
from collections.abc import Callable
from typing import Any

import pytest

import tkws
from demos.chat import room
from demos.chat.host import Host

PumpUntil = Callable[..., None]


class Client:
    """A bare WebSocket: the messages that came, and how it was closed."""

    def __init__(self, root: tkinter.Tk, url: str) -> None:
        self.messages: list[dict[str, Any]] = []
        self.gone = False
        self.ws = tkws.open(url, self._on_event, master=root)

    def say(self, **message: object) -> None:
        self.ws.send(json.dumps(message))

    def types(self) -> list[str]:
        return [message["type"] for message in self.messages]

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "text":
            self.messages.append(json.loads(message))
        elif type == "disconnect":
            self.gone = True


@pytest.fixture
def enter(root: tkinter.Tk, host: Host, pump_until: PumpUntil) -> Callable[..., Client]:
    """``enter(path)``: a client of that path, after the first message or the end."""

    def enter(path: str) -> Client:
        client = Client(root, host.url + path)
        pump_until(lambda: client.messages or client.gone)
        return client

    return enter


def test_a_newcomer_is_welcomed_first_and_then_everybody_is_told(
    enter: Callable[..., Client], pump_until: PumpUntil
) -> None:
    ann = enter("/rooms/lobby?nick=ann")
    bob = enter("/rooms/lobby?nick=bob")
    pump_until(lambda: len(ann.messages) == 3 and len(bob.messages) == 2)
    assert ann.types() == ["welcome", "joined", "joined"]
    assert bob.types() == ["welcome", "joined"]
    assert bob.messages[0] == {
        "type": "welcome",
        "room": "lobby",
        "you": "bob",
        "people": ["ann", "bob"],
        "history": [],
    }


def test_the_history_is_short(enter: Callable[..., Client], pump_until: PumpUntil) -> None:
    ann = enter("/rooms/lobby?nick=ann")
    for number in range(room.MAX_HISTORY + 5):
        ann.say(type="say", text=f"line {number}")
    pump_until(lambda: len(ann.messages) == 2 + room.MAX_HISTORY + 5)
    history = enter("/rooms/lobby?nick=bob").messages[0]["history"]
    assert [said["text"] for said in history] == [
        f"line {number}" for number in range(5, room.MAX_HISTORY + 5)
    ]
    assert set(history[0]) == {"who", "text", "time"}


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ("no JSON", "This is not JSON."),
        ("[]", "A message must be an object with a type."),
        ('{"type": "shout"}', "Unknown type of message: 'shout'."),
        ('{"type": "say"}', "This message is empty."),
        ('{"type": "say", "text": ["x"]}', "This message is empty."),
        ('{"type": "rename", "nick": ""}', "A nickname needs at least one character."),
        ('{"type": "rename", "nick": "BOB"}', "The nickname BOB is taken."),
    ],
)
def test_what_does_not_fit_is_answered_and_changes_nothing(
    enter: Callable[..., Client], pump_until: PumpUntil, sent: str, answer: str
) -> None:
    bob = enter("/rooms/lobby?nick=bob")
    ann = enter("/rooms/lobby?nick=ann")
    pump_until(lambda: len(ann.messages) == 2)
    ann.ws.send(sent)
    ann.say(type="say", text="still here")
    pump_until(lambda: len(ann.messages) == 4)
    assert ann.messages[2] == {"type": "error", "text": answer}
    assert ann.messages[3]["who"] == "ann"
    pump_until(lambda: len(bob.messages) == 4)
    assert bob.types() == ["welcome", "joined", "joined", "said"]


@pytest.mark.parametrize(
    ("path", "code", "reason"),
    [
        ("/rooms/lobby", 1008, "A nickname needs at least one character."),
        ("/rooms/lobby?nick=%00", 1008, "A nickname must consist of visible characters."),
        ("/rooms/Lobby?nick=ann", 1008, "A room's name has"),
        ("/rooms/a/b?nick=ann", 1008, "A room's name has"),
    ],
)
def test_who_does_not_fit_is_refused(
    enter: Callable[..., Client], pump_until: PumpUntil, path: str, code: int, reason: str
) -> None:
    client = enter(path)
    pump_until(lambda: client.gone)
    assert client.ws.close_code == code
    assert client.ws.close_reason.startswith(reason)
    assert client.messages == []


def test_nobody_gets_into_a_full_room_or_one_room_too_many(
    enter: Callable[..., Client], pump_until: PumpUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MAX_PEOPLE", 1)
    monkeypatch.setattr(room, "MAX_ROOMS", 2)
    for path in ("/rooms/lobby?nick=a", "/rooms/tea?nick=a"):
        assert enter(path).types()[0] == "welcome"
    for path, reason in (
        ("/rooms/tea?nick=b", "The room is full."),
        ("/rooms/x?nick=b", "There are too many rooms."),
    ):
        late = enter(path)
        pump_until(lambda late=late: late.gone)
        assert (late.ws.close_code, late.ws.close_reason) == (1013, reason)


def test_the_list_follows_the_rooms(enter: Callable[..., Client], pump_until: PumpUntil) -> None:
    listing = enter("/rooms")
    assert listing.messages == [{"type": "rooms", "rooms": {"lobby": 0}}]
    ann = enter("/rooms/tea?nick=ann")
    pump_until(lambda: listing.messages[-1]["rooms"] == {"lobby": 0, "tea": 1})
    ann.ws.close()
    pump_until(lambda: listing.messages[-1]["rooms"] == {"lobby": 0})


def test_a_message_that_is_too_big_ends_its_connection_only(
    enter: Callable[..., Client], pump_until: PumpUntil
) -> None:
    ann, bob = enter("/rooms/lobby?nick=ann"), enter("/rooms/lobby?nick=bob")
    ann.ws.send(json.dumps({"type": "say", "text": "x" * 20_000}))
    pump_until(lambda: ann.gone and bob.types()[-1] == "left")
    assert ann.ws.close_code == 1009
    assert bob.messages[-1]["who"] == "ann"


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "later"])
def test_the_rooms_outlive_the_server(
    root: tkinter.Tk, host: Host, pump_until: PumpUntil, at_once: bool
) -> None:
    """However late the old server notices that its clients are gone."""
    ann = Client(root, f"{host.url}/rooms/tea?nick=ann")
    pump_until(lambda: ann.types() == ["welcome", "joined"])
    ann.say(type="say", text="remember this")
    pump_until(lambda: len(ann.messages) == 3)
    url, stopped = host.url, host.server
    assert stopped is not None
    host.stop()
    if not at_once:
        pump_until(lambda: ann.gone and not stopped.connections)
    host.start()
    assert host.url == url
    pump_until(lambda: ann.gone and not stopped.connections)
    assert ann.ws.close_code == 1001
    bob = Client(root, f"{url}/rooms/tea?nick=bob")
    pump_until(lambda: bob.messages)
    assert bob.messages[0]["people"] == ["bob"]
    assert [said["text"] for said in bob.messages[0]["history"]] == ["remember this"]


def test_the_page_is_served_beside_the_rooms(
    root: tkinter.Tk, host: Host, pump_until: PumpUntil, fetch: Callable[[str], Any]
) -> None:
    page = fetch(host.url.replace("ws", "http", 1) + "/")
    pump_until(page.done)
    status, headers, body = page.result()
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "<title>tkws chat</title>" in body
    for outside in ("http://", "https://", "//cdn", "@import", "url("):
        assert outside not in body.replace("http://www.w3.org/2000/svg", ""), "nothing comes from elsewhere"


def test_a_server_for_every_address_is_told_by_one_that_can_be_dialled(
    root: tkinter.Tk, pump_until: PumpUntil
) -> None:
    everywhere = Host(root, "0.0.0.0")
    everywhere.start()
    client = Client(root, f"{everywhere.url}/rooms")
    pump_until(lambda: client.messages)
    everywhere.stop()
    pump_until(lambda: client.gone)

"""Two ends in any order of words and bytes: ours with ours, and with `websockets` and `wsproto`.

What one says before its Close, the other hears, and answers if it is a ping; the codes are the other's;
nothing comes behind a Close. No end waits for a word that the other owes.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st
from websockets.frames import Frame
from websockets.protocol import Protocol as Theirs, Side, State as TheirState
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import CloseConnection, Ping, Pong, TextMessage

from tests.protocol.ends import NOW, masks
from tkws.protocol.closetimer import LINGER
from tkws.protocol.engine import Engine
from tkws.protocol.events import Event
from tkws.protocol.frames import Role
from tkws.protocol.state import State

Heard = list[tuple[str, str | bytes | int]]

NUMBERS = ["one", "two", "three"]
"""What is said; ends answer pings with them, and close with 4000 and more."""


class Ours:
    """The engine, with an owner that does at once what the engine asks for."""

    def __init__(self, role: Role) -> None:
        self.engine = Engine(role, NOW, masks=masks() if role is Role.CLIENT else None)
        self.heard: Heard = []

    @property
    def open(self) -> bool:
        return self.engine.state is State.OPEN

    def text(self, word: str) -> None:
        self.engine.send(word, NOW)

    def ping(self, word: str) -> None:
        self.engine.ping(word.encode(), NOW)

    def close(self, code: int) -> None:
        self.engine.close(code, "", NOW)

    def take(self) -> bytes:
        return b"".join(self.engine.writer.take_output_bytes())

    def feed(self, data: bytes) -> None:
        self.engine.receive_data(data, NOW)
        told = self.engine.take_events()
        self.engine.complete_close(NOW)
        for type, message in told + self.engine.take_events():
            assert type is not Event.ERROR
            self.heard.append((str(type), message[0] if type is Event.CLOSE else message))


class Websockets:
    """`websockets` without its input and output."""

    def __init__(self, role: Role) -> None:
        self.protocol = Theirs(Side.CLIENT if role is Role.CLIENT else Side.SERVER, state=TheirState.OPEN)
        self.heard: Heard = []

    @property
    def open(self) -> bool:
        return self.protocol.state is TheirState.OPEN

    def text(self, word: str) -> None:
        self.protocol.send_text(word.encode())

    def ping(self, word: str) -> None:
        self.protocol.send_ping(word.encode())

    def close(self, code: int) -> None:
        if self.open:
            self.protocol.send_close(code)

    def take(self) -> bytes:
        return b"".join(self.protocol.data_to_send())

    def feed(self, data: bytes) -> None:
        self.protocol.receive_data(data)
        for frame in self.protocol.events_received():
            assert isinstance(frame, Frame)
            kind = frame.opcode.name.lower()
            if kind == "close":
                assert self.protocol.close_rcvd is not None
                self.heard.append((kind, int(self.protocol.close_rcvd.code)))
            else:
                self.heard.append((kind, bytes(frame.data).decode() if kind == "text" else bytes(frame.data)))


class Wsproto:
    """`wsproto`, whose owner answers what is to be answered."""

    def __init__(self, role: Role) -> None:
        self.connection = Connection(ConnectionType.CLIENT if role is Role.CLIENT else ConnectionType.SERVER)
        self.heard: Heard = []
        self._output = b""
        self._text = ""

    @property
    def open(self) -> bool:
        return self.connection.state is ConnectionState.OPEN

    def text(self, word: str) -> None:
        self._output += self.connection.send(TextMessage(word))

    def ping(self, word: str) -> None:
        self._output += self.connection.send(Ping(word.encode()))

    def close(self, code: int) -> None:
        if self.open:
            self._output += self.connection.send(CloseConnection(code))

    def take(self) -> bytes:
        output, self._output = self._output, b""
        return output

    def feed(self, data: bytes) -> None:
        if self.connection.state is ConnectionState.CLOSED:  # it takes nothing more, nor need it
            return
        self.connection.receive_data(data)
        for event in self.connection.events():
            if isinstance(event, TextMessage):
                self._text += event.data  # which comes as it arrives
                if event.message_finished:
                    self.heard.append(("text", self._text))
                    self._text = ""
            elif isinstance(event, Ping):
                self.heard.append(("ping", bytes(event.payload)))
                if self.open:  # it sends none behind its own Close
                    self._output += self.connection.send(event.response())
            elif isinstance(event, Pong):
                self.heard.append(("pong", bytes(event.payload)))
            elif isinstance(event, CloseConnection):
                self.heard.append(("close", event.code))
                if self.connection.state is ConnectionState.REMOTE_CLOSING:
                    self._output += self.connection.send(event.response())


STEPS = st.lists(
    st.tuples(st.sampled_from(["text", "ping", "close", "carry"]), st.booleans(), st.integers(0, 12)),
    max_size=30,
)


@pytest.mark.slow
@pytest.mark.parametrize("other", [Ours, Websockets, Wsproto])
@pytest.mark.parametrize("role", Role)
@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_two_ends_hear_each_other_until_both_have_closed(role, other, steps) -> None:
    ends = [Ours(role), other(Role.SERVER if role is Role.CLIENT else Role.CLIENT)]
    way: list[bytes] = [b"", b""]  # what each has sent and the other has not got
    said: list[Heard] = [[], []]
    for what, second, number in [*steps, ("close", False, 0)]:
        end = ends[second]
        if what == "carry":
            way[second] += end.take()
            ends[not second].feed(way[second][:number])
            way[second] = way[second][number:]
        elif end.open:
            word = NUMBERS[number % 3]
            getattr(end, what)(4000 + number if what == "close" else word)
            said[second].append(
                ("text", word)
                if what == "text"
                else (what, 4000 + number if what == "close" else word.encode())
            )
    for _ in range(4):  # there, back, and the answers to what came last
        for index, end in enumerate(ends):
            way[index] += end.take()
            ends[1 - index].feed(way[index])
            way[index] = b""
    for index, end in enumerate(ends):
        heard = [each for each in end.heard if each[0] != "pong"]
        words = said[1 - index]
        if not words or words[-1][0] != "close":  # it closed in answer
            words = [*words, ("close", said[index][-1][1])]
        assert heard == words
        assert end.heard[-1][0] == "close"
    ours = ends[0].engine
    assert ours.state is State.CLOSING
    assert ours.output_ended is (role is Role.SERVER)
    assert ours.deadline == NOW + LINGER

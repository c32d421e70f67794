"""Groups: who joins and leaves them, whom a broadcast reaches, and what carries them to other servers."""

from __future__ import annotations

import gc
import threading

import pytest

import tkws
from tests.peers import Log
from tkws.protocol.frames import Opcode


@pytest.fixture
def room(notifier, gather):
    """``server, [a, b, c], [far end of each]``."""
    return gather(3)


def texts(far) -> list[list[bytes]]:
    return [peer.payloads() for peer in far]


def test_only_the_members_hear_it(room, pump_until):
    server, (a, b, c), far = room
    a.join("tea")
    b.join("tea")
    c.join("coffee")
    assert server.members("tea") == [a, b]
    assert (a.groups, c.groups) == (frozenset({"tea"}), frozenset({"coffee"}))
    assert server.broadcast("to tea", to="tea") == 2
    assert server.broadcast("to coffee", to="coffee") == 1
    assert server.broadcast("to nobody", to="milk") == 0
    assert server.broadcast(b"all") == 3
    pump_until(lambda: texts(far) == [[b"to tea", b"all"], [b"to tea", b"all"], [b"to coffee", b"all"]])
    assert far[2].frames()[1][0] is Opcode.BINARY


@pytest.mark.parametrize(
    ("to", "heard"),
    [
        ("room-1", "a"),
        ("room-*", "abc"),
        ("room-[2-9]", "bc"),
        ("ROOM-1", ""),
        ("*", "abc"),
        ("", ""),
        (["room-1", "room-2"], "abc"),
        (("room-2", "other"), "bc"),
        ({"room-1": 1}, "a"),
        ([], ""),
        (["other*", "room-1"], "a"),
        (["room-3", "room-*"], "abc"),
    ],
)
def test_a_name_a_glob_or_several(room, to, heard):
    server, sockets, _ = room
    for ws, name in zip([*sockets, sockets[2]], ("room-1", "room-2", "room-2", "room-3"), strict=True):
        ws.join(name)
    wanted = [sockets["abc".index(each)] for each in heard]
    assert set(server.members(to)) == set(wanted)
    assert len(server.members(to)) == server.broadcast("x", to=to) == len(wanted)


def test_members_come_in_the_order_in_which_they_joined(room):
    server, (a, b, c), _ = room
    for ws in (b, c, a):
        ws.join("tea")
    b.join("tea")  # no change
    assert server.members("tea") == [b, c, a]
    b.leave("tea")
    b.join("tea")
    assert server.members("tea") == [c, a, b]


@pytest.mark.parametrize("kind", ["one", "several", "none"])
def test_the_sender_is_left_out(room, pump_until, kind):
    server, (a, b, c), far = room
    for ws in (a, b, c):
        ws.join("tea")
    exclude = {"one": a, "several": iter([a, b]), "none": None}[kind]
    heard = {"one": 2, "several": 1, "none": 3}[kind]
    assert server.broadcast("x", to="tea", exclude=exclude) == heard
    pump_until(lambda: sum(map(len, texts(far))) == heard)
    assert texts(far)[2] == [b"x"]
    assert server.broadcast("y", "/[ab]", to="tea", exclude=[a]) == 1
    assert server.broadcast("z", exclude=(a, b)) == 1


def test_it_leaves(room):
    server, (a, b, _), _ = room
    for group in ("tea", "milk"):
        a.join(group)
        b.join(group)
    a.leave("tea")
    a.leave("tea")
    a.leave("never joined")
    assert a.groups == {"milk"}
    assert server.members("tea") == [b]
    b.leave("tea")
    assert server.members("*") == [a, b]
    assert set(server._connections.groups._members) == {"milk"}


@pytest.mark.slow  # close: both wait a second for the end of TCP
@pytest.mark.parametrize("how", ["close", "gone", "server"])
def test_it_leaves_by_itself_at_the_end_and_its_groups_can_still_be_read(room, pump_until, how):
    server, (a, b, _), far = room
    seen = []

    def handler(ws, type, message):
        if type == "disconnect":
            seen.append((ws.groups, server.members("tea"), ws in server.connections))
            ws.leave("tea")  # too late to matter
            with pytest.raises(tkws.StateError, match="CLOSED"):
                ws.join("tea")
            seen.append(ws.groups)

    a.configure(handler=handler)
    a.join("tea")
    a.join("milk")
    b.join("tea")
    if how == "close":
        a.close()
        far[0].bye()
    elif how == "gone":
        far[0].sock.close()
    else:
        server.close()
        far[0].bye()
    pump_until(lambda: seen)
    assert seen == [(frozenset({"tea", "milk"}), [b], False), frozenset({"tea", "milk"})]
    assert set(server._connections.groups._members) == {"tea"}


def test_it_leaves_when_the_interpreter_goes(room):
    server, (a, _, _), _ = room
    a.join("tea")
    server.loop.close()
    assert server.members("tea") == []
    assert a.groups == {"tea"}


def test_in_the_handler_of_connect(root, peers, pump_until):
    def handler(ws, type, message):
        if type == "connect":
            ws.join(message.path)
            server.broadcast(message.path, to=message.path)

    server = tkws.serve(master=root, handler=handler)
    first, second = peers.connect(server), peers.connect(server)
    for peer in (first, second):
        peer.ask("/tea")
        peer.take_until()
        peer.hear(1)
    first.hear(2)
    assert texts([first, second]) == [[b"/tea", b"/tea"], [b"/tea"]]


def test_a_closing_connection_is_a_member_that_hears_nothing(room, pump_until):
    server, (a, b, _), _ = room
    a.join("tea")
    b.join("tea")
    a.close()
    a.join("milk")
    assert server.members("tea") == [a, b]
    assert server.broadcast("x", to="tea") == 1


def test_a_thread_broadcasts_to_a_group(room, pump_until):
    server, (a, b, _), far = room
    a.join("tea")
    b.join("tea")
    returned = []

    def work():
        returned.append(server.broadcast("x", to="tea", exclude=b))
        returned.append(server.broadcast("y", "/[bc]", to="*"))
        returned.append(server.members("tea"))
        returned.append(a.groups)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(20)
    assert returned == [1, 1, [a, b], frozenset({"tea"})]
    pump_until(lambda: texts(far) == [[b"x"], [b"y"], []])


@pytest.mark.slow
def test_threads_read_while_groups_change(room):
    server, (a, b, c), _ = room
    failed, done = [], threading.Event()

    def work():
        try:
            while not done.is_set():
                server.members(["room-*", "x"])
                assert a.groups is not None
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    for number in range(3000):
        for ws in (a, b, c):
            ws.join(f"room-{number % 50}")
            ws.leave(f"room-{(number + 25) % 50}")
    done.set()
    thread.join(20)
    assert not failed


@pytest.mark.slow
def test_only_the_members_of_a_group_are_looked_at(root, monkeypatch):
    """A hundred thousand memberships: a name is looked up, and nothing else."""
    from tkws.serving.groups import Groups

    class Member:
        groups = None

    groups = Groups()
    members = [Member() for _ in range(1000)]
    for number, member in enumerate(members):
        for group in range(100):
            groups.join(member, f"{number % 100}-{group}")
    assert sum(map(len, groups._members.values())) == 100_000
    looked_at = []
    monkeypatch.setattr("tkws.serving.groups.fnmatchcase", lambda *args: looked_at.append(args))
    assert groups.members(("7-5",)) == members[7::100]
    assert groups.members(("7-5", "8-5")) == members[7::100] + members[8::100]
    assert not looked_at
    for member in members:
        groups.forget(member)
    assert not groups._members


def test_what_is_not_used_takes_no_room(room):
    _, (a, *_), _ = room
    assert a._session.groups is None
    assert a.groups == frozenset()
    a.leave("tea")
    assert a._session.groups is None
    assert "data" not in vars(a)


# ---- what is refused


def test_a_client_joins_nothing(root, peers, taken, pump_until):
    ws, _ = taken  # by takeover: without a server
    client = tkws.open(peers.listen().url, Log(), master=root)
    for each in (ws, client):
        with pytest.raises(tkws.StateError, match="^join: only a connection that a Server has made"):
            each.join("tea")
        each.leave("tea")
        assert each.groups == frozenset()
    client.close()
    pump_until(lambda: client.state is tkws.State.CLOSED)


@pytest.mark.parametrize("name", ["", "a*", "?", "[x", "room[1]"])
def test_a_name_that_could_be_a_glob(room, name):
    with pytest.raises(ValueError, match="^group: a name without the wildcards"):
        room[1][0].join(name)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"to": 5}, "^to: str or several, not int"),
        ({"to": ["a", 5]}, "^to: each a str, not int"),
        ({"to": b"tea"}, "^to: str or several, not bytes"),
        ({"exclude": 5}, "^exclude: a WebSocket or several, not int"),
        ({"exclude": ["a"]}, "^exclude: each a WebSocket, not str"),
        ({"path": 5}, "^path: str, not int"),
        ({"message": 5}, "^message: "),
    ],
)
def test_arguments_of_another_type_send_nothing(room, arguments, error):
    server, _, far = room
    with pytest.raises(TypeError, match=error):
        server.broadcast(**{"message": "x", **arguments})
    assert texts(far) == [[], [], []]


# ---- the backplane


class Bus:
    """A broker in this process: it delivers to every other server, in a thread of its own if asked to."""

    def __init__(self, threaded: bool = False) -> None:
        self.threaded = threaded
        self.published: list[tuple[str, str | bytes]] = []
        self.ports: list[Port] = []

    def port(self) -> Port:
        self.ports.append(Port(self))
        return self.ports[-1]


class Port:
    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.deliver = None

    def publish(self, group, message):
        self.bus.published.append((group, message))
        others = [port.deliver for port in self.bus.ports if port is not self and port.deliver]

        def pass_on():
            for deliver in others:
                deliver(group, message)

        if self.bus.threaded:
            thread = threading.Thread(target=pass_on)
            thread.start()
            thread.join(20)
        else:
            pass_on()

    def subscribe(self, deliver):
        self.deliver = deliver


@pytest.fixture(params=[False, True], ids=["here", "in a thread"])
def joined(request, room, root, peers, pump_until):
    """``bus, first, second, far``: two servers on a bus, and the far ends of three and of one connection."""
    first, _, far = room
    second = tkws.serve(master=root, handler=Log())
    there = peers.connect(second)
    there.ask("/a")
    there.take_until()
    pump_until(lambda: second.connections)
    bus = Bus(request.param)
    first.backplane, second.backplane = bus.port(), bus.port()
    yield bus, first, second, [*far, there]
    second.close()
    there.sock.close()
    pump_until(lambda: not second.connections)


def test_what_is_said_in_a_group_reaches_its_members_on_the_other_server(joined, pump_until):
    bus, first, second, far = joined
    a, b, _ = first.connections
    [there] = second.connections
    for ws in (a, b, there):
        ws.join("tea")
    assert first.broadcast("hello", to="tea", exclude=a) == 1
    pump_until(lambda: texts(far) == [[], [b"hello"], [], [b"hello"]])
    second.broadcast(bytearray(b"back"), to="te*")
    pump_until(lambda: texts(far) == [[b"back"], [b"hello", b"back"], [], [b"hello", b"back"]])
    assert bus.published == [("tea", "hello"), ("te*", b"back")]
    first.broadcast("to all here")
    first.broadcast("x", to=["milk", "coffee"])
    assert bus.published[2:] == [("milk", "x"), ("coffee", "x")]


def test_a_backplane_that_was_taken_off_delivers_nothing(joined):
    bus, first, second, far = joined
    second.connections[0].join("tea")
    before = second.backplane
    assert before is bus.ports[1]
    second.backplane = None
    assert second.backplane is None
    first.broadcast("x", to="tea")
    assert texts(far) == [[], [], [], []]
    second.broadcast("y", to="tea")
    assert ("tea", "y") not in bus.published


def test_what_is_delivered_is_checked(joined):
    bus, _, _, _ = joined
    deliver = bus.ports[0].deliver
    for wrong in ((5, "x"), ("tea", 5), (None, "x")):
        with pytest.raises(TypeError):
            deliver(*wrong)
    with pytest.raises(ValueError, match="message"):
        deliver("tea", "\ud800")
    deliver("tea", "nobody is there")


def test_a_backplane_that_fails(room, pump_until):
    server, (a, _, _), far = room
    a.join("tea")

    class Broken:
        def publish(self, group, message):
            raise OSError("the broker is away")

        def subscribe(self, deliver):
            """Nothing comes."""

    server.backplane = Broken()
    with pytest.raises(OSError, match="away"):
        server.broadcast("x", to="tea")
    pump_until(lambda: texts(far) == [[b"x"], [], []])  # they had it before
    server.backplane = None


def test_a_backplane_that_cannot_subscribe_is_not_set(joined):
    server = joined[1]
    before = server.backplane

    class Broken(Port):
        def subscribe(self, deliver):
            raise OSError("no broker")

    with pytest.raises(OSError, match="no broker"):
        server.backplane = Broken(joined[0])
    assert server.backplane is before


def test_a_delivery_after_the_end(root, pump_until):
    server = tkws.serve(master=root)
    bus = Bus()
    server.backplane = bus.port()
    server.close()
    bus.ports[0].deliver("tea", "x")
    server.loop.close()
    bus.ports[0].deliver("tea", "x")
    gc.collect()
    assert not server.connections


@pytest.mark.parametrize(
    "wrong", [5, Bus(), type("Half", (), {"publish": print})()], ids=["5", "Bus", "half"]
)
def test_a_backplane_of_another_type(room, wrong):
    with pytest.raises(TypeError, match="^backplane: an object with publish and subscribe, not"):
        room[0].backplane = wrong
    assert room[0].backplane is None

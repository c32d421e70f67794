import pytest

import tkws
from tests.peers import Log

LARGE = b"x" * 1_000_000


def slow_and_quick(root, pump_until, peers, policy: str):
    """A server, and two clients of which one reads nothing."""
    server = tkws.serve(
        master=root, handler=Log(), slow_peer=policy, high_water=1000, low_water=100, close_timeout=0.2
    )
    slow = peers.connect(server)
    slow.ask()
    slow.take_until()
    log = Log()
    quick = tkws.open(server.url, log, master=root)
    pump_until(lambda: log.open and len(server.connections) == 2)
    while server.connections[0].buffered_amount <= 1000:
        server.connections[0].send(LARGE)
    return server, slow, log, quick


def end(server, pump_until):
    server.close()
    pump_until(lambda: not server.connections)


def test_a_slow_peer_is_buffered_by_default(root, pump_until, peers):
    server, _, log, _ = slow_and_quick(root, pump_until, peers, "buffer")
    before = server.connections[0].buffered_amount
    assert server.broadcast("hello") == 2
    assert server.connections[0].buffered_amount == before + 7
    pump_until(lambda: log.all("text") == ["hello"])
    end(server, pump_until)


def test_what_is_buffered_is_bounded(root, pump_until, peers):
    server, _, log, _ = slow_and_quick(root, pump_until, peers, "buffer")
    server.configure(max_buffered=server.connections[0].buffered_amount + 7)
    assert server.broadcast("hello") == 2
    assert server.broadcast("world") == 1
    assert server.connections[0].state is tkws.State.CLOSING
    pump_until(lambda: log.all("text") == ["hello", "world"])
    end(server, pump_until)


def test_a_slow_peer_is_skipped_and_counted(root, pump_until, peers):
    server, _, log, _ = slow_and_quick(root, pump_until, peers, "skip")
    before = server.connections[0].buffered_amount
    assert server.broadcast("hello") == 1
    slow, quick = server.connections
    assert slow.buffered_amount == before
    assert (slow.statistics.broadcasts_skipped, quick.statistics.broadcasts_skipped) == (1, 0)
    pump_until(lambda: log.all("text") == ["hello"])
    end(server, pump_until)


def test_a_slow_peer_is_closed(root, pump_until, peers):
    server, _, log, _ = slow_and_quick(root, pump_until, peers, "close")
    assert server.broadcast("hello") == 1
    assert server.connections[0].state is tkws.State.CLOSING
    pump_until(lambda: len(server.connections) == 1)
    assert log.all("text") == ["hello"]
    end(server, pump_until)


def test_an_unknown_policy_names_the_option(root):
    with pytest.raises(ValueError, match="^slow_peer:"):
        tkws.serve(master=root, slow_peer="ignore")


def test_no_limit_of_what_is_buffered(root, pump_until, peers):
    server, _, log, _ = slow_and_quick(root, pump_until, peers, "buffer")
    server.configure(max_buffered=None)
    assert server.broadcast("hello") == 2
    pump_until(lambda: log.all("text") == ["hello"])
    end(server, pump_until)


@pytest.mark.parametrize("value", [0, -1, 1.5, "1"])
def test_a_limit_that_is_none_names_the_option(root, value):
    with pytest.raises((TypeError, ValueError), match="^max_buffered:"):
        tkws.serve(master=root, max_buffered=value)

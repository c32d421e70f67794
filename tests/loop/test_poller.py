"""All ways to ask the system which descriptors are ready."""

from __future__ import annotations

import os
import sys

import pytest

from tests.loop.kqueue import make_kqueue_poller
from tkws.loop import selectpoller
from tkws.loop.poller import READABLE, WRITABLE
from tkws.loop.selectpoller import SelectPoller
from tkws.loop.systempollers import MAX_EVENTS, EpollPoller, SelectorPoller, make_poller

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="epoll is Linux's")


not_on_windows = pytest.mark.skipif(sys.platform == "win32", reason="`selectors` is not used there")


@pytest.fixture(
    params=[
        pytest.param("epoll", marks=on_linux),
        pytest.param("best selector", marks=not_on_windows),
        pytest.param("kqueue", marks=on_linux),
        "select",
        "many",
    ]
)
def poller(request, monkeypatch):
    """A poller of each kind; "many" is `SelectPoller` beyond what ``select`` takes."""
    if request.param == "many":
        monkeypatch.setattr(selectpoller, "MAX_SOCKETS", 0)
        monkeypatch.setattr(selectpoller, "FD_SETSIZE", 0)
    kinds = {"epoll": EpollPoller, "best selector": SelectorPoller, "kqueue": make_kqueue_poller}
    poller = kinds.get(request.param, SelectPoller)()
    yield poller
    poller.close()


def test_only_what_is_ready_and_asked_for_is_told(poller, make_pair) -> None:
    (near, far), (other, _) = make_pair(), make_pair()
    poller.register(near.fileno(), READABLE)
    poller.register(other.fileno(), READABLE)
    assert poller.poll() == []
    far.send(b"x")
    assert poller.poll(5.0) == [(near.fileno(), READABLE)]
    assert poller.poll() == [(near.fileno(), READABLE)]
    poller.modify(near.fileno(), READABLE | WRITABLE)
    assert poller.poll() == [(near.fileno(), READABLE | WRITABLE)]
    poller.modify(near.fileno(), WRITABLE)
    assert poller.poll() == [(near.fileno(), WRITABLE)]
    poller.unregister(near.fileno())
    assert poller.poll() == []
    poller.unregister(other.fileno())
    assert poller.poll() == poller.poll(0.001) == []


def test_removing_a_closed_descriptor_is_a_no_op(poller, make_pair) -> None:
    near, _ = make_pair()
    fd = near.fileno()
    poller.register(fd, READABLE)
    near.close()
    poller.unregister(fd)
    assert poller.poll() == []


def test_a_descriptor_that_was_closed_meanwhile_is_ignored(poller, make_pair) -> None:
    (near, far), (other, _) = make_pair(), make_pair()
    poller.register(other.fileno(), READABLE)
    poller.register(near.fileno(), READABLE)
    other.close()
    far.send(b"x")
    assert poller.poll(5.0) == [(near.fileno(), READABLE)]


@pytest.mark.parametrize("what", ["closed", "never opened"])
def test_a_closed_descriptor_is_refused(poller, make_pair, what) -> None:
    near, _ = make_pair()
    fd = near.fileno() if what == "closed" else 9999
    near.close()
    with pytest.raises(OSError, match="descriptor|socket|10038"):
        poller.register(fd, READABLE)
    assert poller.poll() == []


def test_a_hang_up_counts_as_something_to_read(poller, make_pair) -> None:
    near, far = make_pair()
    poller.register(near.fileno(), READABLE)
    far.close()
    ((fd, mask),) = poller.poll(5.0)
    assert fd == near.fileno()
    assert mask & ~WRITABLE


@on_linux
def test_all_ready_descriptors_have_their_turn(make_pair) -> None:
    poller = EpollPoller()
    for _ in range(MAX_EVENTS + 1):
        poller.register(make_pair()[0].fileno(), WRITABLE)
    told = {fd for _ in range(2) for fd, _ in poller.poll()}
    poller.close()
    assert len(told) == MAX_EVENTS + 1


def test_one_descriptor_stands_for_all_where_the_system_has_one(poller) -> None:
    if sys.platform != "win32":
        assert (poller.fileno() == -1) == isinstance(poller, SelectPoller)


def test_an_error_that_is_no_closed_descriptor_is_raised(make_pair, monkeypatch) -> None:
    poller = SelectPoller()
    poller.register(make_pair()[0].fileno(), READABLE)

    def fail(_seconds: float | None) -> selectpoller.Ready:
        raise OSError("out of memory")

    poller._wait = fail
    with pytest.raises(OSError, match="out of memory"):
        poller.poll()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="descriptors count up by four there")
def test_numbers_beyond_what_select_takes_are_asked_for_by_poll(make_pair) -> None:
    poller = SelectPoller()
    near, far = make_pair()
    high = os.dup(near.fileno())
    os.dup2(high, 1500)
    os.close(high)
    poller.register(1500, READABLE)
    poller.register(make_pair()[0].fileno(), READABLE)
    far.send(b"x")
    assert poller.poll() == [(1500, READABLE)]
    poller.unregister(1500)
    os.close(1500)
    assert poller.poll() == []


@pytest.mark.parametrize(
    ("platform", "kind"), [("linux", EpollPoller), ("darwin", SelectorPoller), ("win32", SelectPoller)]
)
def test_the_system_decides(monkeypatch, platform, kind) -> None:
    if platform == "linux" != sys.platform:
        pytest.skip("epoll is Linux's")
    monkeypatch.setattr(sys, "platform", platform)
    poller = make_poller()
    monkeypatch.undo()
    poller.close()
    assert type(poller) is kind

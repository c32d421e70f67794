"""Both ways to ask the system, on what Linux, macOS and Windows offer through ``selectors``."""

from __future__ import annotations

import selectors
import sys

import pytest

from tests.loop.conftest import OldSelector
from tkws.loop.poller import MAX_EVENTS, READABLE, WRITABLE, EpollPoller, SelectorPoller, make_poller


@pytest.fixture(params=["epoll", "best selector", "select"])
def poller(request, monkeypatch):
    if request.param == "select":
        monkeypatch.setattr(selectors, "DefaultSelector", OldSelector)
    poller = EpollPoller() if request.param == "epoll" else SelectorPoller()
    yield poller
    poller.close()


def test_only_what_is_ready_and_asked_for_is_told(poller, make_pair) -> None:
    (near, far), (other, _) = make_pair(), make_pair()
    poller.register(near.fileno(), READABLE)
    poller.register(other.fileno(), READABLE)
    assert poller.poll() == []
    far.send(b"x")
    assert poller.poll() == [(near.fileno(), READABLE)]
    assert poller.poll() == [(near.fileno(), READABLE)]
    poller.modify(near.fileno(), READABLE | WRITABLE)
    assert poller.poll() == [(near.fileno(), READABLE | WRITABLE)]
    poller.modify(near.fileno(), WRITABLE)
    assert poller.poll() == [(near.fileno(), WRITABLE)]
    poller.unregister(near.fileno())
    assert poller.poll() == []


def test_to_remove_a_closed_descriptor_is_harmless(poller, make_pair) -> None:
    near, _ = make_pair()
    fd = near.fileno()
    poller.register(fd, READABLE)
    near.close()
    poller.unregister(fd)
    assert poller.poll() == []


def test_a_hang_up_counts_as_something_to_read(poller, make_pair) -> None:
    near, far = make_pair()
    poller.register(near.fileno(), READABLE)
    far.close()
    ((fd, mask),) = poller.poll()
    assert fd == near.fileno()
    assert mask & ~WRITABLE


def test_all_ready_descriptors_have_their_turn(make_pair) -> None:
    poller = EpollPoller()
    for _ in range(MAX_EVENTS + 1):
        poller.register(make_pair()[0].fileno(), WRITABLE)
    told = {fd for _ in range(2) for fd, _ in poller.poll()}
    poller.close()
    assert len(told) == MAX_EVENTS + 1


def test_one_descriptor_stands_for_all_where_the_system_has_one(poller) -> None:
    with_none = isinstance(getattr(poller, "_selector", None), OldSelector)
    assert (poller.fileno() == -1) == with_none


@pytest.mark.parametrize(
    ("platform", "kind"), [("linux", EpollPoller), ("darwin", SelectorPoller), ("win32", SelectorPoller)]
)
def test_the_system_decides(monkeypatch, platform, kind) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    poller = make_poller()
    monkeypatch.undo()
    poller.close()
    assert type(poller) is kind

"""Loops of every kind on an interpreter without a screen, and descriptors to watch."""

from __future__ import annotations

import socket
import sys
import tkinter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.loop.kqueue import make_kqueue_poller
from tkws.loop import ChannelLoop, Loop, PolledLoop, TkLoop
from tkws.loop.selectpoller import SelectPoller
from tkws.loop.systempollers import make_poller

MakeLoop = Callable[..., Loop]
Pair = tuple[socket.socket, socket.socket]


KINDS: dict[str, tuple[Any, Any]] = {
    "tk": (TkLoop, make_poller),
    "tk, kqueue": (TkLoop, make_kqueue_poller),
    "channel": (ChannelLoop, make_poller),
    "channel, select": (ChannelLoop, SelectPoller),
    "polled": (PolledLoop, make_poller),
    "polled, select": (PolledLoop, SelectPoller),
}
if sys.platform == "win32":  # no file handlers, and no epoll
    KINDS = {kind: made for kind, made in KINDS.items() if kind.endswith(", select")}
elif sys.platform != "linux":  # it has the real one
    del KINDS["tk, kqueue"]


@pytest.fixture(
    params=[pytest.param(kind, marks=() if kind == "tk" else pytest.mark.thorough) for kind in KINDS]
)
def make_loop(request, root) -> Iterator[MakeLoop]:
    """``make_loop(root, clock=...)``: a loop of each kind; closed after the test and before `root`."""
    kind, poller = KINDS[request.param]
    made: list[Loop] = []

    def make(root: tkinter.Misc, **options) -> Loop:
        made.append(kind(root, poller=poller(), **options))
        return made[-1]

    yield make
    for loop in made:
        loop.close()


@pytest.fixture
def loop(make_loop, root) -> Loop:
    """A loop of each kind on `root`."""
    return make_loop(root)


@pytest.fixture
def make_pair() -> Iterator[Callable[[], Pair]]:
    """``make_pair()``: two connected sockets that do not block; closed after the test."""
    made: list[socket.socket] = []

    def make() -> Pair:
        pair = socket.socketpair()
        for sock in pair:
            sock.setblocking(False)
        made.extend(pair)
        return pair

    yield make
    for sock in made:
        sock.close()


@pytest.fixture
def pair(make_pair) -> Pair:
    """Two connected sockets."""
    return make_pair()


@pytest.fixture
def flooded(make_pair) -> socket.socket:
    """A socket that stays readable as long as nobody reads it."""
    near, far = make_pair()
    far.send(b"x")
    return near


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    """A clock for `make_loop`."""
    return Clock()

"""A kernel queue like macOS' on a system without one, under the selector that Python has for it.

What the manual page kqueue(2) says and Python's selector depends on:

- a filter is registered for a descriptor and a kind of event, and each has an event of its own;
- the end of a stream, and an error, are events of the filters that are there, with ``KQ_EV_EOF``; nothing is
  told of a descriptor without filters, and a filter that is not there cannot be deleted (ENOENT);
- filters vanish when their descriptor is closed; one that is closed cannot be registered (EBADF);
- the queue has a descriptor, which is readable while there are events.
"""

from __future__ import annotations

import errno
import importlib.util
import select
import selectors
import sys
import types
from collections.abc import Iterable
from typing import Any, NamedTuple
from unittest import mock

import pytest

from tkws.loop.systempollers import SelectorPoller

READ, WRITE = -1, -2
ADD, DELETE, EOF = 1, 2, 0x8000

_END = select.EPOLLHUP | select.EPOLLERR if sys.platform == "linux" else 0


class Event(NamedTuple):
    """One ``struct kevent``."""

    ident: int
    filter: int = READ
    flags: int = ADD


class Kqueue:
    """The queue, on an epoll object: that forgets closed descriptors as well."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._filters: dict[int, set[int]] = {}
        self.fileno = self._epoll.fileno
        self.close = self._epoll.close

    def control(
        self, changes: Iterable[Event] | None, most: int, timeout: float | None = None
    ) -> list[Event]:
        """Make the changes; then wait for events, up to ``timeout`` seconds, unless ``most`` is 0."""
        for change in changes or ():
            self._change(change)
        if not most:
            return []
        found = self._epoll.poll(timeout)
        return [event for fd, mask in found for event in self._events(fd, mask)][:most]

    def _change(self, change: Event) -> None:
        known = self._filters.setdefault(change.ident, set())
        if known and not self._is_registered(change.ident):  # the number has no owner, or a new one
            known.clear()
        if change.flags & DELETE:
            if change.filter not in known:
                raise OSError(errno.ENOENT, "there is no such filter")
            known.remove(change.filter)
        else:
            known.add(change.filter)
        try:
            self._register(change.ident, known)
        except OSError:
            known.clear()
            raise

    def _is_registered(self, fd: int) -> bool:
        try:
            self._epoll.modify(fd, self._mask(self._filters[fd]))
        except OSError:
            return False
        return True

    def _register(self, fd: int, known: set[int]) -> None:
        if not known:
            self._epoll.unregister(fd)
        elif self._is_registered(fd):
            self._epoll.modify(fd, self._mask(known))
        else:
            self._epoll.register(fd, self._mask(known))

    @staticmethod
    def _mask(known: set[int]) -> int:
        return (select.EPOLLIN if READ in known else 0) | (select.EPOLLOUT if WRITE in known else 0)

    def _events(self, fd: int, mask: int) -> list[Event]:
        asked = {READ: select.EPOLLIN | _END, WRITE: select.EPOLLOUT | _END}
        flags = EOF if mask & _END else 0
        return [Event(fd, kind, flags) for kind in sorted(self._filters[fd]) if mask & asked[kind]]


def _selectors() -> types.ModuleType:
    """Python's module ``selectors``, as it is where ``select`` has such a queue."""
    system = types.ModuleType("select")
    vars(system).update(vars(select))
    vars(system).update(
        kqueue=Kqueue, kevent=Event, KQ_FILTER_READ=READ, KQ_FILTER_WRITE=WRITE, KQ_EV_ADD=ADD,
        KQ_EV_DELETE=DELETE, KQ_EV_EOF=EOF,
    )  # fmt: skip
    spec = importlib.util.spec_from_file_location("selectors_with_kqueue", selectors.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with mock.patch.dict(sys.modules, {"select": system}):
        spec.loader.exec_module(module)
    return module


def make_kqueue_poller() -> SelectorPoller:
    """Make the poller that macOS has."""
    kinds: Any = _selectors()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selectors, "DefaultSelector", kinds.KqueueSelector)
        return SelectorPoller()

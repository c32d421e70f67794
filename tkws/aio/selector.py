"""A selector for asyncio that takes its readiness from Tk's loop.

`tkws.loop` watches what asyncio registers, and `select` hands over what that has found since. So it
never waits, and needs no descriptor that stands for all: it works on every notifier.

A descriptor that becomes ready while a coroutine itself runs Tk's loop (a dialog, ``update()``) cannot be
served before that returns. It is not watched until then, so that Tk's loop does not spin.
"""

from __future__ import annotations

import selectors
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Protocol, TypeAlias

from tkws.loop import Loop

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class HasFileno(Protocol):
    """An open file or socket."""

    def fileno(self) -> int:
        """Return the descriptor."""


FileLike: TypeAlias = int | HasFileno


class HostSelector(selectors.BaseSelector):
    """A selector whose descriptors are watched by the loop of a Tcl interpreter.

    Args:
        host: The loop that watches.
        found: Called without arguments when there is something for `select`.
    """

    def __init__(self, host: Loop, found: Callable[[], object]) -> None:
        self._host = host
        self._found = found
        self._keys: dict[int, selectors.SelectorKey] = {}
        self._ready: dict[int, int] = {}
        self._holds = False
        self._held: set[int] = set()
        self._own: selectors.BaseSelector | None = None

    # ---- what asyncio asks for

    def register(self, fileobj: FileLike, events: int, data: Any = None) -> selectors.SelectorKey:
        """See `selectors.BaseSelector.register`."""
        _require_events(events)
        key = selectors.SelectorKey(fileobj, _descriptor(fileobj), events, data)
        if key.fd in self._keys:
            raise KeyError(f"{fileobj!r} (FD {key.fd}) is already registered")
        self._watch(key)
        self._keys[key.fd] = key
        return key

    def unregister(self, fileobj: FileLike) -> selectors.SelectorKey:
        """See `selectors.BaseSelector.unregister`."""
        key = self._keys.pop(self._find(fileobj))
        self._ready.pop(key.fd, None)
        self._held.discard(key.fd)
        if self._own is not None:
            self._own.unregister(key.fd)
        else:
            self._host.unwatch(key.fd)
        return key

    def modify(self, fileobj: FileLike, events: int, data: Any = None) -> selectors.SelectorKey:
        """See `selectors.BaseSelector.modify`."""
        _require_events(events)
        before = self._keys[self._find(fileobj)]
        key = selectors.SelectorKey(before.fileobj, before.fd, events, data)
        if self._own is not None:
            self._own.modify(key.fd, events)
        elif events != before.events:
            self._held.discard(key.fd)
            self._watch(key)
        self._keys[key.fd] = key
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what was found ready since the last call; wait only after `leave_host`."""
        if self._own is not None:
            for own, events in self._own.select(timeout):
                self._ready[own.fd] = events
        ready, self._ready = self._ready, {}
        keys = self._keys
        return [(key, events) for fd, found in ready.items() if (events := found & (key := keys[fd]).events)]

    def get_key(self, fileobj: FileLike) -> selectors.SelectorKey:
        """See `selectors.BaseSelector.get_key`."""
        return self._keys[self._find(fileobj)]

    def get_map(self) -> Mapping[FileLike, selectors.SelectorKey]:
        """See `selectors.BaseSelector.get_map`."""
        return _KeyMap(self, self._keys)

    def close(self) -> None:
        """Watch nothing from now on."""
        for fd in self._keys:
            self._host.unwatch(fd)
        self._keys.clear()
        self._ready.clear()
        self._held.clear()
        if self._own is not None:
            self._own.close()

    # ---- what the guest asks for

    def hold(self) -> None:
        """Stop watching descriptors that become ready from now on, until `release`: they cannot be served."""
        self._holds = True

    def release(self) -> None:
        """Watch again what was held."""
        self._holds = False
        if self._held:
            held, self._held = self._held, set()
            for fd in held:
                self._watch(self._keys[fd])

    def leave_host(self) -> None:
        """Wait in `select` from now on, as other selectors do: the host is about to end."""
        for fd in self._keys:
            self._host.unwatch(fd)
        self._held.clear()
        self._own = selectors.DefaultSelector()
        for key in self._keys.values():
            self._own.register(key.fd, key.events)

    # ---- inside

    def _watch(self, key: selectors.SelectorKey) -> None:
        if self._own is not None:
            self._own.register(key.fd, key.events)
            return
        readable = partial(self._note, key.fd, READ) if key.events & READ else None
        writable = partial(self._note, key.fd, WRITE) if key.events & WRITE else None
        self._host.watch(key.fd, readable, writable)

    def _note(self, fd: int, event: int) -> None:
        self._ready[fd] = self._ready.get(fd, 0) | event
        if self._holds:
            self._host.unwatch(fd)
            self._held.add(fd)
        self._found()

    def _find(self, fileobj: FileLike) -> int:
        """Return the descriptor under which ``fileobj`` is registered, also if it was closed since."""
        try:
            fd = _descriptor(fileobj)
        except ValueError:
            for key in self._keys.values():
                if key.fileobj is fileobj:
                    return key.fd
            raise
        if fd not in self._keys:
            raise KeyError(f"{fileobj!r} is not registered")
        return fd


class _KeyMap(Mapping[FileLike, selectors.SelectorKey]):
    """The registered keys by file object or descriptor."""

    def __init__(self, selector: HostSelector, keys: dict[int, selectors.SelectorKey]) -> None:
        self._selector = selector
        self._keys = keys

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, fileobj: FileLike) -> selectors.SelectorKey:
        return self._selector.get_key(fileobj)

    def __iter__(self) -> Iterator[FileLike]:
        return iter(self._keys)


def _descriptor(fileobj: FileLike) -> int:
    try:
        fd = fileobj if isinstance(fileobj, int) else int(fileobj.fileno())
    except (AttributeError, TypeError, ValueError):
        raise ValueError(f"invalid file object: {fileobj!r}") from None
    if fd < 0:
        raise ValueError(f"invalid file descriptor: {fd}")
    return fd


def _require_events(events: int) -> None:
    if not events or events & ~(READ | WRITE):
        raise ValueError(f"invalid events: {events!r}")

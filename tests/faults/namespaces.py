"""Two network namespaces with a link between them, which goes down and up as a test says.

Knows nothing of tkws. Everything that happens in them stays in them: no address, route or packet of the
machine's own network is touched. Linux's alone, and only for who may make namespaces.

A thread may move into a namespace: its new sockets are made there, and those that it has stay where they are.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

NEAR = "192.0.2.1"
FAR = "192.0.2.2"
NOBODY = "192.0.2.53"
"""An address of the link that nobody has: what is sent to it is lost, and nobody says so."""
BLACK_HOLE = "2001:db8:2::1"
"""Reached through the far end, which drops what it is sent for it, and says nothing."""

_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
_FILES = Path("/etc/netns")


class Network:
    """The two ends, and what joins them.

    Args:
        name: What the namespaces' names begin with; no others may have these names.
    """

    def __init__(self, name: str) -> None:
        self.near, self.far = f"{name}-near", f"{name}-far"
        self._files: list[Path] = []

    def make(self) -> None:
        """Make both, and the link, which is up.

        Raises:
            OSError: They may not be made here; it says why.
        """
        for each in (self.near, self.far):
            _ip("netns", "add", each)
        _ip(
            "-n",
            self.near,
            "link",
            "add",
            "veth0",
            "type",
            "veth",
            "peer",
            "name",
            "veth0",
            "netns",
            self.far,
        )
        for each, address in ((self.near, NEAR), (self.far, FAR)):
            _ip("-n", each, "addr", "add", f"{address}/24", "dev", "veth0")
            _ip("-n", each, "link", "set", "lo", "up")
            _ip("-n", each, "link", "set", "veth0", "up")
        nowhere = ("lladdr", "02:00:00:00:00:01", "nud", "permanent")
        _ip("-n", self.near, "neigh", "add", NOBODY, *nowhere, "dev", "veth0")
        with self.inside(self.near):
            pass

    def remove(self) -> None:
        """Remove what there is of them."""
        for each in (self.near, self.far):
            with contextlib.suppress(OSError):
                _ip("netns", "del", each)
        for path in self._files:
            shutil.rmtree(path, ignore_errors=True)
        with contextlib.suppress(OSError):
            _FILES.rmdir()  # it stays where others have something in it

    @contextlib.contextmanager
    def inside(self, namespace: str) -> Iterator[None]:
        """The thread makes its sockets in the namespace."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
            try:
                _enter(there)
            finally:
                os.close(there)
            try:
                yield
            finally:
                _enter(before)
        finally:
            os.close(before)

    def set_link(self, state: str) -> None:
        """``down``, at the far end: what either sends is lost without a word; or ``up``."""
        _ip("-n", self.far, "link", "set", "veth0", state)

    def add_black_hole(self) -> None:
        """Have what is sent to `BLACK_HOLE` go to the far end, and no further.

        Raises:
            OSError: There is no IPv6.
        """
        for each, address in ((self.near, "2001:db8:1::1"), (self.far, "2001:db8:1::2")):
            _ip("-n", each, "-6", "addr", "add", f"{address}/64", "dev", "veth0", "nodad")
        _ip("-n", self.far, "-6", "route", "add", "blackhole", f"{BLACK_HOLE}/128")
        _ip("-n", self.near, "-6", "route", "add", f"{BLACK_HOLE}/128", "via", "2001:db8:1::2")

    def write(self, name: str, text: str) -> None:
        """Give programs at the near end a file of their own in the place of ``/etc/name``."""
        place = _FILES / self.near
        place.mkdir(parents=True, exist_ok=True)
        self._files.append(place)
        (place / name).write_text(text, encoding="utf-8")

    def command(self, *command: str) -> list[str]:
        """What runs a program at the near end."""
        return [_program(), "netns", "exec", self.near, *command]


@contextlib.contextmanager
def network() -> Iterator[Network]:
    """A network that is removed in the end; the test is skipped where none may be made."""
    if sys.platform != "linux":
        pytest.skip("network namespaces are Linux's")
    made = Network(f"tkws-{os.getpid()}")
    try:
        try:
            made.make()
        except OSError as error:
            pytest.skip(f"no network namespace may be made here: {error}")
        yield made
    finally:
        made.remove()


def _program() -> str:
    found = shutil.which("ip", path=_PATH)
    if found is None:
        raise OSError("no ip: install iproute2")
    return found


def _ip(*arguments: str) -> None:
    done = subprocess.run(
        [_program(), *arguments], capture_output=True, encoding="utf-8", timeout=30, check=False
    )
    if done.returncode:
        raise OSError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


def _enter(namespace: int) -> None:
    """`os.setns`, which Python has from 3.12 on."""
    if ctypes.CDLL(None, use_errno=True).setns(namespace, 0):
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")

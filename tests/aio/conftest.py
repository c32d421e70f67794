"""A guest loop on an interpreter without a screen, on each notifier."""

from __future__ import annotations

import asyncio
import tkinter
from collections.abc import Iterator

import pytest

from tkws import aio


@pytest.fixture(
    params=[
        "filehandler",
        pytest.param("channel", marks=pytest.mark.thorough),
        pytest.param("polled", marks=pytest.mark.thorough),
    ]
)
def notifier(request, monkeypatch) -> str:
    """How Tk learns that a descriptor is ready."""
    monkeypatch.setenv("TKWS_NOTIFIER", request.param)
    return request.param


@pytest.fixture
def guest(notifier, root: tkinter.Tk) -> Iterator[aio.GuestLoop]:
    """The asyncio event loop of `root`."""
    guest = aio.loop(root)
    yield guest
    guest.host.close()
    assert guest.is_closed()
    assert not asyncio.all_tasks(guest)

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


@pytest.fixture
def run(guest, root):
    """``run(main, **options)`` calls ``main(client, server_end)`` with a connected pair."""

    def run(main, **options):
        async def program():
            ends = asyncio.get_running_loop().create_future()
            done = asyncio.Event()

            async def handler(connection):
                ends.set_result(connection)
                await done.wait()

            async with (
                aio.serve(handler, master=root, **options) as server,
                aio.connect(server.url, **options) as client,
            ):
                try:
                    return await main(client, await ends)
                finally:
                    done.set()

        return guest.run_until_complete(program())

    return run

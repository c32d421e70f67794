"""Fixtures for the tests against other implementations; those for ``websockets``, and what is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

import tkws
from tests.interop.asyncio_thread import PATIENCE, AsyncioThread
from tests.interop.links import Link, Recorder, TheirServer, connect_to
from tests.interop.record import _for_the_record  # noqa: F401 (a fixture)


@pytest.fixture
def beside(root, pump_until) -> Iterator[AsyncioThread]:
    """``beside(coroutine)`` runs a coroutine in another thread while Tk's loop runs here."""
    thread = AsyncioThread(pump_until)
    yield thread
    thread.close()


@pytest.fixture
def their_server(beside: AsyncioThread) -> Iterator[Callable[..., TheirServer]]:
    """``their_server(**options)``: a server of ``websockets``, closed after the test."""
    made: list[TheirServer] = []

    def start(**options: Any) -> TheirServer:
        made.append(TheirServer(beside, **options))
        return made[-1]

    yield start
    for server in made:
        server.close()


@pytest.fixture
def their_client(beside: AsyncioThread) -> Iterator[Callable[..., ClientConnection]]:
    """``their_client(url, **options)``: a connection of ``websockets``, closed after the test."""
    made: list[ClientConnection] = []

    async def open_(url: str, options: dict[str, Any]) -> ClientConnection:
        return await connect_to(url, **options)

    def start(url: str, **options: Any) -> ClientConnection:
        made.append(beside(open_(url, options)))
        return made[-1]

    yield start
    for connection in made:
        beside(connection.close())


@pytest.fixture(params=["client", "server"])
def role(request) -> str:
    """The role of tkws."""
    return request.param


@pytest.fixture
def link(role, root, pump_until, their_server, their_client) -> Iterator[Callable[..., Link]]:
    """``link(ours={}, theirs={})``: a connection, made with these options of the two ends.

    The test runs twice, with tkws as the client and as the server.
    """
    made: list[tkws.WebSocket] = []

    def open_(ours: dict[str, Any] | None = None, theirs: dict[str, Any] | None = None) -> Link:
        heard = Recorder()
        if role == "client":
            server = their_server(**theirs or {})
            tkws.open(server.url, heard, master=root, **ours or {})
            pump_until(lambda: heard.opened and server.accepted, PATIENCE)
            end = server.accepted[0]
        else:
            listening = tkws.serve(master=root, handler=heard, **ours or {})
            end = their_client(listening.url, **theirs or {})
            pump_until(lambda: heard.opened, PATIENCE)
        made.extend(heard.opened)
        return Link(heard.opened[0], end, heard)

    yield open_
    for ws in made:
        ws.close()
    pump_until(lambda: all(ws.state is tkws.State.CLOSED for ws in made), PATIENCE)

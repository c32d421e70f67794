"""Fixtures for the tests against other implementations; those for ``websockets``, and what is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

import tkws
from tests.interop.asyncio_thread import PATIENCE, AsyncioThread
from tests.interop.chromium import Chromium, Tab
from tests.interop.echoes import Echoed
from tests.interop.links import Link, Recorder, TheirServer, connect_to
from tests.interop.others import start
from tests.interop.parties import TheirParty
from tests.interop.record import _for_the_record  # noqa: F401 - a fixture
from tkws.loop import loop_for


@pytest.fixture
def beside(root, pump_until) -> Iterator[AsyncioThread]:
    """``beside(coroutine)`` runs a coroutine in another thread while Tk's loop runs here."""
    thread = AsyncioThread(pump_until)
    yield thread
    thread.close()


@pytest.fixture
def heard() -> Recorder:
    """What a server of tkws is told."""
    return Recorder()


@pytest.fixture
def greeting(root, heard: Recorder) -> Callable[..., tkws.HTTPServer]:
    """``greeting(page, goodbye="", **options)``: a server with a page; connections at ``/talk`` are greeted.

    With a ``goodbye`` they are closed then, for that reason.
    """

    def greeting(page: str, goodbye: str = "", **options: Any) -> tkws.HTTPServer:
        def greet(ws: tkws.WebSocket, type: str, message: object) -> None:
            heard(ws, type, message)
            if type == "connect":
                ws.send("welcome")
                if goodbye:
                    ws.close(1000, goodbye)

        server = tkws.serve(master=root, **options)
        server.live("/talk", greet)
        server.page("/", page)
        return server

    return greeting


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


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """The browser, one for all tests."""
    browser = Chromium()
    yield browser
    browser.stop()


@pytest.fixture(scope="session")
def _their_processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], TheirParty]]:
    """``_their_processes(peer)``: its process, started at the first call; it stays for all tests."""
    started: dict[str, TheirParty] = {}
    folder = tmp_path_factory.mktemp("peers")

    def process_of(peer: str) -> TheirParty:
        if peer not in started:
            started[peer] = start(peer, folder / peer)
        return started[peer]

    yield process_of
    status = {peer: party.close() for peer, party in started.items()}
    failed = {peer: (folder / peer).read_text(encoding="utf-8") for peer in started if status[peer]}
    assert not failed


@pytest.fixture(scope="session")
def _their_process(peer: str, _their_processes: Callable[[str], TheirParty]) -> TheirParty | None:
    """The process of ``peer``, begun before the test is watched for descriptors; None for the browser."""
    return None if peer == "chromium" else _their_processes(peer)


@pytest.fixture
def tab(chromium: Chromium, root, pump_until) -> Iterator[Tab]:
    """The page of the browser."""
    tab = Tab(chromium, root, pump_until)
    yield tab
    tab.close()


@pytest.fixture
def theirs(_their_process: TheirParty | None, request, root) -> Iterator[TheirParty | Tab]:
    """``peer``, which this test has to itself."""
    if _their_process is None:
        yield request.getfixturevalue("tab")
        return
    loop = loop_for(root)
    _their_process.attend(loop)
    yield _their_process
    _their_process.ignore(loop)


@pytest.fixture
def echoed(root, pump_until, role: str, theirs: TheirParty | Tab) -> Iterator[Callable[..., Echoed]]:
    """``echoed(count, deflate=None, **ours)``: a connection to ``peer``, closed after the test."""
    made: list[Echoed] = []

    def open_(count: int, deflate: str | None = None, **ours: Any) -> Echoed:
        made.append(Echoed(root, pump_until, role, theirs, count, deflate, **ours))
        return made[-1]

    yield open_
    for connection in made:
        connection.close()

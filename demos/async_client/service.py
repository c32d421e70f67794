"""The service: ``POST /login`` returns a token, and the WebSocket that it opens sends readings.

Both run in the event loop of the window, but share nothing with the client.
"""

from __future__ import annotations

import asyncio
import json
import math
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

import tkws
from tkws import aio

USER, PASSWORD = "ann", "open sesame"

_PERIOD = 0.1  # seconds between readings
_PLANT = {"Boiler": (71.0, 4.0), "Pump": (38.0, 2.5), "Outdoors": (9.0, 0.8)}  # the mean and swing in °C


class Service:
    """What the service knows: who is logged in. `running` starts it.

    Attributes:
        url: The URL of the login.
        sessions: The number of open WebSockets.
    """

    def __init__(self) -> None:
        self.url = ""
        self.sessions = 0
        self._socket_url = ""
        self._users: dict[str, str] = {}  # by their tokens

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve on free ports of this machine until the block ends."""
        site = web.Application()
        site.add_routes([web.post("/login", self._log_in)])
        runner = web.AppRunner(site, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/login"
            async with aio.serve(self._send_readings, "127.0.0.1", 0) as server:
                self._socket_url = server.url
                yield
        finally:
            await runner.cleanup()

    async def _log_in(self, request: web.Request) -> web.Response:
        login = await request.json()
        await asyncio.sleep(0.3)  # so long takes a careful check of a password
        if (login["user"], login["password"]) != (USER, PASSWORD):
            raise web.HTTPUnauthorized
        token = secrets.token_urlsafe()
        self._users[token] = login["user"]
        return web.json_response({"token": token, "readings": self._socket_url})

    async def _send_readings(self, ws: aio.Connection) -> None:
        assert ws.request is not None
        token = ws.request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self._users:
            await ws.close(tkws.CloseCode.POLICY_VIOLATION, "log in first")
            return
        self.sessions += 1
        try:
            while ws.state is tkws.State.OPEN:
                await ws.send(json.dumps(_read_plant(asyncio.get_running_loop().time())))
                await asyncio.sleep(_PERIOD)
        finally:
            self.sessions -= 1


def _read_plant(now: float) -> dict[str, float]:
    return {
        name: round(mean + swing * math.sin(now * (number + 1) / 3), 1)
        for number, (name, (mean, swing)) in enumerate(_PLANT.items())
    }

"""The connection to the NATS message broker: nats-py, in the event loop of the window.

The rest of the chat is written with callbacks, so `Broker` has the methods and callbacks that it needs.
"""

from __future__ import annotations

import asyncio
import tkinter as tk
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from nats.aio.client import Client
from nats.aio.msg import Msg

from tkws import aio

_RETRY_DELAY = 0.25  # seconds before trying the next server
_CONNECT_TIMEOUT = 5  # seconds
_PING_INTERVAL = 10  # seconds

OnMessage = Callable[[str, bytes], object]


class Broker:
    """A connection to a cluster that subscribes and publishes; if it is lost, the next server is tried.

    Args:
        urls: The URLs of the servers, as ``nats://HOST:PORT``, in order of preference.
        subjects: The subjects to subscribe to; ``*`` and ``>`` are NATS's wildcards.
        on_message: Called with the subject and the payload of each message.
        on_ready: Called after each connection, when the subscriptions are in effect.
        on_lost: Called with a sentence each time that the connection is lost.
        master: Any widget, ``Tk`` or ``Tcl()``; its loop is used.

    Raises:
        ValueError: ``urls`` is empty, or contains an invalid URL.
    """

    def __init__(
        self,
        urls: Sequence[str],
        subjects: Sequence[str],
        *,
        on_message: OnMessage,
        on_ready: Callable[[], object],
        on_lost: Callable[[str], object],
        master: tk.Misc,
    ) -> None:
        if not urls:
            raise ValueError("urls: at least one URL, not none")
        for url in urls:
            _check_url(url)
        self._urls = list(urls)
        self._subjects = subjects
        self._on_message, self._on_ready, self._on_lost = on_message, on_ready, on_lost
        self._ready = False
        self._client = Client()
        self._outgoing: asyncio.Queue[tuple[str, bytes] | None] = asyncio.Queue()
        self._task = aio.spawn(self._run(), master, name="broker")

    @property
    def url(self) -> str:
        """The URL of the server that it is connected to; empty while it is not connected."""
        connected = self._client.connected_url if self._ready else None
        return connected.geturl() if connected is not None else ""

    def publish(self, subject: str, payload: bytes) -> None:
        """Publish a message; call it only while `url` is not empty."""
        self._outgoing.put_nowait((subject, payload))

    def close(self) -> None:
        """Publish what waits, disconnect, and do not reconnect."""
        if self._ready:
            self._outgoing.put_nowait(None)
        else:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            await self._connect()
            while (message := await self._outgoing.get()) is not None:
                await self._client.publish(*message)
        finally:
            self._ready = False
            await self._client.close()

    async def _connect(self) -> None:
        await self._client.connect(
            self._urls,
            name="tkws chat",
            no_echo=True,
            dont_randomize=True,
            connect_timeout=_CONNECT_TIMEOUT,
            ping_interval=_PING_INTERVAL,
            max_reconnect_attempts=-1,
            reconnect_time_wait=_RETRY_DELAY,  # type: ignore[arg-type] # it is given to asyncio.sleep
            error_cb=self._on_error,
            disconnected_cb=self._on_disconnect,
            reconnected_cb=self._begin,
        )
        for subject in self._subjects:
            await self._client.subscribe(subject, cb=self._take)
        await self._begin()

    async def _begin(self) -> None:
        await self._client.flush()  # the server has taken the subscriptions
        self._ready = True
        self._on_ready()

    async def _take(self, message: Msg) -> None:
        self._on_message(message.subject, message.data)

    async def _on_disconnect(self) -> None:
        if self._ready:
            self._ready = False
            self._on_lost("The connection to the broker was lost")

    async def _on_error(self, error: Exception) -> None:
        if self._ready:
            self._on_lost(f"The broker reports an error: {error}")


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("nats", "tls") or not parts.hostname or parts.port == 0:
        raise ValueError(f"urls: nats://HOST:PORT, not {url!r}")

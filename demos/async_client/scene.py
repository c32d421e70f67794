"""The scene for ``--scripted``: a wrong password, a login, a cancellation, and another login."""

from __future__ import annotations

from demos.async_client.service import PASSWORD, USER
from demos.async_client.window import AsyncClientWindow
from demos.stage import Scene
from tkws import aio

_READINGS = 15


async def play(window: AsyncClientWindow, scene: Scene) -> None:
    """Play the scene."""
    window.user.insert(0, USER)
    window.password.insert(0, "12345")
    window.log_in_button.invoke()
    await _status_begins(window, "The service refused")

    window.password.delete(0, "end")
    window.password.insert(0, PASSWORD)
    window.log_in_button.invoke()
    await _readings_shown(window)
    window.cancel_button.invoke()
    await _status_begins(window, "Cancelled")

    window.log_in_button.invoke()
    await _readings_shown(window)
    scene.finish([window.log_in_button])


async def _status_begins(window: AsyncClientWindow, text: str) -> None:
    while not window.status.get().startswith(text):
        await aio.variable(window.status)
    print(window.status.get(), flush=True)


async def _readings_shown(window: AsyncClientWindow) -> None:
    await _status_begins(window, "Logged in as")
    while window.count < _READINGS:
        await aio.variable(window.status)

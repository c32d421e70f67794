"""`Backplane`: what carries the messages of groups between several servers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Backplane(Protocol):
    """An object that carries the messages of groups between several servers, such as a message broker.

    `Server.backplane` takes any object with these two methods.
    """

    def publish(self, group: str, message: str | bytes) -> object:
        """Pass a message to all other servers; called in the thread of the `Server.broadcast`.

        Args:
            group: The name, or the pattern, that it was sent to.
            message: ``str`` for text, ``bytes`` for binary.
        """

    def subscribe(self, deliver: Callable[[str, str | bytes], object]) -> object:
        """Start to call ``deliver(group, message)``, from any thread, for what other servers publish."""

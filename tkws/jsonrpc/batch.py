"""The answer to a JSON-RPC batch: a list, sent once all its methods have answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class BatchAnswer:
    """Collects the answers to a batch, and sends them together.

    Args:
        size: How many messages the batch has.
        send: Sends the list of the answers, unless it is empty.
    """

    def __init__(self, size: int, send: Callable[[list[Any]], object]) -> None:
        self._left = size
        self._send = send
        self._answers: list[Any] = []

    def add(self, answer: Any) -> None:
        """Add the answer to one message; None if it has no answer."""
        if answer is not None:
            self._answers.append(answer)
        self._left -= 1
        if not self._left and self._answers:
            self._send(self._answers)

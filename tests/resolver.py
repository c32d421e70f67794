"""A resolver of names that a test plays."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

from tkws.net import Endpoint

_of_the_system = socket.getaddrinfo


class Resolver(dict[str, "list[str] | Exception | Callable[[], list[str]]"]):
    """Addresses by name, or what to raise, or a function that returns them; other names are unknown.

    Attributes:
        threads: Those that it was asked on, for names.
    """

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[threading.Thread] = []

    def look_up(self, host: str, port: int) -> list[Endpoint]:
        """The endpoints of a name, for a `Resolution`."""
        return [Endpoint(family, address) for family, *_, address in self.getaddrinfo(host, port)]

    def getaddrinfo(
        self, host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> list[Any]:
        """Stands in for `socket.getaddrinfo`."""
        if isinstance(host, str):  # a numeric address is asked for as bytes
            self.threads.append(threading.current_thread())
        answer = self.get(host)
        if answer is None:
            return _of_the_system(host, port, family, type, proto, flags | socket.AI_NUMERICHOST)
        if isinstance(answer, Exception):
            raise answer
        addresses = answer() if callable(answer) else answer
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, type, proto, "", (address, port))
            for address in addresses
        ]

"""The rooms of a house and their lamps. Knows neither network nor Tk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any

ROOMS = ("kitchen", "studio", "hall", "garden")

COLOURS = MappingProxyType(
    {"warm": "#ffb84d", "white": "#e8eefc", "rose": "#ff7aa8", "leaf": "#5fd38a", "sky": "#57b6ff"}
)


@dataclass(frozen=True, slots=True)
class Lamp:
    """The state of a lamp."""

    on: bool = False

    level: int = 60
    """The brightness in per cent, from 1 to 100."""

    colour: str = "warm"
    """One of `COLOURS`."""

    def changed(self, changes: Mapping[str, Any]) -> Lamp:
        """Return a lamp with other values.

        Args:
            changes: New values of attributes, by name. They may come from anywhere: they are checked.

        Raises:
            ValueError: A value is not valid, or there is no such attribute.
        """
        for name, value in changes.items():
            rule = _RULES.get(name)
            if rule is None:
                raise ValueError(f"a lamp has no {name!r}")
            if not rule[0](value):
                raise ValueError(f"{name} must be {rule[1]}")
        return replace(self, **changes)

    def values(self) -> dict[str, Any]:
        """Return the attributes, as JSON can express them."""
        return asdict(self)


_RULES: MappingProxyType[str, tuple[Callable[[Any], bool], str]] = MappingProxyType(
    {
        "on": (lambda value: isinstance(value, bool), "true or false"),
        "level": (lambda value: type(value) is int and 1 <= value <= 100, "a whole number from 1 to 100"),
        "colour": (lambda value: isinstance(value, str) and value in COLOURS, f"one of {', '.join(COLOURS)}"),
    }
)


class House:
    """The lamps of all rooms.

    Attributes:
        lamps: The lamp of each room.
    """

    def __init__(self) -> None:
        self.lamps = {room: Lamp() for room in ROOMS}

    def set(self, room: str, changes: Mapping[str, Any]) -> bool:
        """Change the lamp of a room.

        Args:
            room: One of `ROOMS`.
            changes: New values, as for `Lamp.changed`.

        Returns:
            Whether that makes a difference.

        Raises:
            ValueError: There is no such room, or a value is not valid.
        """
        if room not in self.lamps:
            raise ValueError(f"there is no room {room!r}")
        before = self.lamps[room]
        self.lamps[room] = before.changed(changes)
        return self.lamps[room] != before

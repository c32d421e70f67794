"""The names of groups of connections (`WebSocket.join`), and the characters that make a pattern of them."""

from __future__ import annotations

from tkws.checks import check_text

WILDCARDS = frozenset("*?[")
"""The characters that make a pattern of a name (`fnmatch`)."""


def check_group(group: object) -> str:
    """Return the name of a group.

    Raises:
        TypeError: ``group`` is not a str.
        ValueError: ``group`` is empty, or could be taken for a pattern.
    """
    name = check_text("group", group)
    if not name or not WILDCARDS.isdisjoint(name):
        raise ValueError(f"group: a name without the wildcards *, ? and [, not {name!r}")
    return name

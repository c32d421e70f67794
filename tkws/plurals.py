"""A count with its noun in the number that it asks for."""

from __future__ import annotations


def counted(count: float, singular: str, plural: str = "", *, style: str = "") -> str:
    """Return a count and its noun, such as ``"1 message"`` and ``"2 messages"``.

    Args:
        count: The count.
        singular: The noun for 1, with a verb if one follows: ``"message was"``.
        plural: The noun for any other count; empty for ``singular`` with an s.
        style: How `format` is to write the count, such as ``","`` and ``"g"``.
    """
    return f"{count:{style}} {singular if count == 1 else plural or f'{singular}s'}"

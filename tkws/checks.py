"""Checks of what a program hands in. Every error names the argument."""

from __future__ import annotations


def check_kind(name: str, value: object, wanted: type, what: str) -> None:
    """Refuse what is no ``wanted``.

    Raises:
        TypeError: It is none; ``what`` says what it should be.
    """
    if not isinstance(value, wanted):
        raise TypeError(f"{name}: {what}, not {type(value).__name__}")

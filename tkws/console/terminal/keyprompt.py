"""Asks in the terminal for the password of a client's key."""

from __future__ import annotations

import sys
from dataclasses import replace
from getpass import getpass

from tkws.console.client.clientcert import KeyLocked
from tkws.console.client.target import Target


def unlocked(target: Target) -> Target:
    """Return a target whose key can be read: with the password, if it needs one.

    Raises:
        ValueError: The password is wrong, or no one can be asked; also as `Target.open`.
    """
    try:
        target.ssl_context()
    except KeyLocked as locked:
        if not sys.stdin.isatty():
            raise
        target = replace(target, key_password=getpass(f"{locked}: "))
        target.ssl_context()
    return target

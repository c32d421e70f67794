"""Asks for the password of a client's key when it is needed, and knows it until the end of the run."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from tkws.console.client.clientcert import KeyLocked
from tkws.console.client.target import Target
from tkws.console.look.form import Field, Form


class KeyPasswords:
    """The passwords by the files of the keys; they are never stored.

    Args:
        parent: A widget of the window.
        connect: Called with the target once its password was typed.
    """

    def __init__(self, parent: tk.Misc, connect: Callable[[Target], object]) -> None:
        self._parent = parent
        self._connect = connect
        self._known: dict[str, str] = {}

    def applied_to(self, target: Target) -> Target:
        """Return a target with the password of its key, if that was typed before."""
        known = self._known.get(target.key_file or target.cert_file, "")
        return target if target.key_password or not known else replace(target, key_password=known)

    def forget(self, path: str | None) -> None:
        """Forget the password of a key, or all of them if ``path`` is None."""
        if path is None:
            self._known.clear()
        else:
            self._known.pop(path, None)

    def ask(self, target: Target, locked: KeyLocked) -> None:
        """Ask for the password, and connect then."""
        self._known.pop(locked.path, None)
        Form(self._parent, "Password of the key", [Field("Password", hidden=True)],
            partial(self._typed, target, locked.path), text=f"{locked}.", button="Connect")  # fmt: skip

    def _typed(self, target: Target, path: str, password: str) -> None:
        if not password:
            raise ValueError("Type the password")
        self._known[path] = password
        self._connect(replace(target, key_password=password))

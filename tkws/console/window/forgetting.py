"""Forgets what the console remembers: about one address, about all of them, or secrets alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tkinter import messagebox

from tkws.console.client.target import complete_url
from tkws.console.look import Action
from tkws.console.memory import settings as storage
from tkws.console.memory.drafts import Drafts
from tkws.console.memory.remembering import Remembering
from tkws.console.memory.settings import Settings
from tkws.console.window.addressbar import AddressBar
from tkws.console.window.credentials import Credentials

_ONE = "With it go its options, its server's cookies and trusted certificate, the password of its key"
_ALL = "With them go their options, all cookies, trusted certificates and passwords of keys"


class Forgetting:
    """The actions of the menu. Each asks first.

    Args:
        settings: The addresses with their options.
        path: The file of the settings; None for none.
        remembering: The memory of messages and filters.
        address: The address field.
        credentials: The certificates, passwords and cookies of the run.
        drafts: The keeper of the message box.
        on_done: Called with a sentence when something was forgotten.
        on_error: Called with a sentence when that failed.
    """

    def __init__(
        self,
        settings: Settings,
        path: Path | None,
        remembering: Remembering,
        *,
        address: AddressBar,
        credentials: Credentials,
        drafts: Drafts,
        on_done: Callable[[str], object],
        on_error: Callable[[str], object],
    ) -> None:
        self._settings = settings
        self._path = path
        self._remembering = remembering
        self._address = address
        self._credentials = credentials
        self._drafts = drafts
        self._on_done = on_done
        self._on_error = on_error

    def actions(self) -> list[Action | None]:
        """Return the entries of a menu."""
        return [
            Action("Forget this address…", self.forget_address, possible=lambda: bool(self._url)),
            Action("Forget all addresses…", self.forget_everything),
            Action(
                lambda: "Remember no secrets" if self._settings.secrets else "Remember secrets too…",
                self.toggle_secrets,
            ),
        ]

    def forget_address(self) -> None:
        """Forget the address in the address field."""
        url = self._url
        if url and self._agrees(f"Forget {url}?", _ONE):
            self._forget(url)
            self._on_done(f"Forgot {url}")

    def forget_everything(self) -> None:
        """Forget all addresses."""
        if self._agrees("Forget all addresses?", _ALL):
            self._forget(None)
            self._on_done("Forgot all addresses")

    def toggle_secrets(self) -> None:
        """Store secrets from now on, or forget those that are stored and store no more."""
        wanted = not self._settings.secrets
        if wanted and not messagebox.askokcancel(
            "Remember secrets",
            "Store passwords, tokens and keys too?",
            detail="Whoever can read your files can read them then. The password of an address and that of "
            "a key are never stored.",
            parent=self._address,
        ):
            return
        self._settings.secrets = wanted
        self._attempt(self._keep_choice)

    @property
    def _url(self) -> str:
        return complete_url(self._address.entry.get())

    def _agrees(self, question: str, what: str) -> bool:
        detail = f"{what}, the messages sent, saved and unsent, variables, filters and watches."
        return messagebox.askokcancel("Forget", question, detail=detail, parent=self._address)

    def _forget(self, url: str | None) -> None:
        failure = self._credentials.forget(url)  # first: it looks at the options

        def forget() -> None:
            self._remembering.forget(url)
            storage.forget(self._settings, self._path, url)

        self._attempt(forget)
        self._drafts.forget()
        self._address.forget_options(url)
        if failure:
            self._on_error(failure)

    def _keep_choice(self) -> None:
        if not self._settings.secrets:
            self._settings.forget_secrets()
            self._remembering.forget_secrets()
        if self._path is not None:
            storage.store(self._settings, self._path)

    def _attempt(self, action: Callable[[], object]) -> None:
        try:
            action()
        except OSError as error:
            self._on_error(f"Not forgotten: {error}")

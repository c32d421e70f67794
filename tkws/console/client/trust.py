"""Trust in one certificate of one server, which could not be verified as usual.

The user has looked at the certificate and says that it is the server's. From then on that server has to show
exactly that certificate; any other one is refused before anything is sent. There is no way to trust all
certificates, or one certificate for all servers.
"""

from __future__ import annotations

import json
import tkinter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import tkws
from tkws.console.client.pinning import NO_FINGERPRINT, UntrustedCertificate
from tkws.console.client.target import Target
from tkws.console.client.unixaddress import split_unix
from tkws.console.log.atomicfile import replace_text
from tkws.protocol.uri import parse_uri


class TrustedCertificates:
    """The certificates that the user trusts, by the host and port of their server.

    Args:
        path: The file with those that are remembered; None for none. If it cannot be read, none are.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._session: dict[str, str] = {}

    def get(self, url: str) -> str:
        """Return the fingerprint for the server of a URL; empty without one."""
        place = _place(url)
        return self._session.get(place) or self._remembered().get(place, "")

    def applied_to(self, target: Target) -> Target:
        """Return a target with the fingerprint for its server, unless it has one or verifies nothing."""
        if target.fingerprint or not target.verify:
            return target
        return replace(target, fingerprint=self.get(target.url))

    def add(self, url: str, fingerprint: str, *, remember: bool) -> None:
        """Trust a certificate for the server of a URL, instead of the one before.

        Args:
            url: Any URL of the server.
            fingerprint: The certificate's `Certificate.fingerprint`.
            remember: Whether to do so in later runs, too.

        Raises:
            OSError: It cannot be remembered; in this run it is trusted.
        """
        self._session[_place(url)] = fingerprint
        self._store(_place(url), fingerprint if remember else "")

    def forget(self, url: str | None) -> None:
        """Stop trusting one certain certificate for the server of a URL, or for any if ``url`` is None.

        Raises:
            OSError: It stays in the file, and so in later runs.
        """
        if url is None:
            self._session.clear()
            if self._path is not None:
                self._path.unlink(missing_ok=True)
        else:
            self._session.pop(_place(url), None)
            self._store(_place(url), "")

    def _remembered(self) -> dict[str, str]:
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8")) if self._path is not None else {}
        except (OSError, ValueError):
            return {}
        if not isinstance(stored, dict):
            return {}
        return {place: value for place, value in stored.items() if isinstance(value, str)}

    def _store(self, place: str, fingerprint: str) -> None:
        """Change the file, which other windows change as well."""
        remembered = self._remembered()
        if self._path is None or remembered.get(place, "") == fingerprint:
            return
        remembered[place] = fingerprint
        if not fingerprint:
            del remembered[place]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with replace_text(self._path) as file:
            json.dump(remembered, file, indent=1)


def fetch_certificate(
    target: Target, master: tkinter.Misc, on_done: Callable[[bytes, str], object]
) -> tkws.WebSocket:
    """Ask a server for its certificate over a connection of its own, on which nothing else is sent.

    Args:
        target: The server, with the way to it.
        master: Any widget.
        on_done: Called with the certificate in DER and an empty text, or with nothing and the reason.
    """

    def on_event(_ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type in ("error", "timeout"):
            cause = message.__cause__
            der = cause.certificate if isinstance(cause, UntrustedCertificate) else b""
            on_done(der, "" if der else str(message))

    probe = replace(target, fingerprint=NO_FINGERPRINT, headers=(), reconnect=False)
    return probe.open(on_event, master)


def _place(url: str) -> str:
    split = split_unix(url)
    return f"unix:{split[0]}" if split else parse_uri(url).origin

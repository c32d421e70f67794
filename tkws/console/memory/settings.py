"""The settings that the console remembers: addresses, theme, size of the window.

No secrets are, unless the user asks for it. They are stored as JSON in the platform's folder for settings. If
the file cannot be read, the defaults are used; if it cannot be written, the caller gets the error.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tkws.console.client.target import Target, origin_of
from tkws.console.log.atomicfile import replace_text
from tkws.console.memory.secrecy import is_secret, may_be_secret, without_secrets

_MAX_ADDRESSES = 30


@dataclass(slots=True)
class Settings:
    """The settings.

    Attributes:
        addresses: The addresses used before, the most recent first.
        targets: The options of each address: subprotocols, headers, TLS and proxy.
        theme: ``light`` or ``dark``.
        geometry: The size and position of the window; see `tkws.console.look.screenplace`.
        zoom: How many steps everything is larger than usual.
        side: Whether the side panel is shown.
        detail: Whether the detail pane is shown.
        secrets: Whether secrets are remembered, too.
        unstored: The addresses that are not in the file yet, the most recent first.
    """

    addresses: list[str] = field(default_factory=list)
    targets: dict[str, dict[str, object]] = field(default_factory=dict)
    theme: str = "light"
    geometry: str = ""
    zoom: int = 0
    side: bool = True
    detail: bool = True
    secrets: bool = False
    unstored: list[str] = field(default_factory=list, compare=False)

    def remember(self, target: Target) -> None:
        """Put a target first in the history, without its secrets unless `secrets` is set."""
        url = without_secrets(target.url)
        if not url:
            return
        self.addresses = [url, *(other for other in self.addresses if other != url)][:_MAX_ADDRESSES]
        self.unstored = [url, *(other for other in self.unstored if other != url)]
        may_keep = self.secrets
        self.targets[url] = {
            "protocols": list(target.protocols),
            "headers": [[name, value] for name, value in target.headers if may_keep or not is_secret(name)],
            "ca_file": target.ca_file,
            "cert_file": target.cert_file,
            "key_file": target.key_file,
            "keep_cookies": target.keep_cookies,
            "greetings": [text for text in target.greetings if may_keep or not may_be_secret(text)],
            "proxy": without_secrets(target.proxy) if "://" in target.proxy else target.proxy,
            "reconnect": target.reconnect,
            "compression": target.compression,
            "ping_interval": target.ping_interval,
        }
        self.targets = {known: self.targets[known] for known in self.addresses if known in self.targets}

    def merge(self, stored: Settings) -> None:
        """Take the addresses that are stored, maybe by another window, and put the new ones first."""
        self.addresses = list(dict.fromkeys([*self.unstored, *stored.addresses]))[:_MAX_ADDRESSES]
        targets = stored.targets | {url: self.targets[url] for url in self.unstored}
        self.targets = {known: targets[known] for known in self.addresses if known in targets}

    def forget(self, url: str | None) -> None:
        """Forget an address with its options, or all of them if ``url`` is None."""
        key = None if url is None else without_secrets(url)
        for addresses in self.addresses, self.unstored:
            addresses[:] = [other for other in addresses if key is not None and other != key]
        self.targets = {known: self.targets[known] for known in self.addresses if known in self.targets}

    def forget_secrets(self) -> None:
        """Forget the secrets among the options of all addresses."""
        order, secrets = self.addresses, self.secrets
        self.secrets = False
        for url in reversed(order):
            self.remember(self.recall(url))
        self.secrets = secrets

    def recall(self, url: str) -> Target:
        """Return ``url`` with the options that were used for it.

        If it is unknown, these are the options of the most recent address of the same origin, or else the
        defaults. Verification is always on: turning it off is never remembered.
        """
        try:
            known: dict[str, Any] = dict(self._known(url))  # from a file that may have been edited
            known["protocols"] = tuple(known.get("protocols", ()))
            known["headers"] = tuple((name, value) for name, value in known.get("headers", ()))
            known["greetings"] = tuple(known.get("greetings", ()))
            return Target(url=url, **known)
        except (TypeError, ValueError):
            return Target(url=url)

    def _known(self, url: str) -> dict[str, object]:
        origin = origin_of(url)
        if url not in self.targets and origin is not None:
            url = next((other for other in self.addresses if origin_of(other) == origin), url)
        return self.targets.get(url, {})


def folder() -> Path:
    """Return the folder for settings of tkws on this platform."""
    if sys.platform == "win32":
        base = os.environ.get("APPDATA") or str(Path.home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Application Support")
    else:
        base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "tkws"


def load(path: Path) -> Settings:
    """Read the settings; missing and invalid ones get their defaults."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Settings()
    if not isinstance(stored, dict):
        return Settings()
    settings = Settings()
    for each in fields(settings):
        value = stored.get(each.name)
        if type(value) is type(getattr(settings, each.name)):
            setattr(settings, each.name, value)
    if settings.theme not in ("light", "dark"):
        settings.theme = "light"
    addresses: list[object] = [*settings.addresses]
    settings.addresses = [address for address in addresses if isinstance(address, str)]
    return settings


def store(settings: Settings, path: Path) -> None:
    """Write the settings, and keep the addresses that another window has written meanwhile.

    Raises:
        OSError: They cannot be written; if the file existed, it is unchanged.
    """
    settings.merge(load(path))
    _write(settings, path)
    settings.unstored.clear()


def forget(settings: Settings, path: Path | None, url: str | None) -> None:
    """Forget an address, or all of them if ``url`` is None, in the file too, unless ``path`` is None.

    Raises:
        OSError: The file cannot be written; it is unchanged then.
    """
    if path is not None:
        settings.merge(load(path))
    settings.forget(url)
    if path is not None:
        _write(settings, path)


def _write(settings: Settings, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    contents = asdict(settings)
    del contents["unstored"]
    with replace_text(path) as file:
        json.dump(contents, file, indent=1, ensure_ascii=False)

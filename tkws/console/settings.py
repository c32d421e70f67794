"""What the console remembers: addresses, the look, the size of the window. No secrets.

Kept as JSON in the platform's folder for settings, written beside its place and then put there.
A file that cannot be read counts as none; one that cannot be written is told to the caller.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from tkws.console.target import Target, is_secret, origin_of, without_secrets

_ADDRESSES = 30


@dataclass(slots=True)
class Settings:
    """What is remembered.

    Attributes:
        addresses: Those connected to, the last one first.
        targets: How each was connected to: subprotocols, headers, TLS and proxy.
        theme: ``light`` or ``dark``.
        geometry: Of the window, as Tk writes it.
        side: Whether the side panel is shown.
        detail: Whether the detail pane is shown.
    """

    addresses: list[str] = field(default_factory=list)
    targets: dict[str, dict[str, object]] = field(default_factory=dict)
    theme: str = "light"
    geometry: str = ""
    side: bool = True
    detail: bool = True

    def remember(self, target: Target) -> None:
        """Put a target first, without its passwords, tokens and keys."""
        url = without_secrets(target.url)
        if not url:
            return
        self.addresses = [url, *(other for other in self.addresses if other != url)][:_ADDRESSES]
        self.targets[url] = {
            "protocols": list(target.protocols),
            "headers": [[name, value] for name, value in target.headers if not is_secret(name)],
            "ca_file": target.ca_file,
            "proxy": without_secrets(target.proxy) if "://" in target.proxy else target.proxy,
            "reconnect": target.reconnect,
            "compression": target.compression,
            "ping_interval": target.ping_interval,
        }
        self.targets = {known: self.targets[known] for known in self.addresses if known in self.targets}

    def recall(self, url: str) -> Target:
        """Return how ``url`` was connected to.

        For one that is not known it is how the last address of the same origin was; else the defaults.
        That a certificate was not verified is not remembered: it is to be asked for each time.
        """
        try:
            known = dict(self._known(url))  # whatever a file says that anybody may have edited
            known["protocols"] = tuple(known.get("protocols", ()))  # type: ignore[arg-type]
            known["headers"] = tuple((name, value) for name, value in known.get("headers", ()))  # type: ignore[attr-defined]
            return Target(url=url, **known)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return Target(url=url)

    def _known(self, url: str) -> dict[str, object]:
        origin = origin_of(url)
        if url not in self.targets and origin is not None:
            url = next((other for other in self.addresses if origin_of(other) == origin), url)
        return self.targets.get(url, {})


def folder() -> Path:
    """Return the platform's folder for the settings of a program."""
    if sys.platform == "win32":
        base = os.environ.get("APPDATA") or str(Path.home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Application Support")
    else:
        base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "tkws"


def load(path: Path) -> Settings:
    """Read the settings; what is missing or makes no sense has its default."""
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
    """Write the settings.

    Raises:
        OSError: They cannot be written; what was there before still is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".console.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(settings), file, indent=1, ensure_ascii=False)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise

"""The options of an address. They belong to its origin: scheme, host and port.

A header authenticates at one server, and a CA file is trusted for one server. So an address of another origin
never gets the options entered for this one: it has its own, or the defaults. Knows no widget.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from types import MappingProxyType

from tkws.checks import MAX_SECONDS, check_seconds
from tkws.console.client.target import NO_PROXY, SYSTEM_PROXY, Target, origin_of, read_headers, read_protocols
from tkws.console.memory.secrecy import without_secrets
from tkws.console.memory.settings import Settings

PROXIES = MappingProxyType({SYSTEM_PROXY: "system default", NO_PROXY: "none"})
"""The texts shown for the settings that are not a proxy's URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The fields of a `Target` except its address, as a user enters them; they may be invalid."""

    protocols: str = ""
    headers: str = ""
    ca_file: str = ""
    proxy: str = PROXIES[SYSTEM_PROXY]
    ping_interval: str = "5"
    cert_file: str = ""
    key_file: str = ""
    keep_cookies: bool = False
    verify: bool = True
    greetings: str = ""
    reconnect: bool = False
    compression: bool = True

    @classmethod
    def from_target(cls, target: Target) -> Options:
        """Return the options of a target."""
        return cls(
            protocols=", ".join(target.protocols),
            headers="\n".join(f"{name}: {value}" for name, value in target.headers),
            ca_file=target.ca_file,
            cert_file=target.cert_file,
            key_file=target.key_file,
            keep_cookies=target.keep_cookies,
            proxy=PROXIES.get(target.proxy, target.proxy),
            ping_interval=f"{target.ping_interval:g}",
            verify=target.verify,
            greetings="\n".join(target.greetings),
            reconnect=target.reconnect,
            compression=target.compression,
        )

    @property
    def changed_count(self) -> int:
        """How many options differ from their defaults."""
        default = Options()
        return sum(getattr(self, each.name) != getattr(default, each.name) for each in fields(self))

    def to_target(self, url: str) -> Target:
        """Return the target for ``url`` with these options.

        Raises:
            ValueError: A header or the ping interval is invalid.
        """
        try:
            interval = check_seconds("", float(self.ping_interval or 0))
        except ValueError:
            wanted = f"seconds of 0 or more, at most {MAX_SECONDS:g}"
            raise ValueError(f"Ping interval: {wanted}, not {self.ping_interval!r}") from None
        proxies = {text: proxy for proxy, text in PROXIES.items()}
        return Target(
            url=url,
            protocols=read_protocols(self.protocols),
            headers=read_headers(self.headers),
            ca_file=self.ca_file,
            cert_file=self.cert_file,
            key_file=self.key_file,
            keep_cookies=self.keep_cookies,
            verify=self.verify,
            proxy=proxies.get(self.proxy, self.proxy or SYSTEM_PROXY),
            greetings=tuple(line for line in self.greetings.splitlines() if line.strip()),
            reconnect=self.reconnect,
            compression=self.compression,
            ping_interval=interval,
        )


class OptionsByOrigin:
    """The options of each address: those entered in this run (with secrets), the remembered, or the defaults.

    Args:
        settings: The settings remembered from earlier runs.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept: dict[str, Options] = {}  # by address, the most recent last

    def keep(self, url: str, options: Options) -> None:
        """Keep the options entered for an address until the end of the run."""
        key = without_secrets(url)
        if key and options != self.get(url):
            self._kept.pop(key, None)
            self._kept[key] = options

    def get(self, url: str) -> Options:
        """Return the options of an address, or else those of the last address used with the same origin."""
        key = without_secrets(url)
        if key in self._kept:
            return self._kept[key]
        if key not in self._settings.targets:
            origin = origin_of(url)
            for other, options in reversed(self._kept.items()):
                if origin is not None and origin_of(other) == origin:
                    return options
        return Options.from_target(self._settings.recall(key))

    def forget(self, url: str | None) -> None:
        """Forget the options entered for an address, or for all if ``url`` is None."""
        if url is None:
            self._kept.clear()
        else:
            self._kept.pop(without_secrets(url), None)

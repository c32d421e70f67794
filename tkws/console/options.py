"""What is typed beside an address, and whose it is: options belong to the origin that they were typed for.

A header lets somebody in, and an authority is trusted, at one server. So an address of another origin
(scheme, host and port) never gets what was typed for this one: it has its own, or the defaults.
Knows no widget.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from tkws.console.settings import Settings
from tkws.console.target import (
    NO_PROXY,
    SYSTEM_PROXY,
    Target,
    origin_of,
    read_headers,
    read_protocols,
    without_secrets,
)

PROXIES = {SYSTEM_PROXY: "as the system says", NO_PROXY: "none"}
"""The words for what is not a proxy's URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The fields of a `Target` but its address, as a person types them; whether they make sense or not."""

    protocols: str = ""
    headers: str = ""
    ca_file: str = ""
    proxy: str = PROXIES[SYSTEM_PROXY]
    ping_interval: str = "5"
    verify: bool = True
    reconnect: bool = False
    compression: bool = True

    @classmethod
    def of(cls, target: Target) -> Options:
        """Return the options of a target."""
        return cls(
            protocols=", ".join(target.protocols),
            headers="\n".join(f"{name}: {value}" for name, value in target.headers),
            ca_file=target.ca_file,
            proxy=PROXIES.get(target.proxy, target.proxy),
            ping_interval=f"{target.ping_interval:g}",
            verify=target.verify,
            reconnect=target.reconnect,
            compression=target.compression,
        )

    @property
    def changed(self) -> int:
        """How many are not as they are by default."""
        default = Options()
        return sum(getattr(self, each.name) != getattr(default, each.name) for each in fields(self))

    def target(self, url: str) -> Target:
        """Return the target of ``url`` with these options.

        Raises:
            ValueError: A header or the ping's interval makes no sense.
        """
        try:
            interval = float(self.ping_interval or 0)
        except ValueError:
            interval = -1.0
        if not 0 <= interval < float("inf"):
            raise ValueError(f"Ping: seconds are wanted, 0 for never, not {self.ping_interval!r}")
        words = {word: proxy for proxy, word in PROXIES.items()}
        return Target(
            url=url,
            protocols=read_protocols(self.protocols),
            headers=read_headers(self.headers),
            ca_file=self.ca_file,
            verify=self.verify,
            proxy=words.get(self.proxy, self.proxy or SYSTEM_PROXY),
            reconnect=self.reconnect,
            compression=self.compression,
            ping_interval=interval,
        )


class OptionsByOrigin:
    """The options of every address: those of this run with their secrets, those remembered, or the defaults.

    Args:
        settings: What is remembered from earlier runs.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept: dict[str, Options] = {}  # by address, the newest last

    def keep(self, url: str, options: Options) -> None:
        """Keep what was typed for an address until the end of the run."""
        key = without_secrets(url)
        if key and options != self.of(url):
            self._kept.pop(key, None)
            self._kept[key] = options

    def of(self, url: str) -> Options:
        """Return the options of an address, or else of the one of the same origin that was used last."""
        key = without_secrets(url)
        if key in self._kept:
            return self._kept[key]
        if key not in self._settings.targets:
            origin = origin_of(url)
            for other, options in reversed(self._kept.items()):
                if origin is not None and origin_of(other) == origin:
                    return options
        return Options.of(self._settings.recall(key))

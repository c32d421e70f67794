"""tcllib's ``loglevel``."""

from __future__ import annotations

import logging
from types import MappingProxyType

from tkws.connection.websocket import follow_log_levels
from tkws.options import complete

_log = logging.getLogger("tkws")
_LEVELS = MappingProxyType({"debug": 10, "info": 20, "notice": 25, "warn": 30, "error": 40})


def loglevel(level: str | None = None) -> str:
    """Set or return the level of the logger ``tkws`` (tcllib's ``loglevel``).

    Until a level is set, here or with the module ``logging``, the root logger's level applies: warnings
    and errors by default. Connections that are open follow a change at once.

    Args:
        level: ``"debug"``, ``"info"``, ``"notice"``, ``"warn"`` or ``"error"``, in any case, may be
            abbreviated; None to leave the level unchanged.

    Returns:
        The lowest level that is logged; ``"error"`` also if nothing is logged.

    Raises:
        TypeError: ``level`` is not one of these words.
    """
    if level is not None:
        _log.setLevel(_LEVELS[complete(level, _LEVELS, "level")])
    follow_log_levels()
    return next((name for name, value in _LEVELS.items() if _log.isEnabledFor(value)), "error")

"""tcllib's ``loglevel``."""

from __future__ import annotations

import logging

from tkws.options import complete

_log = logging.getLogger("tkws")
_LEVELS = {"debug": 10, "info": 20, "notice": 25, "warn": 30, "error": 40}


def loglevel(level: str | None = None) -> str:
    """Set, or only return, how much is logged to the logger ``tkws`` (tcllib's ``loglevel``).

    Args:
        level: ``"debug"``, ``"info"``, ``"notice"``, ``"warn"`` or ``"error"`` (the default
            level), in any case and shortened.

    Returns:
        The level's name.

    Raises:
        TypeError: For a word that is none of these.
    """
    if level is not None:
        _log.setLevel(_LEVELS[complete(level, _LEVELS, "level")])
    return max((name for name in _LEVELS if _LEVELS[name] <= max(_log.level, 10)), key=_LEVELS.__getitem__)

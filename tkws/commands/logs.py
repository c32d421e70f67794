"""tcllib's ``loglevel``."""

from __future__ import annotations

import logging

from tkws.options import complete

_log = logging.getLogger("tkws")
_LEVELS = {"debug": 10, "info": 20, "notice": 25, "warn": 30, "error": 40}


def loglevel(level: str | None = None) -> str:
    """Set, or only return, how much is logged to the logger ``tkws`` (tcllib's ``loglevel``).

    Until it is set, here or by the module ``logging``, what ``logging`` says of all loggers counts: warnings
    and errors, unless the program says otherwise.

    Args:
        level: ``"debug"``, ``"info"``, ``"notice"``, ``"warn"`` or ``"error"``, in any case and shortened.

    Returns:
        The lowest level that is logged, whoever set it; ``"error"`` also where none is.

    Raises:
        TypeError: For a word that is none of these.
    """
    if level is not None:
        _log.setLevel(_LEVELS[complete(level, _LEVELS, "level")])
    return next((name for name, value in _LEVELS.items() if _log.isEnabledFor(value)), "error")

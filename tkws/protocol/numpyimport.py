"""The import of numpy, which need not be installed.

Apart from `tkws.protocol.masking`, which may be compiled: compiled code imports a module only once.
"""

from __future__ import annotations

from types import ModuleType


def import_numpy() -> ModuleType | None:
    """Return numpy; None if it cannot be imported."""
    try:
        import numpy
    except (ImportError, OSError):  # it is not installed, or no descriptor is left to read it with
        return None
    return numpy

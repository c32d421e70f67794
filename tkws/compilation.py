"""Whether the hot path is compiled, and how to run a compiled installation as pure Python.

A wheel that was built with ``TKWS_COMPILE=1`` has compiled modules beside their sources, and Python prefers
them. With ``TKWS_PURE=1`` in the environment, importing this module makes Python prefer the sources: so it is
imported before any other of the package.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, TypeVar

PACKAGE = "tkws."

if TYPE_CHECKING:
    from mypy_extensions import mypyc_attr as mypyc_attr  # noqa: PLC0414 - for the others
else:
    Decorated = TypeVar("Decorated")

    def mypyc_attr(**_: object) -> Callable[[Decorated], Decorated]:
        """Return a decorator that only mypyc understands: it does nothing here."""
        return lambda kind: kind


class SourceFinder:
    """Finds the sources of the modules of this package."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where the source of a module of this package is; None for any other module."""
        if fullname.startswith(PACKAGE):
            for folder in path or ():
                spec = FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES)).find_spec(fullname)
                if spec is not None:
                    return spec
        return None


def is_compiled() -> bool:
    """Return whether the compiled modules are used, once the package is imported."""
    return not isinstance(vars(sys.modules["tkws.protocol.frames"])["parse_header"], FunctionType)


if os.environ.get("TKWS_PURE", "0") not in ("", "0"):
    sys.meta_path.insert(0, SourceFinder())

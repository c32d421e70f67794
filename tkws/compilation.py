"""Tells whether the hot path is compiled, and can run a compiled installation as pure Python.

A wheel built with ``TKWS_COMPILE=1`` contains compiled modules next to their sources, and Python prefers the
compiled ones. If the environment has ``TKWS_PURE=1``, importing this module makes Python prefer the sources,
so it must be imported before any other module of the package.
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
    from mypy_extensions import mypyc_attr as mypyc_attr  # noqa: PLC0414 - a re-export
else:
    Decorated = TypeVar("Decorated")

    def mypyc_attr(**_: object) -> Callable[[Decorated], Decorated]:
        """Return a decorator that does nothing at run time; mypyc reads its arguments."""
        return lambda kind: kind


class SourceFinder:
    """Finds the sources of this package's modules, ahead of their compiled versions."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec for the source of a module of this package; None for any other module."""
        if fullname.startswith(PACKAGE):
            for folder in path or ():
                spec = FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES)).find_spec(fullname)
                if spec is not None:
                    return spec
        return None


def is_compiled() -> bool:
    """Return whether compiled modules are in use; call it after the package is imported."""
    return not isinstance(vars(sys.modules["tkws.protocol.frames"])["parse_header"], FunctionType)


if os.environ.get("TKWS_PURE", "0") not in ("", "0"):
    sys.meta_path.insert(0, SourceFinder())

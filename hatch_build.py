"""Compiles the hot path with mypyc if the environment has ``TKWS_COMPILE=1``; otherwise the wheel is pure.

The configuration of this hook in ``pyproject.toml`` lists the modules to compile, and the compiler. Compiled
modules are installed next to their sources, and Python prefers them. An editable installation is always pure.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# For C code and object files, which are rebuilt only if they have changed.
BUILD_FOLDER = ".cache/mypyc"


class CompileHook(BuildHookInterface[Any]):
    """Adds the compiled modules to a wheel."""

    def dependencies(self) -> list[str]:
        """Return the build requirements in addition to hatchling: the compiler, if it is used."""
        return list(self.config["compiler"]) if self._compiles() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the modules, and tag the wheel for this platform and Python version."""
        if version == "editable" or not self._compiles():
            return
        folder = Path(self.root, BUILD_FOLDER)
        for path in compile_modules(self.config["modules"], folder):
            build_data["force_include"][str(path)] = str(path.relative_to(folder / "lib"))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def _compiles(self) -> bool:
        return self.target_name == "wheel" and os.environ.get("TKWS_COMPILE", "0") not in ("", "0")


def compile_modules(modules: list[str], folder: Path) -> list[Path]:
    """Compile modules, whose sources are found relative to the current folder.

    Args:
        modules: Their dotted names.
        folder: The build folder; the results are in its subfolder ``lib``.

    Returns:
        The paths of the compiled modules, and of the library that they share.
    """
    from setuptools import Distribution
    from setuptools.command.build_ext import build_ext

    from mypyc.build import mypycify  # isort: skip # after setuptools, which it then uses

    sources = [f"{module.replace('.', '/')}.py" for module in modules]
    extensions = mypycify(
        # Types are checked elsewhere, with packages that a build does not install.
        ["--config-file=", "--ignore-missing-imports", *sources],
        group_name="tkws",
        target_dir=str(folder / "c"),
        debug_level="0",
    )
    command = build_ext(Distribution({"name": "tkws", "ext_modules": extensions}))
    command.build_lib = str(folder / "lib")
    command.build_temp = str(folder / "objects")
    command.ensure_finalized()
    command.run()
    return [Path(path) for path in command.get_outputs()]

"""What the tests ran on, for the table in ``docs/platforms.md``.

With ``TKWS_RECORD=NAME`` in the environment, a run of pytest writes a line of JSON into
``.cache/platforms/NAME.json``: the versions, and how many tests passed, failed and were skipped. A run with
``--last-failed`` adds its line to that of the run that it repeats.
``python -m tests.record`` prints the table of all such files, and ``--write`` puts it into the page.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import sys
import tkinter
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".cache" / "platforms"
PAGE = ROOT / "docs" / "platforms.md"

BEGIN, END = "<!-- written by tests.record -->", "<!-- end -->"
HEADING = "| tests | system | Python | Tcl/Tk | passed | skipped | failed | on |\n" + "| --- " * 8 + "|"

# What each name stands for, in the order of the table.
TESTS: Mapping[str, str] = MappingProxyType({
    "protocol": "protocol and HTTP",
    "all": "all others",
    "channel": "all but those of texts and programs, on the notifier of Windows",
    "polled": "sockets, connections and asyncio, on the polled notifier",
    "debian-3.15": "loop, sockets, connections, commands, test kit",
    "debian-3.14": "the same",
    "debian-3.14-tcl9": "the same",
    "windows": "loop, sockets, a part of the others",
})  # fmt: skip


class Recorder:
    """A plugin of pytest that writes down what a run was.

    Args:
        name: The name, one of `TESTS`.
        repeats: Whether the run repeats what failed in the one before; else it is the first of this name.
        folder: The folder of the records.
    """

    def __init__(self, name: str, *, repeats: bool, folder: Path = FOLDER) -> None:
        self._path = folder / f"{name}.json"
        self._mode = "a" if repeats else "w"

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        stats = terminalreporter.stats
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open(self._mode, encoding="utf-8") as file:
            counts = {kind: len(stats.get(kind, ())) for kind in ("passed", "skipped", "failed", "error")}
            file.write(json.dumps(versions() | counts) + "\n")


def register(config: pytest.Config) -> None:
    """Write down this run if the environment asks for it: not those that tests start."""
    name = os.environ.pop("TKWS_RECORD", "")
    if name and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(name, repeats=config.getoption("lf", False)))


def versions() -> dict[str, str]:
    """What the tests run on, and the date."""
    from tests.platforms import is_wine

    system = f"{platform.system()} {platform.release()}" if sys.platform == "win32" else platform.system()
    return {
        "system": f"{system}, under Wine" if is_wine() else system,
        "python": platform.python_version(),
        "tcl": str(tkinter.Tcl().eval("info patchlevel")),
        "on": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def row(name: str, runs: list[dict[str, Any]]) -> str:
    """Return a name's line of the table: a second run had the tests that failed in the first."""
    last = runs[-1]
    passed = sum(run["passed"] for run in runs)
    failed = last["failed"] + last["error"]
    cells = (
        last["system"],
        last["python"],
        last["tcl"],
        f"{passed:,}",
        runs[0]["skipped"],
        failed,
        last["on"],
    )
    return " | ".join(["| " + TESTS[name], *map(str, cells)]) + " |"


def table(folder: Path = FOLDER) -> str:
    """Return the table of what was written down."""
    found = {path.stem: _runs(path) for path in folder.glob("*.json")}
    return "\n".join([HEADING, *(row(name, found[name]) for name in TESTS if name in found)])


def _runs(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main(arguments: Iterable[str] | None = None) -> None:
    """Print the table, or put it into the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.record", description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="put the table into docs/platforms.md")
    options = parser.parse_args(None if arguments is None else list(arguments))
    if not options.write:
        print(table())
        return
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()

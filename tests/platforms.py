"""The tests that cannot hold on Windows, each with the reason.

`POSIX` has those for which Windows lacks something, `WINE` those that Wine alone fails. Both map a file below
``tests`` to its tests, to cases of them (an id in brackets), or to ``*`` for all. `mark` gives such tests the
marker ``posix`` or ``wine``, and skips them where they cannot hold.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

import pytest

Reasons: TypeAlias = Mapping[str, Mapping[str, str]]

POSIX: Reasons = MappingProxyType({
    "loop/test_bell.py": {
        "test_all_low_descriptors_are_taken": "Tcl has no limit of descriptors there",
    },
    "loop/test_facts.py": {"*": "these are facts of Tk's file handlers"},
    "loop/test_loop_for.py": {
        "test_a_closed_loop_is_freed_without_the_collector[True-TkLoop]": "Tk has no file handlers there",
        "test_a_closed_loop_is_freed_without_the_collector[False-TkLoop]": "Tk has no file handlers there",
        "test_the_environment_forces_the_kind[filehandler-TkLoop]": "Tk has no file handlers there",
        "test_a_readiness_object_beyond_what_tk_can_watch_means_polling": "no setrlimit",
        "test_file_handlers_are_used_where_there_are_any": "there are none",
    },
    "loop/test_tk.py": {"*": "Tk has no file handlers there"},
})  # fmt: skip

WINE: Reasons = MappingProxyType(
    {
        "loop/test_loop_for.py": {
            "test_a_thousand_loops_leave_nothing": "a loop takes a tenth of a second there"
        },
    }
)


def is_wine() -> bool:
    """Whether this Windows is Wine."""
    if sys.platform != "win32":
        return False
    return hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


def reason_for(nodeid: str, reasons: Reasons) -> str | None:
    """The reason why a test is in a list, or None if it is not."""
    where, bracket, case = nodeid.partition("[")
    path, _, test = where.replace("\\", "/").removeprefix("tests/").partition("::")
    name = test.rpartition("::")[2]
    listed = reasons.get(path, {})
    return next((listed[key] for key in (name + bracket + case, name, "*") if key in listed), None)


def mark(items: list[pytest.Item]) -> None:
    """Mark what is listed, and skip it where it cannot hold."""
    absent = {"posix": sys.platform == "win32", "wine": is_wine()}
    for item in items:
        for name, reasons in (("posix", POSIX), ("wine", WINE)):
            reason = reason_for(item.nodeid, reasons)
            if reason is not None:
                item.add_marker(name)
                if absent[name]:
                    item.add_marker(pytest.mark.skip(reason=reason))

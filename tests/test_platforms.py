"""The lists of tests that cannot hold on Windows or Tcl 9: each names a test that exists, and says why."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.platforms import LISTS, Reasons, reason_for

TESTS = Path(__file__).parent


@pytest.mark.parametrize("name", LISTS)
def test_each_entry_is_a_test_with_a_reason(name: str) -> None:
    reasons = LISTS[name]
    assert list(reasons) == sorted(reasons)
    for path, listed in reasons.items():
        source = (TESTS / path).read_text(encoding="utf-8")
        defined = set(re.findall(r"^ *(?:async )?def (test_\w+)\(", source, re.MULTILINE))
        assert {test.partition("[")[0] for test in listed} <= {*defined, "*"}, path
        assert all(len(reason) > 5 for reason in listed.values()), path


@pytest.mark.parametrize("name", LISTS)
def test_no_entry_is_in_vain_beside_its_whole_file(name: str) -> None:
    assert [path for path, listed in LISTS[name].items() if "*" in listed and len(listed) > 1] == []


@pytest.mark.parametrize(
    ("nodeid", "reason"),
    [
        ("tests/a.py::test_one", "first"),
        ("tests/a.py::test_one[case]", "first"),
        ("tests/a.py::TestKind::test_one[a::b]", "first"),
        ("tests\\a.py::test_one", "first"),
        ("tests/a.py::test_two", None),
        ("tests/a.py::test_two[case]", "second"),
        ("tests/a.py::test_two[other case]", None),
        ("tests/b/c.py::test_one", "all"),
        ("tests/c.py::test_one", None),
    ],
)
def test_a_test_is_found_by_its_name(nodeid: str, reason: str | None) -> None:
    reasons: Reasons = {"a.py": {"test_one": "first", "test_two[case]": "second"}, "b/c.py": {"*": "all"}}
    assert reason_for(nodeid, reasons) == reason

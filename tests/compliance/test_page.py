"""The page about conformance, made of results that the suite and pytest left."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compliance.page import GROUPS, Machine, about, counts, page
from tests.compliance.run import expected, read_report

MACHINE = Machine("3.11.9", "8.6.13", "Linux x86_64, 2 processors")

# As the suite leaves it: a few of its cases.
INDEX = """{"tkws": {
    "1.1.1": {"behavior": "OK", "behaviorClose": "OK", "duration": 2, "remoteCloseCode": 1000},
    "1.1.2": {"behavior": "OK", "behaviorClose": "OK", "duration": 2, "remoteCloseCode": 1000},
    "7.13.1": {"behavior": "INFORMATIONAL", "behaviorClose": "INFORMATIONAL", "reportfile": "c"},
    "10.1.1": {"behavior": "NON-STRICT", "behaviorClose": "OK", "duration": 3, "reportfile": "d"}}}"""

# As pytest leaves it, by --junit-xml.
CASE = """<testcase classname="tests.interop.test_peers" name="test_{n}" time="0.1"><properties>
<property name="peer" value="{peer}"/><property name="version" value="{version}"/>
<property name="role" value="{role}"/><property name="conversation" value="{talk}"/>
</properties>{end}</testcase>"""
CASES = [
    CASE.format(n=1, peer="ws", version="8.1", role="client", talk="messages", end=""),
    CASE.format(n=2, peer="ws", version="8.1", role="server", talk="messages", end=""),
    CASE.format(n=3, peer="tcllib", version="1.4", role="client", talk="messages", end="<failure/>"),
    CASE.format(n=4, peer="tcllib", version="1.4", role="both", talk="gossip", end='<skipped message="no"/>'),
    '<testcase classname="tests.property.test_split" name="test_x" time="0.1"/>',
    '<testcase classname="tests.property.test_split" name="test_y" time="0.1"><error/></testcase>',
    '<testcase classname="tests.interop.test_record" name="test_z" time="0.1"/>',
]


@pytest.fixture
def written(tmp_path: Path) -> list[str]:
    """The lines of the page."""
    (tmp_path / "index.json").write_text(INDEX, encoding="utf-8")
    report = tmp_path / "report.xml"
    report.write_text(f"<testsuites><testsuite>{''.join(CASES)}</testsuite></testsuites>", encoding="utf-8")
    results = {"client": read_report(tmp_path), "server": read_report(tmp_path)}
    results["server"]["10.1.1"] = ("OK", "OK")
    return page("2026-01-02", MACHINE, expected(), results, report).splitlines()


def test_it_says_what_of_and_when(written: list[str]) -> None:
    [line] = [line for line in written if line.startswith("tkws ")]
    assert line.endswith("Python 3.11.9, Tcl/Tk 8.6.13, Linux x86_64, 2 processors, 2026-01-02.")
    assert any(f"has {expected()['cases']} cases, of which 4 ran" in line for line in written)


def test_the_suites_groups_are_counted_in_each_role(written: list[str]) -> None:
    assert "| 1 framing | 2 | 2 OK | 2 OK | 2 OK | 2 OK |" in written
    assert (
        "| 7 closing | 1 | 1 INFORMATIONAL | 1 INFORMATIONAL | 1 INFORMATIONAL | 1 INFORMATIONAL |" in written
    )
    assert "| 10 the rest | 1 | 1 NON-STRICT | 1 OK | 1 OK | 1 OK |" in written
    assert not any(line.startswith("| 2 ") for line in written)
    [total] = [line for line in written if line.startswith("| all ")]
    assert total == (
        "| all | 4 | 2 OK, 1 INFORMATIONAL, 1 NON-STRICT | 3 OK, 1 INFORMATIONAL "
        "| 3 OK, 1 INFORMATIONAL | 3 OK, 1 INFORMATIONAL |"
    )


def test_what_is_informational_has_its_reason_and_what_is_wrong_is_told(written: list[str]) -> None:
    cases = [line for line in written if line.startswith("- ")]
    reason = expected()["exceptions"]["7.13.1"]["reason"]
    assert cases == [f"- 7.13.1: {reason}", "- client, 10.1.1: NON-STRICT and OK"]


def test_peers_and_conversations_are_in_tables(written: list[str]) -> None:
    assert "| tcllib | 1.4 | 1 failed | none | 1 skipped |" in written
    assert "| ws | 8.1 | 1 passed | 1 passed | none |" in written
    assert "| messages | C failed | C S |" in written
    assert "With tcllib alone: gossip." in written


def test_random_input_is_told_by_its_modules(written: list[str]) -> None:
    assert (
        f"| {about('tests.property.test_split')} | 1 failed, 1 passed | `tests.property.test_split` |"
        in written
    )
    assert not any("test_record" in line for line in written)


def test_without_a_report_it_is_about_the_suite_alone() -> None:
    lines = page("2026-01-02", MACHINE, expected(), {"client": {"1.1.1": ("OK", "OK")}}, None).splitlines()
    assert [line for line in lines if line.startswith("#")] == ["# Conformance", "## Autobahn|Testsuite"]
    assert "| group | cases | client: behaviour | client: end |" in lines


def test_each_group_of_the_suite_has_a_title() -> None:
    groups = {case.partition(".")[0] for case in expected()["exceptions"]}
    assert groups <= GROUPS.keys()
    assert counts([]) == ""


def test_this_machine_can_be_told() -> None:
    assert all(vars(Machine.here()).values())

"""The page of the documentation with the results: what the suite, other implementations and random input say.

Knows nothing of how the results come about: the suite's are handed in, those of the tests are in a report of
pytest's (``--junit-xml``). It says what it finds, the bad as the good.
"""

from __future__ import annotations

import ast
import importlib.metadata
import os
import platform
import re
import tkinter
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import tkws
from tests.interop.record import Result, read

REPOSITORY = Path(__file__).parents[2]

Results = dict[str, tuple[str, str]]
"""For each case what the suite says of the behaviour, and of the end of the connection."""

GROUPS = {
    "1": "framing",
    "2": "pings and pongs",
    "3": "reserved bits",
    "4": "opcodes",
    "5": "fragmentation",
    "6": "UTF-8",
    "7": "closing",
    "9": "limits and performance",
    "10": "the rest",
    "12": "compression of various data",
    "13": "compression, as negotiated",
}
"""The suite's groups of cases."""

ORACLES = ("websockets", "wsproto")
"""The engines that are fed the same as ours, where the tests import them."""

RANDOM = ("tests.property", "tests.fuzz")
"""Where the tests with random input are."""

BY_HAND = """\
## Web Platform Tests

A part of `websockets/` of [the tests that browsers share](https://github.com/web-platform-tests/wpt), 124
checks on opening, sending, closing and `WebSocketStream`, was run once by hand: rewritten without their
harness, on 2026-11-27, in Chromium 156, against a tkws server that plays their handlers. With
`echo_close_reason=True` all 124 passed over `ws:`, and the 122 that were tried over `wss:`. Without that
option six fail over `ws:`, those that expect the reason of a Close back. What needs a server that breaks
the protocol or delays its Close was left out.
"""
"""What no script of this repository can repeat."""


@dataclass(frozen=True)
class Machine:
    """Where the results come from."""

    python: str
    tk: str
    system: str

    @classmethod
    def here(cls) -> Machine:
        """This one."""
        patchlevel = tkinter.Tcl().eval("info patchlevel")
        system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
        return cls(platform.python_version(), patchlevel, system)


def page(
    date: str, machine: Machine, suite: Mapping[str, Any], results: dict[str, Results], report: Path | None
) -> str:
    """The page.

    Args:
        date: When, as it is to stand there.
        machine: Where.
        suite: What is expected of the suite, the content of ``expected.json``.
        results: What the suite found, for each role of tkws.
        report: What pytest said of the other tests; None for the suite alone.
    """
    lines = [
        "# Conformance",
        "",
        "What others say of tkws: written by `bash tests/compliance/write.sh WSTEST`, never by hand.",
        "",
        f"tkws {tkws.__version__}, Python {machine.python}, Tcl/Tk {machine.tk}, {machine.system}, {date}.",
        "",
        *of_the_suite(suite, results),
    ]
    if report is not None:
        lines += [*of_the_peers(read(report)), *of_random_input(report), *BY_HAND.splitlines(), ""]
    return "\n".join(lines)


# The suite


def of_the_suite(suite: Mapping[str, Any], results: dict[str, Results]) -> list[str]:
    """The section about the Autobahn|Testsuite."""
    ran = len({case for cases in results.values() for case in cases})
    lines = [
        "## Autobahn|Testsuite",
        "",
        f"[Version {suite['suite']}](https://github.com/crossbario/autobahn-testsuite)",
        f"has {suite['cases']} cases, of which {ran} ran,",
        "against an echo client and an echo server on Tk's loop.",
        "Both compress with zlib's level 1: the level is no matter of the protocol, and level 6 takes two",
        "and a half times as long (5.3 instead of 2.0 ms of a processor for 128 KiB of text).",
        "*Behaviour* is what happened in the case, *end* how the connection was closed.",
        "",
    ]
    columns = [f"{role}: {what}" for role in results for what in ("behaviour", "end")]
    rows = [group_row(group, title, results) for group, title in GROUPS.items()]
    total = ["all", *group_row("", "", results)[1:]]
    lines += table(["group", "cases", *columns], [*filter(None, rows), total])
    lines += [*informational(suite, results), *not_as_expected(suite, results)]
    return lines


def group_row(group: str, title: str, results: dict[str, Results]) -> list[str]:
    """The row of a group, or of all cases for an empty one; empty where none was run."""
    found = [
        [result for case, result in cases.items() if not group or case.partition(".")[0] == group]
        for cases in results.values()
    ]
    if not any(found):
        return []
    sizes = sorted({len(each) for each in found})
    cells = [f"{group} {title}", " or ".join(map(str, sizes))]
    for each in found:
        cells += [counts(behaviour for behaviour, _ in each), counts(end for _, end in each)]
    return cells


def counts(kinds: Iterable[str]) -> str:
    """How often there is which kind, OK first."""
    counted = sorted(Counter(kinds).items(), key=lambda item: (item[0] != "OK", item[0]))
    return ", ".join(f"{count} {kind}" for kind, count in counted)


def informational(suite: Mapping[str, Any], results: dict[str, Results]) -> list[str]:
    """Those cases that the suite itself only calls informational, with the reason."""
    ran = {case for cases in results.values() for case in cases}
    reasons = [f"- {case}: {why['reason']}" for case, why in suite["exceptions"].items() if case in ran]
    if not reasons:
        return []
    return ["What the suite itself calls INFORMATIONAL, since the RFC leaves it open:", "", *reasons, ""]


def not_as_expected(suite: Mapping[str, Any], results: dict[str, Results]) -> list[str]:
    """Those cases that went otherwise than they should."""
    lines = []
    for role, cases in results.items():
        for case, result in cases.items():
            wanted = tuple(suite["exceptions"].get(case, {}).get("results", ("OK", "OK")))
            if result != wanted:
                lines.append(f"- {role}, {case}: {' and '.join(result)}")
    return ["**Not as it should be:**", "", *lines, ""] if lines else []


# Other implementations


def of_the_peers(results: list[Result]) -> list[str]:
    """The section about the conversations with other implementations."""
    peers = sorted({result.peer for result in results})
    header = ["implementation", "version", "tkws as client", "as server", "as both"]
    rows = []
    for peer in peers:
        mine = [result for result in results if result.peer == peer]
        roles = [counts_of(mine, role) for role in ("client", "server", "both")]
        rows.append([peer, ", ".join(sorted({result.version for result in mine})), *roles])
    return [
        "## Other implementations",
        "",
        "Conversations over real sockets, in every role that the other end has, and with compression",
        "where it has that. What both ends heard is compared with the RFC; where the other end departs,",
        "`tests/interop/test_peers.py` says how. The columns count tests.",
        "",
        *table(header, rows),
        *matrix(peers, results),
    ]


def counts_of(results: list[Result], role: str) -> str:
    return counts(result.outcome for result in results if result.role == role) or "none"


def matrix(peers: list[str], results: list[Result]) -> list[str]:
    """Which conversation was held with whom, for those that were held with several."""
    held: dict[str, dict[str, set[str]]] = {}
    for result in results:
        mark = result.role[0].upper() + ("" if result.outcome == "passed" else f" {result.outcome}")
        held.setdefault(result.conversation, {}).setdefault(result.peer, set()).add(mark)
    common = {talk: of for talk, of in held.items() if len(of) > 1}
    columns = [peer for peer in peers if any(peer in of for of in common.values())]
    rows = [[talk, *(" ".join(sorted(of.get(peer, ()))) for peer in columns)] for talk, of in common.items()]
    alone = [
        f"With {peer} alone: {'; '.join(talk for talk, of in held.items() if of.keys() == {peer})}.\n"
        for peer in peers
        if any(of.keys() == {peer} for of in held.values())
    ]
    return [
        "**C**lient, **S**erver or **B**oth is what tkws was; empty is what the other end cannot do.",
        "",
        *table(["conversation", *columns], rows),
        *alone,
    ]


# Random input


def of_random_input(report: Path) -> list[str]:
    """The section about the tests with random input."""
    outcomes: dict[str, list[str]] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        module = case.get("classname", "")
        if module.startswith(RANDOM):
            outcomes.setdefault(module, []).append(outcome(case))
    rows = [[about(module), counts(found), f"`{module}`"] for module, found in sorted(outcomes.items())]
    beside = [f"{name} {importlib.metadata.version(name)}" for name in ORACLES if is_asked(name)]
    lines = ["## Random input", ""]
    if beside:
        lines += [f"Engines that are fed the same, to compare: {', '.join(beside)}.", ""]
    return [*lines, *table(["what", "tests", "where"], rows)] if rows else []


def outcome(case: ElementTree.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def about(module: str) -> str:
    """The first line of a module's docstring."""
    source = (REPOSITORY / module.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


def is_asked(oracle: str) -> bool:
    """Whether a test with random input imports another engine."""
    folders = [REPOSITORY / module.replace(".", "/") for module in RANDOM]
    wanted = re.compile(rf"^(import|from) {oracle}\b", re.MULTILINE)
    return any(
        wanted.search(file.read_text(encoding="utf-8")) for folder in folders for file in folder.rglob("*.py")
    )


def table(header: list[str], rows: list[list[str]]) -> list[str]:
    """A table of Markdown, and an empty line."""
    lines = [header, ["---"] * len(header), *rows]
    return [*(f"| {' | '.join(cells)} |" for cells in lines), ""]

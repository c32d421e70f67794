"""What the tests against other implementations leave on record: with whom, in which role, how it went.

A module of tests names the implementation at the other end by ``PEER = "websockets"``, or a test does so by
its parameter ``peer``. Every such test gets these properties in the report that pytest itself writes, by
``--junit-xml=FILE``:

- ``peer``: a name in `VERSIONS`, and ``version``: the one that took part.
- ``role``: of tkws, ``client``, ``server`` or ``both``.
- ``conversation``: what was held, in words. Some are held by several tests, each with other parameters.

`read` makes `Result` objects of the report. A test that failed or was skipped is in it as one that passed is.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import curl_cffi
import pytest

# Where tests/run.sh installs what tests/interop/node/package.json names.
NODE_MODULES = Path(__file__).parents[2] / ".cache" / "node" / "node_modules"


def _tcllib() -> str:
    ask = "puts [package require websocket]"
    return subprocess.run(
        ["tclsh"], input=ask, capture_output=True, encoding="utf-8", timeout=30, check=False
    ).stdout.strip()


def _node_package(name: str) -> str:
    return json.loads((NODE_MODULES / name / "package.json").read_text(encoding="utf-8"))["version"]


def _chromium() -> str:
    told = subprocess.run(
        ["chromium", "--version"], capture_output=True, encoding="utf-8", timeout=30, check=False
    ).stdout
    return told.split()[1]


def _curl_command() -> str:
    told = subprocess.run(
        ["curl", "--version"], capture_output=True, encoding="utf-8", timeout=30, check=False
    ).stdout
    return told.split()[1]


def _libcurl() -> str:
    return curl_cffi.Curl().version().decode().split()[0].removeprefix("libcurl/")


# Asks each peer for its version.
VERSIONS: dict[str, Callable[[], str]] = {
    "chromium": _chromium,
    "curl": _libcurl,
    "curl command": _curl_command,
    "tcllib": _tcllib,
    **{name: functools.partial(_node_package, name) for name in ("undici", "ws")},
    **{
        name: functools.partial(importlib.metadata.version, name)
        for name in ("aiohttp", "picows", "websocket-client", "websockets")
    },
}


@dataclass(frozen=True)
class Result:
    """How one test went.

    Attributes:
        outcome: ``passed``, ``failed`` or ``skipped``.
        reason: Why it was skipped.
        peer, version, role, conversation: As above.
    """

    peer: str
    version: str
    role: str
    conversation: str
    outcome: str
    reason: str = ""


def read(report: Path) -> list[Result]:
    """The results in a report of pytest's (``--junit-xml``), in the order of the tests."""
    found = []
    for case in ElementTree.parse(report).iter("testcase"):
        properties = {each.get("name", ""): each.get("value", "") for each in case.iter("property")}
        if "peer" in properties:
            found.append(_result(case, properties))
    return found


@functools.cache
def version_of(peer: str) -> str:
    """The version of a peer; empty where it is not installed."""
    try:
        return VERSIONS[peer]()
    except (OSError, importlib.metadata.PackageNotFoundError):
        return ""


@pytest.fixture(autouse=True)
def _for_the_record(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    """Puts the properties above into the report."""
    parameters: dict[str, Any] = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    peer = parameters.get("peer", getattr(request.module, "PEER", None))
    if peer is None:
        return
    record_property("peer", peer)
    record_property("version", version_of(peer))
    record_property("role", parameters.get("role", _role(request.fixturenames)))
    told = request.function.__name__.removeprefix("test_").replace("_", " ")
    record_property("conversation", parameters.get("conversation", told))


def _role(fixtures: list[str]) -> str:
    """The role of tkws in a test that holds up one end only."""
    theirs = {"their_server": "client", "their_client": "server", "tab": "server", "curl": "server"}
    roles = [role for fixture, role in theirs.items() if fixture in fixtures]
    return roles[0] if len(roles) == 1 else "both"


def _result(case: ElementTree.Element, properties: dict[str, str]) -> Result:
    outcome, reason = "passed", ""
    if case.find("failure") is not None or case.find("error") is not None:
        outcome = "failed"
    elif (skipped := case.find("skipped")) is not None:
        outcome, reason = "skipped", skipped.get("message", "")
    return Result(**properties, outcome=outcome, reason=reason)

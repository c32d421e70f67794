"""The record of conversations, by way of a report of pytest's."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.interop.record import VERSIONS, Result, read, version_of

REPOSITORY = Path(__file__).parents[2]

INNER = """
import pytest
from tests.interop.record import _for_the_record

PEER = "websockets"

@pytest.fixture
def their_server():
    pass

@pytest.mark.parametrize("role", ["client", "server"])
def test_small_talk(role):
    pass

@pytest.mark.parametrize("conversation", ["a quarrel"])
def test_words(their_server, conversation):
    assert not conversation

@pytest.mark.parametrize("peer", ["tcllib"])
def test_silence(peer):
    pytest.skip("nobody is there")
"""


@pytest.fixture
def recorded(pytester: pytest.Pytester, monkeypatch) -> Callable[[str], list[Result]]:
    """``recorded(source)``: what a run of pytest of its own records."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))

    def run(source: str) -> list[Result]:
        pytester.makepyfile(source)
        pytester.runpytest_subprocess("--junit-xml=report", "--override-ini=junit_family=xunit1")
        return read(pytester.path / "report")

    return run


@pytest.mark.slow
def test_what_is_recorded_can_be_read(recorded) -> None:
    version = importlib.metadata.version("websockets")
    assert recorded(INNER) == [
        Result("websockets", version, "client", "small talk", "passed"),
        Result("websockets", version, "server", "small talk", "passed"),
        Result("websockets", version, "client", "a quarrel", "failed"),
        Result("tcllib", version_of("tcllib"), "both", "silence", "skipped", "nobody is there"),
    ]


@pytest.mark.slow
def test_what_has_no_peer_is_not_recorded(recorded) -> None:
    assert recorded("from tests.interop.record import _for_the_record\ndef test_alone(): pass") == []


@pytest.mark.parametrize("missing", [FileNotFoundError, importlib.metadata.PackageNotFoundError])
def test_a_peer_that_is_not_installed_has_no_version(monkeypatch, missing) -> None:
    def fail() -> str:
        raise missing

    monkeypatch.setitem(VERSIONS, str(missing), fail)
    assert version_of(str(missing)) == ""

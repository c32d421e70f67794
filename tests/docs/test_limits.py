"""The table of the limits: every option in it is one, with its real default, and no limit is left out."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from tkws.options import ConnectionOptions, ServerOptions

PAGE = (Path(__file__).parents[2] / "docs" / "security.md").read_text()
ROWS = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", PAGE, re.MULTILINE)

# Options that say what is done, not how much.
NO_LIMITS = {"handler", "ping", "compression", "low_water", "offline_buffer", "reentrant", "slow_peer"}


@pytest.mark.parametrize(("name", "default"), ROWS)
def test_a_default_is_the_real_one(name: str, default: str) -> None:
    [field] = [field for field in fields(ServerOptions) if field.name == name]
    assert default == repr(field.default)


def test_every_limit_has_one_row() -> None:
    names = sorted({field.name for field in fields(ServerOptions)} - NO_LIMITS)
    assert sorted(name for name, _ in ROWS) == names


def test_what_differs_in_a_client_is_said() -> None:
    ours = {field.name: field.default for field in fields(ServerOptions)}
    differ = {
        field.name: field.default for field in fields(ConnectionOptions) if ours[field.name] != field.default
    }
    said = dict(re.findall(r"`(\w+)` is (None|[\d.]+\d)", PAGE.rpartition("In a client")[2]))
    assert said == {name: repr(default) for name, default in differ.items()}

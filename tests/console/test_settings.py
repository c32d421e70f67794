"""What is remembered comes back, without secrets, and a file that makes no sense does no harm."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tkws.console.client.target import NO_PROXY, Target
from tkws.console.memory.settings import Settings, folder, load, store


def test_what_is_stored_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "new" / "console.json"
    settings = Settings(theme="dark", geometry="800x600+0+0", side=False)
    settings.remember(Target(url="wss://a/", protocols=("x",), headers=(("A", "1"),), reconnect=True))
    store(settings, path)
    assert load(path) == settings
    assert [entry.name for entry in path.parent.iterdir()] == ["console.json"]


def test_a_target_is_recalled_as_it_was() -> None:
    settings = Settings()
    target = Target(
        url="wss://a/", protocols=("x", "y"), headers=(("A", "1"),), proxy=NO_PROXY, ca_file="/ca.pem",
        reconnect=True, compression=False, ping_interval=1.0,
    )  # fmt: skip
    settings.remember(target)
    assert settings.recall("wss://a/") == target
    assert settings.recall("wss://b/") == Target(url="wss://b/")


def test_secrets_are_not_remembered(tmp_path: Path) -> None:
    settings = Settings()
    settings.remember(
        Target(
            url="wss://user:pass1@a/?token=pass2&x=1",
            headers=(("Authorization", "Bearer pass3"), ("X-Api-Key", "pass4"), ("Accept-Language", "de")),
            proxy="http://me:pass5@proxy:3128",
            verify=False,
        )
    )
    store(settings, tmp_path / "console.json")
    stored = (tmp_path / "console.json").read_text(encoding="utf-8")
    assert "pass" not in stored
    recalled = settings.recall("wss://a/?token=&x=1")
    assert recalled.headers == (("Accept-Language", "de"),)
    assert recalled.proxy == "http://proxy:3128"
    assert recalled.verify, "that nothing is verified is asked for each time"


def test_the_newest_address_is_first_and_the_oldest_goes() -> None:
    settings = Settings()
    for number in range(40):
        settings.remember(Target(url=f"ws://h/{number}"))
    settings.remember(Target(url="ws://h/20"))
    assert settings.addresses[:2] == ["ws://h/20", "ws://h/39"]
    assert len(settings.addresses) == len(settings.targets) == 30


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        '{"theme": "grey", "addresses": 1, "targets": [], "side": "yes"}',
        '{"addresses": [1], "targets": {"ws://a/": 1}}',
    ],
)
def test_a_file_that_makes_no_sense_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "console.json").write_text(text, encoding="utf-8")
    settings = load(tmp_path / "console.json")
    assert (settings.theme, settings.side, settings.addresses) == ("light", True, [])
    assert settings.recall("ws://a/") == Target(url="ws://a/")


@pytest.mark.parametrize("kept", [{"proxy": 1, "headers": 3}, {"headers": [["A"]]}, {"unknown": 1}, 5])
def test_a_target_that_makes_no_sense_is_recalled_as_a_new_one(kept: Any) -> None:
    assert Settings(targets={"ws://a/": kept}).recall("ws://a/") == Target(url="ws://a/")


def test_a_file_that_is_not_there_counts_as_none(tmp_path: Path) -> None:
    assert load(tmp_path / "console.json") == Settings()


def test_what_cannot_be_stored_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        store(Settings(), tmp_path / "file" / "console.json")


@pytest.mark.parametrize(
    ("platform", "variable", "place"),
    [
        ("linux", "XDG_CONFIG_HOME", "tkws"),
        ("win32", "APPDATA", "tkws"),
        ("darwin", "HOME", "Library/Application Support/tkws"),
    ],
)
def test_the_folder_is_the_platforms(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, variable: str, place: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    assert folder() == tmp_path / place


def test_two_windows_keep_the_addresses_of_both(tmp_path: Path) -> None:
    path = tmp_path / "console.json"
    first, second = load(path), load(path)
    first.remember(Target(url="ws://one/", protocols=("a",)))
    store(first, path)
    second.remember(Target(url="ws://two/", protocols=("b",)))
    store(second, path)
    assert load(path).addresses == ["ws://two/", "ws://one/"]
    assert load(path).recall("ws://one/").protocols == ("a",)
    first.remember(Target(url="ws://two/", protocols=("c",)))
    store(first, path)
    assert load(path).addresses == ["ws://two/", "ws://one/"]
    assert load(path).recall("ws://two/").protocols == ("c",), "the last one to write knows best"

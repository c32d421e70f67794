"""What is remembered of an address is stored at once, from several windows, and gone when it is forgotten."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tkws.console.memory.memory import MAX_FILTERS, Memory, Sent
from tkws.console.memory.remembering import Remembering
from tkws.console.send.history import MAX_ENTRIES, Entry

A, B = "ws://a/", "ws://b/"


def entry(text: str, kind: str = "Text") -> Entry:
    return Entry(kind, text)


class Window:
    """What one window remembers.

    Attributes:
        told: What it said.
        secrets: Whether it stores secrets.
    """

    def __init__(self, path: Path | None, url: str = A) -> None:
        self.told: list[str] = []
        self.secrets = False
        self.remembering = Remembering(Memory(path), lambda: self.secrets, self.told.append)
        self.unsent = self.remembering.go_to(url)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "memory.sqlite3"


def test_each_address_has_its_own(path: Path) -> None:
    memory = Memory(path)
    memory.add_sent(A, Sent(1.0, entry("one")))
    memory.add_sent(B, Sent(2.0, entry("two", "Hex")))
    memory.save(A, "login", entry("{}", "JSON"))
    memory.set_variables(A, {"user": "me"})
    memory.add_filter(A, "type=trade", 1.0)
    for kind, text in (("Silence", "5 s"), ("Pattern", "level=error"), ("Silence", "5 s"), ("Gap", "n")):
        memory.add_watch(A, kind, text)
    memory.remove_watch(A, "Gap", "n")
    assert (memory.watches(A), memory.watches(B)) == ([("Silence", "5 s"), ("Pattern", "level=error")], [])
    assert memory.sent(A) == [Sent(1.0, entry("one"))]
    assert (memory.saved(A), memory.saved(B)) == ({"login": entry("{}", "JSON")}, {})
    assert (memory.variables(A), memory.variables(B)) == ({"user": "me"}, {})
    assert (memory.filters(A), memory.filters(B)) == (["type=trade"], [])
    memory.forget(A)
    assert (memory.sent(A), memory.saved(A), memory.variables(A), memory.filters(A)) == ([], {}, {}, [])
    assert memory.watches(A) == []
    assert memory.sent(B) == [Sent(2.0, entry("two", "Hex"))]


def test_reading_makes_no_file(path: Path) -> None:
    assert Window(path).remembering.sent() == []
    assert not path.parent.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such permissions")
def test_nobody_else_can_read_the_file(path: Path) -> None:
    Window(path).remembering.add_sent(entry("one"))
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_two_windows_see_what_both_have_sent_at_once(path: Path) -> None:
    first, second = Window(path), Window(path)
    for number in range(3):
        first.remembering.add_sent(entry(f"first {number}"))
        second.remembering.add_sent(entry(f"second {number}"))
    texts = [f"{name} {number}" for number in range(3) for name in ("first", "second")]
    assert [each.text for each in first.remembering.sent()] == texts
    assert first.remembering.sent() == second.remembering.sent() == Window(path).remembering.sent()


@pytest.mark.slow
def test_the_oldest_messages_and_filters_go(path: Path) -> None:
    memory = Memory(path)
    for number in range(MAX_ENTRIES + 3):
        memory.add_sent(A, Sent(float(number), entry(str(number))))
    for number in range(MAX_FILTERS + 3):
        memory.add_filter(A, str(number), float(number))
    assert [sent.entry.text for sent in memory.sent(A)] == [str(n) for n in range(3, MAX_ENTRIES + 3)]
    assert memory.filters(A) == [str(number) for number in range(MAX_FILTERS + 2, 2, -1)]


def test_a_filter_that_is_used_again_is_the_newest(path: Path) -> None:
    memory = Memory(path)
    for when, text in enumerate(("a", "b", "a")):
        memory.add_filter(A, text, float(when))
    assert memory.filters(A) == ["a", "b"]


def test_what_was_left_unsent_is_there_for_the_next_window(path: Path) -> None:
    Window(path).remembering.keep_unsent([entry("changed"), entry("a draft", "JSON")])
    second = Window(path)
    assert second.unsent == [entry("changed"), entry("a draft", "JSON")]
    second.remembering.keep_unsent([])
    assert Window(path).unsent == []


def test_two_windows_keep_the_drafts_of_both(path: Path) -> None:
    first, second = Window(path), Window(path)
    first.remembering.keep_unsent([entry("first")])
    second.remembering.keep_unsent([entry("second")])
    assert Window(path).unsent == [entry("first"), entry("second")]


SECRETS = [
    entry('{"op": "login", "password": "hunter2"}', "JSON"),
    entry("Bearer abc"),
    entry("sk_live_51HxYbCdEfGhIjKlMn"),
    entry(b"token=hunter2".hex(" "), "Hex"),
    entry(b"token=hunter2".hex() + "7", "Hex"),
    entry("dG9rZW49aHVudGVyMg", "Base64"),
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_kept_until_the_end_of_the_run_alone(path: Path, secret: Entry) -> None:
    window = Window(path)
    window.remembering.add_sent(entry("before"))
    window.remembering.add_sent(secret)
    window.remembering.add_sent(entry("after"))
    window.remembering.keep_unsent([secret])
    assert window.remembering.sent() == [entry("before"), secret, entry("after")]
    assert secret.text.encode() not in path.read_bytes()
    window.remembering.go_to(B)
    assert window.remembering.go_to(A) == [secret]
    later = Window(path)
    assert later.remembering.sent() == [entry("before"), entry("after")]
    assert later.unsent == []


def test_secrets_are_stored_if_one_asks_and_go_when_one_takes_that_back(path: Path) -> None:
    window = Window(path)
    window.secrets = True
    for secret in SECRETS[:3]:
        window.remembering.add_sent(secret)
    window.remembering.keep_unsent([SECRETS[0]])
    window.remembering.add_watch("Pattern", "token=hunter2")
    window.remembering.set_variables({"token": "hunter2", "symbol": "BTC"})
    later = Window(path)
    assert later.remembering.sent() == SECRETS[:3]
    assert later.unsent == [SECRETS[0]]
    assert later.remembering.watches() == [("Pattern", "token=hunter2")]
    assert later.remembering.variables() == {"token": "hunter2", "symbol": "BTC"}
    window.remembering.forget_secrets()
    assert b"hunter2" not in path.read_bytes()
    assert Window(path).remembering.variables() == {"symbol": "BTC"}


def test_the_values_of_secret_variables_are_kept_until_the_end_of_the_run(path: Path) -> None:
    window = Window(path)
    window.remembering.set_variables({"api_key": "hunter2", "symbol": "BTC"})
    assert window.remembering.variables() == {"api_key": "hunter2", "symbol": "BTC"}
    assert window.remembering.fill("{{api_key}} {{symbol}}") == "hunter2 BTC"
    assert Window(path).remembering.variables() == {"symbol": "BTC"}
    window.remembering.set_variables({})
    assert window.remembering.variables() == {}


def test_watches_are_those_of_both_windows_and_a_secret_one_is_kept_until_the_end_of_the_run(
    path: Path,
) -> None:
    window, other = Window(path), Window(path)
    window.remembering.add_watch("Silence", "5 s")
    other.remembering.add_watch("Gap", "n")
    window.remembering.add_watch("Pattern", "token=hunter2")
    shared = [("Silence", "5 s"), ("Gap", "n")]
    assert window.remembering.watches() == [*shared, ("Pattern", "token=hunter2")]
    assert other.remembering.watches() == shared
    assert b"hunter2" not in path.read_bytes()
    window.remembering.remove_watch("Pattern", "token=hunter2")
    window.remembering.remove_watch("Gap", "n")
    assert other.remembering.watches() == window.remembering.watches() == shared[:1]
    window.remembering.forget(A)
    assert window.remembering.watches() == []


def test_what_is_forgotten_leaves_no_trace(path: Path) -> None:
    window = Window(path)
    window.remembering.add_sent(entry("a trace"))
    window.remembering.keep_unsent([entry("a trace")])
    window.remembering.save("a trace", entry("a trace"))
    window.remembering.add_filter("trace")
    window.remembering.add_sent(SECRETS[0])
    window.remembering.forget(A)
    assert b"trace" not in path.read_bytes()
    assert (window.remembering.sent(), window.remembering.saved()) == ([], {})
    window.remembering.forget(None)
    assert list(path.parent.iterdir()) == []


def test_without_a_file_everything_is_kept_until_the_end_of_the_run() -> None:
    window = Window(None)
    window.remembering.add_sent(entry("one"))
    window.remembering.keep_unsent([entry("two")])
    window.remembering.save("three", entry("three"))
    window.remembering.set_variables({"four": "4"})
    window.remembering.add_watch("Silence", "5 s")
    window.remembering.go_to(B)
    assert window.remembering.watches() == []
    assert (window.remembering.sent(), window.remembering.saved(), window.remembering.variables()) == (
        [], {}, {},
    )  # fmt: skip
    assert window.remembering.go_to(A) == [entry("two")]
    assert window.remembering.sent() == [entry("one")]
    assert window.remembering.saved() == {"three": entry("three")}
    assert window.remembering.variables() == {"four": "4"}
    assert window.remembering.watches() == [("Silence", "5 s")]
    assert window.told == []


def test_a_file_that_cannot_be_read_is_told_and_hinders_nobody(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite3"
    path.write_bytes(b"nonsense" * 1000)
    window = Window(path)
    window.remembering.add_sent(entry("one"))
    assert window.remembering.sent() == [entry("one")]
    assert window.told[0].startswith(f"Not remembered: {path}: ")
    window.remembering.forget(None)
    window.told.clear()
    window.remembering.add_sent(entry("two"))
    assert Window(path).remembering.sent() == [entry("two")]
    assert window.told == []


@pytest.mark.slow
def test_a_file_that_another_window_is_writing_is_told(path: Path) -> None:
    window = Window(path)
    window.remembering.add_sent(entry("one"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        window.remembering.add_sent(entry("two"))
        other.execute("ROLLBACK")
    assert "locked" in window.told[0]
    assert window.remembering.sent() == [entry("one"), entry("two")], "it is kept in this run"


def test_a_long_message_and_half_a_character_are_not_stored(path: Path) -> None:
    window = Window(path)
    window.remembering.add_sent(entry("x " * 200_000))
    window.remembering.add_sent(entry("half \ud83d"))
    assert [len(each.text) for each in window.remembering.sent()] == [400_000, 6]
    assert Window(path).remembering.sent() == []


def test_the_address_has_no_secrets(path: Path) -> None:
    Window(path, "ws://me:hunter2@a/?token=hunter2").remembering.add_sent(entry("one"))
    assert b"hunter2" not in path.read_bytes()
    assert Window(path, "ws://a/?token=another").remembering.sent() == [entry("one")]

"""What the window remembers: drafts, sent and saved messages, variables, filters; and how it forgets them."""

from __future__ import annotations

import json
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from tkinter import messagebox
from typing import Any

import pytest

import tkws
from tests import guards
from tests.console.conftest import Echo, Hands, form_of
from tkws.client.cookies import store_cookies
from tkws.console.client.target import NO_PROXY, Target
from tkws.console.log.log import Direction
from tkws.console.look.form import Form
from tkws.console.memory import settings as storage
from tkws.console.memory.memory import Memory
from tkws.console.memory.remembering import Remembering
from tkws.console.send.history import Entry
from tkws.console.watch.kinds import PATTERN, SILENCE
from tkws.console.window.window import Console
from tkws.protocol.uri import parse_uri

PumpUntil = Callable[..., None]

pytestmark = pytest.mark.slow


def to(echo: Echo, path: str = "", **options: Any) -> Target:
    return Target(url=f"{echo.url}{path}", proxy=NO_PROXY, ping_interval=0, **options)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "console.json"


@pytest.fixture
def console(display_root: tk.Tk, path: Path, pump_until: PumpUntil) -> Iterator[Console]:
    """A console that stores its settings."""
    made = Console(display_root, storage.load(path), path)
    display_root.update()
    yield made
    close(made, pump_until)


def close(console: Console, pump_until: PumpUntil) -> None:
    if guards.exists(console.root) and console.winfo_exists():
        console.recollection.drafts.flush()
        console.session.disconnect()
        pump_until(lambda: console.session.state is tkws.State.CLOSED)
        console.destroy()


@pytest.fixture
def connected(console: Console, echo: Echo, pump_until: PumpUntil) -> Console:
    connect(console, to(echo), pump_until)
    return console


def connect(console: Console, target: Target, pump_until: PumpUntil) -> None:
    console.connect_to(target)
    pump_until(lambda: console.session.opened)


def again(console: Console, path: Path, pump_until: PumpUntil) -> Console:
    """The window is closed, and another one opened."""
    close(console, pump_until)
    made = Console(console.root, storage.load(path), path)
    made.root.update()
    return made


def contents(form: Form) -> str:
    [box] = form.widgets
    assert isinstance(box, tk.Text)
    return box.get("1.0", "end-1c")


def texts(console: Console) -> list[str]:
    return [entry.text for entry in console.sendbox.history.entries]


def sent(console: Console) -> list[str | bytes]:
    return [row.payload for row in console.log.rows if row.direction is Direction.OUT]


# ---- drafts and messages


def test_a_draft_and_what_was_sent_are_there_the_next_time(
    connected: Console, hands: Hands, echo: Echo, path: Path, pump_until: PumpUntil
) -> None:
    hands.go_to(connected.sendbox.text)
    hands.type("one")
    hands.press("Return")
    hands.type("two")
    hands.press("Return")
    hands.type("a draft")
    later = again(connected, path, pump_until)
    try:
        assert later.sendbox.entry.text == ""
        connect(later, to(echo), pump_until)
        assert later.sendbox.entry.text == "a draft"
        hands.go_to(later.sendbox.text)
        hands.press("Up")
        assert later.sendbox.entry.text == "two"
        hands.press("Up")
        assert later.sendbox.entry.text == "one"
        hands.press("Down", "Down")
        assert later.sendbox.entry.text == "a draft"
        hands.press("Return")
        pump_until(lambda: echo.heard == ["one", "two", "a draft"])
    finally:
        close(later, pump_until)
    assert later.recollection.remembering.go_to(f"{echo.url}") == []


def test_a_draft_is_stored_while_one_types(
    connected: Console, hands: Hands, echo: Echo, path: Path, pump_until: PumpUntil
) -> None:
    hands.go_to(connected.sendbox.text)
    hands.type("unfinished")
    file = path.with_name("memory.sqlite3")
    pump_until(lambda: file.exists() and b"unfinished" in file.read_bytes())
    hands.press("ctrl+a", "Delete")
    pump_until(lambda: b"unfinished" not in file.read_bytes())


def test_each_address_has_its_own_box(
    console: Console, hands: Hands, echo: Echo, pump_until: PumpUntil
) -> None:
    hands.go_to(console.sendbox.text)
    hands.type("typed before")
    connect(console, to(echo, "one"), pump_until)
    assert console.sendbox.entry.text == "typed before", "it goes along to the first address"
    connect(console, to(echo, "two"), pump_until)
    assert console.sendbox.entry.text == ""
    assert console._done.cget("text") == "The unsent message stays with its address"
    hands.go_to(console.sendbox.text)
    hands.type("for two")
    hands.press("Return")
    connect(console, to(echo, "one"), pump_until)
    assert console.sendbox.entry.text == "typed before"
    assert texts(console) == []
    connect(console, to(echo, "two"), pump_until)
    assert texts(console) == ["for two"]


def test_a_changed_old_message_is_not_lost(
    connected: Console, hands: Hands, echo: Echo, path: Path, pump_until: PumpUntil
) -> None:
    hands.go_to(connected.sendbox.text)
    hands.type("one")
    hands.press("Return")
    hands.type("a draft")
    hands.press("Up")
    hands.type("!")
    later = again(connected, path, pump_until)
    try:
        connect(later, to(echo), pump_until)
        assert later.sendbox.entry.text == "a draft"
        assert texts(later) == ["one", "one!"]
    finally:
        close(later, pump_until)


def test_what_another_window_has_sent_is_there_too(
    connected: Console, hands: Hands, echo: Echo, path: Path
) -> None:
    other = Remembering(Memory(path.with_name("memory.sqlite3")), lambda: False, str)
    other.go_to(echo.url)
    other.add_sent(Entry("Text", "from the other"))
    hands.go_to(connected.sendbox.text)
    hands.press("Up")
    assert connected.sendbox.entry.text == "from the other"


# ---- saved messages and variables


def test_a_message_is_saved_and_its_variables_are_filled_in(
    connected: Console, hands: Hands, echo: Echo, path: Path, pump_until: PumpUntil
) -> None:
    box = connected.sendbox
    hands.go_to(box.text)
    hands.type("subscribe {{symbol}}")
    hands.click(box._saved, keys="Down Return")  # Save this message
    hands.fill(form_of(connected), "quotes")
    assert connected.recollection.remembering.saved() == {"quotes": Entry("Text", "subscribe {{symbol}}")}
    hands.go_to(box.text)
    hands.press("Return")
    assert connected.banner.text == "{{symbol}} has no value."
    assert echo.heard == [], "it is never sent as it is unasked"
    helps = connected.banner._buttons.winfo_children()
    assert [str(button.cget("text")) for button in helps] == ["Fill in…", "Send as it is"]
    hands.click(helps[0])
    hands.fill(form_of(connected), "BTC-EUR")
    pump_until(lambda: echo.heard == ["subscribe BTC-EUR"])
    assert texts(connected)[-1] == "subscribe {{symbol}}", "it can be sent again with another value"
    assert sent(connected) == ["subscribe BTC-EUR"]
    later = again(connected, path, pump_until)
    try:
        connect(later, to(echo), pump_until)
        later.root.update()
        hands.click(later.sendbox._saved, keys="Down Return")  # quotes
        hands.go_to(later.sendbox.text)
        hands.press("Return")
        pump_until(lambda: echo.heard == ["subscribe BTC-EUR"] * 2)
    finally:
        close(later, pump_until)


def test_a_variable_without_a_value_can_be_sent_as_it_is(
    connected: Console, hands: Hands, echo: Echo, pump_until: PumpUntil
) -> None:
    hands.go_to(connected.sendbox.text)
    hands.type("{{a}} {{b}}")
    hands.press("Return")
    assert connected.banner.text == "{{a}}, {{b}} have no value."
    hands.click(connected.banner._buttons.winfo_children()[1])
    pump_until(lambda: echo.heard == ["{{a}} {{b}}"])
    assert connected.sendbox.entry.text == ""


def test_what_was_typed_while_the_banner_asked_stays(
    connected: Console, hands: Hands, echo: Echo, pump_until: PumpUntil
) -> None:
    hands.go_to(connected.sendbox.text)
    hands.type("{{a}}")
    hands.press("Return")
    hands.type(" and more")
    hands.click(connected.banner._buttons.winfo_children()[1])
    pump_until(lambda: echo.heard == ["{{a}}"])
    assert connected.sendbox.entry.text == "{{a}} and more"


def test_json_is_checked_when_its_variables_are_filled_in(
    connected: Console, echo: Echo, pump_until: PumpUntil
) -> None:
    connected.recollection.remembering.set_variables({"size": "3", "text": "not JSON"})
    connected.sendbox.put(Entry("JSON", '{"size": {{size}}}'))
    connected.sendbox.submit()
    pump_until(lambda: echo.heard == ['{"size": 3}'])
    connected.sendbox.put(Entry("JSON", '{"text": {{text}}}'))
    connected.sendbox.submit()
    assert connected.banner.text.startswith("Not JSON: ")
    assert len(echo.heard) == 1


def test_variables_are_written_one_a_line(connected: Console, hands: Hands) -> None:
    saved = connected.recollection.saved
    saved.ask_variables()
    form = form_of(connected)
    [box] = form.widgets
    box.insert("end", "symbol = BTC\nnonsense")
    form.accept()
    assert form._fault.cget("text") == "Line 2: 'name = value', not 'nonsense'"
    box.delete("2.0", "end")
    form.accept()
    assert connected.recollection.remembering.variables() == {"symbol": "BTC"}
    saved.ask_variables()
    assert contents(form_of(connected)) == "symbol = BTC\n"


def test_a_secret_is_saved_only_if_one_agrees(connected: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [False, True]
    monkeypatch.setattr(messagebox, "askokcancel", lambda *_, **__: answers.pop(0))
    connected.sendbox.put(Entry("Text", "password hunter2"))
    for expected in {}, {"login": Entry("Text", "password hunter2")}:
        connected.recollection.saved.ask_name()
        form_of(connected).widgets[0].insert(0, "login")
        form_of(connected).accept()
        assert connected.recollection.remembering.saved() == expected


def test_a_saved_message_is_removed(connected: Console) -> None:
    remembering = connected.recollection.remembering
    remembering.save("one", Entry("Text", "1"))
    connected.recollection.saved.ask_removal()
    form = form_of(connected)
    form.accept()
    assert form._fault.cget("text") == "There is no saved message of that name"
    form.widgets[0].insert(0, "one")
    form.accept()
    assert remembering.saved() == {}


# ---- filters


def test_filters_are_offered_again(
    connected: Console, hands: Hands, echo: Echo, path: Path, pump_until: PumpUntil
) -> None:
    field = connected.conversation.filter.text
    hands.go_to(field)
    hands.type("price>50")
    hands.press("Return", "ctrl+a")
    hands.type("/(/")
    hands.press("Return", "ctrl+a")
    hands.type("apple")
    hands.go_to(connected.sendbox.text)
    pump_until(lambda: connected.recollection.remembering.filters() == ["apple", "price>50"])
    later = again(connected, path, pump_until)
    try:
        connect(later, to(echo), pump_until)
        assert later.conversation.filter.text.get() == "", "nothing is hidden unasked"
        hands.go_to(later.conversation.filter.text)
        hands.press("Down", "Down", "Down", "Return")
        assert later.conversation.filter.filter.text == "price>50"
        assert later.conversation.view.filter.text == "price>50"
    finally:
        close(later, pump_until)


# ---- watches


def watched(console: Console) -> list[tuple[str, str]]:
    return console.conversation.watch.entered


def test_watches_come_back_with_their_address(
    connected: Console, hands: Hands, echo: Echo, path: Path, pump_until: PumpUntil
) -> None:
    panel = connected.conversation.watch
    hands.go_to(connected.sendbox.text)
    hands.press("ctrl+shift+w")
    pump_until(lambda: connected.root.focus_get() is panel.text)
    hands.type("/err/")
    hands.press("Return")
    assert watched(connected) == [("Pattern", "/err/")]
    assert connected.send("message", "an error")
    pump_until(lambda: panel.watches.count == 2)
    connect(connected, to(echo, "other"), pump_until)
    assert watched(connected) == []
    panel.add(SILENCE, "60 s")
    connect(connected, to(echo), pump_until)
    assert watched(connected) == [("Pattern", "/err/")]
    later = again(connected, path, pump_until)
    try:
        connect(later, to(echo), pump_until)
        panel = later.conversation.watch
        assert panel.is_shown
        assert watched(later) == [("Pattern", "/err/")]
        later.send("message", "another error")
        pump_until(lambda: panel.watches.count == 2)
        panel.remove(panel.watches.all[0])
        connect(later, to(echo, "other"), pump_until)
        assert watched(later) == [("Silence", "60 s")]
        connect(later, to(echo), pump_until)
        assert watched(later) == []
    finally:
        close(later, pump_until)


def test_a_watch_from_before_any_address_goes_along_to_the_first(
    console: Console, echo: Echo, path: Path, pump_until: PumpUntil
) -> None:
    panel = console.conversation.watch
    panel.add(PATTERN, "/err/")
    (watch,) = panel.watches.all
    connect(console, to(echo), pump_until)
    assert panel.watches.all == [watch]
    assert Memory(path.with_name("memory.sqlite3")).watches(echo.url) == [("Pattern", "/err/")]
    assert Memory(path.with_name("memory.sqlite3")).watches("") == []


def test_a_stored_watch_that_is_not_understood_is_left_out(
    console: Console, echo: Echo, path: Path, pump_until: PumpUntil
) -> None:
    memory = Memory(path.with_name("memory.sqlite3"))
    for kind, text in (("Of the future", "x"), ("Silence", "never"), ("Gap", "n")):
        memory.add_watch(echo.url, kind, text)
    connect(console, to(echo), pump_until)
    assert watched(console) == [("Gap", "n")]


# ---- forgetting


@pytest.mark.parametrize("everything", [False, True])
def test_trust_passwords_of_keys_and_cookies_are_forgotten(
    console: Console, monkeypatch: pytest.MonkeyPatch, path: Path, everything: bool
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(messagebox, "askokcancel", lambda *_, detail, **options: not asked.append(detail))
    address, cookies = console.address, console.session.cookies
    for name in ("one", "two"):
        url = f"wss://{name}.example:8443/"
        address.show(Target(url=url, cert_file=f"{name}.pem"))
        assert address.trust_certificate(url, name * 10, remember=name == "two") == ""
        console.passwords._known[f"{name}.pem"] = "secret"
        store_cookies(cookies, parse_uri(url), tkws.Headers({"Set-Cookie": f"name={name}"}))
    address.show(Target(url="wss://two.example:8443/path", cert_file="two.pem"))
    forgetting = console.recollection.forgetting
    (forgetting.forget_everything if everything else forgetting.forget_address)()
    for word in ("certificate", "cookies", "password", "watches"):
        assert word in asked[0]
    left = [] if everything else ["one"]
    targets = {name: Target(url=f"wss://{name}.example:8443/") for name in ("one", "two")}
    assert [name for name, target in targets.items() if address.applied_to(target).fingerprint] == left
    assert [file.removesuffix(".pem") for file in console.passwords._known] == left
    assert [cookie.value for cookie in cookies] == left
    certificates = path.with_name("certificates.json")
    assert certificates.exists() is not everything
    assert everything or "two" not in certificates.read_text("utf-8")


def test_one_address_is_forgotten(
    connected: Console, echo: Echo, path: Path, pump_until: PumpUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(messagebox, "askokcancel", lambda _title, text, **_: not asked.append(text))
    connected.sendbox.put(Entry("Text", "to one"))
    connected.sendbox.submit()
    connect(connected, to(echo, "two", headers=(("X-Two", "2"),)), pump_until)
    connected.sendbox.put(Entry("Text", "to two"))
    connected.sendbox.submit()
    connected.recollection.forgetting.forget_address()
    assert asked == [f"Forget {echo.url}two?"]
    assert (texts(connected), connected.settings.addresses) == ([], [echo.url])
    assert list(connected.address.entry.cget("values")) == [echo.url]
    connected.close()
    pump_until(lambda: not guards.exists(connected.root))
    stored = path.read_text(encoding="utf-8") + path.with_name("memory.sqlite3").read_bytes().decode(
        "latin-1"
    )
    assert "two" not in stored.lower()
    assert "to one" in stored


def test_everything_is_forgotten_also_by_a_window_that_is_open(
    connected: Console, path: Path, pump_until: PumpUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messagebox, "askokcancel", lambda *_, **__: True)
    connected.sendbox.put(Entry("Text", "sent"))
    connected.sendbox.submit()
    other = storage.load(path)
    connected.sendbox.put(Entry("Text", "what stands in the box"))
    connected.recollection.forgetting.forget_everything()
    assert connected.sendbox.entry.text == "what stands in the box"
    storage.store(other, path)
    connected.close()
    pump_until(lambda: not guards.exists(connected.root))
    assert json.loads(path.read_text(encoding="utf-8"))["addresses"] == []
    assert not path.with_name("memory.sqlite3").exists()


def test_secrets_are_stored_if_one_asks(
    connected: Console, echo: Echo, path: Path, pump_until: PumpUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messagebox, "askokcancel", lambda *_, **__: True)
    connected.recollection.forgetting.toggle_secrets()
    headers = (("Authorization", "Bearer hunter2"),)
    connect(connected, to(echo, headers=headers, greetings=("token hunter2",)), pump_until)
    assert storage.load(path).recall(echo.url).headers == headers
    assert storage.load(path).recall(echo.url).greetings == ("token hunter2",)
    connected.recollection.forgetting.toggle_secrets()
    assert "hunter2" not in path.read_text(encoding="utf-8")
    assert storage.load(path).addresses == [echo.url]

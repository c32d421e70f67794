"""Options belong to the origin that they were set for, whatever is done with the address."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import pytest

import tkws
from tests.console.conftest import Echo
from tkws.console.client.target import NO_PROXY, Target
from tkws.console.memory import settings as storage
from tkws.console.memory.settings import Settings
from tkws.console.run import run_window
from tkws.console.window.addressbar import AddressBar
from tkws.console.window.options import Options
from tkws.console.window.window import Console

PumpUntil = Callable[..., None]

pytestmark = pytest.mark.slow

ONE = Target(
    url="wss://one/feed",
    protocols=("bearer.word",),
    headers=(("Authorization", "Bearer word"), ("X-Plain", "x")),
    ca_file="/one.pem",
    cert_file="/me.pem",
    key_file="/me.key",
    keep_cookies=True,
    verify=False,
    proxy="http://me:word@proxy:3128",
    reconnect=True,
    compression=False,
    ping_interval=1.5,
    greetings=("hello",),
)
OTHER_ORIGINS = [
    "ws://one/feed", "wss://two/feed", "wss://one:8443/feed", "wss://one.example/feed", "wss://me@two/",
    "two", "8765", "https://two/", "wss://[::1]/feed", "wss://one./feed", "ws://one:443/feed",
]  # fmt: skip
SAME_ORIGIN = [
    "wss://one", "wss://ONE:443/other?x=1", "https://one/feed", "wss://me:word@one/", "  wss://one/ ",
]  # fmt: skip


def type_over(bar: AddressBar, address: str) -> None:
    """Select what is there, and type."""
    bar.entry.delete(0, "end")
    for index, char in enumerate(address):
        bar.entry.insert(index, char)


def paste_over(bar: AddressBar, address: str) -> None:
    bar.entry.set(address)


def edit(bar: AddressBar, address: str) -> None:
    """Put the new address before the old one, and take that away."""
    bar.entry.insert(0, address)
    bar.entry.delete(len(address), "end")


WAYS = [type_over, paste_over, edit]


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("change", WAYS)
def test_another_origin_begins_with_the_defaults(
    console: Console, change: Callable[[AddressBar, str], None], opened: bool
) -> None:
    bar = console.address
    bar.show(ONE)
    if opened:
        bar.toggle_options()
    for address in OTHER_ORIGINS:
        change(bar, address)
        target = bar.target()
        assert target == Target(url=target.url)
        change(bar, "wss://one/feed")
        assert bar.target() == ONE, "what was set for it is there again"


@pytest.mark.parametrize("change", [type_over, paste_over])
def test_an_address_of_the_same_origin_has_the_same_options(
    console: Console, change: Callable[[AddressBar, str], None]
) -> None:
    console.address.show(ONE)
    for address in SAME_ORIGIN:
        change(console.address, address)
        assert console.address.target() == replace(ONE, url=address.strip())


def test_no_header_goes_to_another_server(
    console: Console, display_root: tk.Tk, pump_until: PumpUntil
) -> None:
    one, two = Echo(display_root), Echo(display_root)
    bar = console.address
    bar.entry.insert(0, one.url)
    bar.options.headers.insert("1.0", "Authorization: Bearer word")
    bar.options.proxy.set("none")
    console.connect()
    pump_until(lambda: one.server.connections and console.session.opened)
    type_over(bar, two.url)
    bar.options.proxy.set("none")
    console.connect()
    pump_until(lambda: two.server.connections and console.session.opened)
    [ws] = two.server.connections
    assert ws.request is not None
    assert "Authorization" not in ws.request.headers
    type_over(bar, one.url)
    console.connect()
    pump_until(lambda: one.server.connections and console.session.opened)
    [ws] = one.server.connections
    assert ws.request is not None
    assert ws.request.headers["Authorization"] == "Bearer word"
    console.session.disconnect()
    for server in (one.server, two.server):
        server.close()
    pump_until(lambda: not one.server.connections and not two.server.connections)


def test_what_is_typed_before_any_address_is_for_the_first(console: Console) -> None:
    bar = console.address
    bar.toggle_options()
    bar.options.headers.insert("1.0", "A: 1")
    type_over(bar, "wss://one/")
    bar.options.headers.focus_force()
    console.root.update()
    bar.entry.event_generate("<FocusOut>")
    assert bar._options_url == "wss://one/"
    assert bar.target() == Target(url="wss://one/", headers=(("A", "1"),))
    type_over(bar, "wss://two/")
    assert bar.target() == Target(url="wss://two/")


def test_an_address_that_is_none_changes_nothing(console: Console) -> None:
    console.address.show(ONE)
    for address in ("", "wss://", "wss://two three/", "ftp://two/", "wss://two:99999/"):
        paste_over(console.address, address)
    paste_over(console.address, ONE.url)
    assert console.address.target() == ONE


def test_options_are_remembered_for_their_own_address(console: Console) -> None:
    settings, bar = console.settings, console.address
    settings.remember(Target(url="wss://one/feed", protocols=("a",), proxy=NO_PROXY))
    settings.remember(Target(url="wss://one/chat", protocols=("b",)))
    bar.update_history()
    for address, protocols in (("wss://one/feed", ("a",)), ("wss://one/new", ("b",)), ("wss://two/feed", ())):
        paste_over(bar, "")
        bar.show(Target(url="ws://elsewhere/"))
        type_over(bar, "wss://elsewhere/")
        paste_over(bar, address)
        assert bar.target().protocols == protocols
        bar.entry.event_generate("<<ComboboxSelected>>")
        assert bar.target().protocols == protocols


def test_an_address_of_the_history_has_its_secrets_until_the_end_of_the_run(console: Console) -> None:
    bar = console.address
    bar.show(ONE)
    console.settings.remember(ONE)
    paste_over(bar, "ws://two/")
    paste_over(bar, console.settings.addresses[0])
    bar.entry.event_generate("<<ComboboxSelected>>")
    assert bar.target() == ONE


# ---- the button


@pytest.mark.parametrize("field", [each.name for each in fields(Options)])
def test_the_button_says_that_something_is_set(console: Console, field: str) -> None:
    bar = console.address
    assert str(bar._toggle.cget("text")) == "Options ▾"
    bar.show(Target(url="wss://one/"))
    bar.options.show(replace(Options(), **{field: getattr(Options.from_target(ONE), field)}))
    assert str(bar._toggle.cget("text")) == "Options (1) ▾"
    assert str(bar._toggle.cget("style")) == ("Bad.Quiet.TButton" if field == "verify" else "Quiet.TButton")
    type_over(bar, "wss://two/")
    assert str(bar._toggle.cget("text")) == "Options ▾"
    assert str(bar._toggle.cget("style")) == "Quiet.TButton"


def test_the_button_follows_what_is_typed_and_clicked(console: Console) -> None:
    bar = console.address
    bar.toggle_options()
    bar.options.headers.insert("1.0", "A: 1")
    console.root.update()
    bar.options.ca_file.insert(0, "/ca.pem")
    bar.options._switches["verify"].set(False)
    assert str(bar._toggle.cget("text")) == "Options (3) ▴"
    bar.options.headers.delete("1.0", "end")
    console.root.update()
    assert str(bar._toggle.cget("text")) == "Options (2) ▴"


def test_the_button_is_not_cut_off(console: Console) -> None:
    console.address.show(ONE)
    console.root.update()
    toggle = console.address._toggle
    assert toggle.winfo_width() >= toggle.winfo_reqwidth()
    assert str(toggle.cget("text")) == f"Options ({len(fields(Options))}) ▾"


# ---- the command line


def test_options_of_the_command_line_are_for_the_address_there(console: Console) -> None:
    console.connect_to(replace(ONE, url="ws://127.0.0.1:1/", proxy=NO_PROXY, ca_file=""))
    type_over(console.address, "ws://127.0.0.1:2/")
    assert console.address.target() == Target(url="ws://127.0.0.1:2/")


@pytest.mark.parametrize("given", [{}, {"protocols": ("given",)}])
def test_an_address_alone_has_what_is_remembered_for_it(
    display_root: tk.Tk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pump_until: PumpUntil, given: dict
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = storage.folder() / "console.json"
    settings = Settings()
    settings.remember(Target(url="ws://127.0.0.1:1/", protocols=("kept",), proxy=NO_PROXY))
    storage.store(settings, path)
    display_root.after(0, display_root.quit)
    run_window(display_root, Target(url="ws://127.0.0.1:1/", **given))
    [console] = [child for child in display_root.winfo_children() if isinstance(child, Console)]
    assert console.session.target is not None
    assert console.session.target.protocols == given.get("protocols", ("kept",))
    console.session.disconnect()
    pump_until(lambda: console.session.state is tkws.State.CLOSED)
    console.destroy()

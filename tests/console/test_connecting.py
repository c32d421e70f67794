"""What a developer brings along and takes away: curl commands, greetings, checked JSON, programs to copy."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tkws
from tests.console.conftest import Echo, Hands, is_over
from tkws.console.client.target import NO_PROXY, Target
from tkws.console.log.log import Direction
from tkws.console.memory.settings import Settings
from tkws.console.send.history import Entry
from tkws.console.window.window import Console

PumpUntil = Callable[..., None]

pytestmark = pytest.mark.slow


def test_a_curl_command_is_pasted_into_the_address(console: Console, hands: Hands, echo: Echo) -> None:
    console.clipboard_clear()
    console.clipboard_append(f"curl '{echo.url}' \\\n  -H 'X-One: 1' -H 'Sec-WebSocket-Protocol: a, b'")
    hands.go_to(console.address.entry)
    hands.press("ctrl+v")
    assert console.address.target() == Target(url=echo.url, headers=(("X-One", "1"),), protocols=("a", "b"))
    hands.press("ctrl+a")
    console.clipboard_clear()
    console.clipboard_append("ws://other/")
    hands.press("ctrl+v")
    assert console.address.entry.get() == "ws://other/"
    console.address.entry.delete(0, "end")
    console.address.entry.insert(0, f"curl {echo.url} -k")
    assert console.address.target() == Target(url=echo.url, verify=False)
    console.address.entry.delete(0, "end")
    console.address.entry.insert(0, "curl -k")
    console.connect()
    assert console.banner.text == "The curl command has no address"


def test_the_connection_is_copied_as_a_command(console: Console) -> None:
    console.address.show(Target(url="ws://host/", headers=(("X-One", "1"),)))
    console.sendbox.put(Entry("Text", "hello"))
    console.copy_as("websocat")
    assert console.clipboard_get() == "printf '%s\\n' hello | websocat --no-close ws://host/ '-H=X-One: 1'"
    console.copy_as("Python with callbacks")
    assert "ws.send('hello')" in console.clipboard_get()
    console.address.entry.delete(0, "end")
    console.copy_as("curl")
    assert console.banner.text.startswith("Type an address first")


def test_greetings_are_sent_at_each_connection(console: Console, echo: Echo, pump_until: PumpUntil) -> None:
    console.address.show(
        Target(url=echo.url, proxy=NO_PROXY, ping_interval=0, greetings=('{"op": "login"}', "subscribe"))
    )
    assert console.address.options.greetings.get("1.0", "end-1c") == '{"op": "login"}\nsubscribe'
    console.connect()
    pump_until(lambda: echo.heard == ['{"op": "login"}', "subscribe"])
    sent = [row.payload for row in console.log.rows if row.direction is Direction.OUT]
    assert sent == ['{"op": "login"}', "subscribe"]
    console.session.disconnect()
    pump_until(lambda: is_over(console))
    console.connect()
    pump_until(lambda: len(echo.heard) == 4)


def test_greetings_are_sent_when_it_reconnects(console: Console, echo: Echo, pump_until: PumpUntil) -> None:
    target = Target(url=echo.url, proxy=NO_PROXY, ping_interval=0, greetings=("hello",), reconnect=True)
    console.connect_to(target)
    pump_until(lambda: echo.heard == ["hello"])
    console.session.send("drop")
    pump_until(lambda: echo.heard == ["hello", "drop", "hello"])


def test_greetings_are_remembered_without_secrets() -> None:
    settings = Settings()
    settings.remember(Target(url="ws://host/", greetings=("subscribe", '{"token": "abc"}', "PASSWORD x")))
    assert settings.recall("ws://host/").greetings == ("subscribe",)
    assert Target(url="ws://host/", greetings=("login",)).is_origin_bound


def test_json_is_checked_before_it_is_sent(
    connected: Console, echo: Echo, hands: Hands, pump_until: PumpUntil
) -> None:
    connected.sendbox.kind.set("JSON")
    hands.go_to(connected.sendbox.text)
    hands.type('{"a": 1 "b": 2}')
    hands.press("Return")
    assert connected.banner.text == "Not JSON: line 1, column 9: expecting ',' delimiter"
    assert echo.heard == []
    [anyway] = connected.banner._buttons.winfo_children()
    connected.root.update()
    hands.click(anyway)
    pump_until(lambda: echo.heard == ['{"a": 1 "b": 2}'])
    assert connected.sendbox.entry == Entry("JSON", "")
    hands.go_to(connected.sendbox.text)
    hands.type('{"a":1}')
    hands.press("ctrl+shift+j")
    assert connected.sendbox.entry.text == '{\n  "a": 1\n}'
    hands.press("ctrl+shift+j", "Return")
    pump_until(lambda: echo.heard[1:] == ['{"a":1}'])
    assert connected.session.state is tkws.State.OPEN

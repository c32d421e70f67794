"""What clients seldom do is done from the window: close codes, fragments, pongs; and cookies are kept."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import tkws
from tests.console.conftest import Echo, Hands, form_of, is_over
from tkws.console.client.target import NO_PROXY, Target
from tkws.console.log.log import Direction
from tkws.console.send.history import Entry
from tkws.console.window.window import Console

PumpUntil = Callable[..., None]

pytestmark = pytest.mark.slow


def write(field: tk.Text | tk.Entry, text: str) -> None:
    assert isinstance(field, tk.Entry)
    field.delete(0, "end")
    field.insert(0, text)


@pytest.mark.parametrize(
    ("code", "reason", "closed"),
    [
        ("1000 normal", "", (1000, "")),
        ("4000", "bye", (4000, "bye")),
        ("1011 internal error", "é", (1011, "é")),
        ("none", "", (1005, "")),
    ],
)
def test_the_code_and_the_reason_of_the_end_are_chosen(
    connected: Console, echo: Echo, pump_until: PumpUntil, code: str, reason: str, closed: tuple[int, str]
) -> None:
    [peer] = echo.server.connections
    connected.protocol.ask_code()
    form = form_of(connected)
    for field, text in zip(form.widgets, (code, reason), strict=True):
        write(field, text)
    form.accept()
    pump_until(lambda: is_over(connected) and peer.close_code is not None)
    assert (peer.close_code, peer.close_reason) == closed


@pytest.mark.parametrize(
    ("code", "reason", "fault"),
    [
        ("bye", "", "A close code is a number, such as 1000 or 4000, not 'bye'"),
        ("1005", "", "code: "),
        ("999", "", "code: "),
        ("none", "bye", "A reason needs a code"),
        ("1000", "é" * 62, "A reason has at most 123 bytes, not 124"),
    ],
)
def test_a_code_that_must_not_be_sent_is_told(connected: Console, code: str, reason: str, fault: str) -> None:
    connected.protocol.ask_code()
    form = form_of(connected)
    for field, text in zip(form.widgets, (code, reason), strict=True):
        write(field, text)
    form.accept()
    assert str(form._fault.cget("text")).startswith(fault)
    assert connected.session.is_open
    assert form.winfo_exists()


def test_a_person_disconnects_with_a_code(
    connected: Console, hands: Hands, echo: Echo, pump_until: PumpUntil
) -> None:
    [peer] = echo.server.connections
    hands.go_to(connected.sendbox.text)
    hands.press("ctrl+shift+x")
    form = form_of(connected)
    hands.go_to(form.widgets[0])
    hands.press("ctrl+a")
    hands.fill(form, "4001")
    pump_until(lambda: peer.close_code == 4001)


def test_a_pong_is_sent_unasked(connected: Console, hands: Hands, echo: Echo, pump_until: PumpUntil) -> None:
    events: list[Any] = []
    [peer] = echo.server.connections
    peer.configure(handler=lambda ws, type, message: events.append((str(type), message)))
    connected.sendbox.kind.set("Pong")
    hands.go_to(connected.sendbox.text)
    hands.type("still here")
    hands.press("Return")
    pump_until(lambda: ("pong", b"still here") in events)
    sent = [(row.type, row.payload) for row in connected.log.rows if row.direction is Direction.OUT]
    assert sent == [("pong", b"still here")]
    connected.sendbox.put(Entry("Pong", "x" * 126))
    connected.sendbox.submit()
    assert connected.banner.text == "A pong has at most 125 bytes, not 126"


@pytest.mark.parametrize(("size", "parts"), [("4", 3), ("5", 2), ("100", 1)])
@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (Entry("Text", "0123456789"), "0123456789"),
        (Entry("Hex", "00 01 02 03 04 05 06 07 08 09"), bytes(range(10))),
    ],
)
def test_a_message_is_sent_in_fragments(
    connected: Console,
    echo: Echo,
    pump_until: PumpUntil,
    size: str,
    parts: int,
    entry: Entry,
    message: str | bytes,
) -> None:
    connected.sendbox.put(entry)
    connected.protocol.ask_size()
    write(form_of(connected).widgets[0], size)
    form_of(connected).accept()
    pump_until(lambda: echo.heard == [message])
    [peer] = echo.server.connections
    assert peer.statistics.frames_received == parts
    assert connected.sendbox.entry.text == ""
    assert connected.sendbox.history.entries == [entry]


@pytest.mark.parametrize("size", ["", "0", "-1", "x", "1.5"])
def test_a_size_that_makes_no_sense_is_told(connected: Console, size: str) -> None:
    connected.sendbox.put(Entry("Text", "kept"))
    connected.protocol.ask_size()
    form = form_of(connected)
    write(form.widgets[0], size)
    form.accept()
    assert str(form._fault.cget("text")) == f"A number of bytes of 1 or more, not {size!r}"
    form.destroy()
    connected.sendbox.put(Entry("Ping", "kept"))
    connected.protocol._send_fragments("3")
    assert connected.banner.text == "A ping cannot be sent in fragments."
    assert connected.sendbox.entry.text == "kept"


@pytest.fixture
def baker(display_root: tk.Tk) -> Iterator[tuple[str, list[str | None]]]:
    """The address of a server that sets a cookie, and the cookies that it gets."""
    seen: list[str | None] = []
    server = tkws.serve(master=display_root, handler=lambda *_: None)

    def admit(pending: Any) -> None:
        seen.append(pending.request.headers.get("Cookie"))
        pending.accept({"Set-Cookie": "session=sesame"})

    server.decider = admit
    yield server.url, seen
    server.close()


@pytest.mark.parametrize(("keeps", "second"), [(True, "session=sesame"), (False, None)])
def test_cookies_are_kept_in_this_run_if_one_asks(
    console: Console,
    baker: tuple[str, list[str | None]],
    pump_until: PumpUntil,
    keeps: bool,
    second: str | None,
) -> None:
    url, seen = baker
    for _ in range(2):
        console.connect_to(Target(url=url, proxy=NO_PROXY, keep_cookies=keeps))
        pump_until(lambda: console.session.opened)
        console.session.disconnect()
        pump_until(lambda: is_over(console))
    assert seen == [None, second]
    assert "sesame" not in str(console.settings.targets)

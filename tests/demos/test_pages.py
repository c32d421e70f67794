"""The web pages of the demos in a browser: what they show, also when a connection is lost and made again."""

from __future__ import annotations

import json
import tkinter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from demos.chat.host import Host as ChatHost
from demos.chat.person import Person
from demos.dashboard.host import Host as DashboardHost
from demos.remote.host import Host as RemoteHost
from tests.demos.conftest import Meet, seen
from tests.interop.chromium import PATIENCE, Tab
from tests.interop.conftest import chromium, tab as browser_tab  # noqa: F401 - fixtures

pytestmark = [pytest.mark.slow, pytest.mark.programs]

PumpUntil = Callable[..., None]

# What an expression comes to as soon as it is true.
WHEN = """
new Promise(resolve => {
  const look = () => { const value = %s; if (value) resolve(value); else setTimeout(look, 20) }
  look()
})
"""


# Notes what an element says, each time that it changes; it may say so for a moment only.
NOTE = """
window.said = []
new MutationObserver(() => {
  const element = document.querySelector(%s)
  if (element.checkVisibility()) said.push(element.textContent)
}).observe(document.body, { attributes: true, characterData: true, childList: true, subtree: true })
"""


class Page:
    """A page in the browser, as somebody uses it."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab

    def show(self, url: str) -> None:
        """Go there, as a visitor whom the browser does not know yet."""
        self._tab.show(url.replace("ws", "http", 1))

    def when(self, expression: str) -> Any:
        """Wait until an expression of JavaScript is true, and return its value."""
        return self._tab.evaluate(WHEN % expression)

    def text(self, selector: str, part: str) -> str:
        """Wait until the element is visible and has ``part`` in its text, and return that text."""
        element = f"document.querySelector({json.dumps(selector)})"
        found: str = self.when(
            f"{element}?.checkVisibility() && {element}.textContent.includes({json.dumps(part)})"
            f" && {element}.textContent"
        )
        return found

    def note(self, selector: str) -> None:
        """Note from now on what the element says."""
        self._tab.evaluate(NOTE % json.dumps(selector))

    def noted(self, part: str) -> None:
        """Wait until the element has said ``part``."""
        self.when(f"said.some(text => text.includes({json.dumps(part)}))")

    def click(self, selector: str) -> None:
        self._tab.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def type(self, selector: str, text: str) -> None:
        self._tab.evaluate(f"document.querySelector({json.dumps(selector)}).value = {json.dumps(text)}")

    def hidden(self, selector: str) -> None:
        """Wait until the element is not shown."""
        self.when(f"!document.querySelector({json.dumps(selector)}).checkVisibility()")

    def leave(self) -> None:
        """Forget everything, and let go of the connections."""
        self._tab.evaluate("localStorage.clear(); sessionStorage.clear()")
        self._tab.show("about:blank")


@pytest.fixture
def page(browser_tab: Tab) -> Iterator[Page]:  # noqa: F811 - the fixture that is imported
    """A page of the browser, which is left at the end."""
    page = Page(browser_tab)
    yield page
    page.leave()


# ---- the chat


@pytest.fixture
def visitor(host: ChatHost, page: Page) -> Page:
    """The page of the chat, in whose lobby a visitor "web" is."""
    page.show(host.url)
    page.text("dialog h2", "Welcome")
    page.type("dialog input", "web")
    page.click("dialog button")
    page.text("#lines", "You joined")
    return page


@pytest.fixture
def ann(visitor: Page, meet: Meet) -> Person:
    """Somebody in a window of the chat."""
    return meet("ann")


def say(page: Page, text: str) -> None:
    page.type("#say input", text)
    page.click("#say button")


def test_the_chats_page_and_a_window_talk(visitor: Page, ann: Person, pump_until: PumpUntil) -> None:
    visitor.text("#people", "ann")
    ann.say("lobby", "look: https://example.org/x.")
    visitor.text("#lines .body", "look: https://example.org/x.")
    assert visitor.when("$('#lines a').href") == "https://example.org/x"
    say(visitor, "<b>hello</b>")
    pump_until(lambda: "#lobby web: <b>hello</b>" in seen(ann), PATIENCE)
    visitor.text("#lines .own.body", "<b>hello</b>")
    visitor.text("#status", "Connected")


def test_the_chats_page_asks_for_a_nickname_that_fits(host: ChatHost, page: Page) -> None:
    page.show(host.url)
    page.type("dialog input", " ")
    page.click("dialog button")
    page.text("dialog .wrong", "at least one character")
    page.type("dialog input", "x" * 21)
    page.click("dialog button")
    page.text("dialog .wrong", "at most 20 characters")


def test_the_chats_page_connects_again_by_itself_and_says_so(
    host: ChatHost, visitor: Page, pump_until: PumpUntil
) -> None:
    say(visitor, "before")
    visitor.text("#lines .own.body", "before")
    visitor.type("#say input", "half a sen")
    visitor.note("#banner")
    host.stop()
    visitor.noted("The server was stopped. Your text is kept. Next attempt in")
    visitor.noted("Cannot connect to ws://127.0.0.1")
    visitor.click("#say button")
    host.start()
    visitor.hidden("#banner")
    visitor.text("#status", "Connected")
    visitor.when("places.get('lobby').you === 'web'")
    assert visitor.when("$('#say input').value") == "half a sen", "what was typed is kept"
    visitor.click("#say button")
    visitor.when("$('#lines').textContent.includes('half a sen')")
    assert visitor.when("[...document.querySelectorAll('#lines .body')].map(line => line.textContent)") == [
        "before",
        "half a sen",
    ], "the history is shown once"


def test_the_chats_page_connects_at_once_when_told_to(host: ChatHost, visitor: Page) -> None:
    visitor.when("pause = 3600")  # of the attempt after the next loss
    host.stop()
    visitor.text("#banner", "Next attempt in 3")
    host.start()
    visitor.click("#banner button")
    visitor.hidden("#banner")
    visitor.text("#status", "Connected")


# ---- the dashboard


@pytest.fixture
def dashboards(root: tkinter.Tk, pump_until: PumpUntil) -> Iterator[Callable[..., DashboardHost]]:
    """``dashboards(port=0)``: a host that measures this machine."""
    made: list[DashboardHost] = []

    def start(port: int = 0) -> DashboardHost:
        made.append(DashboardHost(root, port=port))
        return made[-1]

    yield start
    for host in made:
        host.close()
    pump_until(lambda: not any(host.server.connections for host in made), PATIENCE)


def test_the_dashboards_page_shows_figures_and_their_age(
    dashboards: Callable[..., DashboardHost], page: Page
) -> None:
    host = dashboards()
    page.show(host.server.url)
    page.text("#cpu b", " %")
    page.text("#traffic b", " MiB/s")
    page.text("#state", "Live from 127.0.0.1")
    assert page.when("!document.body.classList.contains('stale')")
    host._timer.cancel()  # it measures no more
    page.text("#state", " s old · Live from 127.0.0.1")
    assert page.when("document.body.classList.contains('stale')")
    host._measure()
    page.when("!document.body.classList.contains('stale')")
    page.when("find('state').textContent.startsWith('Live')")


def test_the_dashboards_page_connects_again_and_keeps_what_it_knows(
    dashboards: Callable[..., DashboardHost], page: Page
) -> None:
    host = dashboards()
    page.show(host.server.url)
    page.when("samples.length >= 2")
    host.close()
    page.text("#state", "No connection; next attempt in ")
    first = page.when("samples[0].time")
    dashboards(host.server.port)
    page.when("find('state').textContent.startsWith('Live')")
    assert page.when("samples[0].time") == first


# ---- the remote


@pytest.fixture
def house(root: tkinter.Tk, pump_until: PumpUntil) -> Iterator[RemoteHost]:
    """The house whose lamps are steered."""
    made = RemoteHost(root)
    yield made
    made.close()
    pump_until(lambda: not made.server.connections, PATIENCE)


def test_a_guests_page_steers_the_lamps_of_its_rooms(
    house: RemoteHost, page: Page, pump_until: PumpUntil
) -> None:
    guest = house.invite("web", ["hall"])
    page.show(house.page_url(guest))
    page.text("h1", "Remote of web")
    assert page.when("[...document.querySelectorAll('h2')].map(head => head.textContent)") == ["Hall"]
    assert page.when("location.href").endswith(f":{house.server.port}/"), (
        "the token does not stay in the address"
    )
    page.click(".switch")
    pump_until(lambda: house.house.lamps["hall"].on, PATIENCE)
    house.change("hall", {"level": 7}, "the window")
    page.text("fieldset small", "7 %")
    found: list[str] = []
    house.on_event = lambda who, what, room: found.append(what)
    page.note("#here")
    house.locate(guest)
    page.noted("The house is looking for you")
    pump_until(lambda: found and found[0].endswith("a page in a browser"), PATIENCE)


def test_a_guests_page_says_why_it_is_let_in_no_more_and_takes_another_token(
    house: RemoteHost, page: Page
) -> None:
    guest, other = house.invite("web", ["hall"]), house.invite("other", ["garden"])
    page.show(house.page_url(guest))
    page.text("#state", "Connected to 127.0.0.1")
    page.note("#state")
    house.withdraw(guest)
    page.noted("The invitation was withdrawn. Next attempt in ")
    page.noted("The house cannot be reached, or does not know the token. Next attempt in ")
    page.type("#ask input", other.token)
    page.click("#ask button")
    page.text("h1", "Remote of other")
    assert page.when("[...document.querySelectorAll('h2')].map(head => head.textContent)") == ["Garden"]
    page.hidden("#ask")


def test_a_guests_page_that_connects_anew_lets_go_of_what_it_had(
    house: RemoteHost, page: Page, pump_until: PumpUntil
) -> None:
    guest = house.invite("web", ["hall"])
    page.show(house.page_url(guest))
    page.text("h1", "Remote of web")
    [before] = house.connections(guest)
    page.when("[connect(), connect()]")
    pump_until(
        lambda: len(house.connections(guest)) == 1 and before not in house.connections(guest), PATIENCE
    )
    page.text("#state", "Connected to 127.0.0.1")

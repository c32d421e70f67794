"""Chromium, driven over its DevTools WebSocket by tkws: a browser that opens pages of a tkws server.

`Chromium` is the process, `DevTools` a connection to it, and `Tab` its one page. Methods and events are those
of the Chrome DevTools Protocol (https://chromedevtools.github.io/devtools-protocol).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import tkinter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tkws
from tests.interop.parties import Teller, entry_words

# Seconds for anything that is waited for.
PATIENCE = 15.0

# Seconds between looks at a browser that starts.
LOOK = 0.02

FLAGS = (
    "--headless",
    "--no-sandbox",  # it will not start as root otherwise
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-port=0",
)

# What the page does to take part; `node/browser.mjs` has the rest.
TAKE_PART = """
import('/browser.mjs').then(({ BrowserParty }) => {
  const party = new BrowserParty(words => tell(JSON.stringify(words)), WebSocket)
  party.begin(%s)
  party.open(%s, %s, %s)
})
"""


class Chromium:
    """A browser that runs, with a profile of its own that goes with it; skips the test where there is none.

    Args:
        flags: More of them for its command line.
        page: The URL that it opens first.

    Attributes:
        url: Its DevTools WebSocket.
    """

    def __init__(self, *flags: str, page: str = "about:blank") -> None:
        program = shutil.which("chromium")
        if program is None:
            pytest.skip("no chromium: install chromium (Debian)")
        self._folder = Path(tempfile.mkdtemp(prefix="tkws-chromium-"))
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [program, *FLAGS, *flags, f"--user-data-dir={self._folder}", page],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        port, path = self._wait_for_port()
        self.url = f"ws://127.0.0.1:{port}{path}"

    def stop(self) -> None:
        """Ends the browser and the processes that it started."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _wait_for_port(self) -> list[str]:
        """The two lines of the file in which it says where DevTools listen."""
        told = self._folder / "DevToolsActivePort"
        deadline = time.monotonic() + PATIENCE
        while True:
            lines = told.read_text(encoding="utf-8").split() if told.exists() else []
            if len(lines) == 2:
                return lines
            try:
                self._process.wait(LOOK)
            except subprocess.TimeoutExpired:
                if time.monotonic() < deadline:
                    continue
            log = (self._folder / "log").read_text(encoding="utf-8", errors="replace")
            self.stop()
            pytest.fail(f"chromium does not start:\n{log}")


class DevTools(tkws.Handler):
    """A connection to the DevTools.

    Args:
        url: Where they are.
        root: On whose loop.
        pump_until: Runs it.

    Attributes:
        listeners: By the method of an event: called with its parameters.
    """

    def __init__(self, url: str, root: tkinter.Misc, pump_until: Callable[..., None]) -> None:
        self.listeners: dict[str, Callable[[dict[str, Any]], object]] = {}
        self._answers: dict[int, dict[str, Any]] = {}
        self._asked = 0
        self._session: dict[str, str] = {}
        self._pump_until = pump_until
        self._ws = tkws.open(url, self, master=root)
        pump_until(lambda: self._ws.state is tkws.State.OPEN, PATIENCE)

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Calls a method, and waits for the result."""
        self._asked += 1
        number = self._asked
        self._ws.send(json.dumps({"id": number, "method": method, "params": parameters, **self._session}))
        self._pump_until(lambda: number in self._answers, PATIENCE)
        answer = self._answers.pop(number)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def attach(self) -> None:
        """Speaks to the page from now on, which is the first that there is."""
        pages = [each for each in self.ask("Target.getTargets")["targetInfos"] if each["type"] == "page"]
        attached = self.ask("Target.attachToTarget", targetId=pages[0]["targetId"], flatten=True)
        self._session = {"sessionId": attached["sessionId"]}

    def version(self) -> str:
        """The browser's."""
        product: str = self.ask("Browser.getVersion")["product"]
        return product.partition("/")[2]

    def close(self) -> None:
        """Ends the connection."""
        self._ws.close()
        self._pump_until(lambda: self._ws.state is tkws.State.CLOSED, PATIENCE)

    def on_text(self, ws: tkws.WebSocket, message: str) -> None:
        told = json.loads(message)
        if "id" in told:
            self._answers[told["id"]] = told
        elif told["method"] in self.listeners:
            self.listeners[told["method"]](told["params"])


class Tab(Teller):
    """The browser's page, as a party to conversations.

    Args:
        chromium: The browser.
        root: Whose loop the DevTools are on.
        pump_until: Runs it.
    """

    def __init__(self, chromium: Chromium, root: tkinter.Misc, pump_until: Callable[..., None]) -> None:
        super().__init__()
        self._loaded = 0
        self._pump_until = pump_until
        self._tools = DevTools(chromium.url, root, pump_until)
        self._tools.attach()
        self._tools.listeners["Runtime.bindingCalled"] = lambda call: self.take(json.loads(call["payload"]))
        self._tools.listeners["Page.loadEventFired"] = self._has_loaded
        self._tools.ask("Runtime.enable")
        self._tools.ask("Runtime.addBinding", name="tell")
        self._tools.ask("Page.enable")

    def begin(self, part: list[tuple], command: str, url: str, *protocols: str, deflate: str | None) -> None:
        """Goes to the page of the same server, and has it play ``part``.

        Args:
            part: As `TheirParty.begin` takes it.
            command: ``open``.
            url: Of the WebSocket.
            protocols: To offer.
            deflate: Whether to tell what was agreed; a browser always offers compression.
        """
        assert command == "open"
        self.forget()
        self.show("http" + url.removeprefix("ws").split("/talk")[0] + "/")
        words = ([entry_words(entry) for entry in part], url, protocols, deflate is not None)
        self.evaluate(TAKE_PART % tuple(map(json.dumps, words)))

    def show(self, url: str) -> None:
        """Goes to a page."""
        before = self._loaded
        went = self._tools.ask("Page.navigate", url=url)
        assert "errorText" not in went, went
        self._pump_until(lambda: self._loaded > before, PATIENCE)

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page; of a promise, what it comes to."""
        result = self._tools.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def close(self) -> None:
        """Leaves the browser alone."""
        self._tools.close()

    def _has_loaded(self, _: dict[str, Any]) -> None:
        self._loaded += 1

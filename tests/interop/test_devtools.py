"""Chromium's DevTools, driven by a `tkws.JSONRPC` whose messages have no ``jsonrpc`` member."""

from __future__ import annotations

from typing import Any

import pytest

import tkws
from tests.interop.chromium import PATIENCE
from tkws.jsonrpc import Message

PAGE = "<!doctype html><title>Grüße</title><button onclick='count = (window.count || 0) + 1'>more</button>"


class DevTools(tkws.JSONRPC):
    """Speaks to one page of a browser (https://chromedevtools.github.io/devtools-protocol)."""

    session: str | None = None

    def wrap(self, message: Message) -> Any:
        value = super().wrap(message)
        del value["jsonrpc"]
        return value if self.session is None else {**value, "sessionId": self.session}

    def unwrap(self, value: Any) -> Message:
        return super().unwrap({**value, "jsonrpc": "2.0"})


@pytest.fixture
def tools(chromium, root, log, pump_until):
    """``(rpc, ask, ws)``; ``ask(method, **params)`` calls a method and waits for the result."""
    rpc = DevTools(log)
    ws = tkws.open(chromium.url, rpc, master=root)
    pump_until(lambda: log.open, PATIENCE)

    def ask(method: str, **params: Any) -> Any:
        call = ws.call(method, params)
        pump_until(lambda: call.done, PATIENCE)
        if call.error is not None:
            raise call.error
        return call.result

    pages = [each for each in ask("Target.getTargets")["targetInfos"] if each["type"] == "page"]
    rpc.session = ask("Target.attachToTarget", targetId=pages[0]["targetId"], flatten=True)["sessionId"]
    yield rpc, ask, ws
    ws.close()
    pump_until(lambda: log.over, PATIENCE)


@pytest.mark.slow
def test_a_page_is_driven(tools, root, pump_until):
    rpc, ask, _ = tools
    server = tkws.serve(master=root)
    server.page("/", PAGE)
    loaded, said = [], []
    rpc.method("Page.loadEventFired")(lambda ws, timestamp: loaded.append(timestamp))
    rpc.method("Runtime.bindingCalled")(lambda ws, name, payload, **more: said.append((name, payload)))
    ask("Page.enable")
    ask("Runtime.enable")
    ask("Runtime.addBinding", name="tell")
    ask("Page.navigate", url=f"http://127.0.0.1:{server.port}/")
    pump_until(lambda: loaded, PATIENCE)

    def evaluate(expression: str) -> Any:
        return ask("Runtime.evaluate", expression=expression, awaitPromise=True)["result"].get("value")

    assert evaluate("document.title") == "Grüße"
    assert evaluate("document.querySelector('button').click(), count") == 1
    assert evaluate("new Promise(done => setTimeout(() => done('later'), 5))") == "later"
    evaluate("tell('here')")
    pump_until(lambda: said == [("tell", "here")], PATIENCE)
    server.close()


@pytest.mark.slow
def test_its_errors_are_those_of_the_calls(tools):
    _, ask, _ = tools
    with pytest.raises(tkws.JSONRPCError) as unknown:
        ask("Nothing.atAll")
    assert unknown.value.code == tkws.JSONRPCError.METHOD_NOT_FOUND
    with pytest.raises(tkws.JSONRPCError) as invalid:
        ask("Page.navigate", url=5)
    assert invalid.value.code == tkws.JSONRPCError.INVALID_PARAMS


@pytest.mark.slow
def test_answers_come_as_they_are_ready(tools, pump_until):
    _, _, ws = tools
    order: list[str] = []
    slow = "new Promise(done => setTimeout(() => done('slow'), 100))"
    for expression in (slow, "'quick'"):
        ws.call(
            "Runtime.evaluate",
            {"expression": expression, "awaitPromise": True},
            on_result=lambda answer: order.append(answer["result"]["value"]),
        )
    never = ws.call(
        "Runtime.evaluate", {"expression": "new Promise(() => {})", "awaitPromise": True}, timeout=0.2
    )
    pump_until(lambda: len(order) == 2 and never.done, PATIENCE)
    assert order == ["quick", "slow"]
    assert isinstance(never.error, tkws.CallTimeout)

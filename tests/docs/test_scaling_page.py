"""The program of the page on scaling carries groups over a real NATS server."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tkws
from tests.demos.brokers import cluster
from tests.docs.blocks import BLOCK
from tests.peers import Log
from tkws import aio

PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"


@pytest.mark.slow
@pytest.mark.programs
def test_groups_reach_the_other_host(
    root: tkinter.Tk, tmp_path: Path, pump_until: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    [text] = [
        block["text"]
        for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))
        if block["info"] == "python notest"
    ]
    names: dict[str, Any] = {}
    monkeypatch.setattr(tkinter, "Tcl", lambda: root)
    monkeypatch.setattr(root, "mainloop", lambda _: pump_until(names["host"].done, timeout=15))
    with cluster(tmp_path, 1) as [broker]:
        pump_until(broker.is_up)
        text = text.replace("nats://127.0.0.1:4222", broker.url).replace("8765", "0")
        exec(compile(text, str(PAGE), "exec"), names)
        other = aio.spawn(names["serve"](0), root)
        pump_until(other.done)
        hosts = [names["host"].result(), other.result()]
        ann, bob, cleo = Log(), Log(), Log()
        clients = [
            tkws.open(f"{server.url}rooms/{room}", log, master=root)
            for (server, _), room, log in zip(
                (*hosts, hosts[1]), ("tea", "tea", "milk"), (ann, bob, cleo), strict=True
            )
        ]
        pump_until(lambda: all(log.open for log in (ann, bob, cleo)))
        pump_until(lambda: sum(len(server.members("*")) for server, _ in hosts) == 3)
        for _, client in hosts:  # the broker has taken the subscriptions
            flushed = aio.spawn(client.flush(), root)
            pump_until(flushed.done)
        clients[0].send("hello")
        pump_until(lambda: bob.all("text") == ["hello"])
        clients[1].send("back")
        pump_until(lambda: ann.all("text") == ["back"])
        assert bob.all("text") == ["hello"]
        assert not cleo.all("text")
        for server, client in hosts:
            server.close()
            closed = aio.spawn(client.close(), root)
            pump_until(closed.done)
        pump_until(lambda: all(log.over for log in (ann, bob, cleo)) and not tkws.find())

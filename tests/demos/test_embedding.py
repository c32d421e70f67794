"""The small demos of embedding, as a person uses them: threads here, the thread of Tk there."""

from __future__ import annotations

import socket
import threading
import tkinter as tk
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest

import tkws
from demos.asyncio_thread import BridgeWindow
from demos.worker import WorkerWindow, is_prime
from demos.wsgi import WSGIWindow
from tkws.testing import Recorder

PumpUntil = Callable[..., None]
Open = Callable[[type], Any]


@pytest.fixture
def fill(display_root: tk.Tk, pump_until: PumpUntil) -> Iterator[Open]:
    """``fill(demo)`` fills the window with a demo, which is closed after the test."""
    made: list[Any] = []

    def fill(demo: type) -> Any:
        made.append(demo(display_root))
        return made[-1]

    yield fill
    for demo in made:
        demo.close()
    pump_until(lambda: not tkws.find())


@pytest.mark.parametrize(("number", "prime"), [(2, True), (9, False), (97, True), (1_000_000_007, True)])
def test_the_worker_knows_prime_numbers(number: int, prime: bool) -> None:
    assert is_prime(number) is prime


def test_the_worker_sends_from_its_thread_and_can_be_stopped(fill: Open, pump_until: PumpUntil) -> None:
    demo = fill(WorkerWindow)
    pump_until(lambda: len(demo.frame.log.plain) > 3)
    numbers = [int(line.split()[1].replace(",", "")) for line in demo.frame.log.plain]
    assert numbers == sorted(numbers)
    thread = demo.worker
    demo.toggle()
    assert not thread.is_alive()
    assert demo.worker is None
    demo.frame.entry.insert(0, "  that was quick  ")
    demo.frame.submit()
    assert demo.frame.log.plain[-1] == "you: that was quick"


@pytest.mark.slow
def test_the_worker_ends_when_the_window_goes_first(display_root: tk.Tk, pump_until: PumpUntil) -> None:
    demo = WorkerWindow(display_root)
    pump_until(lambda: demo.frame.log.plain)
    thread = demo.worker
    assert thread is not None
    display_root.destroy()
    thread.join(10)
    assert not thread.is_alive()


def test_a_client_of_the_wsgi_application_is_served_on_the_thread_of_tk(
    display_root: tk.Tk, fill: Open, pump_until: PumpUntil
) -> None:
    demo = fill(WSGIWindow)
    recorder = Recorder()
    ws = tkws.open(f"ws://{demo.url}/live?from=me", recorder, master=display_root)
    pump_until(lambda: "connect" in recorder)
    ws.send("hello")
    pump_until(lambda: demo.frame.log.plain[-1:] == ["me: hello"])
    demo.frame.entry.insert(0, "welcome")
    demo.frame.submit()
    pump_until(lambda: recorder.messages == ["welcome"])
    ws.close()
    pump_until(lambda: demo.frame.log.plain[-1] == "me: disconnected")


@pytest.mark.slow
@pytest.mark.parametrize(("path", "status"), [("/elsewhere", 404), ("/live?from=me", 403)])
def test_the_wsgi_application_answers_what_is_no_websocket(
    display_root: tk.Tk, fill: Open, pump_until: PumpUntil, path: str, status: int
) -> None:
    demo = fill(WSGIWindow)
    recorder = Recorder()
    tkws.open(f"ws://{demo.url}{path}", recorder, master=display_root, origin="https://elsewhere.example")
    pump_until(lambda: "disconnect" in recorder)
    assert recorder.all("error")[0].status == status


def test_the_page_of_the_wsgi_application(
    fill: Open, pump_until: PumpUntil, fetch: Callable[[str], Future[tuple[int, Any, str]]]
) -> None:
    page = fetch(f"http://{fill(WSGIWindow).url}/")
    pump_until(page.done)
    assert "new WebSocket" in page.result()[2]


def test_lines_go_over_the_bridge_both_ways(fill: Open, pump_until: PumpUntil) -> None:
    demo = fill(BridgeWindow)
    with socket.create_connection(("127.0.0.1", demo.devices.port), timeout=5) as device:
        device.sendall("boiler 71.5\nboiler 72 °C\n".encode())
        pump_until(lambda: demo.frame.log.plain == ["device: boiler 71.5", "device: boiler 72 °C"])
        demo.frame.entry.insert(0, "hold 70")
        demo.frame.submit()
        device.setblocking(False)
        heard = bytearray()

        def has_heard() -> bool:
            try:
                heard.extend(device.recv(100))
            except BlockingIOError:
                pass
            return heard == b"hold 70\n"

        pump_until(has_heard)


def test_the_bridge_stops_with_a_device_on_the_line(fill: Open, pump_until: PumpUntil) -> None:
    demo = fill(BridgeWindow)
    device = socket.create_connection(("127.0.0.1", demo.devices.port), timeout=5)
    device.sendall(b"here\n")
    pump_until(lambda: demo.frame.log.plain)
    before = threading.active_count()
    demo.close()
    assert threading.active_count() == before - 1
    assert device.recv(1) == b""
    device.close()
    demo.devices.stop = lambda: None

"""The dashboard: what it measures, says and shows, from the machine to the window and the web page."""

from __future__ import annotations

import io
import json
import re
import tkinter as tk
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from matplotlib.figure import Figure

import tkws
from demos.dashboard.alarms import Alarms, Rule
from demos.dashboard.app import App
from demos.dashboard.feed import decode, encode
from demos.dashboard.host import HISTORY, PERIOD, Host
from demos.dashboard.machine import Machine, Sample
from demos.dashboard.plot import PlotWindow
from demos.dashboard.strip import StripChart
from demos.dashboard.viewer import Viewer
from tkws.console.look import LIGHT
from tkws.testing import FakeClock, Recorder

PumpUntil = Callable[..., None]


def sample(time: float = 0.0, cpu: float = 10.0, memory: float = 40.0) -> Sample:
    return Sample(time, cpu, (cpu, cpu), memory, 1e6, 2e6, 3e6, 4e6)


class Seen:
    """A view that remembers."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.alarms: tuple[str, ...] = ()
        self.states: list[str] = []
        self.begun = 0

    def reset(self) -> None:
        self.begun += 1
        self.samples.clear()

    def show(self, message: Any) -> None:
        self.samples += message.samples
        self.alarms = message.alarms

    def show_state(self, state: str) -> None:
        self.states.append(state)


@pytest.fixture
def host(root: tk.Tk, pump_until: PumpUntil) -> Iterator[Host]:
    made = Host(root)
    yield made
    made.close()
    pump_until(lambda: not tkws.find())


def test_the_machine_is_measured() -> None:
    times = iter([100.0, 102.0, 104.0])
    machine = Machine(clock=lambda: next(times))
    first, second = machine.sample(), machine.sample()
    assert (first.time, second.time) == (102.0, 104.0)
    for measured in (first, second):
        assert 0 < measured.memory < 100
        assert all(0 <= core <= 100 for core in measured.cores)
        assert min(measured.received, measured.sent, measured.read, measured.written) >= 0


def test_an_alarm_comes_after_its_time_and_goes_well_below() -> None:
    alarms = Alarms([Rule("cpu", above=80, seconds=2, below=60)])
    story = [(0, 90, ()), (1, 90, ()), (2, 90, ("cpu",)), (3, 70, ("cpu",)), (4, 59, ()), (5, 90, ())]
    assert [alarms.update(sample(time, cpu)) for time, cpu, _ in story] == [active for *_, active in story]


def test_an_alarm_that_is_interrupted_begins_anew() -> None:
    alarms = Alarms([Rule("cpu", above=80, seconds=2, below=60)])
    assert [alarms.update(sample(time, cpu)) for time, cpu in ((0, 90), (1, 75), (2, 90), (3, 90))] == [
        ()
    ] * 4
    assert alarms.update(sample(4, 90)) == ("cpu",)


def test_what_is_said_is_understood() -> None:
    message = decode(encode("atlas", [sample(1), sample(2)], ["cpu"]))
    assert (message.host, message.alarms) == ("atlas", ("cpu",))
    assert message.samples == (sample(1), sample(2))


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        '{"host": "a", "samples": [], "alarms": 1}',
        '{"host": "a", "samples": [{"time": 1}], "alarms": []}',
        json.dumps(json.loads(encode("a", [sample()], [])) | {"samples": [7]}),
        encode("a", [sample()], []).replace("10.0", '"10"'),
        "[" * 100_000,
    ],
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="."):
        decode(text)


@pytest.mark.slow
def test_who_comes_gets_the_history_then_what_is_new(root: tk.Tk, pump_until: PumpUntil) -> None:
    clock = FakeClock(root)
    host = Host(root)
    clock.advance(4.5 * PERIOD)
    seen = Seen()
    viewer = Viewer(host.server.url, seen, root)
    pump_until(lambda: seen.samples)
    assert len(seen.samples) == 4
    clock.advance(PERIOD)
    pump_until(lambda: len(seen.samples) == 5)
    assert seen.states == [f"Connecting to {host.server.url}", f"Live from {host.server.url}"]
    clock.advance(1.2 * HISTORY * PERIOD)  # each sample comes a little late
    late = Recorder()
    other = tkws.open(host.server.url, late, master=root)
    pump_until(lambda: late.messages)
    assert len(decode(str(late.messages[0])).samples) == HISTORY
    other.close()
    viewer.close()
    host.close()
    pump_until(lambda: not tkws.find())


@pytest.mark.slow
def test_a_viewer_comes_back_when_the_feed_does(root: tk.Tk, pump_until: PumpUntil) -> None:
    host = Host(root)
    seen = Seen()
    viewer = Viewer(host.server.url, seen, root)
    pump_until(lambda: seen.samples)
    host.close()
    pump_until(lambda: any("next attempt in" in state for state in seen.states))
    before = list(seen.samples)
    again = Host(root, port=host.server.port)
    pump_until(lambda: len(seen.samples) > len(before) + 1)
    assert seen.samples[: len(before)] == before, "they are kept, although the host has lost them"
    times = [sample.time for sample in seen.samples]
    assert times == sorted(set(times))
    assert seen.begun == 0
    viewer.close()
    again.close()
    pump_until(lambda: not tkws.find())


def test_a_viewer_starts_anew_when_the_clock_of_the_host_went_back(
    root: tk.Tk, pump_until: PumpUntil
) -> None:
    server = tkws.serve(master=root)
    texts = [encode("a", [sample(time=when) for when in times], []) for times in ((5, 6), (6, 7), (), (1, 2))]
    server.live("/", lambda ws, type, message: type == "connect" and [ws.send(text) for text in texts])
    seen = Seen()
    viewer = Viewer(server.url, seen, root)
    pump_until(lambda: seen.begun == 1 and seen.samples)
    assert [each.time for each in seen.samples] == [1, 2]
    viewer.close()
    server.close()
    pump_until(lambda: not tkws.find())


def test_a_feed_that_says_something_else_is_left(root: tk.Tk, pump_until: PumpUntil) -> None:
    server = tkws.serve(master=root)
    recorder = Recorder(lambda ws, type, message: type == "connect" and ws.send("hello"))
    server.live("/", recorder)
    seen = Seen()
    Viewer(server.url, seen, root)
    pump_until(lambda: "disconnect" in recorder)
    assert recorder.all("close")[0][0] == 1008
    server.close()
    pump_until(lambda: not tkws.find())
    assert seen.states[-1].startswith("Disconnected: 1008")


def test_the_page_is_beside_the_feed(
    host: Host, pump_until: PumpUntil, fetch: Callable[[str], Future[tuple[int, Any, str]]]
) -> None:
    page = fetch(host.server.url.replace("ws:", "http:", 1))
    pump_until(page.done)
    status, headers, text = page.result()
    assert (status, headers.get_content_type()) == (200, "text/html")
    assert "new WebSocket" in text


def test_a_line_comes_in_at_the_right_and_moves_to_the_left(display_root: tk.Tk) -> None:
    now = [1000.0]
    chart = StripChart(display_root, ["#ff0000"], "%", span=10, top=100, lag=0, clock=lambda: now[0])
    chart.place(x=0, y=0, width=200, height=102)
    display_root.update()
    for when, value in ((990, 0), (995, 50), (1000, 100)):
        chart.add(when, [value])
    chart.redraw()
    (line,) = chart._lines[0]
    assert chart.coords(line) == [0, 101, 100, 51, 200, 1]
    now[0] = 1005
    chart.scroll()
    assert chart.coords(line) == [-100, 101, 0, 51, 100, 1]
    chart.add(1030, [7])
    chart.redraw()
    assert len(chart._points[0]) == 1
    chart.clear()
    chart.redraw()
    assert chart.coords(line) == [0, 0, 0, 0]


def test_a_time_without_samples_is_a_gap_in_the_line_and_what_is_old_is_grey(display_root: tk.Tk) -> None:
    now = [1010.0]
    chart = StripChart(display_root, ["#ff0000"], "%", span=10, top=100, lag=0, gap=2.0, clock=lambda: now[0])
    chart.place(x=0, y=0, width=200, height=102)
    display_root.update()
    for when in (1000, 1001, 1005, 1006):
        chart.add(when, [0])
    chart.redraw()
    first, second = chart._lines[0]
    assert [chart.coords(line)[::2] for line in (first, second)] == [[0, 20], [100, 120]]
    chart.set_stale(True)
    assert {chart.itemcget(line, "fill") for line in (first, second)} == {LIGHT.faint}
    chart.set_stale(False)
    assert {chart.itemcget(line, "fill") for line in (first, second)} == {"#ff0000"}


@pytest.mark.slow
def test_old_figures_turn_grey_and_say_how_old_they_are(display_root: tk.Tk, pump_until: PumpUntil) -> None:
    host = Host(display_root)
    app = App(display_root, host.server.url, host)
    window = app.window
    pump_until(lambda: window.samples)
    host.close()
    pump_until(lambda: window.stale)
    assert re.match(r"\d+ s old · ", window._state.cget("text"))
    assert str(window._cpu._label.cget("foreground")) == LIGHT.faint
    window.show(decode(encode("atlas", [sample()], [])))
    assert not window.stale
    assert "old" not in window._state.cget("text")
    app.close()
    display_root.destroy()


def test_without_a_top_the_highest_value_that_is_in_sight_counts(display_root: tk.Tk) -> None:
    chart = StripChart(display_root, ["#ff0000", "#00ff00"], "MiB/s")
    assert chart.highest == 1.0
    chart.add(1.0, [3, 40])
    assert chart.highest == pytest.approx(46)
    chart.redraw()
    assert chart.itemcget(chart._label, "text") == "46 MiB/s"


@pytest.fixture(scope="session")
def open_fonts() -> None:
    """matplotlib keeps the fonts open that it has drawn with."""
    figure = Figure()
    figure.text(0, 0, "A")
    figure.savefig(io.BytesIO())


@pytest.mark.slow
def test_both_views_follow_the_feed(open_fonts: None, display_root: tk.Tk, pump_until: PumpUntil) -> None:
    host = Host(display_root)
    app = App(display_root, host.server.url, host)
    pump_until(lambda: app.window.samples > 2 and app.window.frames > 10)
    app.open_plot()
    plot = app.plot
    assert isinstance(plot, PlotWindow)
    app.open_plot()
    assert app.plot is plot
    pump_until(lambda: plot.drawings > 1)
    plot.tk.call(*plot.tk.splitlist(plot.protocol("WM_DELETE_WINDOW")))
    assert app.plot is None
    assert app.window._cpu.text.endswith(" %")
    pump_until(lambda: len(tkws.find()) == 2)  # the two ends of the dashboard's own connection
    app.close()
    display_root.destroy()


def test_an_alarm_is_shown(display_root: tk.Tk, pump_until: PumpUntil) -> None:
    host = Host(display_root)
    app = App(display_root, host.server.url, host)
    app.window.show(decode(encode("atlas", [sample(cpu=99)], ["cpu"])))
    assert app.window.alarms == ("cpu",)
    assert app.window._alarm.cget("text") == "High: cpu"
    app.close()
    display_root.destroy()

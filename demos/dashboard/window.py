"""The window: meters at the top, strip charts below, drawn for each frame of the screen; and alarms."""

from __future__ import annotations

import os
import time
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from demos.dashboard.feed import Message
from demos.dashboard.machine import Sample
from demos.dashboard.meter import Meter
from demos.dashboard.strip import StripChart
from demos.look import hues, theme_of

FRAME = 1 / 60  # seconds per frame
SPAN = 30.0  # seconds shown by a chart
STALE = 2.0  # seconds without a sample that make everything grey, and leave a gap in the lines

_MEBIBYTE = 1024 * 1024


class DashboardWindow(ttk.Frame):
    """The contents of the window; a `demos.dashboard.viewer.View`.

    Args:
        parent: The window.
        open_plot: Called when the button for the plot is pressed; None for no button.

    Attributes:
        samples: How many samples have been shown.
        frames: How many times the charts have been drawn.
        alarms: The metrics with an alarm.
        stale: Whether no sample has come for some time, so that all is grey.
    """

    def __init__(self, parent: tk.Tk | tk.Toplevel, open_plot: Callable[[], object] | None = None) -> None:
        super().__init__(parent)
        self.samples = 0
        self.frames = 0
        self.alarms: tuple[str, ...] = ()
        self.stale = False
        self._received = time.monotonic()
        self._state_text = ""
        self._counted = 0, time.monotonic()
        theme = theme_of(self)
        parent.title("tkws dashboard")
        parent.geometry(theme.size(860, 620))
        parent.minsize(theme.px(480), theme.px(320))
        gap = theme.px(16)
        self._build_head(gap, open_plot)
        self._build_meters(gap)
        self._build_charts(gap)
        self.pack(fill="both", expand=True)
        self._next_frame = time.monotonic()
        self._frame = self.after(0, self._draw_frame)
        self.bind("<Destroy>", self._on_destroy)

    def reset(self) -> None:
        """Remove all samples."""
        self.samples = 0
        for chart in (self._cores, self._network, self._disk):
            chart.clear()

    def show(self, message: Message) -> None:
        """Show the samples and alarms of a message."""
        self._host.configure(text=message.host)
        for sample in message.samples:
            self._add(sample)
            self._received = time.monotonic()
        self._show_age(self._received)
        for chart in (self._cores, self._network, self._disk):
            chart.redraw()
        self.alarms = message.alarms
        if message.samples:
            self._show_meters(message.samples[-1])
        self._alarm.configure(text=f"High: {', '.join(message.alarms)}" if message.alarms else "")

    def show_state(self, state: str) -> None:
        """Show the state of the connection."""
        self._state_text = state
        self._state.configure(text=state)

    # Implementation

    def _add(self, sample: Sample) -> None:
        self.samples += 1
        self._cores.add(sample.time, sample.cores)
        self._network.add(sample.time, (sample.received / _MEBIBYTE, sample.sent / _MEBIBYTE))
        self._disk.add(sample.time, (sample.read / _MEBIBYTE, sample.written / _MEBIBYTE))

    def _show_meters(self, sample: Sample) -> None:
        self._cpu.show(sample.cpu, "cpu" in self.alarms)
        self._memory.show(sample.memory, "memory" in self.alarms)
        self._traffic.show((sample.received + sample.sent) / _MEBIBYTE)

    def _draw_frame(self) -> None:
        now = time.monotonic()
        self._next_frame = max(self._next_frame + FRAME, now)
        self._frame = self.after(round(1000 * (self._next_frame - now)), self._draw_frame)
        self.frames += 1
        for chart in (self._cores, self._network, self._disk):
            chart.scroll()
        self._show_age(now)
        frames, since = self._counted
        seconds = now - since
        if seconds >= 1:
            self._rate.configure(text=f"{(self.frames - frames) / seconds:.0f} frames per second")
            self._counted = self.frames, now

    def _show_age(self, now: float) -> None:
        """Grey out everything while no new samples come, and say how old the newest one is."""
        age = now - self._received
        stale = self.samples > 0 and age >= STALE
        if stale:
            text = f"{age:.0f} s old · {self._state_text}"
            if text != self._state.cget("text"):
                self._state.configure(text=text)
        if stale != self.stale:
            self.stale = stale
            for part in (self._cpu, self._memory, self._traffic, self._cores, self._network, self._disk):
                part.set_stale(stale)
            self._alarm.configure(foreground=theme_of(self).colours.faint if stale else "")
            if not stale:
                self._state.configure(text=self._state_text)

    def _on_destroy(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self:
            self.after_cancel(self._frame)

    def _build_head(self, gap: int, open_plot: Callable[[], object] | None) -> None:
        head = ttk.Frame(self, padding=(gap, gap // 2))
        self._host = ttk.Label(head, text="...", style="Title.TLabel")
        self._host.grid(row=0, column=0, sticky="w")
        self._state = ttk.Label(head, style="Small.TLabel")
        self._state.grid(row=1, column=0, sticky="w")
        self._alarm = ttk.Label(head, style="Wrong.TLabel")
        self._alarm.grid(row=0, column=1, sticky="e")
        self._rate = ttk.Label(head, style="Small.TLabel")
        self._rate.grid(row=1, column=1, sticky="e")
        if open_plot is not None:
            button = ttk.Button(head, text="Plot", style="Quiet.TButton", command=open_plot)
            button.grid(row=0, column=2, rowspan=2, padx=(gap, 0))
        head.columnconfigure(0, weight=1)
        head.pack(fill="x")
        ttk.Frame(self, style="Line.TFrame", height=1).pack(fill="x")

    def _build_meters(self, gap: int) -> None:
        colours = theme_of(self).colours
        row = ttk.Frame(self, padding=(gap * 3 // 4, gap // 2, gap * 3 // 4, 0))
        self._cpu = Meter(row, "Processor", "%", colours.accent)
        self._memory = Meter(row, "Memory", "%", colours.good)
        self._traffic = Meter(row, "Network", "MiB/s", colours.waiting, top=100)
        for column, meter in enumerate((self._cpu, self._memory, self._traffic)):
            meter.grid(row=0, column=column, sticky="ew", padx=gap // 4)
            row.columnconfigure(column, weight=1, uniform="meters")
        row.pack(fill="x")

    def _build_charts(self, gap: int) -> None:
        theme = theme_of(self)
        colours, more = theme.colours, hues(dark=theme.is_dark)
        cores = colours.accent, colours.good, colours.waiting, colours.bad, *more[4:8]
        processors = min(os.cpu_count() or 1, len(cores))
        names = tuple(str(number) for number in range(1, processors + 1))
        self._cores = self._chart("Each processor", gap, cores, "%", names, top=100.0)
        self._network = self._chart("Network", gap, (colours.good, colours.waiting), "MiB/s", ("in", "out"))
        self._disk = self._chart("Disks", gap, (colours.accent, colours.bad), "MiB/s", ("read", "written"))

    def _chart(
        self,
        title: str,
        gap: int,
        colours: tuple[str, ...],
        unit: str,
        names: tuple[str, ...],
        *,
        top: float | None = None,
    ) -> StripChart:
        head = ttk.Frame(self, padding=(gap, gap // 4, gap, 0))
        ttk.Label(head, text=title, style="Soft.TLabel").pack(side="left")
        for name, colour in zip(names, colours, strict=False):
            disc = theme_of(self).disc(9, colour)
            ttk.Label(head, text=f" {name}", image=disc, compound="left", style="Small.TLabel").pack(
                side="left", padx=(gap // 2, 0)
            )
        head.pack(fill="x")
        chart = StripChart(self, colours, unit, span=SPAN, top=top, gap=STALE)
        chart.pack(fill="both", expand=True, padx=gap, pady=(gap // 4, gap // 4))
        return chart

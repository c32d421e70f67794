"""The plot: numeric fields as lines over the last seconds or minutes, drawn as often as they move.

Knows series, not messages.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Mapping
from functools import partial
from tkinter import ttk
from types import MappingProxyType
from typing import Final

from tkws.console.live.axis import number_text, scale, ticks
from tkws.console.live.series import Series, Span
from tkws.console.log.log import clock_time
from tkws.console.look import Placeholder, theme_of

_DRAW_MS = 50  # at least
_SPANS: Mapping[str, float] = MappingProxyType(
    {"10 s": 10.0, "30 s": 30.0, "1 min": 60.0, "2 min": 120.0, "5 min": 300.0, "10 min": 600.0}
)
_TICKS = 4
_NOTHING = "No value in this time.\nA longer time, or the next message, shows some."
_LIVE = 60.0  # seconds; a conversation whose newest value is older when the plot opens is of the past

Limits = tuple[float, float]


class Plot(ttk.Frame):
    """The pane with the plot.

    Args:
        parent: The parent widget.
        on_remove: Called with a series when the user removes its line.
        on_export: Called when the user wants the values in a file.

    Attributes:
        series: The lines, the first one at the top of the legend; change it by `add` and `remove`.
        paused: Returns whether time stands still; to be set by the owner.
    """

    def __init__(
        self, parent: tk.Misc, on_remove: Callable[[Series], object], on_export: Callable[[], object]
    ) -> None:
        super().__init__(parent)
        self.series: Final[list[Series]] = []
        self.paused: Callable[[], bool] = lambda: False
        self._on_remove = on_remove
        self._theme = theme_of(self)
        self._timer = ""
        self._since = time.time()
        self._end = self._since
        self._own_scales = tk.BooleanVar(self, False)
        self._legend = ttk.Frame(self)
        self._values: list[ttk.Label] = []
        self.span: Final = ttk.Combobox(
            self, values=list(_SPANS), state="readonly", width=6, font=self._theme.body, height=len(_SPANS)
        )
        self._canvas = tk.Canvas(self, height=self._theme.px(150), width=self._theme.px(200), borderwidth=0)
        self._empty = Placeholder(self._canvas)
        self._lines: list[int] = []
        self._lay_out(on_export)
        self.bind("<Map>", lambda _: self._tick())
        self._theme.follow(self._canvas, self.draw)
        self._theme.follow(parent, self._paint)  # which is visible while the plot may not be

    @property
    def seconds(self) -> float:
        """How much time is shown."""
        return _SPANS[self.span.get()]

    @property
    def room(self) -> int:
        """How many more lines can be told apart."""
        return len(self._theme.colours.lines) - len(self.series)

    def add(self, series: Series) -> None:
        """Add a line."""
        self.series.append(series)
        self._show_legend()

    def remove(self, series: Series) -> None:
        """Remove a line."""
        self.series.remove(series)
        self._show_legend()

    def draw(self) -> None:
        """Draw the lines as they are now."""
        self._paint()
        self._canvas.delete("grid")
        self._end = self._now()
        begin, width = self._end - self.seconds, self._right
        shown = [series.spans(begin, self._end, width) for series in self.series]
        limits = [_limits(spans) for spans in shown]
        if not self._own_scales.get():
            limits = [_union(limits)] * len(limits)
        self._draw_grid(next(iter(limits), None), begin)
        self._empty.show("" if any(shown) else _NOTHING)
        for number, (spans, limit) in enumerate(zip(shown, limits, strict=True)):
            self._draw_line(number, spans, limit)
        for label, series, limit in zip(self._values, self.series, limits, strict=True):
            value, apart = series.last, 0.0 if limit is None else (limit[1] / 2 - limit[0] / 2) / 50
            label.configure(text="no value yet" if value is None else number_text(value, apart))

    def destroy(self) -> None:
        """Cancel the timer, and destroy the widget."""
        if self._timer:
            self.after_cancel(self._timer)
            self._timer = ""
        super().destroy()

    def _paint(self) -> None:
        colours = self._theme.colours
        self._canvas.configure(
            background=colours.surface,
            highlightthickness=self._theme.px(1),
            highlightbackground=colours.line,
        )

    def _tick(self) -> None:
        """Draw, and again a little later while the plot is shown."""
        if self._timer:
            self.after_cancel(self._timer)
        self._timer = ""
        if self.winfo_ismapped():
            self.draw()
            self._timer = self.after(max(_DRAW_MS, round(self.seconds * 0.7)), self._tick)  # half a pixel

    def _now(self) -> float:
        """Return the time at the right edge: now, unless all values are of a conversation of the past."""
        newest = max((series.newest for series in self.series), default=0.0)
        if self.paused():
            return self._end
        return time.time() if not newest or newest > self._since - _LIVE else newest

    @property
    def _right(self) -> int:
        """Where the lines end, in pixels; the numbers of the axis follow."""
        return max(1, self._canvas.winfo_width() - self._theme.px(72))

    def _draw_grid(self, limits: Limits | None, begin: float) -> None:
        canvas, theme = self._canvas, self._theme
        height = canvas.winfo_height()
        colours, right = theme.colours, self._right
        for tick in ticks(*limits, _TICKS) if limits is not None else ():
            y = self._y(tick, limits)
            canvas.create_line(0, y, right, y, fill=colours.line, tags="grid")
            if not self._own_scales.get() or len(self.series) == 1:
                text = number_text(tick, (limits[1] / 2 - limits[0] / 2) / _TICKS if limits else 0.0)
                canvas.create_text(
                    right + theme.px(6),
                    y,
                    text=text,
                    anchor="w",
                    fill=colours.soft,
                    font=theme.small,
                    tags="grid",
                )
        for at in ticks(begin, self._end, _TICKS):
            x = (at - begin) / self.seconds * right
            clock = clock_time(at)
            canvas.create_line(x, 0, x, height, fill=colours.line, tags="grid")
            canvas.create_text(
                x + theme.px(4), height - theme.px(10), text=clock, anchor="w", fill=colours.soft,
                font=theme.small, tags="grid",
            )  # fmt: skip
        canvas.tag_lower("grid")

    def _draw_line(self, number: int, spans: list[Span], limits: Limits | None) -> None:
        while len(self._lines) <= number:
            self._lines.append(self._canvas.create_line(0, 0, 0, 0, width=self._theme.px(1.5)))
        points: list[float] = []
        if limits is not None:
            for span in spans:
                points += span.column, self._y(span.low, limits)
                if span.high > span.low:
                    points += span.column, self._y(span.high, limits)
                    points += span.column, self._y(span.last, limits)
        if len(points) == 2:
            points += points[0] + 2, points[1]
        self._canvas.itemconfigure(
            self._lines[number],
            fill=self._theme.colours.lines[number],
            state="normal" if points else "hidden",
        )
        self._canvas.coords(self._lines[number], *(points or (0, 0, 0, 0)))

    def _y(self, value: float, limits: Limits | None) -> float:
        assert limits is not None
        top, bottom = self._theme.px(8), self._canvas.winfo_height() - self._theme.px(22)
        share = (value / 2 - limits[0] / 2) / (limits[1] / 2 - limits[0] / 2)  # halves cannot overflow
        return bottom - (bottom - top) * share

    def _show_legend(self) -> None:
        for widget in self._legend.winfo_children():
            widget.destroy()
        self._values = []
        for number, series in enumerate(self.series):
            self._values.append(self._add_to_legend(number, series))
        for line in self._lines[len(self.series) :]:
            self._canvas.itemconfigure(line, state="hidden")
        self.draw()

    def _add_to_legend(self, number: int, series: Series) -> ttk.Label:
        """Show the name of a line; return the label for its last value."""
        theme, px = self._theme, self._theme.px
        swatch = tk.Canvas(self._legend, width=px(14), height=px(4), borderwidth=0, highlightthickness=0)
        theme.follow(swatch, lambda: swatch.configure(background=theme.colours.lines[number]))
        remove = ttk.Button(self._legend, text="✕", style="Bare.TButton", width=2)
        remove.configure(command=partial(self._on_remove, series))
        value = ttk.Label(self._legend, font=theme.bold)
        swatch.pack(side="left", padx=(px(8), px(4)))
        ttk.Label(self._legend, text=series.source.label, style="Small.TLabel").pack(side="left")
        value.pack(side="left", padx=(px(6), px(2)))
        remove.pack(side="left")
        return value

    def _lay_out(self, on_export: Callable[[], object]) -> None:
        px = self._theme.px
        own = ttk.Checkbutton(self, text="Own scales", variable=self._own_scales, command=self.draw)
        export = ttk.Button(self, text="Export…", style="Quiet.TButton", command=on_export)
        self.span.current(2)
        self.span.bind("<<ComboboxSelected>>", lambda _: self._span_chosen())
        self._legend.grid(row=0, column=0, sticky="w", pady=px(4))
        for column, widget in enumerate((own, self.span, export), 1):
            widget.grid(row=0, column=column, padx=px(4), pady=px(4))
        self._canvas.grid(row=1, column=0, columnspan=4, sticky="nsew")
        self._canvas.bind("<Configure>", lambda _: self.draw())
        self.rowconfigure(1, weight=1)
        self.columnconfigure(0, weight=1)

    def _span_chosen(self) -> None:
        self.span.selection_clear()
        self.draw()


def _limits(spans: list[Span]) -> Limits | None:
    if not spans:
        return None
    return scale(min(span.low for span in spans), max(span.high for span in spans))


def _union(limits: list[Limits | None]) -> Limits | None:
    known = [limit for limit in limits if limit is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None

"""What ``--scripted`` plays: both views side by side, until they have shown some seconds of the feed."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path

from demos.dashboard.app import App
from demos.dashboard.plot import PlotWindow
from demos.look import theme_of
from demos.stage import Scene

_SAMPLES = 40
_LOOK_MS = 100


def play(root: tk.Tk, app: App, picture: Path | None) -> int:
    """Play the scene.

    Returns:
        The exit status: 0, or 1 where it was not finished.
    """
    scene = Scene(root, picture)
    theme = theme_of(root)
    app.open_plot()
    plot = app.plot
    assert isinstance(plot, PlotWindow)
    root.geometry("+0+0")
    plot.geometry(f"+{theme.px(870)}+0")

    def look() -> None:
        if app.window.samples < _SAMPLES or not plot.drawings:
            root.after(_LOOK_MS, look)
            return
        print(f"{app.window.samples} samples, {app.window.frames} frames, {plot.drawings} plots")
        scene.finish([root, plot])

    look()
    return scene.play(app.close)

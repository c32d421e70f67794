"""The scene for ``--scripted``: both views side by side for some seconds of the feed."""

from __future__ import annotations

from demos.dashboard.app import App
from demos.dashboard.plot import PlotWindow
from demos.look import theme_of
from demos.stage import Scene

_SAMPLES = 40
_CHECK_MS = 100


def play(app: App, scene: Scene) -> None:
    """Play the scene."""
    root = app.window.winfo_toplevel()
    theme = theme_of(root)
    app.open_plot()
    plot = app.plot
    assert isinstance(plot, PlotWindow)
    root.wm_geometry("+0+0")
    plot.geometry(f"+{theme.px(870)}+0")

    def check() -> None:
        if app.window.samples < _SAMPLES or not plot.drawings:
            root.after(_CHECK_MS, check)
            return
        print(f"{app.window.samples} samples, {app.window.frames} frames, {plot.drawings} plots")
        scene.finish([root, plot])

    check()

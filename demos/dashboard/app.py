"""The windows of one program: the dashboard, and the plot when it is asked for."""

from __future__ import annotations

import tkinter as tk

from demos.dashboard.host import Host
from demos.dashboard.viewer import Viewer
from demos.dashboard.window import DashboardWindow


class App:
    """A dashboard in a root window, with a feed of its own or another program's.

    Args:
        root: The window.
        url: The feed's.
        host: What feeds it, where that is this program.

    Attributes:
        window: The dashboard.
        plot: The other view; None while it is closed.

    Raises:
        ValueError: For a URL that is none.
    """

    def __init__(self, root: tk.Tk, url: str, host: Host | None = None) -> None:
        self._root = root
        self._url = url
        self._host = host
        self.window = DashboardWindow(root, self.open_plot)
        self.plot: tk.Toplevel | None = None
        self._viewers = {self.window: Viewer(url, self.window, root)}

    def open_plot(self) -> None:
        """Open the other view, or lift it."""
        if self.plot is not None:
            self.plot.lift()
            return
        from demos.dashboard.plot import PlotWindow  # matplotlib takes half a second to import

        self.plot = plot = PlotWindow(self._root)
        viewer = Viewer(self._url, plot, self._root)
        plot.protocol("WM_DELETE_WINDOW", lambda: self._close_plot(viewer))

    def close(self) -> None:
        """Close what feeds it."""
        if self._host is not None:
            self._host.close()

    def _close_plot(self, viewer: Viewer) -> None:
        viewer.close()
        if self.plot is not None:
            self.plot.destroy()
            self.plot = None

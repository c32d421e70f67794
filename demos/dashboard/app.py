"""The windows of one program: the dashboard, and the plot on request."""

from __future__ import annotations

import tkinter as tk

from demos.dashboard.host import Host
from demos.dashboard.viewer import Viewer
from demos.dashboard.window import DashboardWindow


class App:
    """A dashboard in the root window, for the feed of this program or of another one.

    Args:
        root: The window.
        url: The URL of the feed.
        host: The server of the feed, if it runs in this program.

    Attributes:
        window: The dashboard.
        plot: The plot; None while it is closed.

    Raises:
        ValueError: The URL is not valid.
    """

    def __init__(self, root: tk.Tk, url: str, host: Host | None = None) -> None:
        self._root = root
        self._url = url
        self._host = host
        self.window = DashboardWindow(root, self.open_plot)
        self.plot: tk.Toplevel | None = None
        Viewer(url, self.window, root)

    def open_plot(self) -> None:
        """Open the plot, or raise its window."""
        if self.plot is not None:
            self.plot.lift()
            return
        from demos.dashboard.plot import PlotWindow  # matplotlib takes half a second to import

        self.plot = plot = PlotWindow(self._root)
        viewer = Viewer(self._url, plot, self._root)
        plot.protocol("WM_DELETE_WINDOW", lambda: self._close_plot(viewer))

    def close(self) -> None:
        """Close the server, if it runs in this program."""
        if self._host is not None:
            self._host.close()

    def _close_plot(self, viewer: Viewer) -> None:
        viewer.close()
        if self.plot is not None:
            self.plot.destroy()
            self.plot = None

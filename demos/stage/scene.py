"""A scene that a demo plays by itself: it finishes, or fails with a sentence, in bounded time."""

from __future__ import annotations

import subprocess
import sys
import tkinter as tk
from collections.abc import Iterable
from pathlib import Path

from demos.stage.picture import Box, save_picture

_SETTLE_MS = 600  # for the last drawing and the first latency before the picture is taken
_OTHERS_END = 10.0  # seconds that another program of the scene has to end by itself


class Scene:
    """Plays until `finish` or `fail`, which leave the loop.

    Args:
        root: Whose loop runs it.
        picture: Where the picture of the windows goes; None for none.
        patience: Seconds after which the scene has failed.

    Attributes:
        failure: Why it failed; empty while it did not.
    """

    def __init__(self, root: tk.Tk, picture: Path | None, patience: float = 60.0) -> None:
        self.failure = ""
        self._finished = False
        self._root = root
        self._picture = picture
        self._others: list[subprocess.Popen[bytes]] = []
        root.after(round(1000 * patience), self.fail, f"not finished within {patience:.0f} s")

    def start_other(self, module: str, *arguments: str) -> None:
        """Start another program that plays along, and ends by itself when this one has ended."""
        self._others.append(subprocess.Popen([sys.executable, "-m", module, *arguments]))

    def status(self) -> int:
        """Report what failed; called when the windows have gone.

        Returns:
            The exit status: 0, or 1 where the scene failed, or another program of it.
        """
        for other in self._others:
            try:
                if other.wait(_OTHERS_END) != 0:
                    self.failure = self.failure or "the other program failed"
            except subprocess.TimeoutExpired:
                other.kill()
                other.wait()
                self.failure = self.failure or "the window of the other program did not close"
        if self.failure:
            print(f"The scene failed: {self.failure}.", file=sys.stderr)
        return 1 if self.failure else 0

    def finish(self, windows: Iterable[tk.Misc], also: Iterable[Box] = ()) -> None:
        """Save the picture of the windows, and of other parts of the screen, and end; once."""
        if self._finished:
            return
        self._finished = True
        shown = [*windows]
        for window in shown:
            window.winfo_toplevel().lift()
        self._root.after(_SETTLE_MS, self._take_picture, shown, [*also])

    def fail(self, why: str) -> None:
        """End without a picture; ``why`` is a sentence without its full stop."""
        self.failure = why
        self._root.quit()

    def _take_picture(self, windows: list[tk.Misc], boxes: list[Box]) -> None:
        boxes = [*boxes, *(_box(window) for window in windows)]
        around = (
            max(0, min(box[0] for box in boxes)),
            max(0, min(box[1] for box in boxes)),
            min(self._root.winfo_screenwidth(), max(box[2] for box in boxes)),
            min(self._root.winfo_screenheight(), max(box[3] for box in boxes)),
        )
        try:
            if self._picture is not None:
                save_picture(self._picture, around)
        except OSError as error:
            self.failure = str(error)
        self._root.quit()


def _box(window: tk.Misc) -> Box:
    """Where a window stands, with its title and menu bar: what Tk calls its position leaves neither out."""
    top = window.winfo_toplevel()
    _, left, upper = top.wm_geometry().split("+", 2)
    return (
        int(left),
        int(upper),
        top.winfo_rootx() + top.winfo_width(),
        top.winfo_rooty() + top.winfo_height(),
    )

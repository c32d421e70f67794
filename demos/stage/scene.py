"""A scene that a demo plays without a user: it finishes, or fails with a reason, within a time limit."""

from __future__ import annotations

import subprocess
import sys
import tkinter as tk
from collections.abc import Iterable
from pathlib import Path

from demos.stage.picture import Box, save_picture

_SETTLE_MS = 600  # for the last drawing and the first latency before the picture is taken
_EXIT_TIMEOUT = 10.0  # seconds that another program of the scene has to exit


class Scene:
    """Runs until `finish` or `fail` is called, which end the loop.

    Args:
        root: The main window.
        picture: The file for the picture of the windows; None for none.
        timeout: The time limit in seconds.

    Attributes:
        failure: The reason why it failed; empty if it has not failed.
    """

    def __init__(self, root: tk.Tk, picture: Path | None, timeout: float = 240.0) -> None:
        self.failure = ""
        self._finished = False
        self._root = root
        self._picture = picture
        self._programs: list[subprocess.Popen[bytes]] = []
        root.after(round(1000 * timeout), self.fail, f"not finished within {timeout:.0f} s")

    def start_program(self, module: str, *arguments: str) -> None:
        """Start another program for the scene; it has to exit after this one has ended."""
        self._programs.append(subprocess.Popen([sys.executable, "-m", module, *arguments]))

    def status(self) -> int:
        """Print the reason if the scene failed; call it after the windows have been destroyed.

        Returns:
            The exit status: 0, or 1 if the scene or another program of it failed.
        """
        for program in self._programs:
            try:
                if program.wait(_EXIT_TIMEOUT) != 0:
                    self.failure = self.failure or "the other program failed"
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
                self.failure = self.failure or "the other program did not exit"
        if self.failure:
            print(f"The scene failed: {self.failure}.", file=sys.stderr)
        return 1 if self.failure else 0

    def finish(self, windows: Iterable[tk.Misc], also: Iterable[Box] = ()) -> None:
        """Save the picture of the windows and of other parts of the screen, and end the loop; idempotent."""
        if self._finished:
            return
        self._finished = True
        shown = [*windows]
        for window in shown:
            window.winfo_toplevel().lift()
        self._root.after(_SETTLE_MS, self._take_picture, shown, [*also])

    def fail(self, reason: str) -> None:
        """End the loop without a picture; ``reason`` is a sentence without the full stop."""
        self.failure = reason
        self._root.quit()

    def _take_picture(self, windows: list[tk.Misc], boxes: list[Box]) -> None:
        self._root.update()  # on a busy machine, not all may have been drawn
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
    """Return where a window is on the screen, including its title and menu bar, as Tk's position does."""
    top = window.winfo_toplevel()
    _, left, upper = top.wm_geometry().split("+", 2)
    return (
        int(left),
        int(upper),
        top.winfo_rootx() + top.winfo_width(),
        top.winfo_rooty() + top.winfo_height(),
    )

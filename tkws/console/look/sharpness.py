"""Windows drawn in the screen's own pixels on Windows, where a program has to ask for that."""

from __future__ import annotations

import sys

_SYSTEM_AWARE = 1  # the scale of the screen where the program starts, which is the one that Tk knows


def use_screen_pixels() -> None:
    """Ask Windows to draw this process's windows in the screen's pixels, not blurred by enlarging them.

    Call this before the first window is made. No-op on other systems, and if it was decided already.
    """
    if sys.platform == "win32":
        import ctypes  # takes milliseconds to import

        try:
            ctypes.OleDLL("shcore").SetProcessDpiAwareness(_SYSTEM_AWARE)
        except (AttributeError, OSError):  # Windows 8 or older; a manifest or an earlier call has decided
            pass

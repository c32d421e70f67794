"""The console in a real window of Windows, with a picture of it that is kept."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.console.conftest import Echo
from tkws.console.log.log import Direction
from tkws.console.look import theme_of
from tkws.console.window.window import Console

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "win32", reason="only Windows has such windows"),
]

PICTURE = Path(__file__).parents[2] / ".cache" / "pictures" / "console-win32.png"


def test_a_message_is_typed_answered_and_seen(
    connected: Console, echo: Echo, pump_until: Callable[..., None]
) -> None:
    from PIL import ImageGrab

    root = connected.root
    assert root.tk.call("tk", "windowingsystem") == "win32"
    root.geometry("900x600+20+20")
    connected.sendbox.text.insert("1.0", "a message that is typed")
    connected.sendbox.submit()
    wanted = {(way, "a message that is typed") for way in (Direction.OUT, Direction.IN)}
    pump_until(lambda: wanted <= {(row.direction, row.payload) for row in connected.log.rows})
    connected.conversation.refresh()
    pump_until(lambda: root.winfo_width() == 900)
    root.update()
    left, top = root.winfo_rootx(), root.winfo_rooty()
    picture = ImageGrab.grab((left, top, left + root.winfo_width(), top + root.winfo_height()))
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    picture.save(PICTURE)
    ground = tuple(value >> 8 for value in root.winfo_rgb(theme_of(root).colours.surface))
    colours = {colour: count for count, colour in picture.getcolors(1 << 24) or ()}
    assert colours[ground] > 0.1 * picture.width * picture.height
    assert len(colours) > 16  # letters have many

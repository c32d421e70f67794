"""The scene for ``--scripted``: a file of 2 GiB on its way, a small one, and one that was cancelled."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from demos.files.app import App
from demos.files.items import State
from demos.stage import Scene

_PACE_MS = 50
_SIZES = {"notes.txt": 20_000, "holiday.mp4": 300 * 1024 * 1024, "backup.img": 2 * 1024 * 1024 * 1024}


def play(app: App, scene: Scene) -> None:
    """Play the scene; the files have no content, so they take no room before they are sent."""
    folder = Path(tempfile.mkdtemp(dir=app.receiver.folder))
    for name, size in _SIZES.items():
        with (folder / name).open("wb") as file:
            file.truncate(size)
    root = app.send.winfo_toplevel()
    app.send.send_files(folder / name for name in _SIZES)
    notes, holiday, backup = app.send.sender.items.values()

    def go_on() -> None:
        if holiday.state is State.MOVING and holiday.moved > holiday.size // 3:
            app.send.sender.stop(holiday)
        if backup.state is State.MOVING and backup.moved > backup.size // 20 and backup.rate:
            print(*(f"{item.name}: {item.state.value}" for item in (notes, holiday, backup)), sep="\n")
            sys.stdout.flush()
            scene.finish([app.receive, app.send])
        else:
            root.after(_PACE_MS, go_on)

    go_on()

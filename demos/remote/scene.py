"""The scene for ``--scripted``: a guest with all rooms and one with two switch lamps, and one is located."""

from __future__ import annotations

from collections.abc import Callable

from demos.remote.app import House
from demos.stage import Scene

_PACE_MS = 150


def play(app: House, scene: Scene) -> None:
    """Play the scene; the first guest's window is open."""
    ann = app.remotes[0]
    root = app.window.panel.winfo_toplevel()
    bob = app.open_remote(app.host.invite("bob", ["hall", "garden"]))
    acts: list[Callable[[], object]] = [
        lambda: ann.remote.set("kitchen", on=True, level=85),
        lambda: ann.remote.set("studio", on=True, level=55, colour="sky"),
        lambda: bob.remote.set("garden", on=True, level=70, colour="leaf"),
        app.window.panel.cards["hall"].switch.invoke,
        lambda: app.host.locate(next(iter(app.host.guests))),
    ]

    def go_on() -> None:
        if not (ann.remote.connected and bob.remote.connected):
            root.after(_PACE_MS, go_on)
        elif acts:
            acts.pop(0)()
            root.after(_PACE_MS, go_on)
        elif app.window.lines[-1].startswith("ann: answered") and bob.remote.lamps["hall"].on:
            print(*app.window.lines, sep="\n", flush=True)
            scene.finish([root, ann, bob])
        else:
            root.after(_PACE_MS, go_on)

    go_on()

"""Takes the pictures of ``docs/console.md`` from the real windows.

Run: ``python -m tests.console.pictures docs/pictures``, on a screen of its own, such as that of
``xvfb-run -s "-screen 0 1280x1024x24"``, since a picture shows whatever lies on top. ``--scaling 2`` is
for looking at the windows on a screen of twice the resolution.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tkws
from demos.stage import save_picture
from tkws.console.client.target import NO_PROXY, Target
from tkws.console.look import theme_of
from tkws.console.memory.settings import Settings
from tkws.console.server.between import Passage, Way
from tkws.console.server.betweenwindow import BetweenWindow
from tkws.console.server.serversession import Mode
from tkws.console.server.serverwindow import ServerWindow
from tkws.console.window.window import Console
from tkws.loop import loop_for

_SETTLE_MS = 1500


def reading(number: int) -> str:
    """Return what a sensor says."""
    return json.dumps(
        {"sensor": "north", "number": number, "value": 20 + number % 17 / 4, "unit": "°C", "tags": ["live"]},
        ensure_ascii=False,
    )


def take(root: tk.Tk, path: Path, delay_ms: int = _SETTLE_MS) -> None:
    """Save the picture of a window after a while, and destroy it."""

    def save() -> None:
        root.update()
        left, top = root.winfo_rootx(), root.winfo_rooty() - theme_of(root).px(30)  # with its menus
        right, bottom = root.winfo_rootx() + root.winfo_width(), root.winfo_rooty() + root.winfo_height()
        save_picture(path, (left, max(0, top), right, bottom))
        root.destroy()

    root.after(delay_ms, save)
    root.mainloop()


def echo(ws: tkws.WebSocket, type: str, message: Any) -> None:
    """Answer as the server in the pictures does."""
    if type in ("text", "binary"):
        ws.send(message)


def talk(path: Path, theme: str, then: Callable[[Console], object], scaling: float) -> None:
    """A conversation with an echo."""
    root = new_root(scaling)
    server = tkws.serve(master=root, handler=echo, port=8765)
    console = Console(root, Settings(theme=theme), None)
    target = Target(url=f"{server.url}feed", protocols=("json",), proxy=NO_PROXY, ping_interval=0.05)
    console.connect_to(target)

    def say() -> None:
        for number in range(6):
            console.send("message", reading(number))
        console.send("message", bytes(range(48)))
        console.send("ping", b"are you there")
        console.send("message", "A text of\nseveral lines")

    root.after(300, say)
    root.after(700, then, console)
    take(root, path)


def select_json(console: Console) -> None:
    """Put the cursor on the last reading that came back."""
    rows = [row for row in console.log.rows if row.direction == "in" and row.type == "text"]
    console.conversation.table.select(rows[-2].number)


def show_options(console: Console) -> None:
    """Open the options, with the warning."""
    console.address.toggle_options()
    console.address.show(
        Target(
            url="wss://dashboard.example/feed",
            protocols=("json", "json.v2"),
            headers=(("Authorization", "Bearer …"), ("X-Client", "console")),
            verify=False,
            reconnect=True,
        )
    )
    select_json(console)


def flood(path: Path, theme: str, scaling: float) -> None:
    """20,000 messages a second, from a process of its own."""
    program = [sys.executable, "-m", "tests.benchmarks.console", "--serve", "--rate", "20000"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, encoding="utf-8") as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        root = new_root(scaling)
        console = Console(root, Settings(theme=theme), None)
        console.connect_to(Target(url=url, proxy=NO_PROXY, compression=False, ping_interval=0.1))
        take(root, path, 8000)


def trades(path: Path, theme: str, then: Callable[[Console], object], scaling: float) -> None:
    """A feed of prices, 200 a second, of which ``then`` shows something."""
    root = new_root(scaling)
    server = tkws.serve(master=root, port=8765)

    @server.live("/feed")
    def feed(ws: tkws.WebSocket, type: str, _message: object) -> None:
        if type == "connect":
            send(ws, 0)

    def send(ws: tkws.WebSocket, number: int) -> None:
        if ws.state is tkws.State.OPEN:
            for at in range(number, number + 10):
                ws.send(trade(at))
            loop_for(root).call_later(0.05, send, ws, number + 10)

    console = Console(root, Settings(theme=theme), None)
    console.connect_to(Target(url=f"{server.url}feed", proxy=NO_PROXY, ping_interval=0.5))
    root.after(2000, then, console)
    take(root, path, 12_000)


def trade(number: int) -> str:
    """Return what an exchange says."""
    symbol, price = [("BTC-EUR", 64250), ("ETH-EUR", 2480), ("SOL-EUR", 142), ("ADA-EUR", 0.45)][
        number * 7 % 11 % 4
    ]
    moved = price * (1 + 0.01 * math.sin(number / 300 + len(str(price))) + 0.003 * math.sin(number / 37))
    fields = {"type": "trade", "symbol": symbol, "price": f"{moved:.5g}", "size": number % 7 + 1}
    return json.dumps({**fields, "sequence": number, "venue": {"name": "X1", "fee": 0.1}})


def show_keys(console: Console) -> None:
    """Show the trades by symbol, with a field of the last one."""
    console.conversation.live.toggle()
    keys = console.conversation.live.keys

    def select() -> None:
        keys.tree.selection_set(keys.tree.get_children()[3])
        console.update_idletasks()
        console.after(500, console.conversation.detail.fields.pick, ("symbol",))

    console.after(8000, select)


def show_plot(console: Console) -> None:
    """Plot two of the trades' prices, each on its own scale."""
    live = console.conversation.live
    live.toggle()

    def plot(key: str) -> None:
        tree = live.keys.tree
        tree.selection_set(next(item for item in tree.get_children() if tree.set(item, "key") == key))
        live.plot_likely()

    console.after(1000, plot, "BTC-EUR")
    console.after(1500, plot, "ETH-EUR")
    console.after(1600, live.plot._own_scales.set, True)
    console.after(1600, live.plot.span.current, 0)


def serve(path: Path, theme: str, scaling: float) -> None:
    """A server with three connections."""
    root = new_root(scaling)
    theme_of(root).use(theme)
    window = ServerWindow(root, Mode.CHAT, {"port": 8765})
    url = window.session.server.url
    peers = [
        tkws.open(f"{url}{room}", lambda *_: None, master=root, proxy=None)
        for room in ("feed", "feed", "control")
    ]
    for number in range(9):
        loop_for(root).call_later(0.3 + number / 20, lambda n=number: peers[n % 3].send(reading(n)))
    root.after(900, lambda: window.send("message", "Maintenance in five minutes"))
    take(root, path)


def between(path: Path, theme: str, scaling: float) -> None:
    """A client and its server, with answers that are held."""
    root = new_root(scaling)
    theme_of(root).use(theme)
    server = tkws.serve(master=root, handler=echo, port=8765)
    window = BetweenWindow(root, Target(url=server.url, proxy=NO_PROXY, ping_interval=0), {"port": 8766})
    client = tkws.open(f"{window.between.url}feed", lambda *_: None, master=root, proxy=None)
    for number in range(9):
        loop_for(root).call_later(0.4 + number / 20, client.send, reading(number))
    root.after(700, window.set_passage, Way.TO_CLIENT, Passage.HOLD)
    take(root, path)


def new_root(scaling: float) -> tk.Tk:
    """Return a window as on a screen of 96 dpi, or of a multiple."""
    root = tk.Tk(className="tkws")
    root.tk.call("tk", "scaling", scaling * 96 / 72)
    return root


def main() -> int:
    """Take all of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scaling", type=float, default=1.0)
    options = parser.parse_args()
    folder, scaling = options.folder, options.scaling
    for theme, suffix in (("light", ""), ("dark", "-dark")):
        talk(folder / f"console{suffix}.png", theme, select_json, scaling)
        talk(folder / f"console-options{suffix}.png", theme, show_options, scaling)
        trades(folder / f"console-keys{suffix}.png", theme, show_keys, scaling)
        trades(folder / f"console-plot{suffix}.png", theme, show_plot, scaling)
        flood(folder / f"console-flood{suffix}.png", theme, scaling)
        serve(folder / f"console-serve{suffix}.png", theme, scaling)
        between(folder / f"console-between{suffix}.png", theme, scaling)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""tkws in a customtkinter window: ``CTk`` is a ``Tk``, so nothing has to be adapted."""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Sequence
from typing import Any

import customtkinter as ctk

import tkws
from demos.stage import Scene, make_parser, run


class EchoWindow:
    """A client and the server that it is connected to, in one window.

    Args:
        root: The window.

    Attributes:
        box: The messages.
        entry: The input field.
        state: The label with the state of the connection.
    """

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        root.title("tkws in customtkinter")
        root.geometry("560x420")
        self.state = ctk.CTkLabel(root, text="connecting ...", anchor="w")
        self.state.pack(fill="x", padx=16, pady=(12, 4))
        self.box = ctk.CTkTextbox(root, state="disabled", wrap="word")
        self.box.pack(fill="both", expand=True, padx=16)
        self._build_field()
        self._server = tkws.serve(master=root)
        self._server.live("/", self._echo)
        self._ws = tkws.open(self._server.url, self._on_event, master=root, keepalive=5)

    def close(self) -> None:
        """Stop the server."""
        self._server.close()

    def play(self, scene: Scene) -> None:
        """Send a message, and finish the scene after the echo."""
        if self._ws.state is tkws.State.CONNECTING:
            self._root.after(50, self.play, scene)
            return
        if not self.text():
            self.entry.insert(0, "Hello from customtkinter")
            self.submit()
        if "echo" not in self.text():
            self._root.after(50, self.play, scene)
            return
        print(self.text())
        scene.finish([self._root])

    def submit(self) -> None:
        """Send the input."""
        text = self.entry.get().strip()
        if text and self._ws.state is tkws.State.OPEN:
            self._ws.send(text)
            self._show(f"you: {text}")
            self.entry.delete(0, "end")

    def text(self) -> str:
        """Return the messages, one per line."""
        return str(self.box.get("1.0", "end")).strip()

    def _build_field(self) -> None:
        field = ctk.CTkFrame(self._root, fg_color="transparent")
        field.pack(fill="x", padx=16, pady=16)
        self.entry = ctk.CTkEntry(field, placeholder_text="Type a message")
        self.entry.pack(side="left", fill="x", expand=True, padx=(0, 8))
        self.entry.bind("<Return>", lambda event: self.submit())
        self.entry.focus_set()
        ctk.CTkButton(field, text="Send", width=90, command=self.submit).pack(side="left")

    def _echo(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "text":
            ws.send(f"echo: {message}")

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        if type == "connect":
            self.state.configure(text=f"connected to {ws.url}")
        elif type == "text":
            self._show(message)
        elif type == "disconnect":
            self.state.configure(text=message)

    def _show(self, line: str) -> None:
        self.box.configure(state="normal")
        self.box.insert("end", f"{line}\n")
        self.box.configure(state="disabled")
        self.box.see("end")


def open_window(theme: str) -> ctk.CTk:
    """Return an empty window with the theme ``"light"`` or ``"dark"``."""
    screen = tk.Tk()  # customtkinter reads the scale of the screen on Windows only
    screen.withdraw()
    scale = screen.winfo_fpixels("1p") * 0.75
    screen.destroy()
    ctk.set_appearance_mode(theme)
    ctk.set_window_scaling(scale)
    ctk.set_widget_scaling(scale)
    return ctk.CTk()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo with the arguments of a command line; None for those of this process."""
    options = make_parser("customtk", __doc__).parse_args(arguments)
    return run(EchoWindow, EchoWindow.play, options, make_root=open_window)


if __name__ == "__main__":
    sys.exit(main())

"""What is written to be sent: text, bytes as hex or base64, pings, files.

Knows what is typed and what it means; the owner sends it.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import ttk

from tkws.console.detail import paint_text
from tkws.console.filesending import FileSending
from tkws.console.look import theme_of
from tkws.console.payload import byte_count, read_base64, read_hex

KINDS = ("Text", "Hex", "Base64", "Ping")
_HISTORY = 200


class SendBox(ttk.Frame):
    """The box at the bottom.

    Return sends, Shift-Return begins a new line; Up and Down in the first and the last line, and
    Control-Up and Control-Down anywhere, go through what was sent.

    Args:
        parent: The widget that it is in.
        send: Called as ``send(kind, payload)`` with ``"message"`` or ``"ping"``; it returns whether
            that was sent.
        send_file: Called when the button is pressed; None for no button.
        complain: Called with a sentence where what is typed makes no sense.
    """

    def __init__(
        self,
        parent: tk.Misc,
        send: Callable[[str, str | bytes], bool],
        send_file: Callable[[], object] | None,
        complain: Callable[[str], object],
    ) -> None:
        super().__init__(parent)
        theme = theme_of(self)
        self._send = send
        self._complain = complain
        self._history: list[tuple[str, str]] = []
        self._at = 0
        self.kind = ttk.Combobox(
            self, values=KINDS, state="readonly", width=7, font=theme.body, height=len(KINDS)
        )
        self.kind.current(0)
        self.text = tk.Text(self, height=3, width=20, font=theme.mono, wrap="char", undo=True)
        self.text.configure(padx=theme.px(8), pady=theme.px(4))
        self._button = ttk.Button(self, text="Send", command=self.submit, width=7)
        self._file = ttk.Button(self, text="File…", style="Quiet.TButton", command=send_file or "", width=7)
        self._sends_files = send_file is not None
        self._progress = ttk.Progressbar(self, maximum=1.0)
        self._progress_label = ttk.Label(self, style="Small.TLabel")
        self._lay_out()
        self._bind()
        self.enable(False)

    def submit(self) -> None:
        """Send what is typed."""
        typed, kind = self.text.get("1.0", "end-1c"), self.kind.get()
        try:
            payload = _read(kind, typed)
        except ValueError as error:
            self._complain(str(error))
            return
        if self._send("ping" if kind == "Ping" else "message", payload):
            if typed and (not self._history or self._history[-1] != (kind, typed)):
                self._history.append((kind, typed))
                del self._history[:-_HISTORY]
            self._at = len(self._history)
            self.text.delete("1.0", "end")
            self.text.edit_reset()

    def enable(self, connected: bool) -> None:
        """Let the buttons be pressed, or not."""
        state = ["!disabled"] if connected else ["disabled"]
        self._button.state(state)
        self._file.state(state)

    def show_progress(self, sending: FileSending | None) -> None:
        """Show how far a file has got; None for no file."""
        if sending is None or sending.over:
            self._progress.grid_remove()
            self._progress_label.grid_remove()
            return
        done, size = byte_count(sending.share * sending.size), byte_count(sending.size)
        self._progress.configure(value=sending.share)
        self._progress_label.configure(text=f"{sending.path.name}: {done} of {size}")
        px = theme_of(self).px
        self._progress_label.grid(row=2, column=0, columnspan=2, sticky="w", pady=(px(6), 0))
        self._progress.grid(row=2, column=2, sticky="ew", padx=(px(8), 0), pady=(px(6), 0))

    def step_history(self, step: int) -> str:
        """Show what was sent so many messages further on."""
        if self._history:
            self._at = min(max(self._at + step, 0), len(self._history))
            kind, typed = ("", "") if self._at == len(self._history) else self._history[self._at]
            self.text.delete("1.0", "end")
            self.text.insert("1.0", typed)
            if kind:
                self.kind.set(kind)
        return "break"

    def _lay_out(self) -> None:
        px = theme_of(self).px
        self.kind.grid(row=0, column=0, sticky="new")
        self.text.grid(row=0, column=1, columnspan=2, rowspan=2, sticky="nsew", padx=(px(8), 0))
        self._button.grid(row=0, column=3, sticky="new", padx=(px(8), 0))
        if self._sends_files:
            self._file.grid(row=1, column=3, sticky="sew", padx=(px(8), 0), pady=(px(6), 0))
        self.columnconfigure(1, weight=0)
        self.columnconfigure(2, weight=1)
        self.rowconfigure(1, weight=1)

    def _bind(self) -> None:
        text = self.text
        theme_of(self).follow(text, partial(paint_text, text))
        text.bind("<Return>", self._returned)
        text.bind("<KP_Enter>", self._returned)
        text.bind("<Shift-Return>", lambda _: None)
        text.bind("<Control-Up>", lambda _: self.step_history(-1))
        text.bind("<Control-Down>", lambda _: self.step_history(1))
        text.bind("<Up>", lambda _: self._at_edge("1.0 lineend", ">=") and self.step_history(-1))
        text.bind("<Down>", lambda _: self._at_edge("end-1c linestart", "<=") and self.step_history(1))
        text.bind("<Tab>", lambda _: self._leave(text.tk_focusNext()))
        text.bind("<Shift-Tab>", lambda _: self._leave(text.tk_focusPrev()))
        text.bind("<<PrevWindow>>", lambda _: self._leave(text.tk_focusPrev()))
        self.kind.bind("<<ComboboxSelected>>", lambda _: self.kind.selection_clear())

    def _returned(self, _event: tk.Event[tk.Misc]) -> str:
        self.submit()
        return "break"

    def _at_edge(self, index: str, relation: str) -> str:
        """``"break"`` would be too much for a cursor that can still move."""
        return "yes" if self.text.compare(index, relation, "insert") else ""  # type: ignore[arg-type]

    def _leave(self, widget: tk.Misc | None) -> str:
        if widget is not None:
            widget.focus_set()
        return "break"


def _read(kind: str, typed: str) -> str | bytes:
    """Return what is to be sent.

    Raises:
        ValueError: It makes no sense.
    """
    if kind == "Hex":
        return read_hex(typed)
    if kind == "Base64":
        return read_base64(typed)
    if kind == "Ping":
        payload = typed.encode()
        if len(payload) > 125:
            raise ValueError(f"A ping has at most 125 bytes, not {len(payload)}")
        return payload
    return typed

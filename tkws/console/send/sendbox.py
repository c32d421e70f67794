"""The box for messages to be sent: text, JSON, bytes as hex or base64, pings, files.

Parses the input; the owner sends it.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk
from types import MappingProxyType
from typing import Final, NamedTuple

from tkws.console.look import LONG_LINE, modifier, theme_of
from tkws.console.message.colours import InputColours
from tkws.console.send.checkjson import beautify, check_json, compact
from tkws.console.send.history import Entry, History
from tkws.console.send.variables import UnknownVariables
from tkws.console.text.payload import read_base64, read_hex
from tkws.console.text.prettyjson import looks_like_json

KINDS = ("Text", "JSON", "Hex", "Base64", "Ping", "Pong")
_CONTROL = MappingProxyType({"Ping": "ping", "Pong": "pong"})
_MAX_EDITED = 1 << 20  # bytes or characters of a message that is put into the box


Send = Callable[[str, str | bytes], bool]
"""Sends a payload of a kind, and returns whether that was possible."""


class Progress(NamedTuple):
    """How far something is that is being sent."""

    text: str
    share: float
    """From 0 to 1."""
    stop: Callable[[], object] | None = None
    """Stops it; None if it cannot be stopped."""


class SendBox(ttk.Frame):
    """The box at the bottom.

    Return sends, Shift-Return starts a new line; an empty box sends nothing. Control-Up and Control-Down
    (Command on a Mac) go through the messages sent before, and so do Up in the first line and Down in the
    last line.

    Args:
        parent: The parent widget.
        send: Called as ``send(kind, payload)`` with ``"message"``, ``"ping"`` or ``"pong"``; returns whether
            the payload was sent.
        send_file: Called when the file button is pressed; None for no button.
        on_error: Called with a sentence if the input is invalid, and with buttons that help: their labels and
            functions.

    Attributes:
        history: The messages that were sent from the box.
        fill: Returns a text with the values of its variables, or raises `UnknownVariables`; to be set by the
            owner.
        ask_values: Called with the names of variables without a value, and with what to call when they have
            one; to be set by the owner with `fill`.
    """

    def __init__(
        self,
        parent: tk.Misc,
        send: Send,
        send_file: Callable[[], object] | None,
        on_error: Callable[[str, Sequence[tuple[str, Callable[[], object]]]], object],
    ) -> None:
        super().__init__(parent)
        theme = theme_of(self)
        self._send = send
        self._on_error = on_error
        self.history: Final = History()
        self.fill: Callable[[str], str] = str
        self.ask_values: Callable[[list[str], Callable[[], object]], object] = lambda names, then: None
        self.kind: Final = ttk.Combobox(
            self, values=KINDS, state="readonly", width=7, font=theme.body, height=len(KINDS)
        )
        self.kind.current(0)
        self.text: Final = tk.Text(self, height=3, width=20, font=theme.mono, wrap="char", undo=True)
        self.text.configure(padx=theme.px(8), pady=theme.px(4))
        self._button = ttk.Button(self, text="Send", command=self.submit, width=7)
        self._file = ttk.Button(self, text="File…", style="Quiet.TButton", command=send_file or "", width=7)
        self._sends_files = send_file is not None
        self._colours = InputColours(self.text, self._is_json)
        self._progress = ttk.Progressbar(self, maximum=1.0)
        self._progress_label = ttk.Label(self, style="Small.TLabel")
        self._stop = ttk.Button(self, text="Stop", style="Quiet.TButton", width=7)
        self._saved = ttk.Button(self, text="Saved ▾", style="Quiet.TButton", width=8)
        self._lay_out()
        self._bind_keys()
        self.enable(False)

    @property
    def entry(self) -> Entry:
        """The contents of the box."""
        return Entry(self.kind.get(), self.text.get("1.0", "end-1c"))

    @property
    def unsent(self) -> list[Entry]:
        """All that was typed and not sent, the contents of the box, or the draft, last."""
        return self.history.unsent(self.entry)

    def restart(self, unsent: Sequence[Entry]) -> None:
        """Show another history: what was left unsent there, the newest last."""
        self._show(self.history.restart(unsent) or Entry(self.kind.get(), ""))
        self.text.edit_reset()

    def put(self, entry: Entry) -> None:
        """Put a message into the box to be edited; what stands there goes into the history."""
        present = self.entry
        if present.text.strip() and present != entry:
            self.history.add(present)
        self._show(entry)
        self.text.focus_set()

    def put_payload(self, payload: str | bytes) -> bool:
        """Put a payload into the box to be edited, and return True; False if it is too large for that."""
        if len(payload) > _MAX_EDITED:
            return False
        self.put(Entry("Text", payload) if isinstance(payload, str) else Entry("Hex", payload.hex(" ")))
        return True

    def offer_saved(self, show_menu: Callable[[tk.Misc], object]) -> None:
        """Show a button for saved messages; ``show_menu(button)`` is called when it is pressed."""
        self._saved.configure(command=partial(show_menu, self._saved))
        self._saved.grid(row=1, column=0, sticky="sew", pady=(theme_of(self).px(6), 0))

    def submit(self, send: Send | None = None) -> None:
        """Send what stands in the box, unless that is nothing.

        Args:
            send: Called instead of the box's own ``send``.
        """
        entry = self.entry
        send = send or self._send
        if not (entry.text if entry.kind == "Text" else entry.text.strip()):
            return
        try:
            self._submit(entry, self.fill(entry.text), send)
        except UnknownVariables as error:
            helps: list[tuple[str, Callable[[], object]]] = [
                ("Fill in…", partial(self.ask_values, error.names, partial(self.submit, send))),
                ("Send as it is", partial(self._submit, entry, entry.text, send)),
            ]
            self._on_error(f"{error}.", helps)

    def _submit(self, entry: Entry, text: str, send: Send) -> None:
        """Send what stands in the box, with other text in the place of variables."""
        try:
            payload = _parse(entry.kind, text)
        except ValueError as error:
            anyway = [("Send anyway", partial(self._send_entry, entry, text, send))]
            self._on_error(str(error), anyway if entry.kind == "JSON" else [])
        else:
            self._send_entry(entry, payload, send)

    def beautify(self) -> None:
        """Lay out the JSON in the box on several lines, or on one if it is on several already."""
        try:
            self._show(Entry("JSON", beautify(self.entry.text)))
        except ValueError as error:
            self._on_error(f"Not JSON: {error}", [])

    def minify(self) -> None:
        """Put the JSON in the box on one line, without white space."""
        try:
            check_json(self.entry.text)
        except ValueError as error:
            self._on_error(f"Not JSON: {error}", [])
        else:
            self._show(Entry("JSON", compact(self.entry.text)))

    def _is_json(self) -> bool:
        kind = self.kind.get()
        return kind == "JSON" or (kind == "Text" and looks_like_json(self.text.get("1.0", "1.0 + 99 chars")))

    def _send_entry(self, entry: Entry, payload: str | bytes, send: Send) -> None:
        if send(_CONTROL.get(entry.kind, "message"), payload):
            is_shown = self.entry == entry  # not if it was changed while the banner asked
            self.history.add(entry)
            if is_shown:
                self._show(self.history.draft or Entry(entry.kind, ""))
                self.text.edit_reset()

    def enable(self, connected: bool) -> None:
        """Enable or disable the buttons."""
        state = ["!disabled"] if connected else ["disabled"]
        self._button.state(state)
        self._file.state(state)

    def show_progress(self, progress: Progress | None) -> None:
        """Show how far something is that is being sent; None hides it."""
        if progress is None:
            for widget in (self._progress, self._progress_label, self._stop):
                widget.grid_remove()
            return
        self._progress.configure(value=progress.share)
        self._progress_label.configure(text=progress.text)
        px = theme_of(self).px
        self._progress_label.grid(row=2, column=0, columnspan=2, sticky="w", pady=(px(6), 0))
        self._progress.grid(row=2, column=2, sticky="ew", padx=(px(8), 0), pady=(px(6), 0))
        if progress.stop is not None:
            self._stop.configure(command=progress.stop)
            self._stop.grid(row=2, column=3, sticky="ew", padx=(px(8), 0), pady=(px(6), 0))

    def step_history(self, steps: int) -> str:
        """Show the message that is so many steps further on in the history; negative steps go back."""
        entry = self.history.step(steps, self.entry)
        if entry is not None:
            self._show(entry)
        return "break"

    def _show(self, entry: Entry) -> None:
        self.kind.set(entry.kind)
        self._colours.paint()
        self.text.edit_separator()
        self.text.replace("1.0", "end-1c", entry.text)  # which is undone at once
        self.text.edit_separator()

    def _changed(self, _event: tk.Event[tk.Misc]) -> None:
        """Wrap the lines, unless one of them is so long that each key would take Tk a second."""
        if self.text.edit_modified():
            self.text.edit_modified(False)
            is_long = any(len(line) > LONG_LINE for line in self.entry.text.split("\n"))
            self.text.configure(wrap="none" if is_long else "char")
            self.text.see("insert")
            self._colours.paint()

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

    def _bind_keys(self) -> None:
        text, theme = self.text, theme_of(self)
        theme.follow(text, partial(theme.paint_text, text))
        text.bind("<<Modified>>", self._changed)
        text.bind("<Return>", self._return_pressed)
        text.bind("<KP_Enter>", self._return_pressed)
        text.bind("<Shift-Return>", lambda _: None)
        text.bind(f"<{modifier(text)}-Up>", lambda _: self.step_history(-1))
        text.bind(f"<{modifier(text)}-Down>", lambda _: self.step_history(1))
        text.bind("<Up>", lambda _: self.step_history(-1) if self._in_first_line() else None)
        text.bind("<Down>", lambda _: self.step_history(1) if self._in_last_line() else None)
        text.bind("<Tab>", lambda _: self._focus(text.tk_focusNext()))
        text.bind("<Shift-Tab>", lambda _: self._focus(text.tk_focusPrev()))
        text.bind("<<PrevWindow>>", lambda _: self._focus(text.tk_focusPrev()))
        self.kind.bind("<<ComboboxSelected>>", lambda _: self.kind.selection_clear())
        self.kind.bind("<<ComboboxSelected>>", lambda _: self._colours.paint(), add=True)

    def _return_pressed(self, _event: tk.Event[tk.Misc]) -> str:
        self.submit()
        return "break"

    def _in_first_line(self) -> bool:
        return bool(self.text.compare("insert", "<=", "1.0 lineend"))

    def _in_last_line(self) -> bool:
        return bool(self.text.compare("insert", ">=", "end-1c linestart"))

    def _focus(self, widget: tk.Misc | None) -> str:
        if widget is not None:
            widget.focus_set()
        return "break"


def _parse(kind: str, text: str) -> str | bytes:
    """Return the payload that a text stands for.

    Raises:
        ValueError: The text is invalid.
    """
    if kind == "Hex":
        return read_hex(text)
    if kind == "Base64":
        return read_base64(text)
    if kind == "JSON":
        try:
            check_json(text)
        except ValueError as error:
            raise ValueError(f"Not JSON: {error}") from None
    if kind in _CONTROL:
        payload = text.encode()
        if len(payload) > 125:
            raise ValueError(f"A {kind.lower()} has at most 125 bytes, not {len(payload)}")
        return payload
    return text

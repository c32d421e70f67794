"""The client: a form, the readings, and one coroutine from the login to the last reading."""

from __future__ import annotations

import json
import tkinter as tk
from tkinter import ttk

import aiohttp

import tkws
from demos.look import theme_of
from tkws import aio


class AsyncClientWindow:
    """The contents of the window.

    Args:
        root: The window.
        url: The URL of the login.

    Attributes:
        user: The field for the name of the user.
        password: The field for the password.
        log_in_button: Logs in and shows readings.
        cancel_button: Cancels that, at whatever point it is.
        count: The readings shown since the login.
        status: The sentence below the heading.
    """

    def __init__(self, root: tk.Tk, url: str) -> None:
        self._url = url
        self._theme = theme_of(root)
        self._values: dict[str, ttk.Label] = {}
        self.count = 0
        self.status = tk.StringVar(root)
        root.title("Async client")
        root.geometry(self._theme.size(620, 230))
        self._gap = self._theme.px(16)
        frame = ttk.Frame(root, padding=self._gap)
        frame.pack(fill="both", expand=True)
        ttk.Label(frame, text="Plant", style="Title.TLabel").pack(anchor="w")
        ttk.Label(frame, textvariable=self.status, style="Small.TLabel").pack(anchor="w")
        self._make_form(frame).pack(fill="x", pady=self._gap)
        ttk.Frame(frame, style="Line.TFrame", height=1).pack(fill="x")
        self._cards = ttk.Frame(frame, padding=(0, self._gap))
        self._cards.pack(fill="both", expand=True)
        self._show("Not logged in", running=False)

    @aio.command(again="restart")
    async def show_readings(self) -> None:
        """Log in, open the WebSocket with the token, and show readings until it is closed or cancelled."""
        self.count = 0
        self._show("Logging in ...", running=True)
        try:
            login = {"user": self.user.get(), "password": self.password.get()}
            async with (
                aiohttp.ClientSession(raise_for_status=True) as session,
                session.post(self._url, json=login) as response,
            ):
                answer = await response.json()

            self._show("Logged in. Waiting for readings ...", running=True)
            headers = {"Authorization": f"Bearer {answer['token']}"}
            async with aio.connect(answer["readings"], headers=headers) as ws:
                async for message in ws:
                    self._show_values(json.loads(message))
            end = "The service has ended"
        except aiohttp.ClientResponseError as error:
            end = f"The service refused the login: {error.status} {error.message}"
        except (aiohttp.ClientError, tkws.WebSocketError) as error:
            end = f"The connection failed: {error}"
        self._show(end, running=False)  # not if it was cancelled, as the window may be gone then

    def _cancel(self) -> None:
        self.show_readings.cancel()
        self._show(f"Cancelled after {self.count} readings" if self.count else "Cancelled", running=False)

    def _show(self, status: str, *, running: bool) -> None:
        self.status.set(status)
        self.log_in_button.state(["disabled" if running else "!disabled"])
        self.cancel_button.state(["!disabled" if running else "disabled"])

    def _show_values(self, readings: dict[str, float]) -> None:
        self.count += 1
        self._show(f"Logged in as {self.user.get()}: {self.count} readings", running=True)
        for name, value in readings.items():
            if name not in self._values:
                self._values[name] = self._make_card(name, len(self._values))
            self._values[name].configure(text=f"{value:.1f} °C")

    # Widgets

    def _make_form(self, parent: ttk.Frame) -> ttk.Frame:
        form = ttk.Frame(parent)
        self.user = self._make_field(form, "User", 0)
        self.password = self._make_field(form, "Password", 1, show="•")
        self.password.bind("<Return>", self.show_readings)
        self.log_in_button = ttk.Button(form, text="Log in", command=self.show_readings)
        self.cancel_button = ttk.Button(form, text="Cancel", style="Quiet.TButton", command=self._cancel)
        self.log_in_button.grid(row=1, column=2)
        self.cancel_button.grid(row=1, column=3, padx=(self._gap // 2, 0))
        form.columnconfigure((0, 1), weight=1, uniform="field")
        return form

    def _make_field(self, form: ttk.Frame, label: str, column: int, show: str = "") -> ttk.Entry:
        ttk.Label(form, text=label, style="Small.TLabel").grid(row=0, column=column, sticky="w")
        entry = ttk.Entry(form, show=show, width=1)
        entry.grid(row=1, column=column, sticky="ew", padx=(0, self._gap // 2))
        return entry

    def _make_card(self, name: str, column: int) -> ttk.Label:
        card = ttk.Frame(self._cards)
        ttk.Label(card, text=name, style="Small.TLabel").pack(anchor="w")
        value = ttk.Label(card, style="Title.TLabel")
        value.pack(anchor="w")
        card.grid(row=0, column=column, sticky="nw")
        self._cards.columnconfigure(column, weight=1, uniform="card")
        return value

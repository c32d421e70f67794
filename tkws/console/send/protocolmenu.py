"""The menu for what clients seldom do: close codes, fragments, and unsolicited pongs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import tkws
from tkws.console.client.session import Session
from tkws.console.look import Action
from tkws.console.look.form import Field, Form
from tkws.console.send.sendbox import Send, SendBox

_CODES = (
    "1000 normal",
    "1001 going away",
    "1002 protocol error",
    "1003 unsupported data",
    "1007 invalid payload",
    "1008 policy violation",
    "1009 too big",
    "1011 internal error",
    "1012 service restart",
    "1013 try again later",
    "none",
)
_MAX_REASON = 123  # bytes (RFC 6455, 5.5)


class ProtocolMenu:
    """The actions, which ask for what they need.

    Args:
        session: The connection.
        box: The message box.
        send: Sends a ping, a pong or a message, as for `SendBox`.
        on_error: Called with a sentence when a message cannot be sent.
    """

    def __init__(
        self,
        session: Session,
        box: SendBox,
        send: Send,
        on_error: Callable[[str], object],
    ) -> None:
        self._session = session
        self._box = box
        self._send = send
        self._on_error = on_error

    def closing(self) -> list[Action | None]:
        """Return the entries for the end of the connection."""
        return [Action("Disconnect with a code…", self.ask_code, "Shift-X", possible=self._is_open)]

    def sending(self) -> list[Action | None]:
        """Return the entries for messages."""
        return [
            Action("Send in fragments…", self.ask_size, possible=self._is_open),
            Action("Send a pong", lambda: self._send("pong", b""), possible=self._is_open),
        ]

    def ask_code(self) -> None:
        """Ask for a close code and a reason, and close the connection."""
        fields = [Field("Code", _CODES[0], _CODES), Field("Reason")]
        Form(self._box.text, "Disconnect with a code", fields, self._close,
            text="Programs use 3000 to 4999 for codes of their own.", button="Disconnect")  # fmt: skip

    def ask_size(self) -> None:
        """Ask for the size of fragments, and send what stands in the box in as many as it takes."""
        Form(self._box.text, "Send in fragments", [Field("Bytes in each", "16")], self._send_fragments,
            text="What stands in the message box is sent as one message in several frames.",
            button="Send")  # fmt: skip

    def _is_open(self) -> bool:
        return self._session.is_open

    def _close(self, code: str, reason: str) -> None:
        number = code.split(maxsplit=1)[0] if code.strip() else "none"
        if number != "none" and not number.isdecimal():
            raise ValueError(f"A close code is a number, such as 1000 or 4000, not {code!r}")
        if number == "none" and reason:
            raise ValueError("A reason needs a code")
        if (size := len(reason.encode(errors="replace"))) > _MAX_REASON:
            raise ValueError(f"A reason has at most {_MAX_REASON} bytes, not {size}")
        self._session.disconnect(None if number == "none" else int(number), reason)

    def _send_fragments(self, size: str) -> None:
        if not size.strip().isdecimal() or not int(size):
            raise ValueError(f"A number of bytes of 1 or more, not {size!r}")
        self._box.submit(partial(self._send_in, int(size)))

    def _send_in(self, size: int, kind: str, payload: str | bytes) -> bool:
        if kind != "message":
            self._on_error(f"A {kind} cannot be sent in fragments.")
            return False
        try:
            self._session.send_fragments(payload, size)
        except (tkws.WebSocketError, ValueError) as error:
            self._on_error(f"{error}.")
            return False
        return True

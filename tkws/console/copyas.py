"""A target as a program or a command that connects to it: Python with callbacks or awaited, curl, websocat.

Pure functions. Headers keep their secrets, since the command would not work otherwise.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from types import MappingProxyType

from tkws.console.target import NO_PROXY, SYSTEM_PROXY, Target

_CALLBACKS = """\
import tkinter as tk

import tkws


def on_event(ws, type, message):
    if type == "connect":
        {send}
    elif type in ("text", "binary"):
        print(message)
    elif type in ("error", "timeout"):
        print("failed:", message)


{context}root = tk.Tk()
ws = tkws.open({arguments}, on_event, master=root{options})
root.mainloop()
"""

_AWAITED = """\
import tkinter as tk

from tkws import aio


async def main():
    async with aio.connect({arguments}, master=root{options}) as ws:
        {send}
        async for message in ws:
            print(message)


{context}root = tk.Tk()
aio.run(main(), master=root)
"""


def as_callbacks(target: Target, message: str | bytes = "") -> str:
    """Return a program that connects with `tkws.open`, and sends a message unless it is empty."""
    options = {"reconnect": "True"} if target.reconnect else {}
    send = f"ws.send({message!r})" if message else 'print("connected")'
    return _program(_CALLBACKS, target, options, send)


def as_await(target: Target, message: str | bytes = "") -> str:
    """Return a program that connects with `tkws.aio.connect`, and sends a message unless it is empty."""
    send = f"await ws.send({message!r})" if message else 'print("connected")'
    return _program(_AWAITED, target, {}, send)


def as_curl(target: Target, _message: str | bytes = "") -> str:
    """Return a ``curl`` command that opens the connection; curl sends no messages."""
    words = ["curl", "--no-buffer", target.url]
    for name, value in target.headers:
        words += "-H", f"{name}: {value}"
    if target.protocols:
        words += "-H", f"Sec-WebSocket-Protocol: {', '.join(target.protocols)}"
    if not target.verify:
        words.append("--insecure")
    if target.ca_file:
        words += "--cacert", target.ca_file
    if target.proxy not in (SYSTEM_PROXY, NO_PROXY):
        words += "--proxy", target.proxy
    elif target.proxy == NO_PROXY:
        words += "--noproxy", "*"
    return shlex.join(words)


def as_websocat(target: Target, message: str | bytes = "") -> str:
    """Return a ``websocat`` command that connects, and sends a text unless it is empty."""
    words = ["websocat", "--no-close" if message else "", target.url]
    words += [f"-H={name}: {value}" for name, value in target.headers]
    if target.protocols:
        words.append(f"--protocol={', '.join(target.protocols)}")
    if not target.verify:
        words.append("--insecure")
    command = shlex.join(filter(None, words))
    is_line = isinstance(message, str) and message and "\n" not in message
    return f"printf '%s\\n' {shlex.quote(str(message))} | {command}" if is_line else command


FORMS: Mapping[str, Callable[[Target, str | bytes], str]] = MappingProxyType(
    {
        "Python with callbacks": as_callbacks,
        "Python with await": as_await,
        "curl": as_curl,
        "websocat": as_websocat,
    }
)
"""The forms by the names under which the user finds them."""


def _program(form: str, target: Target, options: dict[str, str], send: str) -> str:
    """Return a form that is filled in, with the options that differ from the defaults."""
    imports = ""
    lines: list[str] = []
    if target.headers:
        options["headers"] = repr(list(target.headers))
    if target.protocols:
        options["protocols"] = repr(list(target.protocols))
    if target.proxy != SYSTEM_PROXY:
        options["proxy"] = repr(None if target.proxy == NO_PROXY else target.proxy)
    if target.url.startswith("wss:") and (target.ca_file or not target.verify):
        imports, options["ssl"] = "import ssl\n", "context"
        lines = [f"context = ssl.create_default_context(cafile={target.ca_file or None!r})"]
        if not target.verify:
            lines += "context.check_hostname = False", "context.verify_mode = ssl.CERT_NONE"
    return imports + form.format(
        arguments=repr(target.url),
        options="".join(f", {name}={value}" for name, value in options.items()),
        context="".join(f"{line}\n" for line in lines),
        send=send,
    )

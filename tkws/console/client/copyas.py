"""A target as a program or a command that connects to it: Python with callbacks or awaited, curl, websocat.

Pure functions. Headers keep their secrets, since the command would not work otherwise.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from types import MappingProxyType

from tkws.console.client.target import NO_PROXY, SYSTEM_PROXY, Target
from tkws.console.client.unixaddress import socket_name, split_unix

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
    socket, url = split_unix(target.url) or ("", target.url)
    words = ["curl", "--no-buffer", url]
    if socket.startswith("@"):
        words += "--abstract-unix-socket", socket[1:]
    elif socket:
        words += "--unix-socket", socket
    for name, value in target.headers:
        words += "-H", f"{name}: {value}"
    if target.protocols:
        words += "-H", f"Sec-WebSocket-Protocol: {', '.join(target.protocols)}"
    if not target.verify:
        words.append("--insecure")
    files = {"--cacert": target.ca_file, "--cert": target.cert_file, "--key": target.key_file}
    for option, path in files.items():
        words += [option, path] if path else []
    if target.proxy not in (SYSTEM_PROXY, NO_PROXY):
        words += "--proxy", target.proxy
    elif target.proxy == NO_PROXY:
        words += "--noproxy", "*"
    return shlex.join(words)


def as_websocat(target: Target, message: str | bytes = "") -> str:
    """Return a ``websocat`` command that connects, and sends a text unless it is empty."""
    socket, url = split_unix(target.url) or ("", target.url)
    words = ["websocat", "--no-close" if message else ""]
    words += [f"--ws-c-uri={url}", "-", f"ws-c:unix:{socket}"] if socket else [url]
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
    socket, url = split_unix(target.url) or ("", target.url)
    if socket:
        options["unix"] = repr(socket_name(socket))
    if target.keep_cookies:
        imports, options["cookies"] = "from http.cookiejar import CookieJar\n", "CookieJar()"
    if url.startswith("wss:") and (target.ca_file or target.cert_file or not target.verify):
        imports, options["ssl"] = f"import ssl\n{imports}", "context"
        lines = [f"context = ssl.create_default_context(cafile={target.ca_file or None!r})"]
        if not target.verify:
            lines += "context.check_hostname = False", "context.verify_mode = ssl.CERT_NONE"
        if target.cert_file:
            files = filter(None, (target.cert_file, target.key_file))
            lines.append(f"context.load_cert_chain({', '.join(map(repr, files))})")
    return imports + form.format(
        arguments=repr(url),
        options="".join(f", {name}={value}" for name, value in options.items()),
        context="".join(f"{line}\n" for line in lines),
        send=send,
    )

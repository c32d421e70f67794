"""WebSockets behind a threaded WSGI server: the application hands a client's socket over to tkws.

WSGI has no standard name for the socket in the environment, but most servers have one: ``gunicorn.socket``,
``werkzeug.socket``, or here, with Python's ``wsgiref``, the one that `Handler` adds.
"""

from __future__ import annotations

import socketserver
import sys
import threading
import tkinter as tk
import webbrowser
import wsgiref.simple_server
from collections.abc import Callable, Iterable, Sequence
from tkinter import ttk
from typing import Any
from urllib.parse import parse_qsl

import tkws
from demos.look import MessageFrame
from demos.stage import Scene, make_parser, run

_PAGE = b"""<!doctype html>
<meta charset="utf-8"><title>tkws behind WSGI</title>
<h1>A page of the WSGI application</h1>
<p>Messages to the window: <input autofocus>
<script>
const ws = new WebSocket(`ws://${location.host}/live?from=a%20page`)
document.querySelector("input").onchange = event => { ws.send(event.target.value); event.target.value = "" }
</script>
"""
_HINT = (
    "Nobody is connected yet. Open the page in a browser, or connect the console:\n"
    "python -m tkws ws://{url}/live?from=console"
)
_POLL = 0.1  # seconds between the server's checks whether to stop

Environment = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Application:
    """A WSGI application with a page at ``/`` and WebSockets at ``/live``; it runs in the server's threads.

    Args:
        websockets: The server that checks requests for a WebSocket.
    """

    def __init__(self, websockets: tkws.Server) -> None:
        self._websockets = websockets

    def __call__(self, environ: Environment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if environ["PATH_INFO"] == "/live":
            return self._upgrade(environ, start_response)
        found = environ["PATH_INFO"] == "/"
        start_response("200 OK" if found else "404 Not Found", [("Content-Type", "text/html; charset=utf-8")])
        return [_PAGE if found else b"There is no such page."]

    def _upgrade(self, environ: Environment, start_response: StartResponse) -> Iterable[bytes]:
        sock = environ["tkws.socket"]
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").title(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        query = parse_qsl(environ["QUERY_STRING"])
        if not tkws.test(self._websockets, sock, environ["PATH_INFO"], headers, query):
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"No WebSocket for this request.\n"]
        tkws.upgrade(sock)
        raise ConnectionAbortedError  # tells wsgiref not to send a response


class Handler(wsgiref.simple_server.WSGIRequestHandler):
    """Passes the socket of each request to the application."""

    def get_environ(self) -> Environment:
        """Return the WSGI environment of a request."""
        return {**super().get_environ(), "tkws.socket": self.connection}

    def log_message(self, format: str, *args: object) -> None:
        """Do not log requests."""


class ThreadedServer(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    """A WSGI server with a thread for each request."""

    daemon_threads = True


class WSGIWindow:
    """The window: shows the messages of clients, and sends answers.

    Args:
        root: The window.

    Attributes:
        frame: The contents of the window.
        url: The address of the site, without the scheme.
    """

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self.frame = MessageFrame(root, "Behind a WSGI server", self._send_to_all, "Send to all")
        self._site = ThreadedServer(("127.0.0.1", 0), Handler)
        self._websockets = tkws.server(self._site.socket, master=root)
        self._websockets.live("/live", self._on_event)
        self._site.set_app(Application(self._websockets))
        self._thread = threading.Thread(
            target=self._site.serve_forever, args=(_POLL,), name="site", daemon=True
        )
        self._thread.start()
        self.url = f"127.0.0.1:{self._site.server_port}"
        self.frame.show_subtitle(f"http://{self.url}/")
        self.frame.log.show_hint(_HINT.format(url=self.url))
        button = ttk.Button(self.frame.header, text="Open in browser", style="Quiet.TButton")
        button.configure(command=lambda: webbrowser.open(f"http://{self.url}/"))
        button.grid(row=0, column=1, rowspan=2)

    def close(self) -> None:
        """Stop the site and close every connection."""
        self._site.shutdown()
        self._site.server_close()
        self._thread.join()
        self._websockets.close()

    def play(self, scene: Scene) -> None:
        """Connect a client, and answer it."""

        def on_event(ws: tkws.WebSocket, type: str, message: Any) -> None:
            if type == "connect":
                ws.send("I came through a WSGI application.")
                self._root.after(300, self._send_to_all, "And now you are served in the thread of Tk.")
            elif type == "text":
                print(*self.frame.log.plain, sep="\n")
                scene.finish([self._root])
            elif type in ("error", "timeout"):
                scene.fail(str(message))

        tkws.open(f"ws://{self.url}/live?from=a%20client", on_event, master=self._root)

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        who = dict(ws.request.query).get("from", "somebody") if ws.request else "somebody"
        if type == "text":
            self.frame.log.add(who, message)
        elif type in ("connect", "disconnect"):
            self.frame.log.add(who, "connected" if type == "connect" else "disconnected", "note")

    def _send_to_all(self, text: str) -> None:
        for ws in self._websockets.connections:
            ws.send(text)
        self.frame.log.add("you", text, "own")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo with the arguments of a command line; None for those of this process."""
    return run(WSGIWindow, WSGIWindow.play, make_parser("wsgi", __doc__).parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())

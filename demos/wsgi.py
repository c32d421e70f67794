"""WebSockets behind a threaded WSGI server: the application hands a client's socket over to tkws.

WSGI has no word for a socket, but most servers have one of their own: ``gunicorn.socket``,
``werkzeug.socket``, or here, with Python's ``wsgiref``, one that `Handler` puts there.
"""

from __future__ import annotations

import socketserver
import sys
import threading
import tkinter as tk
import wsgiref.simple_server
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import parse_qsl

import tkws
from demos.look import Talk
from demos.stage import Scene, parser_of, run

_PAGE = b"""<!doctype html>
<meta charset="utf-8"><title>tkws behind WSGI</title>
<h1>A page of the application's</h1>
<p>What you say here goes to the window: <input autofocus>
<script>
const ws = new WebSocket(`ws://${location.host}/live?from=a%20page`)
document.querySelector("input").onchange = event => { ws.send(event.target.value); event.target.value = "" }
</script>
"""
_POLL = 0.1  # seconds that the server needs to see that it shall stop

Environment = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Application:
    """A WSGI application with a page at ``/`` and WebSockets at ``/live``; called in threads of the server.

    Args:
        websockets: What judges the requests.
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
        raise ConnectionAbortedError  # by which wsgiref understands that there is nobody left to answer


class Handler(wsgiref.simple_server.WSGIRequestHandler):
    """Tells the application which socket a request came by."""

    def get_environ(self) -> Environment:
        """Return the environment of a request."""
        return {**super().get_environ(), "tkws.socket": self.connection}

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


class ThreadedServer(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    """A WSGI server with a thread for each request."""

    daemon_threads = True


class WSGIWindow:
    """The window: shows what clients say, and answers.

    Args:
        root: What it fills.

    Attributes:
        talk: What is in the window.
        url: The address of the site, without its scheme.
    """

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self.talk = Talk(root, "Behind a WSGI server", self._say, "Send to all")
        self._site = ThreadedServer(("127.0.0.1", 0), Handler)
        self._websockets = tkws.server(self._site.socket, master=root)
        self._websockets.live("/live", self._on_event)
        self._site.set_app(Application(self._websockets))
        self._thread = threading.Thread(
            target=self._site.serve_forever, args=(_POLL,), name="site", daemon=True
        )
        self._thread.start()
        self.url = f"127.0.0.1:{self._site.server_port}"
        self.talk.say_below(f"http://{self.url}/")

    def close(self) -> None:
        """Stop the site and close every connection."""
        self._site.shutdown()
        self._site.server_close()
        self._thread.join()
        self._websockets.close()

    def play(self, scene: Scene) -> None:
        """Let a client come and be answered."""

        def on_event(ws: tkws.WebSocket, type: str, message: Any) -> None:
            if type == "connect":
                ws.send("I came through a WSGI application.")
                self._root.after(300, self._say, "And now you are on the thread of Tk.")
            elif type == "text":
                print(*self.talk.lines.plain, sep="\n")
                scene.finish([self._root])
            elif type in ("error", "timeout"):
                scene.fail(str(message))

        tkws.open(f"ws://{self.url}/live?from=a%20client", on_event, master=self._root)

    def _on_event(self, ws: tkws.WebSocket, type: str, message: Any) -> None:
        who = dict(ws.request.query).get("from", "somebody") if ws.request else "somebody"
        if type == "text":
            self.talk.lines.add(who, message)
        elif type in ("connect", "disconnect"):
            self.talk.lines.add(who, "came" if type == "connect" else "left", "note")

    def _say(self, text: str) -> None:
        for ws in self._websockets.connections:
            ws.send(text)
        self.talk.lines.add("you", text, "own")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; ``arguments`` are the command line's, None for this process's own."""
    return run(WSGIWindow, WSGIWindow.play, parser_of("wsgi", __doc__).parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())

"""The web pages beside the socket: which content belongs to which path.

Pure functions of a request, but for the reading of files; knows no connection. Meant for the
page that opens the WebSocket, its script and its pictures, not as a web server.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from tkws.http.messages import Request, Response

Content = str | bytes | Response
Page = Content | Callable[[Request], Content]
"""What a path shows: text (HTML), bytes (of the type that the path's ending tells), a whole
`Response`, or a callable that makes one of these from the `Request`."""

_INDEX = "index.html"
_WELL_KNOWN = ".well-known"  # hidden by its name, and meant to be seen (RFC 8615)
_HTML = "text/html; charset=utf-8"


class Pages:
    """The pages of one server."""

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}
        self._folders: dict[str, Path] = {}

    def add_page(self, path: str, content: Page) -> None:
        """Show ``content`` at exactly ``path``; see `tkws.Server.page`."""
        _check_path(path)
        if not isinstance(content, str | bytes | Response) and not callable(content):
            raise TypeError(f"content: str, bytes, Response or a callable, not {type(content).__name__}")
        self._pages[path] = content

    def add_directory(self, path: str, folder: str | Path) -> None:
        """Show the files below ``folder`` at the paths below ``path``; see `tkws.Server.directory`."""
        _check_path(path)
        if not isinstance(folder, str | Path):
            raise TypeError(f"folder: str or a path, not {type(folder).__name__}")
        resolved = Path(folder).resolve()
        if not resolved.is_dir():
            raise NotADirectoryError(f"folder: {str(folder)!r} is no directory")
        self._folders[path.rstrip("/") + "/"] = resolved

    def answer(self, request: Request) -> Response:
        """Return the page for a request, or why there is none."""
        if request.method not in ("GET", "HEAD"):
            return plain(405, "This server answers GET and HEAD", allow="GET, HEAD")
        path = unquote(request.path)
        page = self._pages.get(path)
        if page is not None:
            return _respond(path, page(request) if callable(page) else page)
        for prefix in sorted(self._folders, key=len, reverse=True):
            if path.startswith(prefix):
                return _file(request, self._folders[prefix], path.removeprefix(prefix))
            if f"{path}/" == prefix:
                return _with_slash(request)
        return _nothing()


def plain(status: int, text: str, **headers: str) -> Response:
    """Return a short answer in plain text; a header's name is written with underscores."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return Response(
        status, headers={"Content-Type": "text/plain; charset=utf-8", **named}, body=f"{text}\n".encode()
    )


def _respond(path: str, content: Content) -> Response:
    if isinstance(content, Response):
        return content
    if isinstance(content, str):
        return _show(_HTML, content.encode())
    if isinstance(content, bytes):
        return _show(_type_of(path), content)
    raise TypeError(f"page {path!r}: str, bytes or Response, not {type(content).__name__}")


def _file(request: Request, folder: Path, name: str) -> Response:
    """Read a file, unless the name or a symbolic link leads out of the folder or to what is hidden in it."""
    try:
        found = (folder / PurePosixPath(name.lstrip("/"))).resolve()
        is_folder = found.is_dir()
        if is_folder:
            found = (found / _INDEX).resolve()
        if found.is_relative_to(folder) and not _is_hidden(found.relative_to(folder)) and found.is_file():
            if is_folder and name and not name.endswith("/"):
                return _with_slash(request)
            return _show(_type_of(found.name), found.read_bytes())
    except (OSError, ValueError, RuntimeError):  # unreadable, a name that no file can have, links in a circle
        pass
    return _nothing()


def _is_hidden(path: Path) -> bool:
    """Whether a part of a path begins with a dot, as ``.git`` and ``.env`` do."""
    return any(part.startswith(".") and part != _WELL_KNOWN for part in path.parts)


def _with_slash(request: Request) -> Response:
    """Send the browser to the folder's own address, for the sake of relative links in its page.

    A relative one, of which nothing can be taken for a scheme or a host.
    """
    _, _, segment = request.path.rpartition("/")
    _, mark, query = request.target.partition("?")
    return Response(307, headers={"Location": f"./{segment}/{mark}{query}"})


def _nothing() -> Response:
    return plain(404, "There is nothing at this address")


def _show(content_type: str, body: bytes) -> Response:
    headers = {
        "Content-Type": content_type,
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(200, headers=headers, body=body)


def _type_of(path: str) -> str:
    guessed, _ = mimetypes.guess_type(path)
    if guessed is None:
        return "application/octet-stream"
    return f"{guessed}; charset=utf-8" if guessed.startswith("text/") else guessed


def _check_path(path: str) -> None:
    if not isinstance(path, str):
        raise TypeError(f"path: str, not {type(path).__name__}")
    if not path.startswith("/"):
        raise ValueError(f"path: must begin with '/', not {path!r}")

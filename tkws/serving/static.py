"""The web pages of a server: finds the content for a path.

Knows no connection. Meant for the page that opens the WebSocket and the files that it loads or offers for
download, not as a general web server.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from tkws.asynchandlers import check_not_async
from tkws.checks import Buffer, check_bytes_like, check_kind
from tkws.http.messages import Request, Response
from tkws.serving.content import HTML, content_fields, plain, type_fields
from tkws.serving.directory import Directory, FileResponse, with_slash

Content = str | Buffer | Response
Page = Content | Callable[[Request], Content]
"""The content of a path: text (HTML), bytes-like (of the type that the path's ending tells), a whole
`Response`, or a callable that makes one of these from the `Request`."""


class Pages:
    """The pages of one server."""

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}
        self._folders: dict[str, Directory] = {}

    def add_page(self, path: str, content: Page) -> None:
        """Serve ``content`` at exactly ``path``; see `tkws.Server.page`."""
        _check_path(path)
        if not (callable(content) or isinstance(content, str | Response)):
            content = check_bytes_like("content", content, "str, bytes-like, Response or a callable")
        check_not_async("content", content, "a page, or a plain function (request)")
        self._pages[path] = content

    def add_directory(self, path: str, folder: str | Path) -> None:
        """Serve the files below ``folder`` at the paths below ``path``; see `tkws.Server.directory`."""
        _check_path(path)
        check_kind("folder", folder, str | Path, "str or a path")
        resolved = Path(folder).resolve()
        if not resolved.is_dir():
            raise NotADirectoryError(f"folder: {str(folder)!r} is not a directory")
        self._folders[path.rstrip("/") + "/"] = Directory(resolved)

    def answer(self, request: Request) -> Response | FileResponse:
        """Return the page for a request, or an error page."""
        if request.method not in ("GET", "HEAD"):
            return plain(405, "This server answers GET and HEAD", allow="GET, HEAD")
        path = unquote(request.path)
        page = self._pages.get(path)
        if page is not None:
            return _respond(path, page(request) if callable(page) else page)
        for prefix in sorted(self._folders, key=len, reverse=True):
            if path.startswith(prefix):
                return self._folders[prefix].answer(request, path.removeprefix(prefix)) or _nothing()
            if f"{path}/" == prefix:
                return with_slash(request)
        return _nothing()


def _respond(path: str, content: Content) -> Response:
    if isinstance(content, Response):
        return content
    if isinstance(content, str):
        return Response(200, headers=type_fields(HTML), body=str.encode(content))
    content = check_bytes_like(f"page {path!r}", content, "str, bytes-like or Response")
    return Response(200, headers=content_fields(path, content), body=content)


def _nothing() -> Response:
    return plain(404, "There is nothing at this address")


def _check_path(path: str) -> None:
    check_kind("path", path, str, "str")
    if not path.startswith("/"):
        raise ValueError(f"path: must begin with '/', not {path!r}")

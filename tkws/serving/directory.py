"""A folder of files as pages: finds the file for a path, and answers with it or a part of it.

A path never leads out of the folder, by whichever name, link or spelling; hidden files are treated as
missing. A small file is read at once; for a larger one the answer has a `FileSource`, which is read as
the client takes it.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from http import HTTPStatus
from io import FileIO
from pathlib import Path
from typing import NamedTuple

from tkws.http.dates import format_date
from tkws.http.messages import Request, Response
from tkws.net.filesource import FileSource
from tkws.serving.content import content_fields, plain
from tkws.serving.preconditions import select

SMALL = 64 * 1024
"""Bytes up to which a file is read at once."""

_INDEX = "index.html"
_WELL_KNOWN = ".well-known"  # hidden by its name, and meant to be seen (RFC 8615)

# Opening a pipe would wait for its other end; a link that has just been put there might lead out.
_OPEN_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)

# Names that Windows takes for a drive, a stream, a device or another name. The digits include superscripts.
_WINDOWS = re.compile(
    r".*[\x00-\x1f<>:\"/\\|?*].*|.*[. ]|"
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\xb9\xb2\xb3]) *(?:\..*)?",
    re.IGNORECASE | re.DOTALL,
)

_NO_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)


class FileResponse(NamedTuple):
    """An answer whose body is sent after it."""

    response: Response
    """Without the body."""

    size: int
    """The bytes of the body."""

    content: FileSource | None
    """The body; None for HEAD. The caller closes it."""


class Directory:
    """The files below a folder.

    Args:
        folder: An absolute path without symbolic links.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def answer(self, request: Request, name: str) -> Response | FileResponse | None:
        """Return the answer to a GET or HEAD request.

        Args:
            request: The request.
            name: The path below the folder, percent-decoded.

        Returns:
            The answer; None if there is no such file.
        """
        try:
            return self._answer(request, name)
        except OSError as error:
            if error.errno in _NO_DESCRIPTORS:
                return plain(HTTPStatus.SERVICE_UNAVAILABLE, "There is no room for another file just now")
            return None
        except (ValueError, RuntimeError):  # a name that no file can have, links in a circle
            return None

    def _answer(self, request: Request, name: str) -> Response | FileResponse | None:
        path = self._resolve(name)
        if path is None:
            return None
        last = name.rpartition("/")[2]
        if last not in ("", "."):
            if not path.is_dir():
                return _send(request, last, path)
            index = self._resolve(f"{name}/{_INDEX}")
            return with_slash(request) if index is not None and index.is_file() else None
        index = self._resolve(f"{name}/{_INDEX}") if path.is_dir() else None
        return None if index is None else _send(request, _INDEX, index)

    def _resolve(self, name: str) -> Path | None:
        """Return the path that a name leads to; None if it is hidden or leads out of the folder."""
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if any(_is_hidden(part) or not is_file_name(part) for part in parts):
            return None
        found = self._folder.joinpath(*parts).resolve()
        if not found.is_relative_to(self._folder):
            return None
        return None if any(map(_is_hidden, found.relative_to(self._folder).parts)) else found


def is_file_name(part: str, *, windows: bool = os.name == "nt") -> bool:
    """Tell whether a part of a path names a file or a folder, and nothing else, on such a system."""
    return "\0" not in part and not (windows and _WINDOWS.fullmatch(part))


def _is_hidden(part: str) -> bool:
    """Tell whether a name begins with a dot, as ``.git``, ``.env`` and ``..`` do."""
    return part.startswith(".") and part != _WELL_KNOWN


def with_slash(request: Request) -> Response:
    """Redirect the browser to the folder's own address, so that relative links in its page work.

    The redirect is relative, and nothing in it can be taken for a scheme or a host.
    """
    _, _, segment = request.path.rpartition("/")
    _, mark, query = request.target.partition("?")
    return Response(HTTPStatus.TEMPORARY_REDIRECT, headers={"Location": f"./{segment}/{mark}{query}"})


def _send(request: Request, name: str, path: Path) -> Response | FileResponse | None:
    """Return the answer for a file; None if it is missing."""
    file = FileIO(path, opener=lambda name, flags: os.open(name, flags | _OPEN_FLAGS))
    answer: Response | FileResponse | None = None
    try:
        answer = _answer(request, name, file)
    finally:
        if not isinstance(answer, FileResponse) or answer.content is None:
            file.close()
    return answer


def _answer(request: Request, name: str, file: FileIO) -> Response | FileResponse | None:
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        return None
    whole = file.read(status.st_size) if status.st_size <= SMALL else None
    size = status.st_size if whole is None else len(whole)
    tag = f'"{status.st_mtime_ns:x}-{size:x}"'
    modified = min(max(int(status.st_mtime), 0), int(time.time()))  # never after Date (RFC 9110, 8.8.2.1)
    selected = select(request.method, request.headers, tag, modified, size)
    if selected.status == HTTPStatus.PRECONDITION_FAILED:
        return plain(selected.status, "The file is another one by now")
    if selected.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return plain(selected.status, "The file has no such part", content_range=f"bytes */{size}")
    validators = {
        "ETag": tag,
        "Last-Modified": format_date(modified),
        "Cache-Control": "no-cache",
    }
    if selected.status == HTTPStatus.NOT_MODIFIED:
        return Response(selected.status, headers=validators)
    fields = {**content_fields(name, whole), **validators, "Accept-Ranges": "bytes"}
    start, stop = selected.start, selected.stop
    if selected.status == HTTPStatus.PARTIAL_CONTENT:
        fields["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    if whole is not None:
        return Response(selected.status, headers=fields, body=whole[start:stop])
    head = Response(selected.status, headers=fields)
    if request.method == "HEAD":
        return FileResponse(head, stop - start, None)
    return FileResponse(head, stop - start, FileSource(file, start, stop))

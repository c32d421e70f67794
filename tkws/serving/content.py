"""The fields that say what a page is, and short answers in plain text."""

from __future__ import annotations

from tkws.http.messages import Response
from tkws.serving.mediatypes import media_type

HTML = "text/html; charset=utf-8"

_ESCAPE = b"\x1b"  # begins the shifts of ISO-2022, which are ASCII to the letter


def plain(status: int, text: str, **headers: str) -> Response:
    """Return a short answer in plain text; a header's name is written with underscores."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return Response(
        status, headers={"Content-Type": "text/plain; charset=utf-8", **named}, body=f"{text}\n".encode()
    )


def failed() -> Response:
    """Return the answer to a request for which the program's own code raised."""
    return plain(500, "This page failed")


def content_fields(path: str, content: bytes | None) -> dict[str, str]:
    """Return the fields that say what a content is.

    A text gets a ``charset`` only if all of it is known and is UTF-8. Otherwise the browser finds the
    encoding in the text itself, such as in a ``<meta charset>``.

    Args:
        path: Its ending tells the type, and the coding if there is one.
        content: All of the bytes; None for a content that was not read.
    """
    kind = media_type(path)
    known = kind.is_text and content is not None and _is_utf8(content)
    fields = type_fields(f"{kind.name}; charset=utf-8" if known else kind.name)
    if kind.coding:
        fields["Content-Encoding"] = kind.coding
    return fields


def type_fields(content_type: str) -> dict[str, str]:
    """Return the fields of a content whose type is known."""
    return {
        "Content-Type": content_type,
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
    }


def _is_utf8(content: bytes) -> bool:
    if _ESCAPE in content:
        return False
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True

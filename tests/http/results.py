"""What tests of both sides of HTTP/1.1 look at."""

from __future__ import annotations

from tkws.errors import HandshakeError


def is_fault(result: object, status: int | None) -> bool:
    """Whether a result is a fault of HTTP with this status."""
    return isinstance(result, HandshakeError) and result.part == "http" and result.status == status


def parts(data: bytes) -> tuple[str, dict[str, str], bytes]:
    """Take an answer apart without any of the code under test."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    return first, dict(line.split(": ", 1) for line in lines), body

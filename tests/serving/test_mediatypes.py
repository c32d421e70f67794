"""The types of files, which are those of our own table wherever it runs."""

from __future__ import annotations

import mimetypes

import pytest

from tkws.serving.mediatypes import MediaType, media_type


@pytest.mark.parametrize(
    ("path", "name", "coding"),
    [
        ("/index.html", "text/html", ""),
        ("/A.HTM", "text/html", ""),
        ("/a.js", "text/javascript", ""),
        ("/a.mjs", "text/javascript", ""),
        ("/a.min.css", "text/css", ""),
        ("/a.json", "application/json", ""),
        ("/a.wasm", "application/wasm", ""),
        ("/a.svg", "image/svg+xml", ""),
        ("/a.woff2", "font/woff2", ""),
        ("/a.mp4", "video/mp4", ""),
        ("/a.js.gz", "text/javascript", "gzip"),
        ("/a.min.JS.GZ", "text/javascript", "gzip"),
        ("/a.html.br", "text/html", "br"),
        ("/a.css.zst", "text/css", "zstd"),
        ("/a.svgz", "image/svg+xml", "gzip"),
        ("/a.tar.gz", "application/gzip", ""),
        ("/a.tgz", "application/gzip", ""),
        ("/a.gz", "application/gzip", ""),
        ("/gz", "application/octet-stream", ""),
        ("/a.br", "application/octet-stream", ""),
        ("/a.b.c", "application/octet-stream", ""),
        ("/a", "application/octet-stream", ""),
        ("/js", "application/octet-stream", ""),
        ("/.js", "application/octet-stream", ""),
        ("/a.js/", "application/octet-stream", ""),
        ("/a.js/b", "application/octet-stream", ""),
        ("/a.", "application/octet-stream", ""),
        ("/", "application/octet-stream", ""),
        ("", "application/octet-stream", ""),
    ],
)
def test_the_ending_tells_the_type(path, name, coding):
    assert media_type(path) == MediaType(name, coding)


def test_what_the_system_says_does_not_count(monkeypatch):
    monkeypatch.setattr(mimetypes, "guess_type", lambda *_, **__: ("text/plain", None))
    mimetypes.add_type("text/plain", ".js")
    try:
        assert media_type("/a.js").name == "text/javascript"
    finally:
        mimetypes.init()


def test_only_a_text_that_is_not_coded_needs_a_charset():
    assert media_type("/a.js").is_text
    assert not media_type("/a.js.gz").is_text
    assert not media_type("/a.json").is_text

"""The media types of files, by the endings of their names.

A table of our own: the system's may be wrong (programs on Windows register ``.js`` as
``text/plain``, and a browser then shows a blank page), and differs from machine to machine.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

_TABLE = """
    text/html                       html htm
    application/xhtml+xml           xhtml
    text/css                        css
    text/javascript                 js mjs cjs
    application/wasm                wasm
    application/json                json map
    application/manifest+json       webmanifest
    application/ld+json             jsonld
    application/geo+json            geojson
    application/xml                 xml xsl
    application/rss+xml             rss
    application/atom+xml            atom

    text/plain                      txt text log
    text/markdown                   md
    text/csv                        csv
    text/tab-separated-values       tsv
    text/vtt                        vtt
    text/calendar                   ics
    application/yaml                yaml yml

    image/png                       png
    image/apng                      apng
    image/jpeg                      jpg jpeg
    image/gif                       gif
    image/webp                      webp
    image/avif                      avif
    image/svg+xml                   svg
    image/vnd.microsoft.icon        ico
    image/bmp                       bmp
    image/tiff                      tif tiff
    image/heic                      heic
    image/jxl                       jxl

    font/woff                       woff
    font/woff2                      woff2
    font/ttf                        ttf
    font/otf                        otf
    font/collection                 ttc

    audio/mpeg                      mp3
    audio/mp4                       m4a
    audio/aac                       aac
    audio/ogg                       ogg oga opus
    audio/wav                       wav
    audio/webm                      weba
    audio/flac                      flac
    audio/midi                      mid midi
    video/mp4                       mp4 m4v
    video/webm                      webm
    video/ogg                       ogv
    video/quicktime                 mov
    video/mpeg                      mpg mpeg
    video/x-msvideo                 avi
    application/vnd.apple.mpegurl   m3u8
    application/dash+xml            mpd
    model/gltf-binary               glb
    model/gltf+json                 gltf

    application/pdf                 pdf
    application/rtf                 rtf
    application/epub+zip            epub
    application/zip                 zip
    application/x-tar               tar
    application/x-7z-compressed     7z
    application/gzip                gz tgz
    application/x-bzip2             bz2
    application/x-xz                xz
    application/zstd                zst
"""

_TYPES = MappingProxyType(
    {
        ending: name
        for name, *endings in (line.split() for line in _TABLE.splitlines() if line)
        for ending in endings
    }
)

# Codings that browsers undo by themselves (RFC 9110, 8.4.1).
_CODINGS = MappingProxyType({"gz": "gzip", "br": "br", "zst": "zstd"})

# Inside one of these a coding is a part of the file: a ``.tar.gz`` is to stay one when it is saved.
_ARCHIVES = frozenset(("tar",))

_UNKNOWN = "application/octet-stream"


class MediaType(NamedTuple):
    """The type of a file, and the coding around it."""

    name: str
    coding: str
    """The content coding of its bytes; empty for none."""

    @property
    def is_text(self) -> bool:
        """Tell whether it is a text, whose encoding must be named in the field."""
        return self.name.startswith("text/") and not self.coding


def media_type(path: str) -> MediaType:
    """Return the media type for the ending of a path.

    ``app.js.gz`` is a script with the coding gzip, and ``x.svgz`` a picture with it. A file with
    an unknown ending, or none, is ``application/octet-stream``.
    """
    stem, _, ending = path.rpartition("/")[2].lower().rpartition(".")
    if ending == "svgz":
        return MediaType("image/svg+xml", "gzip")
    _, _, inner = stem.rpartition(".")
    if ending in _CODINGS and "." in stem and inner in _TYPES and inner not in _ARCHIVES:
        return MediaType(_TYPES[inner], _CODINGS[ending])
    return MediaType(_TYPES.get(ending, _UNKNOWN) if stem else _UNKNOWN, "")

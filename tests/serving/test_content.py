"""What is said of a page's content, its encoding above all."""

from __future__ import annotations

import pytest

from tkws.serving.content import content_fields


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        (b"", "; charset=utf-8"),
        (b"<p>plain", "; charset=utf-8"),
        ("<p>é".encode(), "; charset=utf-8"),
        ("\ufeff<p>é".encode(), "; charset=utf-8"),
        ("<meta charset=iso-8859-1><p>é".encode("latin-1"), ""),
        ("<p>é".encode("utf-16"), ""),
        ("<p>é".encode()[:-1], ""),
        ("<meta charset=iso-2022-jp>日本".encode("iso-2022-jp"), ""),
        ("<meta charset=shift_jis>日本".encode("shift_jis"), ""),
        (None, ""),
    ],
)
def test_a_charset_is_told_where_it_is_known(content, charset):
    assert content_fields("/a.html", content)["Content-Type"] == f"text/html{charset}"


@pytest.mark.parametrize("path", ["/a.json", "/a.svg", "/a.png", "/a.xml", "/a.js.gz"])
def test_what_is_no_text_has_no_charset(path):
    assert "charset" not in content_fields(path, b"plain")["Content-Type"]


def test_a_coding_is_told():
    assert content_fields("/a.js.gz", b"")["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in content_fields("/a.js", b"")

"""Which content belongs to which path, and that no path leads out of a folder."""

from __future__ import annotations

import os
import sys

import pytest

from tkws import Request, Response
from tkws.serving.content import plain
from tkws.serving.static import Pages


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
def folder(tmp_path):
    """A folder with a secret beside it."""
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    folder = tmp_path / "site"
    (folder / "sub").mkdir(parents=True)
    (folder / "index.html").write_text("front", encoding="utf-8")
    (folder / "a.js").write_text("script", encoding="utf-8")
    (folder / "with space.txt").write_text("space", encoding="utf-8")
    (folder / "sub" / "index.html").write_text("sub front", encoding="utf-8")
    (folder / "empty").mkdir()
    return folder


def ask(pages, target, method="GET"):
    return pages.answer(Request(method, target))


def test_a_str_is_html(pages):
    pages.add_page("/", "<p>é")
    answer = ask(pages, "/")
    assert (answer.status, answer.body) == (200, "<p>é".encode())
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/a.css", "text/css; charset=utf-8"),
        ("/a.png", "image/png"),
        ("/a.unheard-of", "application/octet-stream"),
        ("/a", "application/octet-stream"),
    ],
)
def test_bytes_are_of_the_type_that_the_path_tells(pages, path, content_type):
    pages.add_page(path, b"\0")
    answer = ask(pages, path)
    assert (answer.body, answer.headers["Content-Type"]) == (b"\0", content_type)


def test_a_callable_makes_the_content_of_the_request(pages):
    pages.add_page("/text", lambda request: f"query {request.query}")
    pages.add_page("/bytes.txt", lambda request: b"bytes")
    assert ask(pages, "/text?a=1").body == b"query (('a', '1'),)"
    assert ask(pages, "/bytes.txt").headers["Content-Type"] == "text/plain; charset=utf-8"


def test_a_response_goes_out_as_it_is(pages):
    moved = Response(302, headers={"Location": "/there"})
    pages.add_page("/moved", moved)
    pages.add_page("/called", lambda _: moved)
    assert ask(pages, "/moved") is moved
    assert ask(pages, "/called") is moved


def test_the_path_is_exact_decoded_and_without_the_query(pages):
    pages.add_page("/a b", "found")
    assert ask(pages, "/a%20b?c").body == b"found"
    assert ask(pages, "/a%20b/").status == 404
    assert ask(pages, "/A%20b").status == 404


def test_a_later_page_replaces_an_earlier_one(pages):
    pages.add_page("/", "one")
    pages.add_page("/", "two")
    assert ask(pages, "/").body == b"two"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "get"])
def test_other_methods_are_refused(pages, method):
    pages.add_page("/", "page")
    answer = ask(pages, "/", method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_head_is_answered_as_get_is(pages):
    pages.add_page("/", "page")  # the connection leaves the body out
    assert ask(pages, "/", "HEAD").body == b"page"


def test_what_is_not_there_is_a_404(pages):
    answer = ask(pages, "/nothing")
    assert (answer.status, answer.headers["Content-Type"]) == (404, "text/plain; charset=utf-8")


def test_a_plain_answer_has_the_headers_it_is_given():
    answer = plain(426, "upgrade", sec_websocket_version="13")
    assert (answer.status, answer.body) == (426, b"upgrade\n")
    assert answer.headers["Sec-Websocket-Version"] == "13"


# ---- folders


@pytest.mark.parametrize("prefix", ["/", "/site", "/site/"])
def test_a_folder_shows_its_files(pages, folder, prefix):
    pages.add_directory(prefix, folder)
    base = prefix.rstrip("/")
    assert ask(pages, f"{base}/a.js").body == b"script"
    assert ask(pages, f"{base}/with%20space.txt").body == b"space"
    assert ask(pages, f"{base}/").body == b"front"
    assert ask(pages, f"{base}/sub/").body == b"sub front"
    assert ask(pages, f"{base}/sub/index.html").headers["Content-Type"] == "text/html; charset=utf-8"
    for name in ("empty/", "empty", "nothing", "A.JS", "a.js/b"):
        assert ask(pages, f"{base}/{name}").status == 404


@pytest.mark.parametrize(("prefix", "path"), [("/site", "/site"), ("/site", "/site/sub"), ("/", "/sub")])
def test_a_folder_without_its_slash_is_elsewhere_so_that_relative_links_work(pages, folder, prefix, path):
    pages.add_directory(prefix, folder)
    answer = ask(pages, path)
    assert (answer.status, answer.headers["Location"]) == (307, f"./{path.rpartition('/')[2]}/")
    answer = ask(pages, f"{path}?a=b%20c")
    assert answer.headers["Location"] == f"./{path.rpartition('/')[2]}/?a=b%20c"


def test_a_folder_that_is_named_with_strange_characters_stays_on_this_server(pages, folder):
    (folder / "a:b").mkdir()
    (folder / "a:b" / "index.html").write_text("x", encoding="utf-8")
    pages.add_directory("/", folder)
    assert ask(pages, "/a%3Ab").headers["Location"] == "./a%3Ab/"
    assert ask(pages, "/a:b").headers["Location"] == "./a:b/"
    assert ask(pages, "//sub").headers["Location"] == "./sub/"


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/sub/../../secret.txt", "//secret.txt",
        "/..\\secret.txt", "/..%5csecret.txt", "/%00", "/a.js%00.txt", "/....//secret.txt", "/%ff",
        "/" + "a" * 5000,
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_folder(pages, folder, path):
    pages.add_directory("/", folder)
    assert ask(pages, path).status == 404


def test_an_absolute_path_is_no_way_out(pages, folder):
    pages.add_directory("/", folder)
    secret = folder.parent / "secret.txt"
    for start in ("/", "//", "/%2f"):
        assert ask(pages, start + str(secret)[1:]).status == 404


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_no_symbolic_link_leads_out_of_the_folder(pages, folder):
    (folder / "out.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "out").symlink_to(folder.parent, target_is_directory=True)
    (folder / "round").symlink_to(folder / "round")
    (folder / "in.txt").symlink_to(folder / "a.js")
    (folder / "linked").mkdir()
    (folder / "linked" / "index.html").symlink_to(folder.parent / "secret.txt")
    pages.add_directory("/", folder)
    for path in ("/out.txt", "/out/secret.txt", "/out", "/out/", "/round", "/linked/"):
        assert ask(pages, path).status == 404
    assert ask(pages, "/in.txt").body == b"script"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_what_is_no_file_is_not_read(pages, folder):
    os.mkfifo(folder / "pipe")
    pages.add_directory("/", folder)
    assert ask(pages, "/pipe").status == 404


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_is_not_there(pages, folder):
    (folder / "a.js").chmod(0)
    pages.add_directory("/", folder)
    assert ask(pages, "/a.js").status == 404


def test_what_cannot_be_read_is_not_there(pages, folder, monkeypatch):
    pages.add_directory("/", folder)
    (folder / "a.js").unlink()
    (folder / "a.js").symlink_to(folder / "gone.js")
    assert ask(pages, "/a.js").status == 404


def test_a_path_beside_the_folder_is_not_in_it(pages, folder):
    pages.add_directory("/site", folder)
    assert ask(pages, "/site.js").status == 404


def test_the_longest_prefix_and_then_the_page_win(pages, folder):
    pages.add_directory("/", folder)
    pages.add_directory("/site", folder / "sub")
    assert ask(pages, "/site/").body == b"sub front"
    pages.add_page("/site/", "page")
    assert ask(pages, "/site/").body == b"page"


# ---- what is refused


@pytest.mark.parametrize("path", [None, 5, b"/"])
def test_a_path_is_a_str(pages, path, folder):
    with pytest.raises(TypeError, match="^path: str, not "):
        pages.add_page(path, "")
    with pytest.raises(TypeError, match="^path: str, not "):
        pages.add_directory(path, folder)


@pytest.mark.parametrize("path", ["", "index.html", "*"])
def test_a_path_begins_with_a_slash(pages, path, folder):
    with pytest.raises(ValueError, match="^path: must begin with '/'"):
        pages.add_page(path, "")
    with pytest.raises(ValueError, match="^path: must begin with '/'"):
        pages.add_directory(path, folder)


@pytest.mark.parametrize("content", [None, 5, ["x"]])
def test_content_is_one_of_four_kinds(pages, content):
    with pytest.raises(TypeError, match="^content: str, bytes-like, Response or a callable, not "):
        pages.add_page("/", content)


def test_content_may_be_any_buffer(pages):
    pages.add_page("/a.js", bytearray(b"x"))
    pages.add_page("/b.js", lambda _: memoryview(b"y"))
    assert [ask(pages, path).body for path in ("/a.js", "/b.js")] == [b"x", b"y"]


def test_content_that_a_callable_returns_is_checked_too(pages):
    pages.add_page("/", lambda _: None)
    with pytest.raises(TypeError, match="^page '/': str, bytes-like or Response, not NoneType"):
        ask(pages, "/")


def test_a_folder_must_be_there(pages, tmp_path):
    with pytest.raises(NotADirectoryError, match="^folder: .*nothing' is not a directory"):
        pages.add_directory("/", tmp_path / "nothing")
    with pytest.raises(NotADirectoryError, match="^folder: "):
        pages.add_directory("/", __file__)


@pytest.mark.parametrize("folder", [None, 5])
def test_a_folder_is_a_path(pages, folder):
    with pytest.raises(TypeError, match="^folder: str or a path, not "):
        pages.add_directory("/", folder)


def test_what_is_hidden_is_not_shown_unless_it_is_well_known(pages, folder):
    for name in (".well-known", ".git"):
        (folder / name).mkdir()
        (folder / name / "file.txt").write_text(name, encoding="utf-8")
    (folder / ".well-known" / ".env").write_text("secret", encoding="utf-8")
    pages.add_directory("/", folder)
    assert ask(pages, "/.well-known/file.txt").body == b".well-known"
    assert ask(pages, "/.git/file.txt").status == 404
    assert ask(pages, "/.git/").status == 404
    assert ask(pages, "/.well-known/.env").status == 404


def test_a_folder_that_is_hidden_itself_is_shown(pages, tmp_path):
    hidden = tmp_path / ".cache"
    hidden.mkdir()
    (hidden / "a.txt").write_text("here", encoding="utf-8")
    pages.add_directory("/", hidden)
    assert ask(pages, "/a.txt").body == b"here"

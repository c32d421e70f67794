"""The files of a folder: which one a path means, what is said of it, and which part is sent."""

from __future__ import annotations

import errno
import os
import time
from email.utils import parsedate_to_datetime
from types import SimpleNamespace

import pytest

from tkws import Request, Response
from tkws.http.headers import Headers
from tkws.serving import directory
from tkws.serving.directory import SMALL, Directory, FileResponse, is_file_name


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "a.txt").write_text("0123456789", encoding="utf-8")
    (folder / "large.bin").write_bytes(bytes(range(256)) * 1024)
    (folder / "sub").mkdir()
    (folder / "sub" / "index.html").write_text("<p>sub", encoding="utf-8")
    return folder


@pytest.fixture
def ask(folder):
    """``ask(name, method, Header_name=value)``: the answer, and the bytes that would be sent."""
    site = Directory(folder.resolve())
    files = []

    def ask(name, method="GET", **fields):
        headers = Headers({field.replace("_", "-"): value for field, value in fields.items()})
        answer = site.answer(Request(method, f"/{name}", headers), name)
        if not isinstance(answer, FileResponse):
            return answer, answer and answer.body
        if answer.content is None:
            return answer.response, None
        files.append(answer.content)
        assert len(answer.content) == answer.size
        return answer.response, answer.content.read(1 << 30)

    yield ask
    for file in files:
        file.close()


def test_a_file_and_what_is_said_of_it(ask, folder):
    answer, body = ask("a.txt")
    status = (folder / "a.txt").stat()
    assert (answer.status, body) == (200, b"0123456789")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert parsedate_to_datetime(answer.headers["Last-Modified"]).timestamp() == int(status.st_mtime)
    assert answer.headers["ETag"].strip('"')
    assert not answer.headers["ETag"].startswith("W/")


def test_a_change_is_another_tag(ask, folder):
    tags = {ask("a.txt")[0].headers["ETag"]}
    os.utime(folder / "a.txt", ns=(0, 1))
    tags.add(ask("a.txt")[0].headers["ETag"])
    (folder / "a.txt").write_text("x", encoding="utf-8")
    os.utime(folder / "a.txt", ns=(0, 1))
    tags.add(ask("a.txt")[0].headers["ETag"])
    assert len(tags) == 3


@pytest.mark.parametrize("modified", [-1000, 0, 2**40])
def test_a_date_is_neither_before_1970_nor_in_the_future(ask, folder, modified):
    try:
        os.utime(folder / "a.txt", (modified, modified))
    except (OSError, OverflowError):
        pytest.skip("no such time here")
    answer, _ = ask("a.txt")
    said = parsedate_to_datetime(answer.headers["Last-Modified"]).timestamp()
    assert 0 <= said <= time.time()
    assert ask("a.txt", If_Modified_Since=answer.headers["Last-Modified"])[0].status == 304


@pytest.mark.parametrize("name", ["a.txt", "large.bin"])
def test_a_part_of_it(ask, folder, name):
    data = (folder / name).read_bytes()
    answer, body = ask(name, Range="bytes=2-5")
    assert (answer.status, body) == (206, data[2:6])
    assert answer.headers["Content-Range"] == f"bytes 2-5/{len(data)}"
    answer, body = ask(name, Range="bytes=-3")
    assert (answer.status, body) == (206, data[-3:])
    answer, _ = ask(name, Range=f"bytes={len(data)}-")
    assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{len(data)}")
    answer, body = ask(name, Range="bytes=0-1,4-5")
    assert (answer.status, body) == (200, data)


@pytest.mark.parametrize("name", ["a.txt", "large.bin"])
def test_a_client_that_has_it_gets_no_more(ask, name):
    known = ask(name)[0].headers
    for fields in (
        {"If_None_Match": known["ETag"]},
        {"If_Modified_Since": known["Last-Modified"]},
    ):
        for method in ("GET", "HEAD"):
            answer, body = ask(name, method, **fields)
            assert (answer.status, body) == (304, b"")
            assert answer.headers["ETag"] == known["ETag"]
            assert "Content-Type" not in answer.headers
    answer, body = ask(name, If_Range=known["ETag"], Range="bytes=1-1")
    assert (answer.status, len(body)) == (206, 1)
    assert ask(name, If_Range='"other"', Range="bytes=1-1")[0].status == 200
    assert ask(name, If_Match='"other"')[0].status == 412


def test_head_says_the_same(ask):
    for name in ("a.txt", "large.bin"):
        assert ask(name)[0].headers == ask(name, "HEAD")[0].headers
    assert ask("large.bin", "HEAD")[1] is None


@pytest.mark.parametrize("size", [SMALL, SMALL + 1])
def test_a_small_file_is_read_at_once_and_a_larger_one_later(folder, size):
    (folder / "file.txt").write_bytes(b"x" * size)
    answer = Directory(folder.resolve()).answer(Request("GET", "/file.txt"), "file.txt")
    if size > SMALL:
        assert isinstance(answer, FileResponse)
        assert answer.size == len(answer.content) == size
        assert answer.response.body == b""
        assert answer.response.headers["Content-Type"] == "text/plain"  # not all of it was read
        answer.content.close()
    else:
        assert isinstance(answer, Response)
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_a_text_of_another_encoding_says_so_itself(ask, folder):
    (folder / "old.html").write_bytes("<meta charset=iso-8859-1><p>é".encode("latin-1"))
    assert ask("old.html")[0].headers["Content-Type"] == "text/html"


def test_a_coded_file(ask, folder):
    (folder / "a.js.gz").write_bytes(b"\x1f\x8b")
    headers = ask("a.js.gz")[0].headers
    assert (headers["Content-Type"], headers["Content-Encoding"]) == ("text/javascript", "gzip")
    assert "Content-Encoding" not in ask("a.txt")[0].headers


def test_the_name_that_was_asked_for_tells_the_type(ask, folder):
    if os.name == "nt":
        pytest.skip("links need a privilege on Windows")
    (folder / "app.js").symlink_to(folder / "a.txt")
    assert ask("app.js")[0].headers["Content-Type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize(
    "name", ["a.txt/", "a.txt/.", "a.txt//", "a.txt/./", "a.txt/x", "a.txt/..", "a.txt/../a"]
)
def test_what_follows_a_file_is_not_there(ask, name):
    assert ask(name)[0] is None


@pytest.mark.parametrize("name", ["sub/", "sub/.", "sub//", "./sub/", "/sub/", "sub//index.html"])
def test_a_folder_is_its_index(ask, name):
    assert ask(name)[1] == b"<p>sub"


@pytest.mark.parametrize("name", ["sub/index.html/", "sub/..", "sub/../a.txt", "..", "../site/a.txt", "..."])
def test_no_way_leads_up(ask, name):
    assert ask(name)[0] is None


@pytest.mark.parametrize("name", ["a.txt\0", "\0", "a\0.txt", "sub/\0/a", "\ud800", "x" * 5000, "a.txt\n"])
def test_what_is_no_name_is_not_there(ask, name):
    assert ask(name)[0] is None


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_hidden_name_is_not_shown_wherever_it_leads(ask, folder):
    (folder / ".link").symlink_to(folder / "a.txt")
    (folder / ".hidden").write_text("secret", encoding="utf-8")
    (folder / "shown").symlink_to(folder / ".hidden")
    for name in (".link", ".hidden", "shown", ".hidden/", "sub/.x"):
        assert ask(name)[0] is None


@pytest.mark.parametrize(
    "part",
    [
        "C:", "c:a.txt", "a.txt:stream", "a.txt::$DATA", "a\\b", "..\\x", "\\\\host", "a.txt.", "a.txt ",
        "a. . ", "con", "CON", "Con.txt", "nul", "NUL.tar.gz", "prn", "aux.h", "COM9.txt", "lpt1", "LPT0",
        "com\xb9", "conin$", "CONOUT$", "con .txt", "a?", "a*", "a<b", "a|b", 'a"b', "a\nb", "a\x1f", "a/b",
    ],
)  # fmt: skip
def test_what_windows_takes_for_something_else(part):
    assert not is_file_name(part, windows=True)
    assert is_file_name(part, windows=False)


@pytest.mark.parametrize(
    "part",
    ["a.txt", "con1.txt", "xcon", "com", "com10", "lpt", "nul-a", "a b", "é", "a.b.c", "$x"],
)
def test_what_is_a_name_everywhere(part):
    assert is_file_name(part, windows=True)
    assert is_file_name(part, windows=False)
    assert not is_file_name("\0", windows=False)


def test_on_windows_such_names_are_not_even_looked_up(ask, folder, monkeypatch):
    (folder / "con.txt").write_text("a device", encoding="utf-8")
    assert ask("con.txt")[1] == b"a device"
    monkeypatch.setattr(directory, "is_file_name", lambda part: is_file_name(part, windows=True))
    assert ask("con.txt")[0] is None
    assert ask("a.txt")[1] == b"0123456789"


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_without_a_descriptor_it_is_there_later(ask, monkeypatch, number):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", fail)
    assert ask("a.txt")[0].status == 503


def test_a_file_that_shrinks_as_it_is_read_is_what_is_left(ask, monkeypatch):
    real = os.fstat

    def before(fd):
        now = real(fd)
        return SimpleNamespace(
            st_mode=now.st_mode, st_mtime=0, st_mtime_ns=now.st_mtime_ns, st_size=now.st_size + 5
        )

    monkeypatch.setattr(directory.os, "fstat", before)
    assert ask("a.txt")[1] == b"0123456789"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_keeps_nobody_waiting(ask, folder):
    os.mkfifo(folder / "pipe")
    assert ask("pipe")[0] is None
    assert ask("pipe/")[0] is None

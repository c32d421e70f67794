"""What a peer says adds no header, forges no line of a log, and leads out of no folder."""

from __future__ import annotations

import os
from urllib.parse import quote

import pytest

import tkws
from tests.peers import KEY, Log, Peer
from tkws.protocol.frames import Opcode

pytestmark = pytest.mark.thorough

# What would end a line, move a terminal's cursor, turn the direction of writing, or end a string of C.
NASTY = ("\r\nX-Injected: 1\r\n\r\n", "\n", "\r", "\0", "\x1b[2J", "\x07", "\x7f", "\x9b2J", "\x85")
UNICODE = ("\u2028", "\u202e", "\u200f", "\ufeff")


def lines_are_whole(overheard: list[str]) -> None:
    """Each record of the log is one line, of printable characters alone."""
    assert all(line.isprintable() for line in overheard), overheard


# ---- to a server


def ask_raw(peers, server, head: bytes) -> Peer:
    peer = peers.connect(server)
    peer.send(head)
    return peer


@pytest.fixture
def server(root):
    server = tkws.serve(master=root)
    server.live("/feed", Log())
    server.page("/page", lambda request: tkws.Response(200, headers={"X-Path": quote(request.path)}))
    return server


@pytest.mark.parametrize("nasty", NASTY + UNICODE, ids=ascii)
@pytest.mark.parametrize("encoded", [True, False], ids=["percent-encoded", "raw"])
def test_in_a_path(server, peers, overheard, nasty, encoded):
    path = f"/no{quote(nasty) if encoded else nasty}where"
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    peer = ask_raw(
        peers, server, f"{head}Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    status, fields, body = peer.answer()
    assert status in (400, 404)
    assert "x-injected" not in fields
    assert body.decode().removesuffix("\n").isprintable()
    lines_are_whole(overheard)
    server.close()


@pytest.mark.parametrize("nasty", NASTY, ids=ascii)
@pytest.mark.parametrize(
    "name", ["Origin", "Host", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "X-Y"]
)
def test_in_a_header(server, peers, overheard, name, nasty):
    host = "" if name == "Host" else "Host: localhost\r\n"
    head = f"GET /feed HTTP/1.1\r\n{host}{name}: a{nasty}b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    head += f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    peer = ask_raw(peers, server, head.encode("latin-1"))
    answer = peer.take_until()
    assert b"X-Injected" not in answer
    lines_are_whole(overheard)
    server.close()


def test_in_what_a_program_asks_about(root, peers, pump_until, overheard):
    server = tkws.server(peers.listen().sock, master=root)
    for nasty in NASTY:
        near, _ = peers.sockets()
        assert not tkws.test(server, near, f"/{nasty}", {"Host": "localhost"})
        assert not tkws.test(server, near, "/", {"Host": f"a{nasty}b"})
    pump_until(lambda: len(overheard) == 2 * len(NASTY))
    lines_are_whole(overheard)


def test_a_host_that_a_terminal_would_obey_is_not_shown_as_it_is(root, peers, pump_until):
    server = tkws.serve(master=root, hosts=["*"])
    server.live("/feed", log := Log())
    peer = peers.connect(server)
    peer.send(
        b"GET /feed HTTP/1.1\r\nHost: a\x9b2Jb\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: " + KEY.encode() + b"\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    pump_until(lambda: log.open)
    assert repr(log.ws).isprintable()
    peer.sock.close()
    pump_until(lambda: log.over)
    server.close()


# ---- in a close reason, and to a client


@pytest.mark.parametrize("nasty", NASTY + UNICODE, ids=ascii)
def test_in_a_reason(root, peers, pump_until, overheard, nasty):
    log = Log()
    _, peer = peers.taken(root, log)
    peer.bye(1000, f"a{nasty}b")
    peer.wait_for_end()
    peer.sock.close()
    pump_until(lambda: log.over)
    assert log.one("close") == (1000, f"a{nasty}b")  # the program has it as it came
    assert log.one("disconnect").isprintable()
    assert str(tkws.ConnectionClosed(*log.one("close"))).isprintable()
    lines_are_whole(overheard)


@pytest.mark.parametrize("nasty", ["\x1b[2J", "\x07", "\x9b2J", "\x85", "\0", "\rX", "\nX"], ids=ascii)
@pytest.mark.parametrize(
    "answer",
    [
        "HTTP/1.1 400 a{}b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: ftp://a{}b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 x\r\nUpgrade: a{}b\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: a{}b\r\n\r\n",
        "{}HTTP/1.1 200 OK\r\n\r\n",
    ],
    ids=["reason", "location", "upgrade", "accept", "before"],
)
def test_in_an_answer(root, peers, pump_until, overheard, answer, nasty):
    listening, log = peers.listen(), Log()
    tkws.open(listening.url, log, master=root)
    peer = listening.accept()
    peer.take_until()
    peer.send(answer.format(nasty).encode("latin-1"))
    peer.sock.close()
    pump_until(lambda: log.over)
    error = log.one("error")
    assert str(error).isprintable(), str(error)
    assert log.one("disconnect").isprintable()
    lines_are_whole(overheard)


@pytest.mark.parametrize("nasty", NASTY, ids=ascii)
def test_this_side_injects_nothing_either(root, nasty):
    values = ({"headers": {"X-A": f"a{nasty}b"}}, {"origin": f"a{nasty}b"}, {"protocols": [f"a{nasty}b"]})
    for options in values if nasty.isascii() else values[2:]:  # beyond ASCII nothing breaks a line of HTTP
        with pytest.raises(ValueError, match="headers|origin|protocols"):
            tkws.open("ws://127.0.0.1/", print, master=root, **options)
    with pytest.raises(tkws.URLError):
        tkws.open(f"ws://127.0.0.1/{nasty}", print, master=root)


# ---- out of a folder


@pytest.fixture
def site(tmp_path, root):
    """A server of a folder with a secret beside it."""
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    (tmp_path / "site-secret").mkdir()
    (tmp_path / "site-secret" / "secret.txt").write_text("secret", encoding="utf-8")
    folder = tmp_path / "site"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "here.txt").write_text("here", encoding="utf-8")
    (folder / ".env").write_text("secret", encoding="utf-8")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("secret", encoding="utf-8")
    server = tkws.serve(master=root)
    server.directory("/files", folder)
    yield server, folder
    server.close()


def fetch(peers, server, path: str) -> tuple[int, bytes]:
    peer = peers.connect(server)
    peer.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    status, _, body = peer.answer()
    return status, body


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", "%2e%2e%2fsecret.txt", ".%2e/secret.txt",
        "sub/../../secret.txt", "..%5csecret.txt", "..\\secret.txt", "%252e%252e%252fsecret.txt",
        "%c0%ae%c0%ae/secret.txt", "../site-secret/secret.txt", "../files/../secret.txt", "/../secret.txt",
        "%2fsecret.txt", "//secret.txt", "sub/here.txt%00.html", "%00", "..%00/secret.txt", ".../secret.txt",
        "..;/secret.txt", "%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "%2fetc%2fpasswd",
        "file:///etc/passwd", "~/secret.txt", "C:%5csecret.txt",
    ],
)  # fmt: skip
def test_no_path_leads_out(site, peers, path):
    server, _ = site
    status, body = fetch(peers, server, f"/files/{path}")
    assert status in (400, 404)
    assert b"secret" not in body
    assert b"root:" not in body
    assert fetch(peers, server, "/files/sub/here.txt") == (200, b"here")


@pytest.mark.parametrize(
    "path", [".env", ".git/config", ".git/", "sub/../.env", "%2eenv", "sub/.%2e/.git/config"]
)
def test_what_is_hidden_is_not_shown(site, peers, path):
    server, _ = site
    status, body = fetch(peers, server, f"/files/{path}")
    assert (status, b"secret" in body) == (404, False)


@pytest.mark.skipif(os.name != "posix", reason="symbolic links")
def test_links_lead_nowhere_outside(site, peers):
    server, folder = site
    (folder / "out.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "up").symlink_to(folder.parent)
    (folder / "inside.txt").symlink_to(folder / "sub" / "here.txt")
    (folder / "shown.txt").symlink_to(folder / ".env")
    (folder / "loop").symlink_to(folder / "loop")
    for path in ("out.txt", "up/secret.txt", "up/site/sub/here.txt%00", "shown.txt", "loop", "loop/x"):
        assert fetch(peers, server, f"/files/{path}")[0] == 404, path
    assert fetch(peers, server, "/files/inside.txt") == (200, b"here")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a FIFO is Unix's")
def test_what_is_no_file_is_not_waited_for(site, peers):
    server, folder = site
    os.mkfifo(folder / "pipe")
    assert fetch(peers, server, "/files/pipe")[0] == 404


def test_a_frame_of_ours_is_no_line_either(root, peers, pump_until):
    """What a client sends is masked, so that no proxy between can take it for HTTP (RFC 6455, 10.3)."""
    ws, peer = peers.taken(root, Log(), server=False)
    ws.send("GET /secret HTTP/1.1\r\n\r\n")
    [(opcode, payload)] = peer.hear()
    assert (opcode, payload) == (Opcode.TEXT, b"GET /secret HTTP/1.1\r\n\r\n")
    assert b"GET /" not in peer.received
    ws.close()
    peer.sock.close()
    pump_until(lambda: ws.state is tkws.State.CLOSED)

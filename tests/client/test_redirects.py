import os
import socket
from http.cookiejar import CookieJar

import pytest

import tkws
from tests.peers import Listening, Log, Peer

pytestmark = pytest.mark.usefixtures("heartbeat")


def redirect(location: str, status: int = 302, **headers: str):
    return tkws.Response(status, headers={"Location": location, **headers})


def opened(root, pump_until, url: str, **options) -> Log:
    log = Log(connect=lambda ws, message: ws.close())
    tkws.open(url, log, master=root, **options)
    pump_until(lambda: log.over)
    return log


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/chat", "chat?x=1", "{url}chat", "{http}chat"])
def test_a_redirect_is_followed(root, pump_until, status, location):
    server = tkws.serve(master=root)
    server.live("/chat", heard := Log())
    target = location.format(url=server.url, http=server.url.replace("ws:", "http:"))
    server.page("/old", redirect(target, status))
    log = opened(root, pump_until, f"{server.url}old")
    assert log.types == ["connect", "close", "disconnect"]
    assert heard.all("connect")[0].path == "/chat"
    server.close()


def test_redirects_end_after_ten(root, pump_until):
    server = tkws.serve(master=root)
    asked = []

    def page(request: tkws.Request) -> tkws.Response:
        asked.append(request)
        return redirect("/again")

    server.page("/again", page)
    log = opened(root, pump_until, f"{server.url}again")
    assert log.types == ["error", "disconnect"]
    assert log.events[0][1].status == 302
    assert "it comes after 10, and max_redirects" in str(log.events[0][1])
    assert len(asked) == 11
    server.close()


@pytest.mark.parametrize(("allowed", "types"), [(0, ["error"]), (1, ["connect", "close"])])
def test_redirects_are_followed_as_often_as_the_program_says(root, pump_until, allowed, types):
    server = tkws.serve(master=root)
    server.live("/chat", Log())
    server.page("/", redirect("/chat"))
    log = opened(root, pump_until, server.url, max_redirects=allowed)
    assert log.types == [*types, "disconnect"]
    server.close()


def test_tls_is_never_left(root, pump_until, server_ssl, client_ssl):
    plain = tkws.serve(master=root, handler=Log())
    server = tkws.serve("localhost", master=root, ssl=server_ssl)
    server.page("/", redirect(plain.url))
    log = opened(root, pump_until, server.url, ssl=client_ssl)
    assert log.types == ["error", "disconnect"]
    assert "it would leave TLS" in str(log.events[0][1])
    plain.close()
    server.close()


def test_a_redirect_to_nowhere(root, pump_until):
    server = tkws.serve(master=root)
    server.page("/", redirect("mailto:nobody"))
    log = opened(root, pump_until, server.url)
    assert "is not followed" in str(log.events[0][1])
    server.close()


def test_what_a_location_says_is_shown_in_one_line(root, pump_until):
    server = tkws.serve(master=root)
    server.page("/", redirect("ws://one\xad\xadtwo%0a\x85/"))
    log = opened(root, pump_until, server.url)
    assert "is not followed" in str(log.events[0][1])
    assert str(log.events[0][1]).isprintable()
    server.close()


def test_secrets_stay_with_their_origin(root, pump_until):
    near, far = tkws.serve(master=root), tkws.serve(master=root)
    near.live("/here", near_heard := Log())
    far.live("/there", far_heard := Log())
    near.page("/stay", redirect("/here"))
    near.page("/leave", redirect(f"{far.url}there"))
    address = near.url.replace("ws://", "ws://user:password@")
    secrets = {"Cookie": "a=b", "X-Plain": "c"}
    opened(root, pump_until, f"{address}stay", headers=secrets)
    opened(root, pump_until, f"{address}leave", headers=secrets)
    stayed, left = near_heard.all("connect")[0].headers, far_heard.all("connect")[0].headers
    assert stayed["Authorization"].startswith("Basic ")
    assert (stayed["Cookie"], stayed["X-Plain"]) == ("a=b", "c")
    assert left["X-Plain"] == "c"
    assert "Cookie" not in left
    assert "Authorization" not in left
    near.close()
    far.close()


def test_cookies_are_kept_and_sent(root, pump_until):
    server = tkws.serve(master=root)
    server.live("/chat", heard := Log())
    server.page("/", redirect("/chat", **{"Set-Cookie": "session=42; Path=/"}))
    jar = CookieJar()
    opened(root, pump_until, server.url, cookies=jar)
    assert heard.all("connect")[0].headers["Cookie"] == "session=42"
    assert [cookie.value for cookie in jar] == ["42"]
    opened(root, pump_until, f"{server.url}chat", cookies=jar, headers={"Cookie": "own=1"})
    assert heard.all("connect")[1].headers["Cookie"] == "own=1"
    server.close()


# ---- a redirect keeps to the route that the program chose


class UnixListening(Listening):
    """The same on a Unix socket."""

    def __init__(self, peers, path: str, pump_until) -> None:
        sock = peers.keep(socket.socket(socket.AF_UNIX))
        sock.bind(path)
        sock.listen()
        sock.setblocking(False)
        self.sock = sock
        self._peers = peers
        self._pump_until = pump_until


def send_on(peer: Peer, location: str) -> bytes:
    request = peer.take_until()
    peer.send(f"HTTP/1.1 307 X\r\nLocation: {location}\r\n\r\n".encode())
    return request


@pytest.mark.parametrize("location", ["/there", "http://example.org/there", "//EXAMPLE.org:80/there"])
def test_a_redirect_within_an_origin_stays_on_the_unix_socket(
    root, peers, log, pump_until, tmp_path, location
):
    path = os.fspath(tmp_path / "socket")
    listening = UnixListening(peers, path, pump_until)
    tkws.open("ws://user:pw@example.org/", log, master=root, unix=path)
    assert b"Authorization" in send_on(listening.accept(), location)
    request = listening.accept().accept()
    assert request.startswith(b"GET /there ")
    assert b"Authorization" in request
    pump_until(lambda: log.open)
    assert log.ws.peername == path


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "example.org:81", "other.example.org"])
def test_a_redirect_elsewhere_does_not_leave_the_unix_socket(root, peers, log, pump_until, tmp_path, host):
    elsewhere = peers.listen()
    path = os.fspath(tmp_path / "socket")
    listening = UnixListening(peers, path, pump_until)
    tkws.open("ws://user:pw@example.org/", log, master=root, unix=path, reconnect=True)
    send_on(listening.accept(), f"ws://{host.format(port=elsewhere.port)}/")
    pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]
    assert "leads to another server than http://example.org, to which unix leads" in str(log.one("error"))
    assert log.one("error").status == 307
    assert not elsewhere.waiting()
    assert not listening.waiting()


@pytest.mark.parametrize("location", ["/there", "ws://127.0.0.1:{port}/", "ws://127.0.0.2/"])
def test_a_redirect_does_not_leave_a_given_socket(root, peers, log, pump_until, location):
    listening = peers.listen()
    near, far = peers.sockets()
    url = f"ws://user:pw@127.0.0.1:{listening.port}/"
    tkws.open(url, log, master=root, sock=near)
    send_on(Peer(far, pump_until, client=False), location.format(port=listening.port))
    pump_until(lambda: log.over)
    assert log.types == ["error", "disconnect"]
    assert "it needs another connection, and sock is only one" in str(log.one("error"))
    assert not listening.waiting()


def test_a_redirect_stays_on_a_given_proxy(root, peers, log, pump_until):
    proxy = peers.listen()
    tkws.open("ws://one.test/", log, master=root, proxy=f"http://127.0.0.1:{proxy.port}")
    peer = proxy.accept()
    assert peer.take_until().startswith(b"CONNECT one.test:80 ")
    peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
    send_on(peer, "ws://two.test:81/")
    peer = proxy.accept()
    assert peer.take_until().startswith(b"CONNECT two.test:81 ")


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/gr\xfcn weg#teil", b"/gr%C3%BCn%20weg"),
        (" /a\\b?c d#e ", b"/a/b?c%20d"),
        ("/../x/./y", b"/x/y"),
        ("//127.0.0.1:{port}", b"/"),
    ],
)
def test_a_location_is_read_as_browsers_read_it(root, peers, log, pump_until, location, target):
    listening = peers.listen()
    tkws.open(listening.url, log, master=root)
    send_on(listening.accept(), location.format(port=listening.port))
    assert listening.accept().take_until().startswith(b"GET %b HTTP/1.1\r\n" % target)


def test_the_url_of_a_connection_opens_it_again(root, log):
    ws = tkws.open("ws://[::1%25lo]:9/a?b", log, master=root)
    assert ws.url == "ws://[::1%25lo]:9/a?b"
    again = tkws.open(ws.url, log, master=root)
    assert again.url == ws.url
    ws.close()
    again.close()


def test_an_empty_user_sends_no_credentials(root, peers, log):
    listening = peers.listen()
    for userinfo in ("@", ":@"):
        tkws.open(f"ws://{userinfo}127.0.0.1:{listening.port}/", log, master=root)
        assert b"Authorization" not in listening.accept().take_until()

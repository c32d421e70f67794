from http.cookiejar import CookieJar

import pytest

import tkws
from tests.peers import Log

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
    assert "10 were followed" in str(log.events[0][1])
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

"""A redirect takes no options to another origin: a session follows it within its own, and says so else."""

from __future__ import annotations

import tkinter
from dataclasses import replace
from typing import Any

import pytest

import tkws
from tests.peers import Log
from tkws.console.client.session import Session
from tkws.console.client.target import NO_PROXY, SYSTEM_PROXY, Target
from tkws.console.log.log import Log as Rows

BOUND: list[dict[str, Any]] = [
    {"headers": (("X-Key", "word"),)},
    {"protocols": ("bearer.word",)},
    {"ca_file": "/ca.pem"},
    {"verify": False},
    {"proxy": "http://127.0.0.1:9/"},
]


def redirect(location: str) -> tkws.Response:
    return tkws.Response(302, headers={"Location": location})


def connected(root: tkinter.Tk, pump_until: Any, target: Target) -> tuple[Session, list[Any]]:
    """Connect, and wait for what comes of it."""
    told: list[Any] = []
    session = Session(Rows(), root, lambda type, message: told.append((type, message)))
    session.connect(target)
    pump_until(lambda: {type for type, _ in told} & {"connect", "disconnect"})
    return session, told


def end(pump_until: Any, session: Session, *servers: tkws.HTTPServer) -> None:
    session.disconnect()
    for server in servers:
        server.close()
    pump_until(
        lambda: session.state is tkws.State.CLOSED and not any(server.connections for server in servers)
    )


@pytest.mark.parametrize("reconnect", [False, True])
def test_a_redirect_within_the_origin_is_followed(root: Any, pump_until: Any, reconnect: bool) -> None:
    server = tkws.serve(master=root)
    server.live("/there", heard := Log())
    server.page("/here", redirect("/then"))
    server.page("/then", redirect(f"{server.url.replace('ws:', 'http:')}there?x=1"))
    url = f"{server.url.replace('ws://', 'ws://me:word@')}here"
    target = Target(url=url, proxy=NO_PROXY, headers=(("X-Key", "word"),), reconnect=reconnect)
    session, told = connected(root, pump_until, target)
    assert [type for type, _ in told] == ["open", "redirect", "open", "redirect", "open", "connect"]
    assert session.target == replace(target, url=url.replace("here", "there?x=1"))
    [request] = heard.all("connect")
    assert (request.target, request.headers["X-Key"]) == ("/there?x=1", "word")
    assert request.headers["Authorization"].startswith("Basic ")
    assert "302: redirected to" in str([row.payload for row in session.log.rows])
    end(pump_until, session, server)


@pytest.mark.parametrize("options", BOUND[:2])
def test_options_go_to_no_other_origin(root: Any, pump_until: Any, options: dict[str, Any]) -> None:
    near, far = tkws.serve(master=root), tkws.serve(master=root)
    far.live("/", heard := Log())
    near.page("/", redirect(f"{far.url}?secret=word"))
    session, told = connected(root, pump_until, Target(url=near.url, proxy=NO_PROXY, **options))
    assert [type for type, _ in told] == ["open", "error", "disconnect"]
    error = told[1][1]
    assert isinstance(error, tkws.HandshakeError)
    assert (error.status, error.headers["location"]) == (302, f"{far.url}?secret=word")
    assert str(error) == (
        "The server answered 302: the redirect is not followed: "
        f"the options are for {near.url} only; to follow it, connect to {far.url}"
    )
    assert session.error is error
    assert heard.types == []
    end(pump_until, session, near, far)


def test_a_redirect_without_options_is_followed_anywhere(root: Any, pump_until: Any) -> None:
    near, far = tkws.serve(master=root), tkws.serve(master=root)
    far.live("/", Log())
    near.page("/", redirect(far.url))
    session, told = connected(root, pump_until, Target(url=near.url, reconnect=False))
    assert [type for type, _ in told] == ["open", "connect"]
    end(pump_until, session, near, far)


@pytest.mark.parametrize("location", ["mailto:nobody", "ws://127.0.0.1:99999/", "//["])
def test_a_redirect_to_nowhere_is_an_error(location: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Target(url="ws://one/").redirected(location)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/caf\xc3\xa9 au lait#top", "ws://user@one/caf%C3%A9%20au%20lait"),
        ("http://ONE:80/x", "ws://user@one/x"),
        ("\\x", "ws://user@one/x"),
        ("?q", "ws://user@one/a?q"),
    ],
)
def test_a_location_is_read_as_browsers_read_it(location: str, url: str) -> None:
    assert Target(url="ws://user@one/a").redirected(location).url == url


def test_redirects_end_after_ten(root: Any, pump_until: Any) -> None:
    server = tkws.serve(master=root)
    server.page("/", redirect("/"))
    session, told = connected(root, pump_until, Target(url=server.url, proxy=NO_PROXY))
    assert [type for type, _ in told].count("redirect") == 10
    assert "10 redirects have been followed already" in str(session.error)
    end(pump_until, session, server)


def test_a_redirect_is_not_followed_after_a_disconnect(root: Any, pump_until: Any) -> None:
    server = tkws.serve(master=root)
    server.live("/there", heard := Log())
    server.page("/", redirect("/there"))
    told: list[str] = []

    def on_event(type: str, message: Any) -> None:
        told.append(type)
        if type == "redirect":
            session.disconnect()

    session = Session(Rows(), root, on_event)
    session.connect(Target(url=server.url, proxy=NO_PROXY))
    pump_until(lambda: "disconnect" in told)
    assert (told, heard.types) == (["open", "redirect", "disconnect"], [])
    end(pump_until, session, server)


@pytest.mark.parametrize("options", BOUND)
def test_what_is_for_one_origin_alone_is_known(options: dict[str, Any]) -> None:
    assert Target(url="wss://one/", **options).is_origin_bound


def test_what_harms_nobody_is_bound_to_none() -> None:
    assert not Target(url="wss://one/", proxy=SYSTEM_PROXY, reconnect=True, compression=False).is_origin_bound

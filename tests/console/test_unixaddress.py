"""Addresses of Unix sockets are read in all their forms, and lead to the socket."""

from __future__ import annotations

import os
import sys
import tkinter
from pathlib import Path

import pytest

import tkws
from tests.peers import Log
from tkws.console.client.copyas import as_curl, as_websocat
from tkws.console.client.curl import read_curl
from tkws.console.client.target import Target, complete_url, origin_of
from tkws.console.client.unixaddress import split_unix
from tkws.console.memory.secrecy import without_secrets

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Python has no Unix sockets there")


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("/run/app.sock", "ws+unix:///run/app.sock:/"),
        (" unix:/run/app.sock ", "ws+unix:///run/app.sock:/"),
        ("unix:///run/app.sock:/feed?a=1", "ws+unix:///run/app.sock:/feed?a=1"),
        ("ws+unix:///run/app.sock:/feed?to=http://x:/y", "ws+unix:///run/app.sock:/feed?to=http://x:/y"),
        ("WSS+UNIX:/run/a b:c.sock:/", "wss+unix:///run/a b:c.sock:/"),
        ("unix:@name:/feed", "ws+unix://@name:/feed"),
        ("./app.sock", f"ws+unix://{os.getcwd()}/app.sock:/"),
        ("unix", "ws://unix"),
        ("unix.example/feed", "ws://unix.example/feed"),
    ],
)
def test_an_address_is_completed(typed: str, url: str) -> None:
    assert complete_url(typed) == url
    assert complete_url(url) == url


def test_the_path_may_begin_at_home() -> None:
    assert complete_url("~/app.sock") == f"ws+unix://{os.path.expanduser('~')}/app.sock:/"


def test_an_address_is_a_socket_and_a_url() -> None:
    assert split_unix("wss+unix:///run/a.sock:/feed?a=1") == ("/run/a.sock", "wss://localhost/feed?a=1")
    assert split_unix("ws://localhost/") is None


def test_each_socket_is_an_origin_of_its_own() -> None:
    addresses = "/run/a.sock", "/run/b.sock", "wss+unix:///run/a.sock:/", "ws://localhost/"
    assert len({origin_of(complete_url(address)) for address in addresses}) == 4
    assert origin_of(complete_url("unix:/run/a.sock:/feed")) == origin_of(complete_url("/run/a.sock"))


def test_an_address_is_stored_without_its_secrets() -> None:
    assert (
        without_secrets("ws+unix:///run/a.sock:/feed?token=x&a=1") == "ws+unix:///run/a.sock:/feed?token=&a=1"
    )


@pytest.mark.parametrize("proxy", ["system", "http://127.0.0.1:9"])
def test_a_server_is_reached_by_its_socket(root: tkinter.Tk, pump_until, tmp_path: Path, proxy: str) -> None:
    path = tmp_path / "app.sock"
    log = Log()
    server = tkws.serve(unix=path, master=root, handler=log)
    target = Target(url=complete_url(f"{path}:/feed?a=1"), proxy=proxy)
    client = Log()
    ws = target.open(client, root)
    pump_until(lambda: "connect" in client.types)
    [peer] = server.connections
    assert peer.request is not None
    assert (peer.request.target, peer.request.headers["Host"]) == ("/feed?a=1", "localhost")
    ws.close()
    pump_until(lambda: "disconnect" in client.types and not server.connections)
    server.close()


def test_a_redirect_stays_at_the_socket() -> None:
    target = Target(url="ws+unix:///run/a.sock:/one")
    assert target.is_origin_bound
    assert target.redirected("/two?a=1").url == "ws+unix:///run/a.sock:/two?a=1"
    with pytest.raises(ValueError, match="the options are for"):
        target.redirected("ws://elsewhere/")


def test_a_command_has_the_socket() -> None:
    command = "curl --no-buffer ws://localhost/feed --unix-socket /run/a.sock"
    target = Target(url="ws+unix:///run/a.sock:/feed")
    assert as_curl(target) == command
    assert read_curl(command) == target
    assert read_curl("curl http://localhost --abstract-unix-socket name").url == "ws+unix://@name:/"
    assert as_websocat(target) == "websocat --ws-c-uri=ws://localhost/feed - ws-c:unix:/run/a.sock"

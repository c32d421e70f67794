"""What a person types becomes the arguments of an opening; secrets are left out of what is stored."""

from __future__ import annotations

import ssl
import tkinter
from pathlib import Path
from typing import Any

import pytest
import trustme

import tkws
from tests.peers import Log
from tkws.console.client.target import NO_PROXY, Target, complete_url, read_headers, read_protocols
from tkws.console.memory.secrecy import is_secret, without_secrets


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("8765", "ws://127.0.0.1:8765"),
        (":8765/feed", "ws://127.0.0.1:8765/feed"),
        (" example.org/a ", "ws://example.org/a"),
        ("localhost:80", "ws://localhost:80"),
        ("wss://example.org", "wss://example.org"),
        ("", ""),
    ],
)
def test_an_address_is_completed(typed: str, url: str) -> None:
    assert complete_url(typed) == url


def test_headers_are_read_a_line_each() -> None:
    assert read_headers("A: 1\n\n B : x:y \n") == (("A", "1"), ("B", "x:y"))
    assert read_headers("") == ()


@pytest.mark.parametrize("lines", ["A: 1\nno header", "A: 1\n: value"])
def test_a_line_that_is_no_header_is_named(lines: str) -> None:
    with pytest.raises(ValueError, match="^Header 2: 'Name: value', not "):
        read_headers(lines)


def test_subprotocols_have_commas_or_spaces_between_them() -> None:
    assert read_protocols(" a, b c ,d") == ("a", "b", "c", "d")
    assert read_protocols("  ") == ()


@pytest.mark.parametrize(
    ("url", "stored"),
    [
        ("wss://example.org/a?b=c", "wss://example.org/a?b=c"),
        ("wss://user:word@example.org:9/a", "wss://example.org:9/a"),
        ("ws://h/?access_token=abc&x=1", "ws://h/?access_token=&x=1"),
        ("ws://h/?apiKey=abc", "ws://h/?apiKey="),
        ("ws://[bad/", ""),
    ],
)
def test_an_address_is_stored_without_its_secrets(url: str, stored: str) -> None:
    assert without_secrets(url) == stored


def test_a_header_that_lets_somebody_in_is_known_by_its_name() -> None:
    names = ["Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "User-Agent", "Accept-Language"]
    assert [is_secret(name) for name in names] == [True, True, True, True, False, False]


@pytest.fixture
def server(root: tkinter.Tk, server_ssl: ssl.SSLContext) -> Any:
    return tkws.serve(master=root, ssl=server_ssl, handler=lambda *_: None)


def test_a_file_of_authorities_is_trusted(
    root: tkinter.Tk, server: Any, ca: trustme.CA, tmp_path: Path, pump_until: Any
) -> None:
    file = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(file))
    log = Log()
    ws = Target(url=server.url, ca_file=str(file), proxy=NO_PROXY, protocols=("a",)).open(log, root)
    pump_until(lambda: log.open)
    assert ws.protocol == "a"


def test_without_it_the_server_is_refused_unless_nothing_is_verified(
    root: tkinter.Tk, server: Any, pump_until: Any
) -> None:
    refused, taken = Log(), Log()
    Target(url=server.url, proxy=NO_PROXY).open(refused, root)
    Target(url=server.url, proxy=NO_PROXY, verify=False).open(taken, root)
    by_https = Log()
    Target(url=server.url.replace("wss:", "HTTPS:"), proxy=NO_PROXY, verify=False).open(by_https, root)
    pump_until(lambda: refused.over and taken.open and by_https.open)
    assert "certificate" in str(refused.one("error"))


def test_a_file_that_is_none_of_authorities_is_named(root: tkinter.Tk, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("nothing", encoding="utf-8")
    with pytest.raises(OSError, match=r"ca\.pem: not a readable PEM file"):
        Target(url="wss://localhost/", ca_file=str(file)).open(Log(), root)

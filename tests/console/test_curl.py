"""Commands of curl are read as browsers and people write them."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from tkws.console.client.copyas import as_curl
from tkws.console.client.curl import looks_like_curl, read_curl
from tkws.console.client.target import NO_PROXY, Target

FROM_CHROME = r"""curl 'wss://feed.example/stream?x=1' \
  -H 'Upgrade: websocket' \
  -H 'Origin: https://feed.example' \
  -H 'Cache-Control: no-cache' \
  -H 'Cookie: sid=a; b="c d"' \
  -H 'Connection: Upgrade' \
  -H $'X-Note: it\'s \u00e4' \
  -H 'Sec-WebSocket-Key: abc==' \
  -H 'Sec-WebSocket-Version: 13' \
  -H 'Sec-WebSocket-Protocol: json, json.v2' \
  -H 'Sec-WebSocket-Extensions: permessage-deflate'"""

FROM_CHROME_ON_WINDOWS = '''curl ^"wss://feed.example/stream?x=1^&y=2^" ^
  -H ^"Origin: https://feed.example^" ^
  -H ^"Upgrade: websocket^"'''


def test_what_a_browser_copies_is_read() -> None:
    assert read_curl(FROM_CHROME) == Target(
        url="wss://feed.example/stream?x=1",
        protocols=("json", "json.v2"),
        headers=(
            ("Origin", "https://feed.example"),
            ("Cookie", 'sid=a; b="c d"'),
            ("X-Note", "it's ä"),
        ),
    )
    assert read_curl(FROM_CHROME_ON_WINDOWS) == Target(
        url="wss://feed.example/stream?x=1&y=2", headers=(("Origin", "https://feed.example"),)
    )


@pytest.mark.parametrize(
    ("command", "target"),
    [
        ("curl https://h/p", Target(url="wss://h/p")),
        ("$ curl -v http://h:80/", Target(url="ws://h:80/")),
        ("curl.exe h/p", Target(url="ws://h/p")),
        ("curl --url=ws://h/ -sSN", Target(url="ws://h/")),
        ("curl -kHA:b ws://h/", Target(url="ws://h/", verify=False, headers=(("A", "b"),))),
        ("curl ws://h/ -X GET --data x -o f --compressed", Target(url="ws://h/")),
        (
            "curl ws://h/ -b s=1 -A me",
            Target(url="ws://h/", headers=(("Cookie", "s=1"), ("User-Agent", "me"))),
        ),
        ("curl -u me:pw ws://h/", Target(url="ws://h/", headers=(("Authorization", "Basic bWU6cHc="),))),
        (
            "curl --oauth2-bearer t ws://h/",
            Target(url="ws://h/", headers=(("Authorization", "Bearer t"),)),
        ),
        (
            "curl --cacert c.pem -x http://p:1 wss://h/",
            Target(url="wss://h/", ca_file="c.pem", proxy="http://p:1"),
        ),
        ("curl --noproxy '*' ws://h/", Target(url="ws://h/", proxy=NO_PROXY)),
        (r"""curl ws://h/ -H A:\ "b\"c" """, Target(url="ws://h/", headers=(("A", 'b"c'),))),
        ("curl ws://h/ -H", Target(url="ws://h/")),
        ("curl ws://h/ -H 'nonsense' -H 'A:'", Target(url="ws://h/", headers=(("A", ""),))),
    ],
)
def test_options_are_read(command: str, target: Target) -> None:
    assert looks_like_curl(command)
    assert read_curl(command) == target


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("curl -k", "The curl command has no address"),
        ("curl 'ws://h", "The curl command cannot be read: a quotation is not closed"),
        ("wget ws://h/", "Not a curl command"),
        ("curly ws://h/", "Not a curl command"),
        ("", "Not a curl command"),
    ],
)
def test_what_cannot_be_read_is_said(command: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_curl(command)


words = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=20).map(str.strip)


@given(words, words.filter(bool), st.booleans(), st.sampled_from(["", "ca.pem", "a b.pem"]))
def test_what_is_copied_as_curl_is_read_again(value: str, more: str, verify: bool, ca_file: str) -> None:
    target = Target(
        url="wss://host/path?q='1'&r=$2",
        headers=(("X-One", value), ("Cookie", more)),
        protocols=("a", "b"),
        verify=verify,
        ca_file=ca_file,
        proxy=NO_PROXY,
    )
    assert read_curl(as_curl(target)) == target

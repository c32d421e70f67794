"""Reads a ``curl`` command, as a browser's "Copy as cURL" writes it, as the target of a connection.

Pure functions. Options that mean nothing for a WebSocket are skipped, and so are the headers of the
handshake, which are new for each connection.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from types import MappingProxyType

from tkws.console.client.target import NO_PROXY, Target, complete_url
from tkws.console.client.unixaddress import join_unix

_OWN_HEADERS = frozenset(
    {
        "accept-encoding", "cache-control", "connection", "content-length", "host", "pragma", "upgrade",
        "sec-websocket-accept", "sec-websocket-extensions", "sec-websocket-key", "sec-websocket-version",
    }
)  # fmt: skip
_SCHEMES = MappingProxyType({"http": "ws", "https": "wss"})

# All others take no value.
_WITH_VALUE = frozenset(
    {
        "-A", "-E", "-F", "-H", "-T", "-X", "-b", "-c", "-d", "-e", "-m", "-o", "-u", "-w", "-x",
        "--abstract-unix-socket", "--cacert", "--cert", "--ciphers", "--connect-timeout", "--cookie",
        "--cookie-jar", "--data", "--data-binary", "--data-raw", "--data-urlencode", "--form", "--header",
        "--interface", "--key", "--max-time", "--noproxy", "--oauth2-bearer", "--output", "--pass", "--proxy",
        "--referer", "--request", "--resolve",
        "--retry", "--unix-socket", "--upload-file", "--url", "--user", "--user-agent", "--write-out",
    }
)  # fmt: skip

_PIECE = re.compile(
    r"""(?P<space>\s+)|'(?P<raw>[^']*)'|\$'(?P<ansi>(?:[^'\\]|\\.)*)'|"(?P<double>(?:[^"\\]|\\.)*)\""""
    r"""|\\(?P<escaped>\r?\n|.)|(?P<plain>[^\s'"\\$]+|\$)""",
    re.DOTALL,
)


def looks_like_curl(text: str) -> bool:
    """Return whether a text is a ``curl`` command."""
    return re.match(r"\s*(?:\$\s+)?curl(?:\.exe)?\s", text) is not None


def read_curl(text: str) -> Target:
    """Return the target of a ``curl`` command.

    Raises:
        ValueError: The text is another one, the command has no address, or its quotes do not match.
    """
    if not looks_like_curl(text):
        raise ValueError("Not a curl command")
    url = ""
    headers: list[tuple[str, str]] = []
    protocols: tuple[str, ...] = ()
    options: dict[str, object] = {}
    for option, value in _options(text):
        if option in ("", "--url"):
            url = url or _websocket_url(value)
        elif option in ("-H", "--header"):
            name, colon, content = value.partition(":")
            if name.strip().lower() == "sec-websocket-protocol":
                protocols = tuple(part.strip() for part in content.split(",") if part.strip())
            elif colon and name.strip().lower() not in _OWN_HEADERS:
                headers.append((name.strip(), content.strip()))
        else:
            headers += _headers_of(option, value)
            options |= _option_of(option, value)
    if not url:
        raise ValueError("The curl command has no address")
    socket = str(options.pop("socket", ""))
    if socket:
        scheme, _, rest = url.partition("://")
        url = join_unix(socket, f"{scheme}://localhost/{rest.partition('/')[2]}")
    return Target(url=url, headers=tuple(headers), protocols=protocols, **options)  # type: ignore[arg-type] # typed by their options


def _options(text: str) -> Iterator[tuple[str, str]]:
    """Return the options with their values; an address has no option."""
    words = iter(_split(text)[1:])
    for word in words:
        if not word.startswith("-") or word == "-":
            yield "", word
        elif word.startswith("--"):
            name, equals, value = word.partition("=")
            yield name, value if equals else next(words, "") if name in _WITH_VALUE else ""
        else:
            yield from _short_options(word, words)


def _short_options(word: str, words: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Return the options of a word such as ``-kH``: the first one that takes a value takes the rest."""
    for at, letter in enumerate(word[1:], 2):
        if f"-{letter}" in _WITH_VALUE:
            yield f"-{letter}", word[at:] or next(words, "")
            return
        yield f"-{letter}", ""


def _split(text: str) -> list[str]:
    """Return the words of a command in the notation of a POSIX shell, or of cmd.exe as browsers write it."""
    text = text.strip().removeprefix("$").strip()
    if '^"' in text or re.search(r"\^\s*\n", text):  # cmd.exe: ^ quotes the next character
        text = re.sub(r"\^(\r?\n|.)", lambda match: " " if match[1].isspace() else match[1], text)
    words: list[str] = [""]
    is_open = False  # whether the last word has begun; it may be empty
    at = 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            raise ValueError("The curl command cannot be read: a quotation is not closed")
        at = piece.end()
        if piece["space"]:
            words += [""] if is_open else []
            is_open = False
        elif not (piece["escaped"] or "").endswith("\n"):
            words[-1] += _unquoted(piece)
            is_open = True
    return words if is_open else words[:-1]


def _unquoted(piece: re.Match[str]) -> str:
    if piece["ansi"] is not None:
        return re.sub(
            r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", _ansi_char, piece["ansi"], flags=re.DOTALL
        )
    if piece["double"] is not None:
        return re.sub(r'\\(["\\$`])', r"\1", piece["double"])
    return piece["raw"] or piece["escaped"] or piece["plain"] or ""


def _ansi_char(escape: re.Match[str]) -> str:
    code, letter = escape[1] or escape[2], escape[3]
    return chr(int(code, 16)) if code else {"n": "\n", "t": "\t", "r": "\r"}.get(letter, letter)


def _websocket_url(address: str) -> str:
    scheme, colon, rest = address.partition("://")
    return f"{_SCHEMES.get(scheme.lower(), scheme)}://{rest}" if colon else complete_url(address)


def _headers_of(option: str, value: str) -> list[tuple[str, str]]:
    name = {
        "-b": "Cookie", "--cookie": "Cookie", "-A": "User-Agent", "--user-agent": "User-Agent",
        "-e": "Referer", "--referer": "Referer",
    }.get(option)  # fmt: skip
    if name is not None:
        return [(name, value)]
    if option in ("-u", "--user"):
        return [("Authorization", f"Basic {base64.b64encode(value.encode()).decode()}")]
    return [("Authorization", f"Bearer {value}")] if option == "--oauth2-bearer" else []


def _option_of(option: str, value: str) -> dict[str, object]:
    if option in ("-k", "--insecure"):
        return {"verify": False}
    if option == "--cacert":
        return {"ca_file": value}
    if option in ("-E", "--cert"):
        return {"cert_file": re.sub(r"(?<=..):[^/\\]*$", "", value)}  # without a password, which is asked for
    if option == "--key":
        return {"key_file": value}
    if option in ("--unix-socket", "--abstract-unix-socket"):
        return {"socket": f"@{value}" if "abstract" in option else value}
    if option in ("-x", "--proxy"):
        return {"proxy": value or NO_PROXY}
    return {"proxy": NO_PROXY} if option == "--noproxy" and value == "*" else {}

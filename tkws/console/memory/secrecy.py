"""Recognizes possible secrets, by names and looks: they are not stored unless the user asks for it.

Pure functions. They err on the side of a secret: what is not stored is there until the end of the run.
"""

from __future__ import annotations

import base64
import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from tkws.console.client.unixaddress import join_unix, split_unix

_SECRET_HEADER = re.compile(r"auth|cookie|token|secret|key|pass|credential|session", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"auth|token|secret|passw|passphrase|passcode|pwd|api.?key|private.?key|access.?key|jwt|bearer|sign|cookie"
    r"|credential|session.?id|\bpin\b|\botp\b",
    re.IGNORECASE,
)
_SECRET_QUERY = re.compile(r"auth|token|secret|key|pass|sig|code|session", re.IGNORECASE)
_VARIABLE = re.compile(r"\{\{[^{}]*\}\}")
_WORD = re.compile(r"[\w+/=.-]{20,}")  # long enough for a key or a token


def without_secrets(url: str) -> str:
    """Return a URL as it may be stored: without a password and without the values of keys and tokens."""
    if (split := split_unix(url)) is not None:
        return join_unix(split[0], without_secrets(split[1]))
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return ""
    if not any(_SECRET_QUERY.search(name) for name, _ in query):
        return urlunsplit(parts._replace(netloc=host))
    kept = [(name, "" if _SECRET_QUERY.search(name) else value) for name, value in query]
    return urlunsplit(parts._replace(netloc=host, query=urlencode(kept, quote_via=quote)))


def is_secret(name: str) -> bool:
    """Return whether the name of a header or a variable suggests that its value is a credential."""
    return _SECRET_HEADER.search(name) is not None


def may_be_secret(message: str) -> bool:
    """Return whether a message may have a credential: by the words in it, or by one that looks like a key.

    The names of ``{{variables}}`` tell nothing, since their values are not in the message.
    """
    bare = _VARIABLE.sub("", message)
    return _SECRET_TEXT.search(bare) is not None or any(_is_random(word) for word in _WORD.findall(bare))


def has_secret(kind: str, text: str) -> bool:
    """Return whether a message may have a credential; hex and base64 are read first.

    Args:
        kind: How the text is to be read: ``"Hex"``, ``"Base64"``, or something else for text.
        text: The text, which may be incomplete.
    """
    if kind == "Hex":
        digits = re.sub(r"0[xX]|[^0-9a-fA-F]", "", text)
        text = bytes.fromhex(digits[: len(digits) // 2 * 2]).decode(errors="replace")
    elif kind == "Base64":
        digits = re.sub(r"[^\w+/-]|[^\x00-\x7f]", "", text)
        packed = digits[: len(digits) // 4 * 4].replace("-", "+").replace("_", "/")
        text = base64.b64decode(packed).decode(errors="replace")
    return may_be_secret(text)


def _is_random(word: str) -> bool:
    """Return whether a word has letters of both cases and digits, as keys and tokens do."""
    kinds = str.islower, str.isupper, str.isdigit
    return all(any(kind(letter) for letter in word) for kind in kinds)

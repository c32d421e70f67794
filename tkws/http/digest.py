"""Digest authentication, the client's part (RFC 7616): what a challenge says, and the answer to it.

Without a ``qop``, the older rule of RFC 2069 is used, which small devices still have. Draws no random number:
the client's nonce is passed in.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote

from tkws.http.headers import Headers

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_ELEMENT = re.compile(
    rf'[ \t,]*(?:(?P<name>{_TOKEN})[ \t]*=[ \t]*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^ \t,"=]+))'
    rf"|(?P<scheme>{_TOKEN})(?:[ \t]+[\w.~+/-]+=*(?=[ \t]*(?:,|$)))?)",
    re.ASCII,
)
_ESCAPE = re.compile(r"\\(.)")
_UNSAFE = re.compile(r"[^ !#-\[\]-~]")  # what a quoted user name would need an escape or an encoding for
_HASHES = MappingProxyType({"md5": "md5", "sha-256": "sha256", "sha-512-256": "sha512_256"})


class Challenge(NamedTuple):
    """One way to authenticate that a server or a proxy offers (RFC 9110, 11.3)."""

    scheme: str
    """The name of the scheme as it was sent, such as ``Digest``."""

    parameters: dict[str, str]
    """The parameters by their names in lower case; of several with the same name the first."""


def parse_challenges(values: Iterable[str]) -> list[Challenge]:
    """Read the values of WWW-Authenticate or Proxy-Authenticate as far as they can be understood."""
    challenges: list[Challenge] = []
    for value in values:
        position = 0
        own: Challenge | None = None  # parameters belong to a scheme in the same field
        while element := _ELEMENT.match(value, position):
            position = element.end()
            if element["scheme"] is not None:
                own = Challenge(element["scheme"], {})
                challenges.append(own)
            elif own is not None:
                text = element["bare"] if element["quoted"] is None else _ESCAPE.sub(r"\1", element["quoted"])
                own.parameters.setdefault(element["name"].lower(), text)
    return challenges


def digest_challenge(headers: Headers, name: str) -> Challenge | None:
    """Return the first challenge of a field that `digest_authorization` can answer; None without one."""
    return next(filter(_is_digest, parse_challenges(headers.get_all(name))), None)


def is_stale(challenge: Challenge) -> bool:
    """Tell whether an answer was refused for the age of its nonce alone, so that another may be accepted."""
    return challenge.parameters.get("stale", "").lower() == "true"


def digest_authorization(
    challenge: Challenge, username: str, password: str | None, *, method: str, target: str, cnonce: str
) -> str:
    """Return the value of Authorization or Proxy-Authorization for the first request after a challenge.

    Args:
        challenge: One that `digest_challenge` returned.
        username: The user.
        password: The password; None for an empty one.
        method: The method of the request.
        target: The target of the request, as in its first line.
        cnonce: At least 64 random bits, in letters and digits.
    """
    given = challenge.parameters
    realm, nonce, algorithm = given["realm"], given["nonce"], given.get("algorithm", "MD5")
    hashed = _hash_of(algorithm)
    user, room = username.encode("utf-8", "surrogatepass"), realm.encode("latin-1")  # as it was on the wire
    secret = b"%b:%b:%b" % (user, room, (password or "").encode("utf-8", "surrogatepass"))
    key = hashed(secret)
    if algorithm.lower().endswith("-sess"):
        key = hashed(f"{key}:{nonce}:{cnonce}".encode("latin-1"))
    qop = _quality(given)
    what = f"{method}:{target}" + (f":{hashed(b'')}" if qop == "auth-int" else "")
    middle = f"{nonce}:00000001:{cnonce}:{qop}" if qop else nonce
    response = hashed(f"{key}:{middle}:{hashed(what.encode('latin-1'))}".encode("latin-1"))
    if given.get("userhash", "").lower() == "true":
        fields = [f"username={_quoted(hashed(user + b':' + room))}", "userhash=true"]
    elif _UNSAFE.search(username):
        fields = [f"username*=UTF-8''{quote(user, safe='')}"]
    else:
        fields = [f"username={_quoted(username)}"]
    fields += [f"realm={_quoted(realm)}", f"nonce={_quoted(nonce)}", f"uri={_quoted(target)}"]
    if "algorithm" in given:
        fields.append(f"algorithm={algorithm}")
    if "opaque" in given:
        fields.append(f"opaque={_quoted(given['opaque'])}")
    if qop:
        fields += [f"qop={qop}", "nc=00000001"]
    if qop or algorithm.lower().endswith("-sess"):
        fields.append(f"cnonce={_quoted(cnonce)}")
    return f"Digest {', '.join([*fields, f'response={_quoted(response)}'])}"


def _is_digest(challenge: Challenge) -> bool:
    given = challenge.parameters
    algorithm = given.get("algorithm", "MD5").lower().removesuffix("-sess")
    known = _HASHES.get(algorithm) in hashlib.algorithms_available
    return (
        challenge.scheme.lower() == "digest"
        and {"realm", "nonce"} <= given.keys()
        and known
        and ("qop" not in given or _quality(given) != "")
    )


def _quality(given: dict[str, str]) -> str:
    """Return the quality of protection to use; empty for the rule of RFC 2069."""
    offered = [quality.strip().lower() for quality in given.get("qop", "").split(",")]
    return next((quality for quality in ("auth", "auth-int") if quality in offered), "")


def _hash_of(algorithm: str) -> Callable[[bytes], str]:
    name = _HASHES[algorithm.lower().removesuffix("-sess")]
    return lambda data: hashlib.new(name, data, usedforsecurity=False).hexdigest()


def _quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'

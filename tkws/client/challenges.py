"""The answers to challenges by Digest during one opening: each server and proxy gets a second request.

Knows who asked for what, not how it is sent. A challenge that says that its nonce was too old is answered
once more.
"""

from __future__ import annotations

import os

from tkws.errors import OpenError
from tkws.http.authority import format_authority
from tkws.http.digest import Challenge, digest_authorization, digest_challenge, is_stale
from tkws.http.headers import Headers
from tkws.http.messages import basic_authorization
from tkws.net.proxyurl import Proxy
from tkws.protocol.uri import WebSocketURI

MAX_ANSWERS = 2
"""How many answers one server, or one proxy, gets: a second one only if the first was too old."""


class Challenges:
    """The answers that one hop has given to its server and its proxy.

    Attributes:
        authorization: The value of Authorization for the next request; None for none.
        proxy_authorization: Likewise that of Proxy-Authorization.
    """

    def __init__(self) -> None:
        self.authorization: str | None = None
        self.proxy_authorization: str | None = None
        self._answers = 0
        self._proxy_answers = 0

    def answer(self, error: OpenError, uri: WebSocketURI, sent: str | None) -> bool:
        """Answer the challenge in a server's refusal; return False if there is nothing to answer.

        Args:
            error: The refusal.
            uri: The server's URL, with the credentials.
            sent: The Authorization of the request. One of the program's own is not replaced.
        """
        if error.status != 401 or uri.username is None:
            return False
        if sent not in (None, self.authorization, basic_authorization(uri.username, uri.password)):
            return False
        challenge = _challenge(error, "WWW-Authenticate", self._answers)
        if challenge is None:
            return False
        self._answers += 1
        self.authorization = _authorization(challenge, uri, method="GET", target=uri.target)
        self.proxy_authorization, self._proxy_answers = None, 0  # its nonce has been used
        return True

    def answer_proxy(self, error: OpenError, proxy: Proxy | None, host: str, port: int) -> bool:
        """Answer the challenge in a proxy's refusal; return False if there is nothing to answer."""
        if proxy is None or proxy.username is None or error.phase != "proxy":
            return False
        challenge = _challenge(error, "Proxy-Authenticate", self._proxy_answers)
        if challenge is None:
            return False
        self._proxy_answers += 1
        target = format_authority(host, port)
        self.proxy_authorization = _authorization(challenge, proxy, method="CONNECT", target=target)
        return True


def _challenge(error: OpenError, name: str, answers: int) -> Challenge | None:
    """Return a challenge that is to be answered, after so many answers."""
    challenge = digest_challenge(Headers(error.headers), name)
    if challenge is not None and (answers == 0 or (is_stale(challenge) and answers < MAX_ANSWERS)):
        return challenge
    return None


def _authorization(challenge: Challenge, user: WebSocketURI | Proxy, *, method: str, target: str) -> str:
    assert user.username is not None
    return digest_authorization(
        challenge, user.username, user.password, method=method, target=target, cnonce=os.urandom(16).hex()
    )

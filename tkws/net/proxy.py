"""The handshake with a proxy, without I/O: HTTP's CONNECT (RFC 9110, 9.3.6), SOCKS4, 4a, 5 (RFC 1928, 1929).

A `ProxyHandshake` is given a function to write with, and the bytes that were received. HTTP is read by
`tkws.http.messages`, SOCKS by ``socksio``, which the extra ``tkws[socks]`` brings and which is
imported when it is needed. Knows no stream and resolves no names.

No message shows a password. An error is an `OpenError` of phase ``proxy`` that names the proxy and,
if something can be done, says what.
"""

from __future__ import annotations

import errno
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from typing import Final, TypeAlias

from tkws.errors import HandshakeError, OpenError, URLError
from tkws.http.answers import USER_AGENT, ClientConnection
from tkws.http.authority import format_authority
from tkws.http.digest import digest_challenge, parse_challenges
from tkws.http.headers import Headers
from tkws.http.messages import Response, basic_authorization
from tkws.net.endpoints import numeric_endpoint
from tkws.net.proxyurl import Proxy
from tkws.net.tlserrors import speaks_tls

# Replies of SOCKS after which trying again is pointless, until a setting here or at the proxy changes.
_FINAL_REFUSALS = frozenset(
    (
        "CONNECTION_NOT_ALLOWED_BY_RULESET", "COMMAND_NOT_SUPPORTED", "ADDRESS_TYPE_NOT_SUPPORTED",
        "AUTHENTICATION_FAILED",
    )
)  # fmt: skip

CONNECT_HEADERS: Final = Headers([("User-Agent", USER_AGENT)])
"""The fields of a CONNECT, besides Host and the credentials, unless the program has others."""

Write: TypeAlias = Callable[[bytes], None]

Steps: TypeAlias = Generator[tuple[bytes, int], bytes, None]
"""Yields the bytes to send and how many to wait for, is sent those, and returns when it is done."""


class ProxyHandshake(ABC):
    """The exchange with a proxy until its connection leads to a server; subclasses begin at once."""

    @abstractmethod
    def receive_data(self, data: bytes) -> bytes | None:
        """Take received bytes; return those that are the server's once the tunnel is open, else None.

        Raises:
            OpenError: The proxy refuses, or speaks another protocol.
        """

    @abstractmethod
    def receive_eof(self) -> OpenError | None:
        """Return the error that the answer amounts to if it ends here; None if too little has come."""

    @property
    def head_received(self) -> bool:
        """Whether a refusal has arrived, and only the rest of its body is missing."""
        return False


def start_proxy_handshake(
    proxy: Proxy, host: str, port: int, write: Write, headers: Headers = CONNECT_HEADERS
) -> ProxyHandshake:
    """Begin to ask a proxy for a connection to a server.

    Args:
        proxy: The proxy, with the credentials to use.
        host: The server's name in ASCII if the proxy resolves names, else its address.
        port: The server's port.
        write: Called with what to send.
        headers: The fields of a CONNECT besides Host; a Proxy-Authorization among them replaces the
            credentials.

    Raises:
        ImportError: The proxy speaks SOCKS and ``socksio`` is not installed.
    """
    if proxy.is_socks:
        return SocksHandshake(proxy, host, port, write)
    return ConnectHandshake(proxy, host, port, write, headers)


class ConnectHandshake(ProxyHandshake):
    """CONNECT and its answer."""

    def __init__(self, proxy: Proxy, host: str, port: int, write: Write, headers: Headers) -> None:
        self._proxy = proxy
        self._target = format_authority(host, port)
        self._connection = ClientConnection()
        self._received_any = False
        fields = [("Host", self._target), *headers.fields]
        if proxy.username is not None and not proxy.digest_only and "Proxy-Authorization" not in headers:
            fields.append(("Proxy-Authorization", basic_authorization(proxy.username, proxy.password)))
        write(self._connection.request("CONNECT", self._target, fields))

    def receive_data(self, data: bytes) -> bytes | None:
        """Take a part of the answer; the bytes after a 2xx are the server's."""
        first, self._received_any = not self._received_any, True
        if first and speaks_tls(data):
            raise _garble(self._proxy, "HTTP", URLError("it speaks TLS on this port: use https:"))
        answer = self._connection.receive_data(data)
        if answer is None:
            return None
        if isinstance(answer, HandshakeError) or not 200 <= answer.status < 300:
            raise self._error(answer)
        return self._connection.trailing_data

    def receive_eof(self) -> OpenError | None:
        """Return the error of a refusal whose body is cut, or ends with the connection."""
        answer = self._connection.receive_eof()
        return self._error(answer) if isinstance(answer, Response) else None

    @property
    def head_received(self) -> bool:
        """Whether a refusal has arrived, and only the rest of its body is missing."""
        return self._connection.head_received

    def _error(self, answer: Response | HandshakeError) -> OpenError:
        if isinstance(answer, HandshakeError):
            error = _garble(self._proxy, "HTTP", answer)
            error.status, error.headers = answer.status, answer.headers
            return error
        if answer.status in (401, 407):  # tinyproxy answers a wrong password by the former
            message = self._demand(answer.status, answer.headers)
        else:
            message = _refusal_text(self._proxy, self._target, f"{answer.status} {answer.reason}".rstrip())
        return OpenError(
            message, phase="proxy", status=answer.status, headers=answer.headers, body=answer.body
        )

    def _demand(self, status: int, headers: Headers) -> str:
        """Return advice about the challenges of the proxy."""
        schemes = [challenge.scheme for challenge in parse_challenges(headers.get_all("Proxy-Authenticate"))]
        takes_basic = not schemes or "basic" in map(str.lower, schemes)
        if digest_challenge(headers, "Proxy-Authenticate") or (takes_basic and not self._proxy.digest_only):
            return _credentials_needed(self._proxy, str(status))
        scheme = "Basic" if takes_basic else schemes[0]
        if self._proxy.digest_only:
            return (
                f"The proxy {self._proxy} takes {scheme} and not Digest ({status}), as digest=True requires"
            )
        return (
            f"The proxy {self._proxy} takes no user and password but {scheme} ({status}): configure Basic, "
            f"or go through a proxy on this machine that speaks {scheme}"
        )


class SocksHandshake(ProxyHandshake):
    """The exchange in SOCKS, whose messages tell their own length."""

    def __init__(self, proxy: Proxy, host: str, port: int, write: Write) -> None:
        require_socks()
        self._proxy = proxy
        self._steps = (_socks4 if proxy.scheme.startswith("socks4") else _socks5)(proxy, host, port)
        self._write = write
        self._received = bytearray()
        request, self._wanted = next(self._steps)
        write(request)

    def receive_data(self, data: bytes) -> bytes | None:
        """Take received bytes; those after the last reply are the server's."""
        from socksio import SOCKSError

        self._received += data
        while len(self._received) >= self._wanted:
            reply = bytes(self._received[: self._wanted])
            del self._received[: self._wanted]
            try:
                request, self._wanted = self._steps.send(reply)
            except StopIteration:
                return bytes(self._received)
            except SOCKSError as error:
                raise _garble(self._proxy, "SOCKS", error) from error
            self._write(request)
        return None

    def receive_eof(self) -> None:
        """Return None: an incomplete reply says nothing."""


def require_socks() -> None:
    """Check that SOCKS is available.

    Raises:
        ImportError: SOCKS is not available; the message says what to install.
    """
    try:
        import socksio  # noqa: F401 - whether it is there
    except ImportError:
        raise ImportError(
            'proxy: SOCKS needs the package socksio: install it by pip install "tkws[socks]"', name="socksio"
        ) from None


def _socks4(proxy: Proxy, host: str, port: int) -> Steps:
    """Use SOCKS4 for an IPv4 address, SOCKS4a for a name."""
    from socksio import SOCKS4ARequest, SOCKS4Command, SOCKS4Reply, SOCKS4ReplyCode, SOCKS4Request

    kind = SOCKS4ARequest if numeric_endpoint(host, port) is None else SOCKS4Request
    user = (proxy.username or "").encode()
    request = kind.from_address(SOCKS4Command.CONNECT, (host, port), user_id=user)
    reply = SOCKS4Reply.loads((yield request.dumps(), 8))
    if reply.reply_code is not SOCKS4ReplyCode.REQUEST_GRANTED:
        raise _refused(proxy, host, port, reply.reply_code.name)


def _socks5(proxy: Proxy, host: str, port: int) -> Steps:
    """Use SOCKS5 for any address or name (RFC 1928, 3 to 6)."""
    from socksio import SOCKS5Command, SOCKS5CommandRequest, SOCKS5Reply, SOCKS5ReplyCode

    yield from _socks5_authentication(proxy)
    request = SOCKS5CommandRequest.from_address(SOCKS5Command.CONNECT, (host, port))
    head = yield request.dumps(), 5  # up to the length of a name in it
    tail = yield b"", {1: 5, 3: head[4] + 2, 4: 17}.get(head[3], 0)
    reply = SOCKS5Reply.loads(head + tail)
    if reply.reply_code is not SOCKS5ReplyCode.SUCCEEDED:
        raise _refused(proxy, host, port, reply.reply_code.name)


def _socks5_authentication(proxy: Proxy) -> Steps:
    """Offer no authentication, and a user and password if there are any (RFC 1928, 3; RFC 1929)."""
    from socksio import (
        ProtocolError,
        SOCKS5AuthMethod,
        SOCKS5AuthMethodsRequest,
        SOCKS5AuthReply,
        SOCKS5UsernamePasswordRequest,
    )

    offered = [SOCKS5AuthMethod.NO_AUTH_REQUIRED]
    if proxy.username is not None:
        offered.append(SOCKS5AuthMethod.USERNAME_PASSWORD)
    chosen = SOCKS5AuthReply.loads((yield SOCKS5AuthMethodsRequest(offered).dumps(), 2)).method
    accepted = chosen is not SOCKS5AuthMethod.NO_ACCEPTABLE_METHODS
    if accepted and chosen not in offered:
        raise ProtocolError(f"{chosen.name} was not offered")
    if chosen is SOCKS5AuthMethod.USERNAME_PASSWORD:
        credentials = (proxy.username or "").encode(), (proxy.password or "").encode()
        answer = yield SOCKS5UsernamePasswordRequest(*credentials).dumps(), 2
        accepted = answer[1] == 0
    if not accepted:
        cause = PermissionError(errno.EACCES, "the credentials are not accepted")
        raise OpenError(_credentials_needed(proxy, "SOCKS5"), phase="proxy") from cause


def _refused(proxy: Proxy, host: str, port: int, code: str) -> OpenError:
    reason = code.replace("_", " ").lower()
    error = OpenError(_refusal_text(proxy, format_authority(host, port), reason), phase="proxy")
    if code in _FINAL_REFUSALS:
        error.__cause__ = PermissionError(errno.EACCES, reason)
    return error


def _refusal_text(proxy: Proxy, target: str, reason: str) -> str:
    return f"The proxy {proxy} did not connect to {target}: {reason}"


def _garble(proxy: Proxy, protocol: str, cause: Exception) -> OpenError:
    error = OpenError(f"The proxy {proxy} does not speak {protocol}: {cause}", phase="proxy")
    error.__cause__ = cause
    return error


def _credentials_needed(proxy: Proxy, answer: str) -> str:
    if proxy.username is None:
        return (
            f"The proxy {proxy} wants a user and a password ({answer}): put them into its URL, as in "
            f"{proxy.scheme}://user:password@{format_authority(proxy.host, proxy.port)}"
        )
    return (
        f"The proxy {proxy} refuses the user {proxy.username!r} with that password ({answer}): check both in "
        "its URL, where special characters are percent-encoded"
    )

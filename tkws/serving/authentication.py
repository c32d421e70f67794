"""`basic_auth` and `bearer_auth`: checks for `HTTPServer.admit` that ask for a password or a token.

Reads and writes the header fields of RFC 7617 and RFC 6750. Secrets are compared in constant time, as hashes,
so that the time does not reveal their length either.
"""

from __future__ import annotations

import hmac
from binascii import a2b_base64
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import Future
from functools import partial
from hashlib import sha256
from inspect import isawaitable
from typing import Any

from tkws.asynchandlers import check_runnable
from tkws.checks import check_kind, check_text
from tkws.http.headers import CONTROL, Headers
from tkws.http.messages import Request, Response
from tkws.serving.admission import Admit, Check, Verdict
from tkws.serving.content import plain

Convert = Callable[[object], Verdict]


def basic_auth(check: Mapping[str, str] | Callable[[str, str], object], realm: str = "WebSocket") -> Check:
    """Return a check for `HTTPServer.admit` that asks for a user and a password (RFC 7617).

    ``server.admit(tkws.basic_auth({"ada": "secret"}))``. The user name becomes ``ws.data``. Passwords
    are sent unencrypted unless you use TLS.

    Args:
        check: A mapping of user to password; or a callable ``(user, password)`` that returns True or False.
            It may also return another true value, which becomes ``ws.data``; a `Response` or an `Admit`; or a
            `concurrent.futures.Future` or an awaitable of any of these.
        realm: The purpose of the password; browsers show it to the user.

    Returns:
        The check, which answers 401 to everyone else.

    Raises:
        TypeError: An argument is of a wrong type.
        ValueError: A password is empty, a user name contains a colon, or ``realm`` cannot be sent.
    """
    ask: Callable[[str, str], object]
    if isinstance(check, Mapping):
        for user, password in check.items():
            check_kind("check", user, str, "each user a str")
            check_kind("check", password, str, "each password a str")
            if ":" in user or not password:
                raise ValueError(
                    f"check: a user without a colon, and a password that is not empty, for {user!r}"
                )
        ask = partial(_knows_password, check)
    else:
        ask = _callable(check, "a mapping of user to password or a callable (user, password)")
    refusal = _unauthorized(f'Basic realm={_quoted(realm)}, charset="UTF-8"')

    def admit(request: Request) -> Any:
        credentials = _basic_credentials(request.headers)
        if credentials is None:
            return refusal
        return _when_answered(ask(*credentials), lambda answer: _verdict(answer, credentials[0], refusal))

    return admit


def bearer_auth(
    check: Mapping[str, Any] | Collection[str] | Callable[[str], object], realm: str = "WebSocket"
) -> Check:
    """Return a check for `HTTPServer.admit` that asks for a token (RFC 6750): ``Authorization: Bearer ...``.

    ``server.admit(tkws.bearer_auth({"a1b2c3": "ada"}))``. Tokens are sent unencrypted
    unless you use TLS.

    Args:
        check: A mapping of token to the value of ``ws.data``, such as the user's name; a collection of
            tokens, in which case the client's token becomes ``ws.data``; or a callable ``(token)`` that
            returns the same kinds of result as that of `basic_auth`.
        realm: The purpose of the token.

    Returns:
        The check, which answers 401 to everyone else.

    Raises:
        TypeError: An argument is of a wrong type.
        ValueError: A token is empty, or ``realm`` cannot be sent.
    """
    ask: Callable[[str], object]
    if isinstance(check, Collection) and not isinstance(check, str | bytes | bytearray):
        for token in check:
            check_kind("check", token, str, "each token a str")
            if not token:
                raise ValueError("check: each token of one character or more, not ''")
        ask = partial(_find_token, check)
    else:
        ask = _callable(check, "a mapping, a collection of tokens or a callable (token)")
    challenge = f"Bearer realm={_quoted(realm)}"
    missing, unknown = _unauthorized(challenge), _unauthorized(f'{challenge}, error="invalid_token"')

    def admit(request: Request) -> Any:
        token = _credentials(request.headers, "bearer")
        if not token:
            return missing
        text = _field_text(token)
        return _when_answered(ask(text), lambda answer: _verdict(answer, text, unknown))

    return admit


def _callable(check: Any, what: str) -> Callable[..., object]:
    if not callable(check):
        raise TypeError(f"check: {what}, not {type(check).__name__}")
    check_runnable("check", check)
    function: Callable[..., object] = check
    return function


def _knows_password(passwords: Mapping[str, str], user: str, password: str) -> bool:
    """Tell whether the password is the user's, in the same time whether or not the user exists."""
    known = passwords.get(user)
    return _equal_in_constant_time(password, known or "") and known is not None


def _find_token(tokens: Collection[str], token: str) -> Admit | None:
    """Return an `Admit` for a known token, or None. Compares with every token, even after a match."""
    found = [known for known in tokens if _equal_in_constant_time(token, known)]
    if not found:
        return None
    return Admit(tokens[found[0]] if isinstance(tokens, Mapping) else found[0])


def _equal_in_constant_time(given: str, known: str) -> bool:
    return hmac.compare_digest(
        *(sha256(text.encode("utf-8", "surrogatepass")).digest() for text in (given, known))
    )


def _verdict(answer: object, identity: str, refusal: Response) -> Verdict:
    """Convert the answer of the program's callable into a verdict."""
    if isinstance(answer, Admit | Response):
        return answer
    if not answer:
        return refusal
    return Admit(identity if answer is True else answer)


def _when_answered(answer: object, convert: Convert) -> Verdict | Future[Verdict] | Awaitable[Verdict]:
    """Convert the answer of the program's callable with ``convert``: now, or once it has arrived."""
    if isinstance(answer, Future):
        return _map_future(answer, convert)
    if isawaitable(answer):
        return _map_awaitable(answer, convert)
    return convert(answer)


async def _map_awaitable(answer: Awaitable[object], convert: Convert) -> Verdict:
    return convert(await answer)


def _map_future(answer: Future[Any], convert: Convert) -> Future[Verdict]:
    """Return a future of ``convert(answer.result())``. Cancelling it cancels ``answer``."""
    outer: Future[Verdict] = Future()

    def pass_on(answer: Future[Any]) -> None:
        if answer.cancelled():
            outer.cancel()
        elif outer.set_running_or_notify_cancel():
            try:
                outer.set_result(convert(answer.result()))
            except BaseException as error:
                outer.set_exception(error)

    outer.add_done_callback(lambda _: answer.cancel())
    answer.add_done_callback(pass_on)
    return outer


def _basic_credentials(headers: Headers) -> tuple[str, str] | None:
    """Return the user and the password; None if the field is missing or malformed."""
    encoded = _credentials(headers, "basic")
    try:
        decoded = a2b_base64(encoded, strict_mode=True)
    except ValueError:
        return None
    user, colon, password = _decoded(decoded).partition(":")
    return (user, password) if colon else None


def _credentials(headers: Headers, scheme: str) -> str:
    """Return what follows ``scheme`` in Authorization; empty for another scheme, or several fields."""
    fields = headers.get_all("Authorization")
    name, _, credentials = fields[0].partition(" ") if len(fields) == 1 else ("", "", "")
    return credentials.strip(" ") if name.lower() == scheme else ""


def _field_text(value: str) -> str:
    """Decode a field value as UTF-8; header fields arrive decoded as Latin-1."""
    return _decoded(value.encode("latin-1"))


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _quoted(realm: str) -> str:
    """Return a quoted string (RFC 9110, 5.6.4)."""
    text = check_text("realm", realm)
    if CONTROL.search(text) or not text.isascii():
        raise ValueError(f"realm: ASCII without control characters, not {realm!r}")
    escaped = text.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


def _unauthorized(challenge: str) -> Response:
    return plain(401, "This server asks who you are", www_authenticate=challenge)

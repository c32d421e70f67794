"""The exceptions: one root, the standard library's names as bases, what each carries."""

from __future__ import annotations

import inspect

import pytest

import tkws
from tkws import errors


@pytest.mark.parametrize(
    ("kind", "bases"),
    [
        (tkws.URLError, (ValueError,)),
        (tkws.StateError, (RuntimeError,)),
        (tkws.ProtocolError, ()),
        (tkws.ConnectionClosed, ()),
        (tkws.MessagesLost, ()),
        (tkws.OpenError, ()),
        (tkws.OpenTimeout, (tkws.OpenError, TimeoutError)),
        (tkws.HandshakeError, (tkws.OpenError,)),
    ],
)
def test_bases(kind, bases):
    assert issubclass(kind, (tkws.WebSocketError,))
    for base in bases:
        assert issubclass(kind, base)


def test_every_error_is_public_and_of_the_root():
    defined = [
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and value.__module__ == errors.__name__
    ]
    assert all(issubclass(value, tkws.WebSocketError) for value in defined)
    assert {value.__name__ for value in defined} <= set(tkws.__all__)


def test_what_a_fault_of_the_peer_carries():
    error = tkws.ProtocolError(1002, "A reserved bit is set")
    assert (error.code, str(error)) == (1002, "A reserved bit is set")


def test_what_the_end_of_a_connection_carries():
    error = tkws.ConnectionClosed(1001, "leaving")
    assert (error.code, error.reason) == (1001, "leaving")
    assert str(error) == "The connection was closed: 1001 leaving"
    assert str(tkws.ConnectionClosed(1005, "")) == "The connection was closed: 1005"


def test_what_lost_messages_carry():
    error = tkws.MessagesLost(["a", b"b"])
    assert error.messages == ["a", b"b"]
    assert str(error) == "2 messages were not sent"
    assert str(tkws.MessagesLost(["a"])) == "1 message was not sent"
    assert str(tkws.MessagesLost([])) == "0 messages were not sent"


def test_what_a_failed_opening_carries():
    error = tkws.OpenError("no way", phase="connect")
    assert (str(error), error.phase, error.status, error.headers, error.body) == (
        "no way",
        "connect",
        None,
        {},
        b"",
    )
    headers = tkws.Headers({"Retry-After": "5"})
    error = tkws.OpenError("no way", phase="proxy", status=407, headers=headers, body=b"why")
    assert (error.phase, error.status, error.headers["retry-after"], error.body) == (
        "proxy",
        407,
        "5",
        b"why",
    )


def test_what_a_timeout_carries():
    error = tkws.OpenTimeout("too long", phase="tls")
    assert (str(error), error.phase) == ("too long", "tls")
    with pytest.raises(TimeoutError):
        raise error


def test_what_a_bad_handshake_carries():
    error = tkws.HandshakeError("what is this", part="upgrade", status=400, headers={"X": "y"}, body=b"z")
    assert (error.phase, error.part, error.status) == ("handshake", "upgrade", 400)
    assert (error.headers, error.body) == ({"X": "y"}, b"z")
    assert tkws.HandshakeError("", part="key").status is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("Grüße, 世界", "Grüße, 世界"),
        ("a\r\nERROR b", r"a\r\nERROR b"),
        ("\x1b[2J\x9b2J\0", r"\x1b[2J\x9b2J\x00"),
        ("a\u2028b\u202ec", r"a\u2028b\u202ec"),
    ],
)
def test_what_others_said_is_shown_in_one_line(text, shown):
    assert errors.printable(text) == shown
    assert str(tkws.OpenError(text, phase="tls")) == shown
    assert str(tkws.ConnectionClosed(1000, f"({text})")) == f"The connection was closed: 1000 ({shown})"

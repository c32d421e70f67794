"""Every exception of the package survives pickle, copies and other processes, with all that it carries."""

from __future__ import annotations

import copy
import errno
import importlib
import importlib.util
import inspect
import pickle
import pkgutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import pytest

import tkws
from tkws import errors


def pickled(protocol: int, error: Any) -> Any:
    return pickle.loads(pickle.dumps(error, protocol))


WAYS: dict[str, Callable[[Any], Any]] = {
    **{f"pickle {number}": partial(pickled, number) for number in range(pickle.HIGHEST_PROTOCOL + 1)},
    "pickle in Python": lambda error: pickle._loads(pickle._dumps(error)),  # type: ignore[attr-defined] # private names
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "twice": lambda error: copy.deepcopy(pickle.loads(pickle.dumps(copy.copy(error)))),
}
VALUES: dict[str, Any] = {
    "code": 1002,
    "reason": "Grüße\n\x1b",
    "message": "no \u202e way",
    "messages": ["text", b"\0\xff", bytearray(b"x")],
    "phase": "handshake",
    "part": "upgrade",
    "status": 503,
    "headers": tkws.Headers([("Retry-After", "5"), ("Set-Cookie", "a=b"), ("Set-Cookie", "c=d")]),
    "body": b"why \xff",
    "data": {"more": [1]},
    "method": "a\n",
    "seconds": 5.0,
    "path": "key.pem",
    "names": ["user", "größe"],
    "certificate": b"\x30\x82",
    "args": ("one", 2),
}


# Modules that need a package of an extra, which is not installed everywhere.
EXTRAS = MappingProxyType({"tkws.console.terminal.lineeditor": "prompt_toolkit"})


def package_errors() -> list[type[BaseException]]:
    """Every exception class that a module of the package defines."""
    found: set[type[BaseException]] = set()
    for module in pkgutil.walk_packages(tkws.__path__, "tkws."):
        needs = EXTRAS.get(module.name)
        if module.name != "tkws.__main__" and not (needs and importlib.util.find_spec(needs) is None):
            for value in vars(importlib.import_module(module.name)).values():
                if inspect.isclass(value) and issubclass(value, BaseException):
                    found |= {value} if value.__module__.startswith("tkws") else set()
    return sorted(found, key=lambda kind: kind.__qualname__)


def made(kind: type[Any]) -> Any:
    """Make one, with a value for each parameter of its constructor."""
    function = kind.__init__
    if not inspect.isfunction(function):  # that of the built-in exceptions
        return kind(*VALUES["args"])
    places, names = [], {}
    for name, parameter in list(inspect.signature(function).parameters.items())[1:]:
        if parameter.kind is parameter.KEYWORD_ONLY:
            names[name] = VALUES[name]
        else:
            places.append(VALUES[name])
    return kind(*places, **names)


class Restated(tkws.HandshakeError):
    """A subclass with a constructor of its own, and slots."""

    __slots__ = ("extra", "unset")

    def __init__(self, *, extra: object) -> None:
        super().__init__("restated", part="http", status=418, headers={"X": "y"}, body=b"tea")
        self.extra = extra


class Picky(tkws.OpenTimeout):
    """A subclass whose making wants arguments, and which is an OSError too."""

    def __new__(cls, first: int, *, second: int) -> Self:
        return super().__new__(cls, first, second)

    def __init__(self, first: int, *, second: int) -> None:
        super().__init__("picky", phase="tls")
        self.pair = first, second


class Private(tkws.ProtocolError):
    """A subclass that says by itself what of it travels."""

    def __init__(self) -> None:
        super().__init__(1008, "private")
        self.lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {"code": self.code}

    def __setstate__(self, state: dict[str, Any] | None) -> None:
        self.__dict__ |= state or {}
        self.lock = threading.Lock()


class Reduced(tkws.URLError):
    """A subclass with a reduction of its own."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(left + right)
        self.sides = left, right

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.sides


class Mixed(tkws.StateError, LookupError):
    """A subclass of two built-in exceptions."""


class Stubborn(Exception):
    """An exception of others that pickles, and then cannot be made again."""

    def __init__(self, *, why: str) -> None:
        super().__init__(why)


def carried(error: BaseException) -> dict[str, Any]:
    """All that somebody can read from an exception."""
    slots = {name for kind in type(error).__mro__ for name in getattr(kind, "__slots__", ())}
    names = {*vars(error), *slots, "args", "errno", "strerror", "filename", "__suppress_context__"}
    values = {name: getattr(error, name) for name in names if hasattr(error, name)}
    headers = values.get("headers")
    fields = headers.fields if isinstance(headers, tkws.Headers) else headers
    return {**values, "type": type(error), "str": str(error), "repr": repr(error), "fields": fields}


@pytest.fixture(params=WAYS)
def travel(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    return WAYS[request.param]


@pytest.mark.parametrize("kind", package_errors(), ids=lambda kind: kind.__qualname__)
def test_every_exception_survives(kind: type[Any], travel: Any) -> None:
    error = made(kind)
    there = travel(error)
    assert there is not error
    assert carried(there) == carried(error)
    there.args = error.args = ("rewritten", 7)
    error.add_note("a note")
    error.later = {"set": "later"}
    assert carried(travel(error)) == carried(error)


def test_all_of_them_are_looked_at() -> None:
    kinds = package_errors()
    defined = [value for value in vars(errors).values() if inspect.isclass(value)]
    assert {value for value in defined if issubclass(value, Exception)} <= set(kinds)
    assert all(issubclass(kind, tkws.WebSocketError) for kind in kinds), "the root arranges it"


@pytest.mark.thorough
@pytest.mark.parametrize(
    "error",
    [
        Restated(extra=[1, 2]),
        Restated(extra=None),
        Picky(1, second=2),
        Reduced("ws://", "h"),
        Mixed("both"),
        tkws.OpenError("plain", phase="tls", headers={"A": "1"}),
        tkws.OpenError("view", phase="proxy", headers=MappingProxyType({"A": "1"}), body=bytearray(b"body")),  # type: ignore[arg-type] # wrong on purpose
        tkws.OpenError("", phase="resolve"),
        tkws.MessagesLost([]),
        tkws.MessagesLost([memoryview(b"x"), "y"]),  # type: ignore[list-item] # wrong on purpose
        tkws.ConnectionClosed(tkws.CloseCode.GOING_AWAY, "leaving"),
        tkws.WebSocketError(),
        tkws.URLError("one", "two", 3),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_its_constructor_wants(error: Any, travel: Any) -> None:
    assert carried(travel(error)) == carried(error)


def test_a_subclass_may_say_what_travels(travel: Any) -> None:
    error = Private()
    there = travel(error)
    assert (type(there), there.code, there.args, str(there)) == (Private, 1008, ("private",), "private")
    assert there.lock is not error.lock


def test_what_an_operating_system_said_travels(travel: Any) -> None:
    error = tkws.OpenTimeout("late", phase="connect")
    error.errno, error.strerror, error.filename = 110, "Connection timed out", "/socket"
    there = travel(error)
    assert (there.errno, there.strerror, there.filename, str(there)) == (
        110, "Connection timed out", "/socket", str(error),
    )  # fmt: skip
    assert isinstance(there, TimeoutError)


def test_headers_survive(travel: Any) -> None:
    received = tkws.Headers.received([(b"X-Raw", b"\xff\x01"), (b"Set-Cookie", b"a"), (b"set-cookie", b"b")])
    there = travel(received)
    assert type(there) is tkws.Headers
    assert there.fields == received.fields
    assert there["x-raw"] == "\xff\x01"


# ---- causes


def causes() -> Iterator[BaseException]:
    yield tkws.StateError("not open")
    yield ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
    yield socket.gaierror(-2, "Name or service not known")
    yield ValueError("one", 2)
    certificate = ssl.SSLCertVerificationError(1, "certificate verify failed")
    certificate.verify_code = 10
    certificate.verify_message = "certificate has expired"
    yield certificate


@pytest.mark.parametrize("cause", list(causes()), ids=lambda cause: type(cause).__name__)
def test_a_cause_travels_with_it(cause: BaseException, travel: Any) -> None:
    error = tkws.OpenError("no way", phase="tls")
    error.__cause__ = cause
    there = travel(error).__cause__
    assert (type(there), there.args, vars(there)) == (type(cause), cause.args, vars(cause))
    assert travel(error).__suppress_context__


def test_causes_travel_in_a_chain_and_in_a_ring(travel: Any) -> None:
    chain: tkws.WebSocketError
    chain = first = tkws.ProtocolError(1002, "the first")
    for number in range(30):
        following = tkws.ConnectionClosed(1006, str(number))
        following.__cause__ = chain
        chain = following
    there: Any = travel(chain)
    for _ in range(30):
        assert there is not None
        there = there.__cause__
    assert carried(there) == carried(first)
    first.__cause__ = chain
    there = travel(chain)
    for _ in range(31):
        there = there.__cause__
    assert carried(there) == carried(chain)


@pytest.mark.parametrize("way", [way for way in WAYS if "pickle" in way or way == "deepcopy"])
def test_a_cause_that_cannot_travel_is_left_behind(way: str) -> None:
    class Local(Exception):
        pass

    holding = OSError("holds a lock")
    holding.lock = threading.Lock()  # type: ignore[attr-defined] # the case
    for cause in (Stubborn(why="stubborn"), Local("local"), holding):
        error = tkws.OpenError("no way", phase="proxy", status=502)
        error.__cause__ = cause
        there = WAYS[way](error)
        assert there.__cause__ is None
        assert carried(there) == carried(error)


def test_a_copy_has_the_very_same_cause_and_values() -> None:
    error = tkws.MessagesLost(["a"])
    error.__cause__ = Stubborn(why="stubborn")
    there = copy.copy(error)
    assert there.__cause__ is error.__cause__
    assert there.messages is error.messages
    assert copy.deepcopy(error).messages is not error.messages


# ---- other threads and processes

PROGRAM = """
import concurrent.futures, multiprocessing, sys
sys.path.insert(0, sys.argv[1])
import tkws
from tests.test_errors_travel import made, package_errors

def fail(error):
    raise error

def give(error):
    return error

def told(error):
    return type(error), error.args, vars(error)

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        for error in map(made, package_errors()):
            assert told(pool.submit(give, error).result()) == told(error), error
            raised = pool.submit(fail, error).exception()
            assert told(raised) == told(error), error
            assert "in fail" in str(raised.__cause__), "the pool's own cause: the traceback there"
        with_cause = tkws.OpenError("no", phase="tls")
        with_cause.__cause__ = ConnectionResetError(104, "reset")
        assert told(pool.submit(give, with_cause).result().__cause__) == told(with_cause.__cause__)
    print("survived")
"""

# Python 3.15 says so of the main module that a process was spawned with, when it prints a traceback.
OF_SPAWN = ("-W", "ignore:Module globals is missing a __spec__.loader:DeprecationWarning")


@pytest.mark.slow
def test_each_comes_back_from_another_process(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-W", "error", *OF_SPAWN, tmp_path / "program.py", Path(__file__).parents[1]],
        cwd=Path(__file__).parents[1], capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert (result.stdout, result.stderr) == ("survived\n", "")


def test_they_come_back_from_another_thread() -> None:
    error = made(tkws.HandshakeError)

    def fail() -> None:
        raise error

    with ThreadPoolExecutor(1) as pool:
        raised = pool.submit(fail).exception()
    assert raised is error

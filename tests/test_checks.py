"""Arguments are refused by name, and what passes is a plain number within bounds."""

from __future__ import annotations

import decimal
import fractions
import math
import threading

import pytest

import tkws
from tests.peers import Log
from tkws import checks
from tkws.http.messages import Request
from tkws.options import ConnectionOptions, ServerOptions

numpy = pytest.importorskip("numpy")

HUGE = 10**400
LONGER_THAN_PYTHON_WRITES = 10**5000
SECONDS = ("keepalive", "pong_timeout", "close_timeout", "handshake_timeout")
SIZES = (
    "max_message", "high_water", "low_water", "offline_buffer", "max_buffered", "max_header_bytes",
)  # fmt: skip
COUNTS = ("max_fragments", "max_connections", "max_connections_per_address")


@pytest.mark.parametrize("name", [*SECONDS, *SIZES, *COUNTS])
@pytest.mark.parametrize("value", [HUGE, LONGER_THAN_PYTHON_WRITES, -HUGE, 2**63], ids=list("abcd"))
def test_a_huge_number_is_refused_in_every_option(name, value):
    with pytest.raises(ValueError, match=f"^{name}: (seconds|bytes|.* or more)") as refused:
        ServerOptions(**{name: value})
    assert len(str(refused.value)) < 120


@pytest.mark.parametrize("name", ["initial", "maximum", "reset_after", "factor", "jitter", "attempts"])
@pytest.mark.parametrize(
    "value", [HUGE, LONGER_THAN_PYTHON_WRITES, -1, math.nan, math.inf], ids=list("abcde")
)
def test_a_huge_number_is_refused_in_a_backoff(name, value):
    if name == "attempts" and isinstance(value, float):
        with pytest.raises(TypeError, match="^attempts: a whole number, not float"):
            tkws.Backoff(attempts=value)
    else:
        with pytest.raises(ValueError, match=f"^{name}: "):
            tkws.Backoff(**{name: value})


@pytest.mark.parametrize("name", ["level", "memory_level", "threshold", "server_max_window_bits"])
def test_a_huge_number_is_refused_in_a_deflate(name):
    with pytest.raises(ValueError, match=f"^{name}: "):
        tkws.Deflate(**{name: HUGE})


@pytest.mark.parametrize("value", [0, -1, -0.0, math.nan, math.inf, -math.inf, HUGE, numpy.float64("nan")])
def test_a_timeout_is_above_zero_and_finite(root, value):
    with pytest.raises(ValueError, match="^timeout: seconds above 0"):
        tkws.open("ws://127.0.0.1:1/", print, master=root, timeout=value)
    with pytest.raises(ValueError, match="^every: seconds above 0"):
        tkws.batched(print, every=value)


@pytest.mark.parametrize(
    "value", [True, "1", None, 1j, decimal.Decimal(1), numpy.True_, numpy.array([1.0]), b"1", [1]]
)
def test_what_is_not_a_number_is_refused(root, value):
    kind = type(value).__name__
    with pytest.raises(TypeError, match=f"^timeout: seconds as a number, not {kind}"):
        tkws.open("ws://127.0.0.1:1/", print, master=root, timeout=value)
    with pytest.raises(TypeError, match=f"^keepalive: seconds as a number, not {kind}"):
        ConnectionOptions(keepalive=value)
    with pytest.raises(TypeError, match=f"^max_message: bytes as a whole number, not {kind}"):
        ConnectionOptions(max_message=value)
    with pytest.raises(TypeError, match=f"^max_fragments: a whole number, not {kind}"):
        ConnectionOptions(max_fragments=value)


@pytest.mark.parametrize(
    "value", [2, 2.0, numpy.float32(2), numpy.float16(2), numpy.int8(2), fractions.Fraction(2)]
)
def test_seconds_become_a_float(value):
    seconds = ConnectionOptions(keepalive=value).keepalive
    assert (seconds, type(seconds)) == (2.0, float)


@pytest.mark.parametrize("value", [7, numpy.int64(7), numpy.uint8(7)])
def test_counts_become_an_int(value):
    options = ServerOptions(max_message=value, max_connections=value, low_water=value)
    for number in (options.max_message, options.max_connections, options.low_water):
        assert (number, type(number)) == (7, int)
    level = tkws.Deflate(level=value).level
    assert (level, type(level)) == (7, int)


# The least long double is below every float, but where a long double is a double.
LEAST = numpy.nextafter(numpy.longdouble(0), numpy.longdouble(1))
TINY = [fractions.Fraction(1, HUGE), LEAST, 5e-324, 1e-310]


@pytest.mark.parametrize("value", TINY, ids=list("abcd"))
def test_no_positive_number_becomes_zero(root, value):
    for name in SECONDS:
        assert 0 < getattr(ServerOptions(**{name: value}), name) < 1e-300
    backoff = tkws.Backoff(initial=value, maximum=value, reset_after=value, jitter=value)
    for name in ("initial", "maximum", "reset_after", "jitter"):
        assert 0 < getattr(backoff, name) < 1e-300
    assert 0 < checks.check_seconds("n", value, above_zero=True) < 1e-300


@pytest.mark.parametrize("value", TINY, ids=list("abcd"))
def test_a_tiny_timeout_is_over_at_once(root, peers, pump_until, value):
    log = Log()
    ws = tkws.open(peers.listen().url, log, master=root, timeout=value)
    pump_until(lambda: log.over)
    assert log.types == ["timeout", "disconnect"]
    with pytest.raises(ValueError, match="^timeout: seconds above 0"):
        tkws.open(ws.url, log, master=root, timeout=-value)


class Liar(bytes):
    """Its content is ``b"abc"``; whatever its methods say is wrong."""

    def __len__(self):
        return -1  # noqa: PLE0303 - the lie

    def __bytes__(self):
        return b"no"

    def __getitem__(self, index):
        raise AssertionError

    def __iter__(self):
        raise AssertionError

    def __add__(self, other):
        raise AssertionError


class TextLiar(str):
    """Its content is ``"abc"``."""

    __slots__ = ()

    def __len__(self):
        return -1  # noqa: PLE0303 - the lie

    def encode(self, *_args, **_kwargs):
        return "no"

    def __getitem__(self, index):
        raise AssertionError

    def __iter__(self):
        raise AssertionError

    def __format__(self, spec):
        raise AssertionError


def test_a_subclass_is_what_it_contains():
    for checked in (checks.check_bytes("n", Liar(b"abc")), checks.check_bytes_like("n", Liar(b"abc"))):
        assert (checked, type(checked)) == (b"abc", bytes)
    text = checks.check_text("n", TextLiar("abc"))
    assert (text, type(text)) == ("abc", str)


def test_a_subclass_is_sent_as_what_it_contains(root, pump_until):
    said = Log()
    server = tkws.serve(master=root, handler=Log(binary=lambda ws, message: ws.send(TextLiar("abc"))))
    server.page("/bytes", Liar(b"abc"))
    server.page("/text", TextLiar("abc"))
    ws = tkws.open(server.url, said, master=root, offline_buffer=99, compression=False, ping=Liar(b"abc"))
    kept = [ws.send(Liar(b"abc")), ws.send(TextLiar("abc"))]
    pump_until(lambda: said.open)
    ws.send(Liar(b"abc"), final=False)
    ws.send(Liar(b"abc"))
    ws.ping(Liar(b"abc"))
    ws.ping(TextLiar("abc"))
    pump_until(lambda: said.all("pong") == [b"abc", b"abc"] and len(said.all("text")) == 2)
    assert kept == [3, 3]
    assert server.broadcast(Liar(b"abc")) == 1
    thread = threading.Thread(target=lambda: (ws.send(Liar(b"abc")), ws.send(TextLiar("abc"))))
    thread.start()
    thread.join()
    pump_until(lambda: len(said.all("text")) == 3 and said.all("binary") == [b"abc"])
    server.connections[0].close(1000, TextLiar("abc"))
    pump_until(lambda: said.over)
    assert said.one("close") == (1000, "abc")
    for path in ("/bytes", "/text"):
        assert server.pages.answer(Request("GET", path, tkws.Headers({"Host": "x"}))).body == b"abc"
    server.close()


def test_the_largest_that_pass_can_be_added_and_converted():
    seconds = checks.check_seconds("n", checks.MAX_SECONDS)
    assert seconds + seconds < 2**31
    assert checks.check_size("n", checks.MAX_COUNT) * 2 < 2**63
    assert checks.check_number("n", 10**300, least=1) == 1e300


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: checks.check_seconds("n", -1), "n: seconds of 0 or more, not -1"),
        (lambda: checks.check_seconds("n", 0, above_zero=True), "n: seconds above 0, not 0"),
        (lambda: checks.check_seconds("n", 2e9), "n: seconds of 0 or more, at most 1e+09, not 2000000000.0"),
        (lambda: checks.check_number("n", 3, least=0, most=1), "n: 0 to 1, not 3"),
        (lambda: checks.check_number("n", 0.5, least=1), "n: 1 or more, not 0.5"),
        (lambda: checks.check_count("n", 0, least=1), "n: 1 or more, not 0"),
        (lambda: checks.check_size("n", -1), "n: bytes of 0 or more, not -1"),
        (lambda: checks.check_flag("n", 1), "n: True or False, not int"),
        (lambda: checks.check_kind("n", True, int, "a number"), "n: a number, not bool"),
        (lambda: checks.check_kind("n", True, str | int, "str or int"), "n: str or int, not bool"),
        (
            lambda: checks.check_kind("n", 1, bool | None, "True, False or None"),
            "n: True, False or None, not int",
        ),
        (lambda: checks.check_text("n", b""), "n: str, not bytes"),
        (lambda: checks.check_texts("n", "ab"), "n: a sequence of str, not str"),
        (lambda: checks.check_texts("n", ["a", 1]), "n: each a str, not int"),
        (lambda: checks.check_bytes("n", ""), "n: bytes, not str"),
        (lambda: checks.check_callable("n", 1), "n: a callable, not int"),
        (lambda: checks.check_callable("n", 1, "(cause)"), "n: a callable (cause), not int"),
        (lambda: checks.check_kind("n", 1, dict, "a dict"), "n: a dict, not int"),
    ],
)
def test_an_error_names_the_argument_and_what_it_takes(call, message):
    with pytest.raises((TypeError, ValueError)) as refused:
        call()
    assert str(refused.value) == message


def test_a_very_long_value_is_shown_by_its_beginning():
    assert checks.format_number(10**100) == "100000000000000000000000000000..."
    assert checks.format_number(LONGER_THAN_PYTHON_WRITES) == "a number of more than 4300 digits"


@pytest.mark.parametrize(
    ("value", "several"), [("a", ("a",)), (["a", "b"], ("a", "b")), (iter("ab"), ("a", "b")), ((), ())]
)
def test_one_value_or_several(value, several):
    assert checks.check_several("to", value, str, "str") == several


@pytest.mark.parametrize(
    ("value", "kind", "what", "words"),
    [
        (5, str, "str", "to: str or several, not int"),
        (b"tea", str, "str", "to: str or several, not bytes"),
        (["tea", 5], str, "str", "to: each a str, not int"),
        ("5", int, "a number", "to: a number or several, not str"),
        ([5, "5"], int, "a number", "to: each a number, not str"),
    ],
)
def test_neither_one_value_nor_several(value, kind, what, words):
    with pytest.raises(TypeError, match=f"^{words}$"):
        checks.check_several("to", value, kind, what)

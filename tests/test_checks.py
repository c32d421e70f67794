"""Arguments are refused by name, and what passes is a plain number within bounds."""

from __future__ import annotations

import decimal
import fractions
import math

import pytest

import tkws
from tkws import checks
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


@pytest.mark.parametrize("value", [2, 2.0, numpy.float32(2), numpy.int8(2), fractions.Fraction(2)])
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
        (lambda: checks.check_flag("n", 1), "n: True or False, not 1"),
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

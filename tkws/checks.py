"""Checks of arguments. Every error names the argument, and says what is expected and what was passed.

Each check raises TypeError for a value of a wrong type and ValueError for one out of range, and returns the
value as a built-in type: a NumPy number or a `fractions.Fraction` becomes an int or a float, and a subclass
of str or bytes, whose methods may do anything, becomes its content. Numbers have upper bounds too, so that no
later sum or conversion can overflow. No positive number becomes 0, which may have a meaning of its own.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from types import UnionType
from typing import Any, Protocol, TypeVar, get_args

Kind = TypeVar("Kind")

_FIELD_NAMES = re.compile(":[^:]*:")  # in the format of a structure (PEP 3118)

MAX_SECONDS = 1e9
"""The longest time that is accepted, 31 years: every clock and timer can hold the sum of two."""

MAX_COUNT = sys.maxsize // 2
"""The largest count or size that is accepted: the system's integers can hold twice as much."""


class Buffer(Protocol):
    """Any object with a buffer (PEP 688); Python itself has this type from 3.12 on."""

    def __buffer__(self, flags: int, /) -> memoryview:
        """Return a view of it."""


_LARGEST = sys.float_info.max
_TINIEST = sys.float_info.min


def check_kind(name: str, value: object, wanted: type | UnionType, what: str) -> None:
    """Refuse a value that is not an instance of ``wanted``, which the error calls ``what``.

    True and False are refused unless ``wanted`` names bool: they are not meant as the ints that they are.
    """
    unmeant = isinstance(value, bool) and bool not in (get_args(wanted) or (wanted,))
    if unmeant or not isinstance(value, wanted):
        raise TypeError(f"{name}: {what}, not {type(value).__name__}")


def check_seconds(name: str, value: object, *, above_zero: bool = False) -> float:
    """Return a time in seconds, from 0 to `MAX_SECONDS`.

    Args:
        name: The argument's name, for the error.
        value: The value that was passed.
        above_zero: Whether to refuse 0 as well.
    """
    number = _real(name, value, "seconds as a number")
    if (above_zero and number == 0) or not 0 <= number <= MAX_SECONDS:
        wanted = "above 0" if above_zero else "of 0 or more"
        raise ValueError(
            f"{name}: seconds {_with_bound(wanted, number, MAX_SECONDS)}, not {format_number(number)}"
        )
    return _as_float(number)


def check_number(name: str, value: object, *, least: float = -_LARGEST, most: float = _LARGEST) -> float:
    """Return a finite number from ``least`` to ``most``."""
    number = _real(name, value, "a number")
    if not least <= number <= most:
        raise ValueError(f"{name}: {_range(least, most, number)}, not {format_number(number)}")
    return _as_float(number)


def check_count(name: str, value: object, *, least: int = 0, most: int = MAX_COUNT) -> int:
    """Return a whole number from ``least`` to ``most``."""
    number = _whole(name, value, "a whole number")
    if not least <= number <= most:
        raise ValueError(f"{name}: {_range(least, most, number)}, not {format_number(number)}")
    return number


def check_size(name: str, value: object, *, least: int = 0) -> int:
    """Return a size in bytes, from ``least`` to `MAX_COUNT`."""
    number = _whole(name, value, "bytes as a whole number")
    if not least <= number <= MAX_COUNT:
        wanted = _with_bound(f"of {least} or more", number, MAX_COUNT)
        raise ValueError(f"{name}: bytes {wanted}, not {format_number(number)}")
    return number


def check_whole(name: str, value: object, what: str) -> int:
    """Return a whole number of any size, which the error calls ``what``."""
    return _whole(name, value, what)


def check_flag(name: str, value: object) -> bool:
    """Return True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name}: True or False, not {type(value).__name__}")
    return value


def check_bytes_like(name: str, value: object, what: str = "bytes-like") -> bytes:
    """Return the bytes of any object with a contiguous buffer: a copy, unless it is of the type bytes.

    Such objects are bytes, bytearray, memoryview, `array.array`, `mmap.mmap`, NumPy arrays and the types of
    `ctypes`. The buffer is released, so a map can be closed and a bytearray resized afterwards.

    Args:
        name: The argument's name, for the error.
        value: The value that was passed.
        what: The accepted types, for the error.
    """
    if type(value) is bytes:
        return value
    try:
        view = memoryview(value)  # type: ignore[arg-type] # to find out
    except TypeError:
        raise TypeError(f"{name}: {what}, not {type(value).__name__}") from None
    except (BufferError, ValueError) as error:  # closed, released, or without such a view
        raise ValueError(f"{name}: {error}") from error
    with view:
        if not view.c_contiguous:
            raise TypeError(f"{name}: the buffer is not contiguous: pass a copy, such as bytes(...) of it")
        if "O" in _FIELD_NAMES.sub("", view.format):
            raise TypeError(f"{name}: the buffer holds Python objects, not their values")
        return view.tobytes()


def check_text(name: str, value: object) -> str:
    """Return a str."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: str, not {type(value).__name__}")
    return str.__str__(value)


def check_texts(name: str, value: object) -> Sequence[str]:
    """Return a sequence of str; refuse a str itself."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError(f"{name}: a sequence of str, not {type(value).__name__}")
    for item in value:
        if not isinstance(item, str):
            raise TypeError(f"{name}: each a str, not {type(item).__name__}")
    return value


def check_several(name: str, value: object, kind: type[Kind], what: str) -> tuple[Kind, ...]:
    """Return one value, or each of an iterable, as a tuple.

    Args:
        name: The name of the argument.
        value: A value of ``kind``, or an iterable of such values; text and bytes do not count as iterables.
        kind: The type of each value.
        what: That type in words.

    Raises:
        TypeError: ``value`` is of another type.
    """
    if isinstance(value, kind):
        return (value,)
    if isinstance(value, str | bytes | bytearray) or not isinstance(value, Iterable):
        raise TypeError(f"{name}: {what} or several, not {type(value).__name__}")
    several = tuple(value)
    for each in several:
        if not isinstance(each, kind):
            one = "a str" if kind is str else what
            raise TypeError(f"{name}: each {one}, not {type(each).__name__}")
    return several


def check_bytes(name: str, value: object) -> bytes:
    """Return bytes."""
    if not isinstance(value, bytes):
        raise TypeError(f"{name}: bytes, not {type(value).__name__}")
    return check_bytes_like(name, value)


def check_callable(name: str, value: object, arguments: str = "") -> None:
    """Refuse a value that is not callable; ``arguments`` shows the call, as in ``(ws, type, message)``."""
    if not callable(value):
        raise TypeError(f"{name}: {f'a callable {arguments}'.rstrip()}, not {type(value).__name__}")


def format_number(number: object) -> str:
    """Return a number as errors show it, a very long one cut off."""
    try:
        return _brief(str(number))
    except ValueError:  # more digits than Python converts
        return f"a number of more than {sys.get_int_max_str_digits()} digits"


def _real(name: str, value: object, what: str) -> Any:
    if isinstance(value, bool) or not (isinstance(value, int | float) or _is_registered(value, "Real")):
        raise TypeError(f"{name}: {what}, not {type(value).__name__}")
    if isinstance(value, int | float) or _is_registered(value, "Rational"):
        return value
    return _as_float(value)  # NumPy's small numbers cannot be compared with all bounds


def _as_float(number: Any) -> float:
    converted = float(number)
    return _TINIEST if converted == 0 < number else converted


def _whole(name: str, value: object, what: str) -> int:
    if isinstance(value, bool) or not (isinstance(value, int) or _is_registered(value, "Integral")):
        raise TypeError(f"{name}: {what}, not {type(value).__name__}")
    return int(value)  # type: ignore[call-overload,no-any-return] # an Integral


def _is_registered(value: object, kind: str) -> bool:
    """Tell whether a value is registered as a number of an abstract class, as NumPy's numbers are."""
    import numbers  # few programs pass other numbers than int and float

    return isinstance(value, getattr(numbers, kind))


def _range(least: float, most: float, number: Any) -> str:
    if (least, most) == (-_LARGEST, _LARGEST):
        return "a finite number"
    if most in (MAX_COUNT, _LARGEST):
        return _with_bound(f"{least:g} or more", number, most)
    return f"{least:g} to {most:g}"


def _with_bound(wanted: str, number: Any, most: float) -> str:
    """Add the upper bound if the number exceeds it."""
    return f"{wanted}, at most {most:g}" if number > most else wanted


def _brief(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:30]}..."

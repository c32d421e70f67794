"""The scale of a plot: round numbers between two values, and how they are written.

Pure functions.
"""

from __future__ import annotations

import math

_MANTISSAS = (1, 2, 5, 10)


def scale(low: float, high: float) -> tuple[float, float]:
    """Return the limits of an axis that has room for all values; they differ also if the values do not."""
    if low == high:
        room = abs(low) * 0.1 or 1.0
        return low - room, high + room
    room = (high / 2 - low / 2) * 0.1
    limits = low - room, high + room
    return limits if all(map(math.isfinite, limits)) else (low, high)


def ticks(low: float, high: float, count: int) -> list[float]:
    """Return round numbers between two values, about ``count`` of them."""
    width = high / count - low / count
    if not (width > 0 and math.isfinite(width)):
        return []
    power = math.floor(math.log10(width))
    if not -300 < power < 300:
        return []
    step = next(mantissa * 10.0**power for mantissa in _MANTISSAS if mantissa * 10.0**power >= width * 0.999)
    first = math.ceil(low / step)
    return [number * step for number in range(first, first + 2 * count + 1) if number * step <= high]


def number_text(value: float, width: float) -> str:
    """Return a number with as many digits as tell apart values that are ``width`` apart."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    if not 1e-4 <= abs(value) < 1e9:
        return f"{value:.4g}"
    digits = 2 if width <= 0 else max(0, min(9, 1 - math.floor(math.log10(width))))
    return f"{value:,.{digits}f}"

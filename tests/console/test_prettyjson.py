"""JSON in slices: as the standard library has it, whatever the text; what is no JSON is passed on."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tkws.console.text.prettyjson import SLICE, Formatter, looks_like_json


def value(random: random.Random, depth: int = 0) -> Any:
    kind = random.randrange(8 if depth < 4 else 6)
    if kind == 7:
        return [value(random, depth + 1) for _ in range(random.randrange(4))]
    if kind == 6:
        return {str(key): value(random, depth + 1) for key in range(random.randrange(4))}
    scalars = None, True, False, random.random() * 1e9, f'é"\\\n\t{random.random()}', random.randrange(10**20)
    return scalars[kind]


def is_json(text: str) -> bool:
    def refuse(_: str) -> None:
        raise ValueError("NaN and Infinity are no JSON")

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return True


def test_it_formats_as_the_standard_library_does_and_knows_what_is_json() -> None:
    rng = random.Random(1)
    broken = 0
    for _ in range(500):
        text = json.dumps([value(rng)], ensure_ascii=False)
        formatter = Formatter(text)
        assert "".join(formatter.slices()) == json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        assert formatter.failed_at is None
        at = rng.randrange(len(text))
        other = f"{text[:at]}{rng.choice('{}[],:x1 ')}{text[at + 1 :]}"
        if looks_like_json(other):
            formatter = Formatter(other)
            shown = "".join(formatter.slices())
            assert (formatter.failed_at is None) == is_json(other), other
            assert "".join(shown.split()) == "".join(other.split()), "nothing is lost"
            broken += formatter.failed_at is not None
    assert broken > 100


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"a":1.0e5,"a":1E400,"b":1234567890123456789}',
         '{\n  "a": 1.0e5,\n  "a": 1E400,\n  "b": 1234567890123456789\n}'),
        ('["\\u00e9\\/"]', '[\n  "\\u00e9\\/"\n]'),
        (" [ ]\n", "[]"),
        ("{}", "{}"),
    ],
)  # fmt: skip
def test_values_stay_as_they_came(text: str, wanted: str) -> None:
    assert "".join(Formatter(text).slices()) == wanted


@pytest.mark.parametrize(
    ("text", "failed_at"),
    [("[1,]", 3), ("{'a':1}", 1), ("[1] x", 4), ("[1", 2), ('["\x00"]', 1), ("{1:2}", 1), ("[NaN]", 1),
     ("[1}", 2)],
)  # fmt: skip
def test_the_place_where_it_is_no_json_is_told(text: str, failed_at: int) -> None:
    formatter = Formatter(text)
    assert "".join("".join(formatter.slices()).split()) == "".join(text.split())
    assert formatter.failed_at == failed_at


def test_deep_nesting_is_no_recursion() -> None:
    formatter = Formatter("[" * 900 + "]" * 900)
    assert "".join(formatter.slices()).count("\n") == 2 * 899
    assert formatter.failed_at is None


def test_a_large_text_comes_in_slices() -> None:
    text = json.dumps([{"number": number} for number in range(20_000)])
    slices = Formatter(text).slices()
    first = next(slices)
    assert SLICE <= len(first) < 2 * SLICE
    assert first + "".join(slices) == json.dumps(json.loads(text), indent=2)

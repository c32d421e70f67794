"""A condition is entered as a kind and a text."""

from __future__ import annotations

import pytest

from tkws.console.watch.kinds import ABOVE, BELOW, GAP, LATENCY, PATTERN, SILENCE, Kind


@pytest.mark.parametrize(
    ("kind", "text", "label"),
    [
        (SILENCE, "5", "silence of 5 s"),
        (SILENCE, " 200 ms ", "silence of 0.2 s"),
        (SILENCE, "2min", "silence of 120 s"),
        (GAP, "data.seq", "gap in data.seq"),
        (GAP, " seq  by symbol ", "gap in seq by symbol"),
        (GAP, '"a by b"', 'gap in "a by b"'),
        (ABOVE, "1000", "rate above 1000/s"),
        (BELOW, "0.5/s", "rate below 0.5/s"),
        (LATENCY, "200", "latency above 200 ms"),
        (LATENCY, "1.5 s", "latency above 1500 ms"),
        (PATTERN, " level=error ", "level=error"),
    ],
)
def test_what_is_entered_is_understood(kind: Kind, text: str, label: str) -> None:
    assert kind.make(text).label == label


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        *((SILENCE, text, "A time such as 5 s") for text in ("", "x", "0", "-1", "nan", "inf", "5 h", "1e9")),
        *((LATENCY, text, "A time such as") for text in ("", "ms", "0")),
        *((GAP, text, "field") for text in ("", " by symbol", "a by b by c", "...")),
        *(
            (kind, text, "Messages per second")
            for kind in (ABOVE, BELOW)
            for text in ("", "0", "-1", "1e7", "x")
        ),
        (PATTERN, "  ", "A filter"),
        (PATTERN, "/(/", "missing"),
        (PATTERN, "price>", "a value is missing"),
    ],
)
def test_what_is_not_understood_is_told(kind: Kind, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"(?i){words}"):
        kind.make(text)

"""The colours of nicknames, in windows and on the page."""

from __future__ import annotations

import re
from pathlib import Path

from demos.look import PALETTE, nick_colour

PAGE = Path(__file__).parents[2] / "demos" / "chat" / "page.html"


def test_somebody_has_one_colour_however_the_name_is_written() -> None:
    assert nick_colour("Ann") == nick_colour("ANN") == nick_colour("ann")
    assert len({nick_colour(nick) for nick in ("ann", "bob", "cleo", "ada", "kim", "lou", "max")}) > 3


def test_the_page_has_the_colours_of_the_windows() -> None:
    page = PAGE.read_text(encoding="utf-8")
    listed = re.search(r"NICK_COLOURS = \[(.*)\]", page)
    assert listed is not None
    assert {nick_colour(f"{number}") for number in range(500)} == set(re.findall(r"#\w{6}", listed[1]))
    for name in ("surface", "side", "line", "text", "accent", "own", "good", "waiting", "bad"):
        assert f"--{name}: {getattr(PALETTE, name)};" in page

"""The colours of nicknames, in windows and on the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from demos.look import NickColours, hues
from tests.console.test_look import contrast
from tkws.console.look import DARK, LIGHT, Palette

PAGE = Path(__file__).parents[2] / "demos" / "chat" / "page.html"


@pytest.mark.parametrize("dark", [False, True])
def test_somebody_has_one_colour_however_the_name_is_written(dark: bool) -> None:
    colours = NickColours()
    assert len({colours.colour(spelling, dark=dark) for spelling in ("ann", "Ann", "ANN")}) == 1


@pytest.mark.parametrize(("dark", "palette"), [(False, LIGHT), (True, DARK)])
def test_no_two_people_have_the_same_colour_and_each_can_be_read(dark: bool, palette: Palette) -> None:
    colours = NickColours()
    first = [colours.colour(f"{number}", dark=dark) for number in range(10)]
    assert set(first) == set(hues(dark=dark))
    more = [colours.colour(f"{number}", dark=dark) for number in range(60)]
    assert more[:10] == first
    assert len(set(more)) == 60
    assert all(contrast(colour, palette.surface) >= 4.5 for colour in more)


@pytest.mark.parametrize(("dark", "palette"), [(False, LIGHT), (True, DARK)])
def test_every_name_can_be_read_and_so_can_the_letter_on_its_disc(dark: bool, palette: Palette) -> None:
    for ground in (palette.surface, palette.side, palette.own):
        assert all(contrast(hue, ground) >= 4.5 for hue in hues(dark=dark))


@pytest.mark.parametrize(("name", "dark", "palette"), [("ON_LIGHT", False, LIGHT), ("ON_DARK", True, DARK)])
def test_the_page_has_the_colours_of_the_windows(name: str, dark: bool, palette: Palette) -> None:
    page = PAGE.read_text(encoding="utf-8")
    listed = re.search(rf"{name} = \[(.*)\]", page)
    assert listed is not None
    assert hues(dark=dark) == tuple(re.findall(r"#\w{6}", listed[1]))
    for colour in ("surface", "side", "line", "text", "accent", "own", "good", "waiting", "bad"):
        assert f"--{colour}: {getattr(palette, colour)};" in page

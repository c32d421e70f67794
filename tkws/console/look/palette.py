"""The colours of the windows: a light palette and a dark one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours by purpose, in Tk's notation.

    ``line`` only divides. ``border`` surrounds what can be used, which has to be seen: its contrast is 3 to 1
    (WCAG 2.2, 1.4.11). ``lines`` are those of a plot; ``name``, ``string``, ``number`` and ``literal`` those
    of JSON; the filter has matched what stands on ``mark``, and a search what stands on ``found``.
    """

    surface: str = "#ffffff"
    side: str = "#f4f5f9"
    hover: str = "#eaecf4"
    line: str = "#e2e5ee"
    border: str = "#868c9f"
    text: str = "#1e2233"
    soft: str = "#5c6479"
    faint: str = "#676d82"
    accent: str = "#4f5bd5"
    accent_strong: str = "#3f4ac0"
    accent_soft: str = "#e6e8fb"
    own: str = "#f3f4fe"
    good: str = "#137a50"
    waiting: str = "#8f6200"
    bad: str = "#c22f48"
    bad_soft: str = "#fdeef0"
    mark: str = "#fff1b8"
    found: str = "#ffd9b0"
    name: str = "#3f4ac0"
    string: str = "#0b6b4f"
    number: str = "#9a3412"
    literal: str = "#86198f"
    on_accent: str = "#ffffff"
    lines: tuple[str, ...] = ("#4f5bd5", "#c2410c", "#0f7b6c", "#a21caf", "#8a6100", "#0369a1")


LIGHT = Palette()
DARK = Palette(
    surface="#1b1e27",
    side="#232733",
    hover="#2d3240",
    line="#3a4050",
    border="#727a8f",
    text="#e6e8ef",
    soft="#a9b0c3",
    faint="#969db1",
    accent="#8b96f6",
    accent_strong="#a3acf9",
    accent_soft="#31375a",
    own="#262b40",
    good="#43c78d",
    waiting="#e5b13d",
    bad="#f48898",
    bad_soft="#4a2530",
    mark="#5c4a12",
    found="#7a3d14",
    name="#a3acf9",
    string="#6fdcae",
    number="#fdba74",
    literal="#f0abfc",
    on_accent="#14161d",
    lines=("#8b96f6", "#fb923c", "#34d399", "#e879f9", "#facc15", "#38bdf8"),
)

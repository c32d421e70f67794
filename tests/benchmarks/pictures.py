"""The pictures at the head of the page: a bar for each contender, and what the picture means for a reader."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from statistics import median

from tests.benchmarks.results import Results, Round
from tests.benchmarks.runner import UNMASKED
from tests.benchmarks.scenarios import SCENARIOS
from tests.benchmarks.table import NAMES, number

# Pixels.
WIDTH, LABELS, ROW, BAR = 720, 270, 26, 16
OURS, OTHERS, TEXT = "#1f6feb", "#8b949e", "#57606a"  # legible on white and on black


@dataclass(frozen=True)
class Picture:
    """A picture of one figure of a scenario.

    Attributes:
        scenario: Its name.
        figure: The figure.
        heading: What is drawn, and which bars are good.
        meaning: What a reader can conclude.
    """

    scenario: str
    figure: str
    heading: str
    meaning: str


PICTURES = [
    Picture(
        "flood64",
        "rate",
        "64-byte messages received a second: longer is better",
        "No screen shows a thousandth of these. The rate tells how little of a processor your messages take.",
    ),
    Picture(
        "flood64",
        "late_p99",
        "How late a 10 ms timer is during that flood, in ms (99 %): shorter is better",
        "This is what a person feels: above some 50 ms buttons and animations stutter.",
    ),
    Picture(
        "trip1",
        "rate",
        "Answers a second to questions that come one after the other: longer is better",
        "A conversation on one machine. Over a network its delay counts for far more than these bars.",
    ),
    Picture(
        "broadcast1k",
        "ms",
        "Milliseconds until the last of 1,000 clients has a broadcast: shorter is better",
        "A window that serves a chat or a dashboard of this size has nearly all of its time for itself.",
    ),
]


def write(results: Results, folder: Path) -> list[str]:
    """Draw what was measured, and return the lines of the page that show it.

    Args:
        results: The figures.
        folder: That of the page; pictures are in ``pictures`` below it.
    """
    lines: list[str] = []
    for picture in PICTURES:
        values = values_of(picture, results.rounds(picture.scenario))
        if len(values) < 2:
            continue
        name = f"benchmark-{picture.scenario}-{picture.figure.replace('_', '-')}.svg"
        (folder / "pictures").mkdir(exist_ok=True)
        (folder / "pictures" / name).write_text(draw(picture, values), encoding="utf-8")
        shown = f"![{picture.heading}](pictures/{name})"
        lines += [f"**{picture.heading}**", "", shown, "", picture.meaning, ""]
    return ["## In pictures", "", *lines] if lines else []


def values_of(picture: Picture, rounds: list[Round]) -> dict[str, float]:
    """Return the median of each contender that is a WebSocket."""
    values: dict[str, float] = {}
    for contender in SCENARIOS[picture.scenario].contenders:
        if contender in UNMASKED:
            continue
        every = [runs[contender] for runs in rounds if contender in runs]
        found = [figures[picture.figure] for figures in every if picture.figure in figures]
        if found:
            values[contender] = median(found)
    return values


def draw(picture: Picture, values: dict[str, float]) -> str:
    """Return the picture as SVG."""
    most = max(values.values()) or 1.0
    look = f'viewBox="0 0 {WIDTH} {ROW * len(values)}" font-family="sans-serif" font-size="13"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {look} fill="{TEXT}">',
        f"<title>{escape(picture.heading)}</title>",
    ]
    for place, (contender, value) in enumerate(values.items()):
        top = place * ROW + (ROW - BAR) / 2
        length = max((WIDTH - LABELS - 80) * value / most, 1)
        name = escape(NAMES.get(contender, contender).replace("*", "").replace("`", ""))
        color = OURS if contender.startswith("tkws") else OTHERS
        lines += [
            f'<text x="{LABELS - 8}" y="{top + 13:g}" text-anchor="end">{name}</text>',
            f'<rect x="{LABELS}" y="{top:g}" width="{length:.1f}" height="{BAR}" rx="2" fill="{color}"/>',
            f'<text x="{LABELS + length + 6:.1f}" y="{top + 13:g}">{number(value)}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])

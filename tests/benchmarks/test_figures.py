"""What is made of figures: ratios within a round, bars, tables, the page. The figures here are made up."""

from __future__ import annotations

import sys
from xml.etree import ElementTree

import pytest

from tests.benchmarks import page
from tests.benchmarks.bars import BARS, Bar, own, to, to_best
from tests.benchmarks.growth import growth
from tests.benchmarks.meter import Meter, quantile
from tests.benchmarks.results import Results
from tests.benchmarks.scenarios import SCENARIOS
from tests.benchmarks.table import number, ratios, section, spread

ROUNDS = [
    {"tkws": {"rate": 10.0}, "bare": {"rate": 20.0}, "tcllib": {"rate": 5.0}},
    {"tkws": {"rate": 30.0}, "bare": {"rate": 40.0}},
    {"tkws": {"rate": 20.0}, "bare": {"rate": 20.0}, "tcllib": {"rate": 40.0}},
]


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path)


def test_ratios_are_those_of_rounds_that_have_both():
    assert ratios("rate", "bare", ROUNDS) == [0.5, 0.75, 1.0]
    assert ratios("rate", "tcllib", ROUNDS) == [0.5, 2.0]
    assert spread(ratios("rate", "bare", ROUNDS)) == "0.75 (0.50 to 1.00)"
    assert spread(ratios("rate", "tkws", ROUNDS)) == ""


def test_a_bar_compares_with_the_best_of_the_others(results):
    assert to("rate", "bare")(ROUNDS, "tkws") == 0.75
    assert to_best("rate", ("bare", "tcllib", "picows_thread"), min)(ROUNDS, "tkws") == 0.75
    assert own("rate")(ROUNDS, "tkws") == 20.0
    bar = Bar("trip1", "rate", to("rate", "bare"), at_least=0.77)
    assert bar.row(results) == ""
    results.add("trip1", ROUNDS)
    assert bar.row(results).endswith("| ≥ 0.77 | 0.75 | **no** |  |  |")
    assert (
        Bar("trip1", "rate", to("rate", "bare"), at_most=0.75)
        .row(results)
        .endswith("| ≤ 0.75 | 0.75 | yes |  |  |")
    )
    results.add("trip1", [{"tkws_compiled": {"rate": 16.0}, "bare": {"rate": 20.0}}])
    assert bar.row(results).endswith("| ≥ 0.77 | 0.75 | **no** | 0.8 | yes |")


def test_every_bar_is_of_a_scenario_that_has_its_contenders():
    assert {bar.scenario for bar in BARS} >= set(SCENARIOS) - {
        "flood1k", "paced10k", "paced100k", "connects", "among100", "among1k", "among10k",
    }  # fmt: skip


def test_a_table_has_a_row_for_each_contender():
    lines = section("trip1", ROUNDS)
    assert lines[0] == "### Round trips of 64 B text, 1 in flight"
    assert [line.split(" | ")[1:3] for line in lines[4:7]] == [
        ["20", " |"],
        ["20", "0.75 (0.50 to 1.00) |"],
        ["22.5", "1.25 (0.50 to 2.00) |"],
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.123456, "0.123"), (12.0, "12"), (98765, "98,800"), (1.5e6, "1.5 M"), (2.25e9, "2.25 G")],
)
def test_numbers_have_three_figures(value, text):
    assert number(value) == text


def test_growth_compares_with_the_fewest_clients(results):
    for clients, ms in (("100", 1.0), ("1k", 20.0)):
        crowd = {"joining": 1000.0, "kib_each": 5.0, "idle_switches": 0, "ms": ms}
        results.add(f"broadcast{clients}", [{"tkws": crowd}])
        results.add(f"among{clients}", [{"tkws": {"rate": 100.0 / ms}}])
    rows = [line.split(" | ") for line in growth(results)[4:-1]]
    assert [row[5:] for row in rows] == [["10", "1.00", "100", "1.00 |"], ["20", "2.00", "5", "0.05 |"]]


def test_a_frozen_window_does_not_look_well():
    meter = Meter()
    meter.begin()
    meter.expect()
    assert meter.report()["ticks"] == 1
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == 3.0
    assert quantile([1.0, 2.0], 0.99) == 2.0


@pytest.mark.skipif(sys.platform != "linux", reason="the machine is told of by /proc")
def test_the_page_has_what_was_measured_and_nothing_else(results, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "PAGE", tmp_path / "benchmarks.md")
    monkeypatch.setattr(page, "version", lambda name: "1.0")
    results.add("trip1", ROUNDS)
    page.write(results)
    text = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert text.count("\n### ") == 1
    assert "in 3 rounds" in text
    assert text.count("Round trips of 64 B text, 1 in flight |") == 2  # bars
    assert text.index("## In pictures") < text.index("## The tables") < text.index("## The bars")
    assert "(pictures/benchmark-trip1-rate.svg)" in text
    drawn = ElementTree.parse(tmp_path / "pictures" / "benchmark-trip1-rate.svg").getroot()
    widths = [float(bar.attrib["width"]) for bar in drawn.iter("{http://www.w3.org/2000/svg}rect")]
    assert widths == [328.9, 370.0]  # of those that are WebSockets

"""International names become the ones that browsers ask for, with the package idna and without it."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, strategies as st

from tkws.http.hostnames import pattern_to_ascii, to_ascii

SAME_IN_BOTH = [
    ("Example.ORG", "example.org"),
    ("b\xfccher.example", "xn--bcher-kva.example"),
    ("B\xdcCHER.example", "xn--bcher-kva.example"),
    ("bu\u0308cher.example", "xn--bcher-kva.example"),
    ("\u4f8b\u3048.\u30c6\u30b9\u30c8", "xn--r8jz45g.xn--zckzah"),
    ("ex\u3002am\uff0ep\uff61le", "ex.am.p.le"),
    ("\uff11\uff12\uff17.\uff10.0.1", "127.0.0.1"),
    ("\u2603.net", "xn--n3h.net"),
    ("I\u2764.ws", "xn--i-7iq.ws"),
    ("\U0001f970.ws", "xn--js9h.ws"),
    ("\u0392\u038c\u039b\u039f\u03a3.com", "xn--nxasmq6b.com"),
    ("\xfc.", "xn--tda."),
    ("\xfc_x.com", "xn--_x-wka.com"),
    ("\u05e2\u05d1\u05e8\u05d9\u05ea.example", "xn--5dbqzzl.example"),
    ("a.\u05e2\u05d1\u05e8\u05d9\u05ea.", "a.xn--5dbqzzl."),
    ("\u0645\u062b\u0627\u0644.\u0625\u062e\u062a\u0628\u0627\u0631", "xn--mgbh0fb.xn--kgbechtv"),
    ("\u0645\u062b1\u0627\u0644.com", "xn--1-zmck6hb.com"),
    ("b\xfccher.\u05e2\u05d1\u05e8\u05d9\u05ea", "xn--bcher-kva.xn--5dbqzzl"),
]

ONLY_WITH_TABLES = [
    ("stra\xdfe.de", "xn--strae-oqa.de"),
    ("fa\xdf\u3002de", "xn--fa-hia.de"),
    ("STRA\u1e9eE.de", "xn--strae-oqa.de"),
    ("\u03b2\u03cc\u03bb\u03bf\u03c2.com", "xn--nxasmm1c.com"),
    ("\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com", "xn--mgba3gch31f060k.com"),
    ("\u0915\u094d\u200d\u0937.com", "xn--11b2ezcw70k.com"),
    ("\u05d01.com", "xn--1-zhc.com"),
    ("\u05d0\u0663.com", "xn--4db80a.com"),
    ("\u05d0\u05b0.com", "xn--7cb7d.com"),
]

INVALID = [
    "a\u200cb.com", "a\u200db.com", "\U0001f469\u200d\U0001f680.ws", "1\u05d0.com", "a.\u05d0b",
    "1.\u05d0", "a-.\u05d0", "\u05d0a\u05d0.com", "\u05d01\u0663\u05d0.com", "\u05d0-.com",
    "\u202e\u05d0.com", "\u0301a.com", "\uffff.com", "\ud800.com", "\u0378.com",
]  # fmt: skip


@pytest.fixture
def without_tables(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "idna", None)


@pytest.mark.parametrize(("name", "ascii_name"), [*SAME_IN_BOTH, *ONLY_WITH_TABLES])
def test_a_name_is_encoded_as_browsers_encode_it(name, ascii_name):
    assert to_ascii(name) == ascii_name


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_name_is_refused(name):
    with pytest.raises(ValueError, match="^has a host name that is not valid"):
        to_ascii(name)


@pytest.mark.parametrize(("name", "ascii_name"), SAME_IN_BOTH)
def test_without_the_package_names_that_are_the_same_in_both_are_encoded(without_tables, name, ascii_name):
    assert to_ascii(name) == ascii_name


@pytest.mark.parametrize("name", [*(name for name, _ in ONLY_WITH_TABLES), *INVALID])
def test_without_the_package_others_are_refused_and_it_is_named(without_tables, name):
    with pytest.raises(ValueError, match=r'the package idna is needed: pip install "tkws\[idna\]"$'):
        to_ascii(name)


def test_a_name_that_is_too_long_is_refused_before_it_is_looked_at():
    with pytest.raises(ValueError, match="too long"):
        to_ascii("\xfc" * 1_000_000)


@given(
    st.text(max_size=30)
    | st.text("a1-.\u05d0\u05d1\u0627\u0628\u0661\u06f1\u05b0\u064b\u07d0\xfc", max_size=9)
)
def test_without_the_package_no_name_leads_elsewhere(name):
    """Whatever is encoded without the tables is what they say."""
    try:
        with_tables: str | None = to_ascii(name)
    except ValueError:
        with_tables = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "idna", None)
        try:
            without = to_ascii(name)
        except ValueError:
            return
    assert without == with_tables


def test_the_names_in_a_pattern_are_encoded_label_by_label():
    assert pattern_to_ascii("https://*.bücher.example:*") == "https://*.xn--bcher-kva.example:*"


def test_an_asterisk_within_an_international_label_is_refused():
    with pytest.raises(ValueError, match="within an international label"):
        pattern_to_ascii("bü*.example")

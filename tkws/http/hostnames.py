"""International host names in ASCII, as browsers write them: IDNA 2008 by UTS 46, non-transitional.

The package ``idna`` (the extra ``tkws[idna]``) has the tables and is imported when the first such name is
read. Python itself has only IDNA 2003, which leads to another host for some names; without the package, names
are encoded if both agree on them, and refused otherwise.
"""

from __future__ import annotations

import re
import unicodedata
from types import MappingProxyType

MAX_NAME = 254
"""Characters of a name, with a dot at the end (RFC 1035, 2.3.4)."""

# Characters that IDNA 2003 maps to others (sharp s, final sigma, joiners), or does not drop (UTS 46, 7).
_DEVIATIONS = re.compile(
    "[\xdf\u1e9e\u03c2\u200c\u200d\u115f\u1160\u17b4\u17b5\u180f\u3164\uffa0\U000e0100-\U000e01ef]"
)
_LABEL = re.compile(r"(?<![^./])[^*.:/\[\]]+(?![^.:])")  # a whole one, in a pattern of names or origins
_BIDI_RULE = "R([REAoN]*[REA])?N*|L([LEoN]*[LE])?N*"
_BIDI_CLASSES = MappingProxyType(
    {"R": "R", "AL": "R", "L": "L", "EN": "E", "AN": "A", "NSM": "N"}
    | dict.fromkeys(("ES", "CS", "ET", "ON", "BN"), "o")
)
_DOTS = MappingProxyType(dict.fromkeys(map(ord, "\u3002\uff0e\uff61"), "."))


def to_ascii(name: str) -> str:
    """Return a name in ASCII and lower case; whether it is a valid host name is not checked.

    Raises:
        ValueError: The name is not valid, or the package ``idna`` is needed to tell. The message can
            follow "the URL".
    """
    if name.isascii():
        return name.lower()
    if len(name) > MAX_NAME:
        raise ValueError("has a host name that is too long")
    try:
        import idna
    except ImportError:
        return _by_idna_2003(name)
    try:
        mapped = idna.uts46_remap(name, std3_rules=False, transitional=False)
        if _breaks_bidi_rule(mapped):
            raise idna.IDNAError("RFC 5893, 2")
        return ".".join(map(_encode_label, mapped.split(".")))
    except (idna.IDNAError, UnicodeError):
        raise ValueError("has a host name that is not valid (UTS 46)") from None


def pattern_to_ascii(pattern: str) -> str:
    """Return a pattern of hosts or origins with its names as browsers send them; ``*`` is for any part.

    Raises:
        ValueError: As `to_ascii`, and for a ``*`` within an international label: there is no such part in
            ASCII.
    """
    encoded = _LABEL.sub(lambda label: to_ascii(label[0]), pattern)
    if not encoded.isascii():
        raise ValueError("has a * within an international label")
    return encoded


def _encode_label(label: str) -> str:
    """Encode a mapped label with the checks of UTS 46, which allows symbols that IDNA 2008 excludes."""
    import idna

    if label.isascii():
        return label
    idna.check_initial_combiner(label)
    for position, character in enumerate(label):
        if character in "\u200c\u200d" and not idna.valid_contextj(label, position):
            raise idna.IDNAError(f"a joiner at {position}")
    return "xn--" + label.encode("punycode").decode("ascii")


def _is_doubtful(name: str, mapped: str) -> bool:
    """Tell whether the tables are needed to say if a mapped name is valid."""
    unknown = any(unicodedata.category(character)[0] == "C" for character in mapped)
    combines = any(unicodedata.category(label[0])[0] == "M" for label in mapped.split(".") if label)
    more_dots = mapped.count(".") != name.translate(_DOTS).count(".")
    return unknown or combines or more_dots or _breaks_bidi_rule(mapped)


def _breaks_bidi_rule(name: str) -> bool:
    """Tell whether a name has a part that runs right to left, and breaks the rule for such (RFC 5893, 2)."""
    labels = [
        "".join(_BIDI_CLASSES.get(unicodedata.bidirectional(character), "x") for character in label)
        for label in name.split(".")
    ]
    if not {"R", "A"} & set().union(*labels):
        return False
    return any(not re.fullmatch(_BIDI_RULE, label) or {"E", "A"} <= set(label) for label in labels if label)


def _by_idna_2003(name: str) -> str:
    """Encode a name as Python does, if browsers do the same."""
    try:
        encoded = name.encode("idna").decode("ascii").lower()
        readable = encoded.encode("ascii").decode("idna")
    except UnicodeError:
        encoded = readable = ""
    modern = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).translate(_DOTS)
    if readable != modern or _DEVIATIONS.search(name) or _is_doubtful(name, modern):
        raise ValueError(
            f'names the host {name!r}, for which the package idna is needed: pip install "tkws[idna]"'
        )
    return encoded

"""The project's own rules of plain English, beside proselint's: what is not written, and what is instead.

Each is a regular expression and an advice. They hold for docstrings, comments, error messages and log lines.
"""

from __future__ import annotations

NOT_WRITTEN = {
    # Rules whose subject is a person or a thing that is not named.
    r"\b[Ww]ho(m|ever|mever)\b": 'name the subject: "a client that ...", "the caller"',
    r"(?m)(^\s*|[.:;] )Who(?=\s[^?]*?[.:;]($|\s))": 'name the subject: "a client that ...", or "if you ..."',
    r"(?m)(^\s*|[.:;] )What(?=\s[^?]*?[.;]($|\s))": "begin with the thing that the rule is about",
    r"\bwhat becomes of\b": '"what happens to"',
    r"\bwhatever (comes|came) of\b": '"the result"',
    # Negations that read as German or as verse.
    r"(?<![Tt]here )\b(is|are|was|were|be) no (?!longer|more|less|other|way\b|such\b)": '"is not a ..."',
    r"\b([Ii]s|[Aa]re|[Ww]as|[Ww]ere) none\b": '"there is none", or "is not a ..."',
    r", neither\.": '"either"',
    r"\bnobody\b": '"no one", or say who: "no peer", "no caller"',
    r"\b([Ss]ome|[Ee]very|[Aa]ny)body\b": 'name the subject: "a client", "all connections"',
    r"\bany more\b(?! than)": '"any longer", or "more"',
    # Words that are pictures, or old.
    r"\b[Hh]armless\b": '"idempotent", "a no-op" or "safe"',
    r"\b[Ss]hall\b": '"will", "must" or "is to"',
    r"\bthereby\b|\bthereof\b|\btherein\b|\bhitherto\b|\bwherein\b": "a plain word",
    r"\bgoodbye\b": '"the Close frame", or "close politely"',
    r"\bhears? of\b|\bheard of\b": '"is told of", "receives"',
    r"\b(in|of) vain\b": "say what does not happen",
    r"\bfor want of\b|\bin want of\b": '"without"',
    r"\bmind the\b": '"check the"',
    r"\bspoils?\b|\bspoilt\b": '"breaks", "corrupts"',
    r"\bbesides\.": '"also", "in addition"',
    r"\bsay(s)? the (option|argument)\b": '"the option ... decides"',
    r"\bof (no )?use\b(?! to)": '"useful", "no point in"',
    r"\bbear(s)? (a|the|with)\b": '"handle", "tolerate"',
    r"\bowes?\b|\bowed\b": "say what has to be done",
    r"\bmakes? no sense\b": '"is invalid"',
    r"\b(is|are) wanted\b": 'say what is expected: "seconds of 0 or more"',
    r"\banew\b": '"again", or "from the start"',
    r"\b([Gg]o|goes|went) on\b": '"continue", "resume" or "keep"',
    r"\bg(ive|ives|ave) way\b": "say what is hidden, or becomes smaller",
    r"\bfrom (its|their) making on\b": '"as soon as it is made"',
    r"\bbehind (it|them|that|the others?)\b": '"after"',
    r"\bbit by bit\b": '"in steps"',
}
"""What is not written: by pattern, the advice."""

NOT_FIRST = {
    r"(Have|Let|Lets|See that|Sees that|Make sure|Whether)\b": "begin with the verb of what is done",
    r"(The way of|One way to)\b": "say what it is",
}
"""With what a docstring of a function does not begin."""

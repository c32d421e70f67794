"""What ``python -m tkws ... --help`` prints, for the page of the reference."""

from __future__ import annotations

import contextlib
import io
import os
import re
from unittest import mock

from tkws.console.cli import main

REGION = re.compile(r"(<!-- help: ?(.*?) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def filled(text: str) -> str:
    """Return a page in which each ``<!-- help: VERB -->`` is followed by that verb's help."""
    return REGION.sub(lambda region: f"{region[1]}\n```text\n{_help(region[2])}```\n\n{region[4]}", text)


def _help(verb: str) -> str:
    printed = io.StringIO()
    with (
        mock.patch.dict(os.environ, COLUMNS="100"),
        contextlib.redirect_stdout(printed),
        contextlib.suppress(SystemExit),
    ):
        main([*verb.split(), "--help"])
    return printed.getvalue()

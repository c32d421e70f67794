"""The example of the page about testing: pytest runs its program and its tests as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "testing.md"
FILE = re.compile(r"^<!-- file: (\S+) -->\n```python notest\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_example_program_passes_its_tests(pytester) -> None:
    files = dict(FILE.findall(PAGE.read_text(encoding="utf-8")))
    assert files.keys() == {"ticker.py", "conftest.py", "test_ticker.py", "test_echo.py"}
    for name, text in files.items():
        (pytester.path / name).write_text(text, encoding="utf-8")
    result = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider", "-p", "no:xvfb", "-W", "error")
    result.assert_outcomes(passed=4)

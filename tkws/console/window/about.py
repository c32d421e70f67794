"""The version that is running, as a person reads it."""

from __future__ import annotations

from typing import Final

import tkws

VERSION: Final = f"tkws {tkws.__version__}, {'compiled' if tkws.compiled else 'pure Python'}"
"""The version, and whether the hot path is compiled."""

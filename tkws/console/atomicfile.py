"""Writing a file as a whole: under a temporary name first, then renamed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def replace_file(path: Path, *, errors: str = "strict") -> Iterator[TextIO]:
    """Open a text file that takes the place of ``path`` if the block ends without an exception.

    Args:
        path: The file to write. If the block raises, it is left as it was.
        errors: How to write characters that UTF-8 lacks; see `open`.

    Raises:
        OSError: The file cannot be written.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors=errors) as file:
            yield file
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise

"""Writing a file as a whole: under a temporary name first, then renamed."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO


@contextmanager
def replace_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of ``path`` if the block ends without an exception.

    Args:
        path: The file to write. If the block raises, it is left as it was.

    Raises:
        OSError: The file cannot be written.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


@contextmanager
def replace_text(path: Path, *, errors: str = "strict") -> Iterator[TextIO]:
    """Open a text file in UTF-8 in the same way.

    Args:
        path: The file to write.
        errors: How to write characters that UTF-8 lacks; see `open`.

    Raises:
        OSError: The file cannot be written.
    """
    with replace_file(path) as file, io.TextIOWrapper(file, encoding="utf-8", errors=errors) as text:
        yield text

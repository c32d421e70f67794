"""The messages between sender and receiver: JSON objects, as text; the contents of a file follow as binary.

The sender says ``offer`` with ``key``, ``name`` and ``size``. The receiver answers ``accept`` with the
``offset`` from which to begin, since so much has come before, or ``stop`` with a ``reason``. The sender
says ``begin`` and sends one binary message. The receiver says ``done`` when the file is complete; ``stop``
may come at any time. If the sender cancels, it ends the binary message early and says ``forget``. The size
that was offered tells the receiver that a message is not the whole file.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

MAX_BYTES = 4096
"""The most bytes of a message other than the contents of a file."""

_MAX_NAME = 120


def encode(type: str, **values: Any) -> str:
    """Return a message as text."""
    return json.dumps({"type": type, **values})


def decode(text: str) -> dict[str, Any]:
    """Return the message that a text encodes, with its ``type`` and ``key``.

    Raises:
        ValueError: ``text`` is not a message.
    """
    try:
        message = json.loads(text)
        valid = isinstance(message["type"], str) and re.fullmatch("[0-9a-f]{16}", message["key"])
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"not a message: {error!r}") from error
    if not valid:
        raise ValueError("not a message: a type or a key is wrong")
    return dict(message)


def key_of(path: Path) -> str:
    """Return the key of a file: another one if it was written to meanwhile, so that no halves are mixed."""
    state = path.stat()
    text = f"{path.name}\n{state.st_size}\n{state.st_mtime_ns}"
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:16]


def safe_name(name: object) -> str:
    """Return a name for a file that cannot lead out of a folder, nor hide.

    Raises:
        ValueError: There is nothing left of it.
    """
    if not isinstance(name, str):
        raise ValueError("the name of a file is a text")
    last = re.split(r"[/\\]", name)[-1]
    kept = re.sub(r'[<>:"|?*\x00-\x1f\x7f]', "_", last).lstrip(". ").rstrip(". ")
    if not kept or not kept.isprintable():
        raise ValueError(f"{last[:40]!r} is no name for a file")
    stem, dot, ending = kept.rpartition(".")
    return kept if len(kept) <= _MAX_NAME else f"{(stem or kept)[: _MAX_NAME - 20]}{dot}{ending[:19]}"

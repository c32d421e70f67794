"""The messages of the feed: JSON objects with samples and alarms.

A client gets the history first, then one sample at a time::

    {"host": "atlas", "samples": [{"time": 1700000000.0, "cpu": 12.5, ...}, ...], "alarms": ["cpu"]}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields

from demos.dashboard.machine import Sample


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the feed."""

    host: str
    samples: tuple[Sample, ...]
    alarms: tuple[str, ...]


def encode(host: str, samples: Iterable[Sample], alarms: Sequence[str]) -> str:
    """Return a message as text."""
    return json.dumps({"host": host, "samples": [asdict(sample) for sample in samples], "alarms": alarms})


def decode(text: str) -> Message:
    """Return the message that a text encodes.

    Raises:
        ValueError: ``text`` is not a message.
    """
    try:
        data = json.loads(text)
        samples = tuple(_sample(each) for each in data["samples"])
        return Message(str(data["host"]), samples, tuple(map(str, data["alarms"])))
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a message of the feed: {error!r}") from error


def _sample(data: dict[str, object]) -> Sample:
    values = {field.name: data[field.name] for field in fields(Sample)}
    cores = values.pop("cores")
    if not isinstance(cores, list) or not all(
        isinstance(value, int | float) for value in [*cores, *values.values()]
    ):
        raise ValueError("not a message of the feed: a metric is not a number")
    return Sample(cores=tuple(map(float, cores)), **values)  # type: ignore[arg-type] # numbers, as was just checked

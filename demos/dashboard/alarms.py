"""When a figure is a cause for alarm: too high for too long, until it has fallen well below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from demos.dashboard.machine import Sample


@dataclass(frozen=True, slots=True)
class Rule:
    """One cause for alarm."""

    figure: str
    """The name of a number of a `Sample`."""

    above: float
    """What it has to be above."""

    seconds: float
    """How long it has to be."""

    below: float
    """What it has to fall below for the alarm to end."""


RULES = (Rule("cpu", above=85, seconds=3, below=70), Rule("memory", above=90, seconds=3, below=85))


class Alarms:
    """Watches samples.

    Args:
        rules: What to watch for.

    Attributes:
        active: The figures that are a cause for alarm now, in the order of the rules.
    """

    def __init__(self, rules: Sequence[Rule] = RULES) -> None:
        self._rules = rules
        self._since: dict[Rule, float] = {}
        self._raised: set[Rule] = set()

    @property
    def active(self) -> tuple[str, ...]:
        """The figures that are a cause for alarm."""
        return tuple(rule.figure for rule in self._rules if rule in self._raised)

    def update(self, sample: Sample) -> tuple[str, ...]:
        """Take the next sample; return `active`."""
        for rule in self._rules:
            value = getattr(sample, rule.figure)
            if value > rule.above:
                if sample.time - self._since.setdefault(rule, sample.time) >= rule.seconds:
                    self._raised.add(rule)
            else:
                self._since.pop(rule, None)
            if value < rule.below:
                self._raised.discard(rule)
        return self.active

"""Alarms: raised while a metric is too high for too long, cleared when it has fallen well below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from demos.dashboard.machine import Sample


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule for one alarm."""

    metric: str
    """The name of an attribute of `Sample`."""

    above: float
    """The limit that the metric has to exceed."""

    seconds: float
    """How long it has to exceed the limit, in seconds."""

    below: float
    """The limit below which the alarm is cleared."""


RULES = (Rule("cpu", above=85, seconds=3, below=70), Rule("memory", above=90, seconds=3, below=85))


class Alarms:
    """Checks samples.

    Args:
        rules: The rules for alarms.
    """

    def __init__(self, rules: Sequence[Rule] = RULES) -> None:
        self._rules = rules
        self._since: dict[Rule, float] = {}
        self._raised: set[Rule] = set()

    @property
    def active(self) -> tuple[str, ...]:
        """The metrics with an alarm, in the order of the rules."""
        return tuple(rule.metric for rule in self._rules if rule in self._raised)

    def update(self, sample: Sample) -> tuple[str, ...]:
        """Check the next sample, and return `active`."""
        for rule in self._rules:
            value = getattr(sample, rule.metric)
            if value > rule.above:
                if sample.time - self._since.setdefault(rule, sample.time) >= rule.seconds:
                    self._raised.add(rule)
            else:
                self._since.pop(rule, None)
            if value < rule.below:
                self._raised.discard(rule)
        return self.active

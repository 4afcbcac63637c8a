"""Scales and ticks of the drawings that are part of the page."""

import math
from collections.abc import Iterable
from typing import NamedTuple

LOGARITHMIC_FROM = 10
"""An axis is logarithmic if its values are positive and the highest is at least this many times the lowest."""


class Tick(NamedTuple):
    """A mark of an axis."""

    at: float
    """Pixels."""
    text: str


class Axis(NamedTuple):
    """A scale from values to pixels; `begin` may lie after `end`, as y axes point up."""

    low: float
    high: float
    begin: float
    end: float
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """The place of a value, rounded to a tenth of a pixel."""
        low, high, value = map(self._scaled, (self.low, self.high, value))
        return round(self.begin + (value - low) / (high - low) * (self.end - self.begin), 1)

    def ticks(self) -> list[Tick]:
        """A few round values."""
        values = _decades(self.low, self.high) if self.logarithmic else _round_values(self.low, self.high)
        return [Tick(self.at(value), text(value)) for value in values]

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value


def axis(values: Iterable[float], begin: float, end: float, *, logarithmic: bool | None = None) -> Axis:
    """An axis around values, with some room; logarithmic where they span a wide range, unless that is told."""
    values = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(values), max(values)
    if logarithmic is None:
        logarithmic = low > 0 and high >= LOGARITHMIC_FROM * low
    if logarithmic and low > 0:
        room = (high / low) ** 0.08 if high > low else 2.0
        return Axis(low / room, high * room, begin, end, True)
    room = 0.06 * (high - low) or abs(high) / 10 or 1.0
    return Axis(low - room, high + room, begin, end)


def text(value: float) -> str:
    """A value as the label of a tick."""
    if value and (abs(value) >= 100_000 or abs(value) < 0.001):
        return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")
    return f"{value:,.6g}"


def _round_values(low: float, high: float, wanted: int = 4) -> list[float]:
    step = 10 ** math.floor(math.log10((high - low) / wanted))
    step *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= wanted + 0.5)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _decades(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1,), (1, 3), (1, 2, 5)):
        found = [factor * 10.0**power for power in decades for factor in factors]
        found = [value for value in found if low <= value <= high]
        if len(found) >= 3:
            return found[:: math.ceil(len(found) / 6)]
    return found or [low, high]

"""Missed defects and false alarms of a method on a category, as numbers of images; means over seeds."""

from typing import NamedTuple

import pandas as pd


class Counts(NamedTuple):
    """Numbers at the threshold; None where they cannot be counted."""

    missed: float | None
    defective: float
    alarms: float | None
    normal: float
    threshold: float | None
    calibration: int
    """The fewest calibration images of a seed."""
    promised: float | None
    """The highest promised false-positive rate of a seed."""
    expected: float | None


def counts(jobs: pd.DataFrame) -> Counts:
    """The counts of jobs that differ in their seeds alone."""
    defective, normal = jobs["test_defective"], jobs["test_normal"]
    return Counts(
        missed=_mean(jobs["missed"].astype(float)),
        defective=float(defective.mean()),
        alarms=_mean(jobs["false_alarms"].astype(float)),
        normal=float(normal.mean()),
        threshold=_mean(jobs["threshold"].astype(float)),
        calibration=int(jobs["calibration_images"].min()),
        promised=_highest(jobs["promised_false_alarm_share"]),
        expected=_highest(jobs["expected_false_alarm_share"]),
    )


def number(value: float | None) -> str:
    """`3`, or `3.7` for a mean over seeds."""
    if value is None or pd.isna(value):
        return "n/a"
    return f"{value:.0f}" if abs(value - round(value)) < 1e-6 else f"{value:.1f}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 method` or `3 methods`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _mean(values: pd.Series) -> float | None:
    known = values.dropna()
    return float(known.mean()) if len(known) else None


def _highest(values: pd.Series) -> float | None:
    known = values.dropna()
    return float(known.max()) if len(known) else None

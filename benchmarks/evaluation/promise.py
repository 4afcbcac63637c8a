"""The test of the promise: do the false alarms on the normal test images contradict the false-positive rate promised?

Nothing is chosen by it. It needs test labels, and says whether the calibration images are like the test images.
"""

from collections.abc import Sequence
from typing import NamedTuple

from reports import statistics

LEVEL = 0.01
"""A promise counts as contradicted if its corrected p-value is below this.

A report tests a promise for each job, so some would fail by chance. The p-values are therefore corrected together, by
Benjamini and Hochberg: of the promises called contradicted, on average at most one in a hundred holds in truth. Where
all promises of a report hold, this is the probability that it names any. The correction holds for p-values that are
independent or rise together, such as those of several methods on the same images. A correction for a single mistake in
the whole report (Holm) would hide what one category shows beside 77 others.
"""


class Tested(NamedTuple):
    """A promise, and the false alarms that test it."""

    alarms: int
    """Normal test images above the threshold."""
    normal: int
    """Normal test images."""
    calibration_images: int
    promised: float
    """The false-positive rate promised."""
    p_value: float


def tested(alarms: int, *, normal: int, calibration: int, promised: float) -> Tested:
    """Test a promise m / (n + 1) that is kept by the m-th highest of n calibration scores."""
    rank = round(promised * (calibration + 1))
    return Tested(alarms, normal, calibration, promised, p_value(alarms, normal, calibration, rank))


def p_value(alarms: int, normal: int, calibration: int, rank: int) -> float:
    """The chance of at least so many alarms, if calibration and normal test images are exchangeable.

    The threshold is the `rank`-th highest of the `calibration` scores, and `alarms` of the `normal` test images lie
    above it. At least v lie above it exactly if at least v of the v + rank - 1 highest of all scores are test images;
    which images these are is a draw without replacement (hypergeometric). This is exact without ties. Where scores are
    tied, an image at the threshold is no alarm, as if it had lost every draw for its place: the true chance is lower.
    """
    if not alarms:
        return 1.0
    return statistics.at_least(alarms, drawn=alarms + rank - 1, of=normal, others=calibration)


def contradicted(tests: Sequence[Tested | None]) -> list[bool]:
    """For each job, whether its promise is contradicted; see `LEVEL`. Without a promise, it is not."""
    p_values = [each.p_value for each in tests if each]
    if min(p_values, default=1.0) >= LEVEL:  # a correction makes none lower
        return [False] * len(tests)
    from scipy.stats import false_discovery_control  # the import takes half a second, and most reports do not need it

    below = iter(false_discovery_control(p_values) < LEVEL)
    return [bool(each and next(below)) for each in tests]

"""What chance may have done: intervals of AUROCs and of their means, and tests between methods.

Arrays in, numbers out. Coverages of the 95 % intervals are measured in tests/speed/test_statistics_coverage.py.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import special
from scipy.optimize import brentq

Scores = Sequence[float] | np.ndarray

DRAWS = 10_000  # of a bootstrap
FEWEST_CATEGORIES = 8
"""For an interval over categories: with fewer it covers less than it says, whatever is done with so few numbers."""
FEWEST_SEEDS = 8
"""Beyond the first of each category, for an interval over seeds: likewise."""
FEWEST_PAIRS = 6
"""For the signed-rank test: five differences of one sign still have a two-sided p-value of 2 / 2^5 = 0.0625."""
DIGITS = 12  # Past them values are equal: AUROCs are fractions, and rounding errors must make no ranks.


class Interval(NamedTuple):
    """Both ends belong to it."""

    low: float
    high: float


class Placements(NamedTuple):
    """For each image, of how many of the other class it stands on the right side; a tie counts half.

    DeLong's structural components (1988), as numbers and not as shares.
    """

    normal: np.ndarray
    """(m,) half-integers from 0 to n."""
    defective: np.ndarray
    """(n,) half-integers from 0 to m."""

    def auroc(self) -> float:
        """Area under the ROC curve."""
        return float(self.defective.sum() / (self.normal.size * self.defective.size))

    def variance(self) -> float:
        """Of the AUROC, after DeLong et al. (1988); needs two images in each class."""
        # Numbers, not shares: the variance of equal ones is then 0 to the last bit.
        sides = ((self.normal, self.defective.size), (self.defective, self.normal.size))
        return float(sum(_variance(own) / (others**2 * own.size) for own, others in sides))


def placements(normal: Scores, defective: Scores) -> Placements:
    """Count by sorting, in O(N log N) (Sun and Xu 2014). Raises ValueError for no or not finite scores."""
    normal, defective = _finite(normal, "normal"), _finite(defective, "defective")
    return Placements(defective.size - _below(normal, defective), _below(defective, normal))


def _below(scores: np.ndarray, others: np.ndarray) -> np.ndarray:
    """For each score the number of the others below it, a tie counting half."""
    ordered = np.sort(others)
    return (ordered.searchsorted(scores, side="left") + ordered.searchsorted(scores, side="right")) / 2


def auroc_interval(placed: Placements, level: float = 0.95) -> Interval | None:
    """Of the AUROC: DeLong's variance on the logit scale; None for a class of one image.

    Where that variance is 0 (perfect separation, or nothing but ties) it is Newcombe's interval (2006, method 5), as
    the images then say nothing of their spread. For the same reason no interval leaves out what perfect separation of
    so many images could not: near it DeLong's variance rests on a few images and is often far too low.
    """
    return _interval(placed, _quantile(level)) if _has_spread(placed) else None


def paired_p_value(a: Placements, b: Placements) -> float | None:
    """Two-sided, of equal AUROCs of two methods, by their placements of the same images in the same order.

    The test of DeLong et al. (1988). None: a class has a single image, whose spread nobody can know, or the AUROCs
    differ and yet no image says how surely. Raises ValueError for different numbers of images.
    """
    if (a.normal.size, a.defective.size) != (b.normal.size, b.defective.size):
        raise ValueError("expected two methods' placements of the same images, got different numbers of them")
    apart = Placements(a.normal - b.normal, a.defective - b.defective)
    if not _has_spread(apart):
        return None
    value, variance = apart.auroc(), apart.variance()
    if variance:
        return math.erfc(abs(value) / math.sqrt(2 * variance))
    return None if value else 1.0


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Correct p-values for their number (Holm 1979), in the order given.

    Where no difference is real, the chance that any corrected value is below a level is at most that level.
    None (a test that could not be made) stays None and still counts as a test.
    """
    order = sorted(range(len(p_values)), key=lambda index: _or_1(p_values[index]))
    corrected: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = min(max(highest, (len(order) - rank) * _or_1(p_values[index])), 1.0)
        corrected[index] = None if p_values[index] is None else highest
    return corrected


def mean_interval(aurocs: Sequence[Sequence[float]], level: float = 0.95, *, seed: int = 0) -> Interval | None:
    """Of the mean over categories, for categories like these; `aurocs` has a row a category, a number a training.

    Bootstrap: categories are drawn, each with the mean of its seeds. What the choice of images and seeds did to a
    category is part of how categories differ; to draw the seeds again would count it twice. None below
    FEWEST_CATEGORIES categories.
    """
    means = np.array([_finite(row, "category's").mean() for row in aurocs])
    if means.size < FEWEST_CATEGORIES:
        return None
    return _percentiles(_drawn_means(means, np.random.default_rng(seed)), level, means.size - 1)


def interval_over_seeds(aurocs: Sequence[Sequence[float]], level: float = 0.95, *, seed: int = 0) -> Interval | None:
    """Of the mean over just these categories and test images, trained again; `aurocs` as in `mean_interval`.

    Stratified bootstrap: categories stay, and within each its own seeds are drawn. It says nothing of other categories
    or images. None where a category has a single seed, or fewer than FEWEST_SEEDS repeat another of their category.
    """
    rows = [_finite(row, "category's") for row in aurocs]
    if min(map(len, rows), default=0) < 2 or sum(map(len, rows)) - len(rows) < FEWEST_SEEDS:
        return None
    generator = np.random.default_rng(seed)
    drawn = np.mean([_drawn_means(row, generator) for row in rows], axis=0)
    # Welch and Satterthwaite: categories differ in how much their seeds do.
    variances, freedoms = np.array([(row.var(ddof=1) / row.size, row.size - 1) for row in rows]).T
    squares = (variances**2 / freedoms).sum()
    return _percentiles(drawn, level, variances.sum() ** 2 / squares if squares else np.inf)


def wilcoxon(a: Scores, b: Scores) -> float | None:
    """Two-sided p-value of the signed-rank test of two methods' (categories,) numbers.

    Categories in which both are equal are left out; None where fewer than FEWEST_PAIRS remain, as no such p-value is
    below 0.05. Exact up to 50 different differences and up to 13 with ties among them, else by normal approximation.
    Raises ValueError for numbers not of the same categories.
    """
    a, b = _finite(a, "first"), _finite(b, "second")
    if a.size != b.size:
        raise ValueError(f"expected two methods' numbers of the same categories, got {a.size} and {b.size}")
    apart = np.round(a - b, DIGITS)
    apart = apart[apart != 0]
    if apart.size < FEWEST_PAIRS:
        return None
    from scipy import stats  # takes half a second, and small reports do not need it

    return float(stats.wilcoxon(apart).pvalue)


def mean_ranks(table: np.ndarray) -> np.ndarray:
    """The mean rank (methods,) of each column of a (categories, methods) table; 1 is the highest, equals share theirs.

    Raises ValueError where a number is missing: a rank among others than the rest's means nothing.
    """
    from scipy import stats

    table = np.asarray(table, float)
    if table.ndim != 2 or not table.size or not np.isfinite(table).all():
        raise ValueError("expected a finite number for every category (row) and method (column)")
    return stats.rankdata(-np.round(table, DIGITS), axis=1).mean(axis=0)


def critical_difference(n_methods: int, n_categories: int, alpha: float = 0.05) -> float:
    """By how much two mean ranks must differ to differ significantly: Nemenyi's test (Demsar 2006, section 3.2.2)."""
    from scipy import stats

    studentized = stats.studentized_range.ppf(1 - alpha, n_methods, np.inf)
    return float(studentized / math.sqrt(2) * math.sqrt(n_methods * (n_methods + 1) / (6 * n_categories)))


def cliques(ranks: Scores, difference: float) -> list[tuple[int, ...]]:
    """The largest groups, of two methods or more, whose mean ranks all differ by less than the critical difference.

    Each holds indices into `ranks`, the best first; a method can be in several.
    """
    ranks = _finite(ranks, "mean")
    order = np.argsort(ranks, kind="stable")
    close = [np.flatnonzero(ranks[order] - ranks[first] < difference).max() + 1 for first in order]
    groups = [(start, end) for start, end in enumerate(close) if end > max([start + 1, *close[:start]])]
    return [tuple(order[start:end].tolist()) for start, end in groups]


def _or_1(p_value: float | None) -> float:
    return 1.0 if p_value is None else p_value


def _finite(values: Scores, which: str) -> np.ndarray:
    values = np.asarray(values, float)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise ValueError(f"expected one row of finite {which} numbers, at least one")
    return values


@cache
def _quantile(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"level is a share between 0 and 1, not {level}")
    return float(special.ndtri((1 + level) / 2))


def _variance(values: np.ndarray) -> float:
    """`values.var(ddof=1)`, to the last bit, without what that spends on looking at its options."""
    away = values - values.sum() / values.size
    return (away * away).sum() / (values.size - 1)


def _has_spread(placed: Placements) -> bool:
    return min(placed.normal.size, placed.defective.size) > 1


def _interval(placed: Placements, z: float) -> Interval:
    auroc, variance, sizes = placed.auroc(), placed.variance(), (placed.normal.size, placed.defective.size)
    low, high = _logit(auroc, variance, z) if variance else _score(auroc, sizes, z)
    perfect = _perfect_low(sizes, z)
    return Interval(min(low, perfect), max(high, 1 - perfect))


def _logit(auroc: float, variance: float, z: float) -> tuple[float, float]:
    arm = z * math.sqrt(variance) / (auroc * (1 - auroc))
    centre = math.log(auroc / (1 - auroc))
    return 1 / (1 + math.exp(arm - centre)), 1 / (1 + math.exp(-arm - centre))


def _score(auroc: float, sizes: tuple[int, int], z: float) -> tuple[float, float]:
    return _score_low(auroc, sizes, z), 1 - _score_low(1 - auroc, sizes, z)


@cache
def _perfect_low(sizes: tuple[int, int], z: float) -> float:
    return _score_low(1.0, sizes, z)


def _score_low(auroc: float, sizes: tuple[int, int], z: float) -> float:
    """The lowest area from which the measured one is z standard deviations away."""
    m, n = sizes
    others = (m + n) / 2 - 1

    def too_low(area: float) -> float:
        pairs = 1 + others * ((1 - area) / (2 - area) + area / (1 + area))
        return auroc - area - z * math.sqrt(area * (1 - area) * pairs / (m * n))

    # Just short of the measured area, which solves the equation, too, where it is 1.
    return brentq(too_low, 0, auroc * (1 - 1e-12)) if auroc else 0.0


def _drawn_means(values: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """(DRAWS,) means of one value fewer than there are: their variance is that of the mean (Rao and Wu 1988)."""
    drawn = generator.integers(0, values.size, (DRAWS, values.size - 1), dtype=np.uint16)  # in half the time of int64
    return values[drawn].mean(axis=1)


def _percentiles(drawn: np.ndarray, level: float, freedom: float) -> Interval:
    """Farther out than the level, as Student's quantiles are than the normal ones (Hesterberg 2015)."""
    tail = special.ndtr(special.stdtrit(freedom, (1 - level) / 2))
    return Interval(*map(float, np.quantile(drawn, (tail, 1 - tail))))

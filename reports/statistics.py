"""Statistics: confidence intervals of AUROCs and of their means, and significance tests between methods.

Pure functions of arrays. tests/speed/test_statistics_coverage.py measures the coverage of the 95 % intervals.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import special
from scipy.optimize import brentq

Scores = Sequence[float] | np.ndarray

DRAWS = 10_000  # bootstrap samples
FEWEST_NORMAL = 10
"""Normal test images of a category required to call a method the best: with fewer, one image more would change it."""
FEWEST_CATEGORIES = 8
"""Required for an interval over categories: with fewer, no method reaches the stated coverage."""
FEWEST_SEEDS = 8
"""Required for an interval over seeds, for the same reason; the first seed of each category does not count."""
FEWEST_PAIRS = 6
"""Required for the signed-rank test: five differences of one sign have a two-sided p-value of 2 / 2^5 = 0.0625."""
DIGITS = 12  # decimals compared: rounding errors of equal AUROCs must not become ranks


class Interval(NamedTuple):
    """A closed interval."""

    low: float
    high: float


class Placements(NamedTuple):
    """For each image, how many images of the other class it is ranked correctly against; a tie counts half.

    These are DeLong's structural components (1988), as counts instead of shares.
    """

    normal: np.ndarray
    """(m,) half-integers from 0 to n, or means of such over seeds."""
    defective: np.ndarray
    """(n,) half-integers from 0 to m, or means of such over seeds."""

    def auroc(self) -> float:
        """Area under the ROC curve."""
        return float(self.defective.sum() / (self.normal.size * self.defective.size))

    def variance(self) -> float:
        """Variance of the AUROC (DeLong et al. 1988); needs two images in each class."""
        # Counts instead of shares: the variance of equal ones is then exactly 0.
        sides = ((self.normal, self.defective.size), (self.defective, self.normal.size))
        return float(sum(_variance(own) / (others**2 * own.size) for own, others in sides))


def placements(normal: Scores, defective: Scores) -> Placements:
    """Placements by sorting, in O(N log N) (Sun and Xu 2014). Raises ValueError for empty or non-finite scores."""
    normal, defective = _finite(normal, "normal"), _finite(defective, "defective")
    return Placements(defective.size - _below(normal, defective), _below(defective, normal))


def averaged(placed: Sequence[Placements]) -> Placements:
    """The mean placements of the same images, in the same order, over several seeds.

    Their AUROC is the mean AUROC of the seeds. Their variance is that of this mean over draws of the images, as the
    structural components of a sum are the sums of the components. Scores of different seeds may be on different
    scales, placements are not. The choice of seeds is not in the variance. Raises ValueError for different images.
    """
    if len({(each.normal.size, each.defective.size) for each in placed}) != 1:
        raise ValueError("expected placements of the same images for every seed, got different numbers of images")
    normal, defective = (sum(classes) / len(placed) for classes in zip(*placed, strict=True))
    return Placements(normal, defective)


def _below(scores: np.ndarray, others: np.ndarray) -> np.ndarray:
    """For each score, the number of the others below it; a tie counts half."""
    ordered = np.sort(others)
    return (ordered.searchsorted(scores, side="left") + ordered.searchsorted(scores, side="right")) / 2


def auroc_interval(placed: Placements, level: float = 0.95) -> Interval | None:
    """Confidence interval of the AUROC by DeLong's variance on the logit scale; None for a class of one image.

    Where that variance is 0 (perfect separation, or only ties), the images do not show their spread: it is Newcombe's
    interval (2006, method 5). Near perfect separation DeLong's variance rests on a few images and is often far too
    low. So every interval at least covers the one of perfect separation with the same number of images.
    """
    return _interval(placed, _quantile(level)) if _has_spread(placed) else None


def paired_p_value(a: Placements, b: Placements) -> float | None:
    """Two-sided p-value of the hypothesis that two methods have equal AUROCs (DeLong et al. 1988).

    The placements are of the same images in the same order. None: the variance is unknown, because a class has one
    image, or it is 0 although the AUROCs differ. Raises ValueError for different numbers of images.
    """
    if (a.normal.size, a.defective.size) != (b.normal.size, b.defective.size):
        raise ValueError("expected two methods' placements of the same images, got different numbers of images")
    apart = Placements(a.normal - b.normal, a.defective - b.defective)
    if not _has_spread(apart):
        return None
    value, variance = apart.auroc(), apart.variance()
    if variance:
        return math.erfc(abs(value) / math.sqrt(2 * variance))
    return None if value else 1.0


def at_least(least: int, *, drawn: int, of: int, others: int) -> float:
    """The chance that a draw without replacement has at least so many of one kind, exact (hypergeometric).

    `drawn` are taken out of `of` of this kind and `others`. With the counts of a table of two by two it is the
    one-sided p-value of Fisher's exact test.
    """
    ways = sum(math.comb(of, number) * math.comb(others, drawn - number) for number in range(least, drawn + 1))
    return ways / math.comb(of + others, drawn)


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
    """Confidence interval of the mean over categories; `aurocs` has a row for each category, a number for each seed.

    Bootstrap: categories are drawn, each with the mean of its seeds. The differences between categories already
    include the effect of images and seeds, so drawing seeds again would count it twice. None below
    FEWEST_CATEGORIES categories.
    """
    means = np.array([_finite(row, "category's").mean() for row in aurocs])
    if means.size < FEWEST_CATEGORIES:
        return None
    return _percentiles(_drawn_means(means, np.random.default_rng(seed)), level, means.size - 1)


def interval_over_seeds(aurocs: Sequence[Sequence[float]], level: float = 0.95, *, seed: int = 0) -> Interval | None:
    """Confidence interval of the mean over these categories and images, if trained again; see `mean_interval`.

    Stratified bootstrap: categories are fixed, and seeds are drawn within each. It does not cover other categories or
    images. None where a category has a single seed, or where fewer than FEWEST_SEEDS come after the first ones.
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

    Categories in which both are equal are left out. None where fewer than FEWEST_PAIRS remain: their p-value cannot
    be below 0.05. Exact up to 50 differences without ties and up to 13 with ties, else by normal approximation.
    Raises ValueError for different numbers of categories.
    """
    a, b = _finite(a, "first"), _finite(b, "second")
    if a.size != b.size:
        raise ValueError(f"expected two methods' numbers of the same categories, got {a.size} and {b.size}")
    apart = np.round(a - b, DIGITS)
    apart = apart[apart != 0]
    if apart.size < FEWEST_PAIRS:
        return None
    from scipy import stats  # the import takes half a second, and small reports do not need it

    return float(stats.wilcoxon(apart).pvalue)


def mean_ranks(table: np.ndarray) -> np.ndarray:
    """Mean rank (methods,) of each column of a (categories, methods) table; 1 is the best, ties share their mean.

    Raises ValueError where a number is missing, because ranks among different methods cannot be compared.
    """
    from scipy import stats

    table = np.asarray(table, float)
    if table.ndim != 2 or not table.size or not np.isfinite(table).all():
        raise ValueError("expected a finite number for every category (row) and method (column)")
    return stats.rankdata(-np.round(table, DIGITS), axis=1).mean(axis=0)


def critical_difference(n_methods: int, n_categories: int, alpha: float = 0.05) -> float:
    """The smallest significant difference of two mean ranks: Nemenyi's test (Demsar 2006, section 3.2.2)."""
    from scipy import stats

    studentized = stats.studentized_range.ppf(1 - alpha, n_methods, np.inf)
    return float(studentized / math.sqrt(2) * math.sqrt(n_methods * (n_methods + 1) / (6 * n_categories)))


def cliques(ranks: Scores, difference: float) -> list[tuple[int, ...]]:
    """The largest groups of methods (at least two) whose mean ranks differ by less than the critical difference.

    A group holds indices into `ranks`, the best first. A method can be in several groups.
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
        raise ValueError(f"expected a level that is a share between 0 and 1, got {level}")
    return float(special.ndtri((1 + level) / 2))


def _variance(values: np.ndarray) -> float:
    """The same bits as `values.var(ddof=1)`, without its overhead; exactly 0 for equal values."""
    if values.min() == values.max():  # the mean of thirds may round
        return 0.0
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

    # The measured area itself also solves the equation where it is 1, so the search ends just below it.
    return brentq(too_low, 0, auroc * (1 - 1e-12)) if auroc else 0.0


def _drawn_means(values: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """(DRAWS,) means of samples with one value less: their variance is that of the mean (Rao and Wu 1988)."""
    drawn = generator.integers(0, values.size, (DRAWS, values.size - 1), dtype=np.uint16)  # twice as fast as int64
    return values[drawn].mean(axis=1)


def _percentiles(drawn: np.ndarray, level: float, freedom: float) -> Interval:
    """Percentiles widened as Student's quantiles are wider than normal ones (Hesterberg 2015)."""
    tail = special.ndtr(special.stdtrit(freedom, (1 - level) / 2))
    return Interval(*map(float, np.quantile(drawn, (tail, 1 - tail))))

"""Coverage of the 95 % intervals and error rates of the tests, over 2,000 simulated data sets each."""

import itertools

import numpy as np
import pytest
from scipy import stats

from reports import statistics

pytestmark = pytest.mark.slow
DATA_SETS = 2000
SIZES = [(20, 20), (50, 100), (100, 50), (200, 400)]


def covered(intervals, truth):
    """In percent, printed with the mean width."""
    low, high = np.transpose([interval for interval in intervals if interval is not None])
    assert low.size == DATA_SETS
    share = 100 * np.mean((low <= truth) & (truth <= high))
    print(f"\n{share:.1f} % covered, mean width {np.mean(high - low):.3f}")
    return share


def shift_of(auroc, deviation):
    return stats.norm.ppf(auroc) * np.hypot(1, deviation)


def auroc_coverage(m, n, auroc, deviation=1.0):
    """Normal scores of both classes, those of defective images with a standard deviation of their own."""
    generator = np.random.default_rng(0)
    shift = shift_of(auroc, deviation)
    data_sets = [(generator.normal(size=m), generator.normal(shift, deviation, n)) for _ in range(DATA_SETS)]
    return covered([statistics.auroc_interval(statistics.placements(*each)) for each in data_sets], auroc)


@pytest.mark.parametrize("auroc", [0.7, 0.85, 0.95])
@pytest.mark.parametrize(("m", "n"), SIZES)
def test_the_interval_of_an_auroc_covers_what_it_says(m, n, auroc):
    # Of 20 and 20 images even perfect ones leave 0.95 open: only the high end can miss it, in 2.5 % by design.
    most = 98 if (m, n, auroc) == (20, 20, 0.95) else 97
    assert 93 <= auroc_coverage(m, n, auroc) <= most


@pytest.mark.parametrize(
    ("m", "n", "auroc", "deviation"),
    [
        (10, 10, 0.85, 1),
        (10, 10, 0.98, 1),
        (20, 20, 0.98, 3),
        (50, 100, 0.98, 1),
        (50, 100, 0.98, 3),
        (100, 50, 0.98, 3),
    ],
)
def test_where_images_are_too_few_for_the_auroc_it_covers_more(m, n, auroc, deviation):
    assert auroc_coverage(m, n, auroc, deviation) >= 95


@pytest.mark.xfail(strict=True, reason="defects that look normal are few: a sample without them is too sure")
def test_few_defects_of_a_wide_spread_near_1_are_covered_as_it_says():
    assert auroc_coverage(100, 50, 0.95, 3) >= 93


def p_values_of_equal_methods(m, n, auroc):
    """Two methods on the same images: normal scores, correlated by one half."""
    generator = np.random.default_rng(1)
    found = []
    for _ in range(DATA_SETS):
        both = (generator.normal(size=(m + n, 1)) + generator.normal(size=(m + n, 2))) / np.sqrt(2)
        both[m:] += shift_of(auroc, 1)
        pair = (statistics.placements(scores[:m], scores[m:]) for scores in both.T)
        found.append(statistics.paired_p_value(*pair))
    print(f"\n{100 * np.mean(np.array(found) < 0.05):.1f} % differ significantly")
    return np.array(found)


@pytest.mark.parametrize(("m", "n"), SIZES)
@pytest.mark.parametrize("auroc", [0.7, 0.85])
def test_equal_methods_have_even_p_values(m, n, auroc):
    p_values = p_values_of_equal_methods(m, n, auroc)
    assert 0.03 <= np.mean(p_values < 0.05) <= 0.07
    # The larger the sample, the closer to uniform.
    assert stats.kstest(p_values, "uniform").statistic < (0.1 if m == 20 else 0.05)


def test_near_1_few_images_make_the_p_value_cautious():
    assert np.mean(p_values_of_equal_methods(20, 20, 0.95) < 0.05) < 0.05


@pytest.mark.parametrize(("m", "n"), SIZES)
@pytest.mark.parametrize("auroc", [0.7, 0.85])
def test_eight_equal_methods_differ_after_holms_correction_in_5_percent_of_draws(m, n, auroc):
    generator = np.random.default_rng(5)
    shown = []
    for _ in range(DATA_SETS):
        scores = (generator.normal(size=(m + n, 1)) + generator.normal(size=(m + n, 8))) / np.sqrt(2)
        scores[m:] += shift_of(auroc, 1)
        placed = [statistics.placements(each[:m], each[m:]) for each in scores.T]
        best = max(range(8), key=lambda index: placed[index].auroc())
        pairs = list(itertools.combinations(range(8), 2))
        corrected = statistics.holm([statistics.paired_p_value(placed[a], placed[b]) for a, b in pairs])
        shown.append(min(p for pair, p in zip(pairs, corrected, strict=True) if best in pair and p is not None) < 0.05)
    print(f"\n{100 * np.mean(shown):.1f} % show a difference")
    assert np.mean(shown) <= 0.06


def over_seeds(generator, m, n, shifts, *, shared, methods=1):
    """Mean placements of methods over seeds: a share of the variance of a score is common to all seeds of all methods,
    half of the rest to those of a method, and the scores of each seed are on a scale of their own."""
    seeds = len(shifts)
    common = generator.normal(size=m + n)
    found = []
    for _ in range(methods):
        own = generator.normal(size=m + n)
        noise = np.sqrt(shared) * common + np.sqrt((1 - shared) / 2) * (own + generator.normal(size=(seeds, m + n)))
        noise[:, m:] += np.reshape(shifts, (-1, 1))
        scores = np.exp(noise * generator.uniform(0.5, 2, (seeds, 1)))
        found.append(statistics.averaged([statistics.placements(each[:m], each[m:]) for each in scores]))
    return found


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("auroc", [0.7, 0.85, 0.95])
@pytest.mark.parametrize(("m", "n"), [(50, 100), (100, 50), (200, 400)])
def test_the_interval_of_the_mean_over_seeds_covers_what_it_says(m, n, auroc, seeds):
    generator = np.random.default_rng(6)
    shifts = [shift_of(auroc, 1)] * seeds
    placed = [over_seeds(generator, m, n, shifts, shared=0.3) for _ in range(DATA_SETS)]
    assert 93 <= covered([statistics.auroc_interval(each) for (each,) in placed], auroc) <= 97


@pytest.mark.parametrize("seeds", [2, 5])
@pytest.mark.parametrize("auroc", [0.7, 0.85])
def test_of_few_images_the_interval_of_the_mean_over_seeds_covers_no_less(auroc, seeds):
    generator = np.random.default_rng(7)
    shifts = [shift_of(auroc, 1)] * seeds
    placed = [over_seeds(generator, 20, 20, shifts, shared=0.3) for _ in range(DATA_SETS)]
    assert 93 <= covered([statistics.auroc_interval(each) for (each,) in placed], auroc) <= 98


def test_seeds_that_differ_by_a_hundredth_are_covered_too():
    """By the true AUROC of the mean over all seeds that could be drawn, of which an interval sees three."""
    generator = np.random.default_rng(8)
    drawn = np.clip(generator.normal(0.85, 0.01, (DATA_SETS, 3)), 0.5, 0.99)
    placed = [over_seeds(generator, 50, 100, shift_of(each, 1), shared=0.3) for each in drawn]
    assert 93 <= covered([statistics.auroc_interval(each) for (each,) in placed], 0.85) <= 97


@pytest.mark.parametrize("seeds", [2, 5])
@pytest.mark.parametrize(("m", "n"), [(50, 100), (200, 400)])
def test_equal_methods_of_several_seeds_differ_in_5_percent_of_draws(m, n, seeds):
    generator = np.random.default_rng(9)
    shifts = [shift_of(0.85, 1)] * seeds
    pairs = [over_seeds(generator, m, n, shifts, shared=0.3, methods=2) for _ in range(DATA_SETS)]
    p_values = np.array([statistics.paired_p_value(*pair) for pair in pairs])
    print(f"\n{100 * np.mean(p_values < 0.05):.1f} % differ significantly")
    assert 0.03 <= np.mean(p_values < 0.05) <= 0.07
    assert stats.kstest(p_values, "uniform").statistic < 0.05


@pytest.mark.parametrize("categories", [8, 12, 15])
def test_the_interval_over_categories_covers_what_it_says(categories):
    generator = np.random.default_rng(2)
    tables = generator.normal(0.85, 0.03, (DATA_SETS, categories, 1)) + generator.normal(
        0, 0.03, (DATA_SETS, categories, 3)
    )
    assert 93 <= covered([statistics.mean_interval(table) for table in tables], 0.85) <= 97


@pytest.mark.parametrize("categories", [8, 15])
def test_skewed_categories_are_covered_a_little_less(categories):
    tables = np.random.default_rng(3).beta(9, 1, (DATA_SETS, categories, 1))
    assert covered([statistics.mean_interval(table) for table in tables], 0.9) >= 90


@pytest.mark.parametrize(("categories", "seeds"), [(4, 3), (8, 2), (15, 3)])
def test_the_interval_over_seeds_covers_what_it_says(categories, seeds):
    generator = np.random.default_rng(4)
    places, spreads = generator.uniform(0.7, 0.9, (categories, 1)), generator.uniform(0.005, 0.02, (categories, 1))
    tables = places + spreads * generator.normal(size=(DATA_SETS, categories, seeds))
    assert 93 <= covered([statistics.interval_over_seeds(table) for table in tables], places.mean()) <= 97

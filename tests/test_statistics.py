"""Statistics against jackknifed AUROCs of scikit-learn, slow definitions, published tables, and their laws."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from reports import ranks_plot, statistics

EXACT = {"rel": 1e-9, "abs": 1e-12}

# Few distinct values, so that ties are the rule.
scores = st.lists(st.integers(0, 6).map(float), min_size=2, max_size=12)
raw_p_values = st.lists(st.floats(0, 1), min_size=1, max_size=7)
some_ranks = st.lists(st.integers(2, 16).map(lambda half: half / 2), min_size=1, max_size=8)


def library_auroc(normal, defective):
    return roc_auc_score([0] * len(normal) + [1] * len(defective), [*normal, *defective])


def jackknife(measure, *classes):
    """Variance of a number of several classes' images, each image left out in turn."""
    total = 0.0
    for which, images in enumerate(classes):
        one_less = [
            measure(*classes[:which], np.delete(images, index, axis=0), *classes[which + 1 :])
            for index in range(len(images))
        ]
        total += (len(images) - 1) * np.var(one_less)
    return total


def made_scores(seed, m=30, n=40, *, shift=1.5):
    generator = np.random.default_rng(seed)
    return generator.normal(size=m), generator.normal(shift, 1.5, n)


def made_pairs(seed, m=30, n=40, *, shifts=(1.2, 1.2)):
    """Two methods' scores of the same images, correlated: normal (m, 2) and defective (n, 2)."""
    generator = np.random.default_rng(seed)
    image = generator.normal(size=(m + n, 1))
    both = image + generator.normal(size=(m + n, 2))
    both[m:] += shifts
    return both[:m], both[m:]


def interval_of(normal, defective, level=0.95):
    return statistics.auroc_interval(statistics.placements(normal, defective), level)


def p_value_of(normal, defective):
    """The p-value of two methods, whose scores are one column each."""
    return statistics.paired_p_value(*map(statistics.placements, np.transpose(normal), np.transpose(defective)))


# One AUROC.


@given(scores, scores)
def test_placements_are_counted_as_pair_by_pair(normal, defective):
    pairs = np.sign(np.subtract.outer(defective, normal)) / 2 + 0.5
    counted = statistics.placements(normal, defective)
    np.testing.assert_array_equal(counted.normal, pairs.sum(axis=0))
    np.testing.assert_array_equal(counted.defective, pairs.sum(axis=1))
    assert counted.auroc() == pytest.approx(library_auroc(normal, defective), **EXACT)


@settings(deadline=None, max_examples=30)
@given(scores.filter(lambda images: len(images) > 2), scores.filter(lambda images: len(images) > 2))
def test_the_variance_is_the_jackknifes(normal, defective):
    expected = jackknife(library_auroc, np.array(normal), np.array(defective))
    assert statistics.placements(normal, defective).variance() == pytest.approx(expected, **EXACT)


def test_the_variance_is_close_to_the_bootstraps():
    normal, defective = made_scores(0, 80, 120)
    generator = np.random.default_rng(1)
    drawn = [
        statistics.placements(generator.choice(normal, 80), generator.choice(defective, 120)).auroc()
        for _ in range(600)
    ]
    assert statistics.placements(normal, defective).variance() == pytest.approx(np.var(drawn), rel=0.2)


@given(scores, scores)
def test_the_interval_holds_the_auroc_and_stays_within_0_and_1(normal, defective):
    low, high = interval_of(normal, defective)
    assert 0 <= low <= statistics.placements(normal, defective).auroc() <= high <= 1
    assert low < high


@given(scores, scores)
def test_the_interval_depends_on_the_order_of_scores_alone(normal, defective):
    expected = interval_of(normal, defective)
    assert interval_of(np.exp(normal[::-1]), np.exp(defective[::-1])) == pytest.approx(expected, **EXACT)


@given(scores, scores)
def test_reversed_scores_have_the_mirrored_interval(normal, defective):
    low, high = interval_of(normal, defective)
    mirrored = interval_of(np.negative(normal), np.negative(defective))
    assert mirrored == pytest.approx((1 - high, 1 - low), **EXACT)


def test_away_from_1_it_is_delongs_on_the_logit_scale():
    normal, defective = made_scores(2)
    area, variance = library_auroc(normal, defective), jackknife(library_auroc, normal, defective)
    low, high = interval_of(normal, defective, 0.9)
    for end, quantile in ((low, -1.6448536), (high, 1.6448536)):
        away = math.log(end / (1 - end)) - math.log(area / (1 - area))
        assert away == pytest.approx(quantile * math.sqrt(variance) / (area * (1 - area)), rel=1e-6)


@given(st.integers(2, 60), st.integers(2, 60))
def test_at_perfect_separation_its_low_end_solves_newcombes_equation(m, n):
    low, high = interval_of(np.zeros(m), np.ones(n))
    others = (m + n) / 2 - 1
    variance = low * (1 - low) / (m * n) * (1 + others * (1 - low) / (2 - low) + others * low / (1 + low))
    assert (1 - low) / math.sqrt(variance) == pytest.approx(1.959964, rel=1e-5)
    assert high == 1


def test_one_misranked_pair_proves_no_more_than_none():
    normal, defective = np.arange(20.0), np.arange(20.0) + 20
    perfect = interval_of(normal, defective)
    normal[-1], defective[0] = defective[0], normal[-1]
    assert interval_of(normal, defective).low <= perfect.low


def test_nothing_but_ties_leaves_the_auroc_open():
    low, high = interval_of(np.ones(20), np.ones(20))
    assert low < 0.4 and high > 0.6


def test_a_class_of_one_image_has_no_interval():
    assert interval_of([0.1], [0.2, 0.3]) is None
    assert interval_of([0.1, 0.2], [0.3]) is None


@pytest.mark.parametrize("bad", [[], [math.nan, 1.0], [math.inf, 1.0]])
def test_missing_and_infinite_scores_are_refused(bad):
    with pytest.raises(ValueError, match="finite"):
        statistics.placements(bad, [1.0, 2.0])


def test_a_level_of_95_percent_is_refused_as_95():
    with pytest.raises(ValueError, match="share between 0 and 1"):
        interval_of([0.0, 1.0], [1.0, 2.0], level=95)


# Two methods on the same images.


def test_the_p_value_is_that_of_the_jackknifed_difference():
    normal, defective = made_pairs(3, shifts=(1.5, 0.8))

    def apart(normal, defective):
        return library_auroc(normal[:, 0], defective[:, 0]) - library_auroc(normal[:, 1], defective[:, 1])

    z = apart(normal, defective) / math.sqrt(jackknife(apart, normal, defective))
    assert p_value_of(normal, defective) == pytest.approx(math.erfc(abs(z) / math.sqrt(2)), rel=1e-9)


def test_of_equal_methods_5_percent_differ_significantly():
    p_values = np.array([p_value_of(*made_pairs(seed)) for seed in range(300)])
    assert 0.02 < (p_values < 0.05).mean() < 0.09
    assert stats.kstest(p_values, "uniform").pvalue > 1e-4


def test_swapped_methods_differ_as_surely():
    normal, defective = made_pairs(5, shifts=(2, 1))
    swapped = p_value_of(normal[:, ::-1], defective[:, ::-1])
    assert swapped == pytest.approx(p_value_of(normal, defective), **EXACT)


def test_two_perfect_methods_do_not_differ():
    assert p_value_of([[0, 0], [1, 1]], [[2, 5], [3, 4]]) == 1


def test_a_difference_that_no_image_makes_uncertain_has_no_p_value():
    assert p_value_of([[0, 0]] * 9, [[1, 0]] * 9) is None


def test_with_a_class_of_one_image_nobody_knows_whether_methods_differ():
    assert p_value_of([[0, 0]], [[1, 1], [2, -1]]) is None
    assert p_value_of([[1, 1], [2, -1]], [[0, 0]]) is None


def test_scores_of_other_images_are_refused():
    with pytest.raises(ValueError, match="same images"):
        statistics.paired_p_value(statistics.placements([0, 1], [1, 2]), statistics.placements([0, 1], [1, 2, 3]))


# Many tests at once.


def test_holms_correction_is_that_worked_out_by_hand():
    # Rising: .005 x 4 = .02, .01 x 3 = .03, .03 x 2 = .06, .04 x 1 = .04, raised to the .06 before it.
    assert statistics.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert statistics.holm([0.6, 0.7]) == [1, 1]
    assert statistics.holm([]) == []


def test_a_test_that_cannot_be_made_stays_without_a_p_value_and_counts():
    assert statistics.holm([None, 0.01]) == [None, 0.02]


@settings(deadline=None)
@given(raw_p_values)
def test_holms_correction_is_that_of_bonferronis_over_every_subset(raw):
    """The closed test: a hypothesis is rejected where every set of hypotheses that holds it is."""
    sets = [chosen for size in range(1, len(raw) + 1) for chosen in itertools.combinations(range(len(raw)), size)]
    expected = [
        max(min(1, len(chosen) * min(raw[each] for each in chosen)) for chosen in sets if index in chosen)
        for index in range(len(raw))
    ]
    assert statistics.holm(raw) == pytest.approx(expected, **EXACT)


@given(raw_p_values, st.data())
def test_a_higher_p_value_lowers_no_corrected_one_and_order_is_kept(raw, data):
    index = data.draw(st.integers(0, len(raw) - 1))
    raised = [*raw[:index], data.draw(st.floats(raw[index], 1)), *raw[index + 1 :]]
    before, after = statistics.holm(raw), statistics.holm(raised)
    assert all(low <= high for low, high in zip(before, after, strict=True))
    assert all(given <= corrected <= 1 for given, corrected in zip(raw, before, strict=True))
    ordered = [corrected for _, corrected in sorted(zip(raw, before, strict=True))]
    assert ordered == sorted(ordered)


# Means over categories and seeds.


def made_aurocs(categories=15, seeds=3, *, between=0.03, within=0.01):
    generator = np.random.default_rng(6)
    return 0.9 + between * generator.normal(size=(categories, 1)) + within * generator.normal(size=(categories, seeds))


def half_width(interval):
    return (interval[1] - interval[0]) / 2


def test_over_many_categories_it_is_students_interval():
    aurocs = made_aurocs(40)
    means = aurocs.mean(axis=1)
    expected = stats.t.interval(0.95, 39, means.mean(), stats.sem(means))
    assert statistics.mean_interval(aurocs) == pytest.approx(expected, abs=0.08 * half_width(expected))


def test_over_three_seeds_it_is_the_interval_of_a_stratified_mean():
    aurocs = made_aurocs(30)
    variances = aurocs.var(axis=1, ddof=1) / 3
    freedom = variances.sum() ** 2 / (variances**2 / 2).sum()
    expected = stats.t.interval(0.95, freedom, aurocs.mean(), math.sqrt(variances.sum()) / 30)
    # To draw as many seeds as there are would make it narrower by 18 %.
    assert statistics.interval_over_seeds(aurocs) == pytest.approx(expected, abs=0.08 * half_width(expected))


@pytest.mark.parametrize("interval", [statistics.mean_interval, statistics.interval_over_seeds])
def test_the_same_seed_draws_the_same_and_leaves_the_global_generator_alone(interval):
    aurocs, before = made_aurocs(), np.random.get_state()[1].copy()
    assert interval(aurocs, seed=3) == interval(aurocs, seed=3) != interval(aurocs, seed=4)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize("interval", [statistics.mean_interval, statistics.interval_over_seeds])
def test_where_all_are_equal_there_is_no_doubt(interval):
    assert interval(np.full((9, 3), 0.75)) == (0.75, 0.75)


def test_categories_weigh_the_same_however_many_seeds_they_have():
    aurocs = [[0.5] * 9, *[[0.9]] * 8]
    low, high = statistics.mean_interval(aurocs)
    assert low < np.mean([0.5, *[0.9] * 8]) < high == 0.9


def test_few_categories_have_no_interval():
    assert statistics.mean_interval(made_aurocs(7)) is None
    assert statistics.mean_interval([]) is None


def test_single_and_few_seeds_have_no_interval():
    assert statistics.interval_over_seeds([*made_aurocs(12, 2), [0.9]]) is None
    assert statistics.interval_over_seeds(made_aurocs(3, 3)) is None
    assert statistics.interval_over_seeds([]) is None


# Methods over categories.


@given(st.lists(st.integers(-5, 5), min_size=6, max_size=9))
@settings(deadline=None, max_examples=30)
def test_the_signed_rank_test_is_that_of_all_signs(differences):
    a, b = np.array(differences) / 10 + 0.5, np.full(len(differences), 0.5)
    apart = np.array([each for each in differences if each])
    if len(apart) < statistics.FEWEST_PAIRS:
        assert statistics.wilcoxon(a, b) is None
        return
    ranks = stats.rankdata(abs(apart))
    sums = np.array([np.dot(signs, ranks) for signs in itertools.product((-1, 1), repeat=len(ranks))])
    assert statistics.wilcoxon(a, b) == pytest.approx((abs(sums) >= abs(np.sign(apart) @ ranks)).mean(), **EXACT)


def test_a_rounding_error_is_no_difference():
    a = np.array([0.1 + 0.2, *[0.9] * 5])
    assert statistics.wilcoxon(a, [0.3, *[0.8] * 5]) is None
    np.testing.assert_array_equal(statistics.mean_ranks([[0.1 + 0.2, 0.3]]), [1.5, 1.5])


def test_numbers_of_other_categories_are_refused():
    with pytest.raises(ValueError, match="same categories"):
        statistics.wilcoxon(np.ones(7), np.ones(8))


@given(st.lists(st.lists(st.integers(0, 4), min_size=4, max_size=4), min_size=1, max_size=6))
def test_mean_ranks_are_those_of_pandas(table):
    expected = pd.DataFrame(table).rank(axis=1, ascending=False).mean()
    np.testing.assert_allclose(statistics.mean_ranks(np.array(table)), expected)


def test_a_missing_number_has_no_rank():
    with pytest.raises(ValueError, match="every category"):
        statistics.mean_ranks([[0.9, math.nan], [0.8, 0.7]])


@pytest.mark.parametrize(
    ("alpha", "expected"),
    [
        (0.05, [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]),
        (0.10, [1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920]),
    ],
)
def test_critical_values_are_those_of_demsars_table_5(alpha, expected):
    found = [
        statistics.critical_difference(k, 10, alpha) / math.sqrt(k * (k + 1) / 60) for k in range(2, len(expected) + 2)
    ]
    assert found == pytest.approx(expected, abs=0.0011)


def test_of_equal_methods_hardly_5_percent_of_benchmarks_find_a_difference():
    ranks = np.argsort(np.random.default_rng(7).random((4000, 15, 5)), axis=2).mean(axis=1)
    found = np.mean(np.ptp(ranks, axis=1) >= statistics.critical_difference(5, 15))
    assert 0.03 < found < 0.055


@given(some_ranks, st.sampled_from([0.75, 1.0, 2.25]))
def test_two_methods_share_a_clique_just_where_they_do_not_differ(ranks, difference):
    found = [set(clique) for clique in statistics.cliques(ranks, difference)]
    for one, other in itertools.combinations(range(len(ranks)), 2):
        close = abs(ranks[one] - ranks[other]) < difference
        assert close == any({one, other} <= clique for clique in found)
    assert not any(one < other for one, other in itertools.permutations(found, 2))
    assert all(len(clique) > 1 for clique in found)


# The figure.

LONG = "student_teacher hidden=512 rotations=True colour=False epochs=240, 20 images, calibration 0.2"


def drawn(methods, *, names=None, categories=15):
    table = np.random.default_rng(8).normal(0.9, 0.04, (categories, methods)) + np.linspace(0.1, 0, methods)
    names = names or [f"{LONG[: 12 + 9 * index]} {index}" for index in range(methods)]
    figure = ranks_plot.critical_difference(names, table)
    figure.draw_without_rendering()
    return figure, table


@pytest.mark.parametrize("methods", [3, 8, 12])
def test_every_text_is_whole_and_covers_no_other(methods):
    figure, _ = drawn(methods)
    boxes = [text.get_window_extent() for text in (*figure.axes[0].texts, figure._supxlabel, figure.axes[0].title)]
    assert len(boxes) == methods + 3
    for box in boxes:
        assert 0 <= box.x0 and box.x1 <= figure.bbox.x1 and 0 <= box.y0 and box.y1 <= figure.bbox.y1
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_each_method_stands_with_its_rank_and_each_clique_is_a_bar():
    figure, table = drawn(4, names=["a", "b", "c", "$d_e$"])
    ranks = statistics.mean_ranks(table)
    texts = {text.get_text() for text in figure.axes[0].texts}
    assert {f"{name} ({rank:.2f})" for name, rank in zip(["a", "b", "c", "$d_e$"], ranks, strict=True)} < texts
    cliques = statistics.cliques(ranks, statistics.critical_difference(4, 15))
    bars = [line.get_xdata() for line in figure.axes[0].lines if line.get_gid() == "clique"]
    assert len(bars) == len(cliques) > 0
    for (low, high), clique in zip(bars, cliques, strict=True):
        assert {index for index in range(4) if low <= ranks[index] <= high} == set(clique)


def test_the_ruler_is_as_long_as_the_critical_difference():
    figure, _ = drawn(5, categories=2)
    [ruler] = [line.get_xdata() for line in figure.axes[0].lines if line.get_gid() == "ruler"]
    assert np.ptp(ruler) == pytest.approx(statistics.critical_difference(5, 2))


def test_two_methods_make_no_figure():
    with pytest.raises(ValueError, match="three methods"):
        ranks_plot.critical_difference(["a", "b"], np.ones((5, 2)))


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_a_draw_of_at_least_so_many_is_the_p_value_of_fishers_exact_test(found, missed, alarms, rest):
    chance = statistics.at_least(found, drawn=found + alarms, of=found + missed, others=alarms + rest)
    library = stats.fisher_exact([[found, missed], [alarms, rest]], alternative="greater").pvalue
    assert chance == pytest.approx(library, **EXACT)

"""The test of the promise: exact under exchangeability, conservative with ties, corrected for the number of jobs."""

from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats

from benchmarks.evaluation import decision, promise


def alarms(held, new, rank):
    return int((np.asarray(new) > np.sort(held)[-rank]).sum())


def shares(scores, calibration, rank):
    """For v = 0, 1, ...: the share of all divisions of the scores in which at least v of the new lie above."""
    places = range(len(scores))
    counts = [
        alarms([scores[i] for i in held], [scores[i] for i in places if i not in held], rank)
        for held in combinations(places, calibration)
    ]
    return [np.mean([count >= least for count in counts]) for least in range(len(scores) - calibration + 1)]


SIZES = [(normal, held, rank) for normal, held in product((1, 2, 5), (1, 3, 4)) for rank in range(1, held + 1)]


@pytest.mark.parametrize(("normal", "held", "rank"), SIZES)
def test_without_ties_the_p_value_is_the_share_of_all_divisions_with_so_many_alarms(normal, held, rank):
    expected = shares(list(range(normal + held)), held, rank)
    assert [promise.p_value(v, normal, held, rank) for v in range(normal + 1)] == pytest.approx(expected)


@pytest.mark.parametrize("scores", [[0, 0, 0, 1, 1, 2, 2], [1, 1, 1, 1, 1, 1, 1], [0, 1, 2, 3, 3, 3, 3]])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_with_ties_so_many_alarms_are_rarer_than_the_p_value_says(scores, rank):
    found = shares(scores, 3, rank)
    assert all(share <= promise.p_value(v, 4, 3, rank) + 1e-12 for v, share in enumerate(found))


@pytest.mark.parametrize("digits", [0, 6])
@pytest.mark.parametrize("rank", [1, 3])
def test_images_of_one_kind_fall_below_a_level_no_more_often_than_it_says(digits, rank):
    """Draw 20,000 times. Rounding to whole numbers makes ties."""
    draws = np.random.default_rng(0).standard_cauchy((20_000, 28)).round(digits)
    counts = (draws[:, 9:] > np.sort(draws[:, :9], axis=1)[:, [-rank]]).sum(axis=1)
    p_values = np.array([promise.p_value(count, 19, 9, rank) for count in range(20)])[counts]
    for level in (0.01, 0.05, 0.2):
        assert (p_values <= level).mean() <= level + 4 * np.sqrt(level / 20_000)


@pytest.mark.parametrize(("normal", "held"), [(18, 9), (583, 40)])
def test_the_p_value_is_that_of_the_hypergeometric_distribution(normal, held):
    for rank, count in product((1, 2, held), (1, 7, normal)):
        expected = stats.hypergeom.sf(count - 1, normal + held, normal, count + rank - 1)
        assert promise.p_value(count, normal, held, rank) == pytest.approx(expected, rel=1e-6)


def test_the_rank_is_known_from_the_promised_rate():
    for held, wanted in product((3, 19, 40), (0.0, 0.1, 0.5, 0.99)):
        promised = decision.promised_false_alarm_share(held, wanted)
        rank = 1 + int((np.arange(held) > decision.threshold(range(held), wanted)).sum())
        found = promise.tested(2, normal=4, calibration=held, promised=promised)
        assert found.p_value == promise.p_value(2, 4, held, rank)


def test_seventeen_alarms_of_eighteen_where_a_tenth_was_promised_contradict():
    found = promise.tested(17, normal=18, calibration=9, promised=0.1)
    assert found.p_value == pytest.approx(2.13e-6, rel=0.01)
    assert promise.contradicted([found]) == [True]


def test_two_calibration_images_can_be_contradicted_by_hardly_anything():
    assert promise.contradicted([promise.tested(12, normal=18, calibration=2, promised=1 / 3)]) == [False]


def made(p_value):
    return promise.Tested(1, 1, 1, 0.5, p_value)


def test_the_more_jobs_hold_their_promise_the_more_it_takes_to_contradict_one():
    assert promise.contradicted([made(0.009)]) == [True]
    assert promise.contradicted([made(0.009), None, *[made(0.7)] * 9]) == [False] * 11
    assert promise.contradicted([None, *[made(0.001)] * 9, made(0.7)]) == [False, *[True] * 9, False]


def test_reports_in_which_all_promises_hold_name_any_in_one_of_a_hundred_at_most():
    p_values = np.random.default_rng(1).random((2000, 20))
    named = np.mean([any(promise.contradicted([made(p) for p in row])) for row in p_values])
    assert named <= 0.01 + 4 * np.sqrt(0.01 / 2000)

"""The threshold, and the false-positive rate that calibration images promise."""

from typing import NamedTuple

import numpy as np
import pytest
from scipy import ndimage

from benchmarks.evaluation import decision
from reports.results import ImageScore


def score(value, part, defect=None):
    return ImageScore(path=f"{part}/{value}.png", part=part, defect=defect, score=value)


def test_fewer_maps_are_worked_on_at_once_where_they_are_large():
    class Sized(NamedTuple):
        size: int

    sizes = (100, 10_000_000, 40_000_000, 10**9)
    assert [decision._at_once([Sized(size)]) for size in sizes] == [8, 4, 1, 1] and decision._at_once([]) == 8


def test_the_threshold_is_the_highest_calibration_score():
    assert decision.threshold([0.5, 2.0, -1.0]) == 2.0


def test_a_threshold_without_calibration_scores_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="--calibration"):
        decision.threshold([])


def test_only_normal_images_outside_the_test_set_calibrate():
    images = [score(1.0, "calibration"), score(2.0, "validation"), score(3.0, "validation", "bent"), score(4.0, "test")]
    assert decision.calibration_scores(images) == [1.0, 2.0]


def test_missed_and_false_alarms_are_counted_strictly_above_the_threshold():
    assert decision.counts(np.array([1.0, 2, 3]), np.array([2.0, 4]), 2.0) == {"missed": 1, "false_alarms": 1}
    assert decision.counts(np.array([1.0]), np.array([2.0]), None) == {"missed": None, "false_alarms": None}


def test_the_image_that_sets_the_threshold_is_known_and_what_the_others_would_set():
    assert decision.setter([0.5, 2.0, -1.0]) == (1, 0.5)
    assert decision.setter([3.0]) == (0, None)
    assert decision.setter([4.0, 1.0, 3.0, 2.0, 5.0], 0.34) == (0, 3.0)  # the second highest sets it


@pytest.mark.parametrize("wanted", [0.0, 0.1, 0.5, 0.99])
def test_the_image_that_sets_the_threshold_scores_the_threshold(wanted):
    scores = np.random.default_rng(0).integers(0, 9, 20).astype(float)
    place, of_rest = decision.setter(scores, wanted)
    assert scores[place] == decision.threshold(scores, wanted) and (of_rest is None or of_rest <= scores[place])


@pytest.mark.parametrize(("images", "share"), [(0, 1.0), (1, 0.5), (19, 0.05)])
def test_promised_share_is_one_in_n_plus_one(images, share):
    assert decision.promised_false_alarm_share(images) == share


@pytest.mark.parametrize("images", [1, 4, 19])
@pytest.mark.parametrize("digits", [0, 6])
def test_false_alarms_stay_within_the_promise_on_average_over_draws(images, digits):
    """Draw calibration images and a new image 20,000 times. Rounding to whole numbers makes ties."""
    draws = np.random.default_rng(0).standard_cauchy((20_000, images + 1)).round(digits)
    alarms = np.mean([new > decision.threshold(list(held)) for *held, new in draws])
    promised = decision.promised_false_alarm_share(images)
    assert alarms <= promised + 4 * np.sqrt(promised / 20_000)
    if digits:
        assert alarms == pytest.approx(promised, abs=4 * np.sqrt(promised / 20_000))


@pytest.mark.parametrize(
    ("images", "wanted", "promised"), [(19, 0.05, 0.05), (38, 0.05, 1 / 39), (39, 0.05, 0.05), (9, 0.3, 0.3)]
)
def test_the_highest_rate_up_to_the_wanted_one_is_promised(images, wanted, promised):
    assert decision.promised_false_alarm_share(images, wanted) == pytest.approx(promised)


def test_a_wanted_rate_too_small_for_the_images_gives_the_highest_score_and_its_promise():
    assert decision.threshold([1.0, 3.0, 2.0], 0.01) == 3.0
    assert decision.promised_false_alarm_share(3, 0.01) == 0.25


@pytest.mark.parametrize("images", [3, 19, 40])
@pytest.mark.parametrize("wanted", [0.0, 0.1, 0.5, 0.99])
def test_false_alarms_stay_within_the_wanted_rate_on_average_over_draws(images, wanted):
    draws = np.random.default_rng(1).normal(size=(images + 1, 20_000))
    alarms = (draws[-1] > decision.thresholds(draws[:-1], wanted)).mean()
    assert alarms == pytest.approx(decision.promised_false_alarm_share(images, wanted), abs=0.015)


def nearest(values, others):
    """The distance of each value (draws, n) to the nearest of the others (draws, m)."""
    return np.abs(values[:, :, None] - others[:, None]).min(axis=2)


def left_out(values, judge):
    """The score of each of the values (draws, n), judged by the others alone."""
    indices = range(values.shape[1])
    return np.hstack([judge(values[:, [index]], np.delete(values, index, axis=1)) for index in indices])


def alarms_by_leave_one_out(judge, images, draws=20_000):
    """The share of draws in which a new value scores above the threshold that leave-one-out sets."""
    values = np.random.default_rng(0).normal(size=(draws, images + 1))
    fit, new = values[:, :-1], values[:, -1:]
    return (judge(new, fit)[:, 0] > decision.thresholds(left_out(fit, judge).T)).mean()


@pytest.mark.parametrize("images", [5, 10, 19])
def test_false_alarms_of_left_out_neighbours_lie_near_the_expected_rate_and_not_above(images):
    expected = decision.false_alarm_share(images, leaves_one_out=True).expected_false_alarm_share
    found = alarms_by_leave_one_out(nearest, images)
    assert 0.8 * expected < found <= expected + 4 * np.sqrt(expected / 20_000)


def test_leave_one_out_promises_nothing_as_one_image_more_may_change_a_method():
    def sensitive(values, others):
        """Scores that grow with the number of images learned from."""
        return np.abs(values) + 100 * others.shape[1]

    assert alarms_by_leave_one_out(sensitive, 10) == 1
    assert decision.false_alarm_share(10, leaves_one_out=True) == (None, 1 / 11)
    assert decision.false_alarm_share(10, leaves_one_out=False) == (1 / 11, None)


def test_a_copy_in_the_training_images_lowers_the_threshold_of_left_out_neighbours():
    values = np.random.default_rng(0).normal(size=(1000, 10))
    copied = np.hstack([values, values[:, :5]])
    alone, beside = (decision.thresholds(left_out(each, nearest).T).mean() for each in (values, copied))
    assert beside < alone


MAPS = [ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(40, 30)), 2) for seed in range(8)]
AREAS = np.array([1, 3, 10, 40, 200])


def test_the_level_is_above_the_threshold_exactly_where_the_segmentation_has_a_region():
    levels = decision.levels(MAPS, AREAS)
    for map, row in zip(MAPS, levels, strict=True):
        for area, level in zip(AREAS, row, strict=True):
            for threshold in (level, np.nextafter(level, -np.inf), 0.0):
                found = decision.segment(map, threshold=threshold, area_px=area)
                assert (level > threshold) == bool(found.regions) == found.accepted.any()


def test_a_higher_threshold_or_a_larger_area_accepts_a_subset():
    wide = decision.segment(MAPS[0], threshold=0.0, area_px=5).accepted
    assert not (decision.segment(MAPS[0], threshold=0.05, area_px=5).accepted & ~wide).any()
    assert not (decision.segment(MAPS[0], threshold=0.0, area_px=30).accepted & ~wide).any()


def test_accepted_and_rejected_regions_are_all_that_lies_above_the_threshold():
    found = decision.segment(MAPS[1], threshold=0.02, area_px=20)
    np.testing.assert_array_equal(found.accepted | found.rejected, MAPS[1] > 0.02)
    assert not (found.accepted & found.rejected).any()


def test_a_region_has_its_box_its_area_and_its_peak():
    map = np.zeros((9, 9))
    map[2:4, 3:7], map[3, 5], map[7, 7] = 1, 2, 5
    (region,) = decision.segment(map, threshold=0.5, area_px=2).regions
    assert region == ((2, 3, 4, 7), 8, 2.0)


def test_no_calibration_map_has_a_region_at_the_calibrated_threshold_of_any_area():
    for area, threshold in zip(AREAS, decision.thresholds(decision.levels(MAPS, AREAS)), strict=True):
        assert not any(decision.segment(map, threshold=threshold, area_px=area).regions for map in MAPS)
        lower = np.nextafter(threshold, -np.inf)
        assert any(decision.segment(map, threshold=lower, area_px=area).regions for map in MAPS)


def test_rates_are_shares_of_each_class_and_nan_where_a_class_is_empty():
    rates = decision.judge(np.array([[0.0], [2.0]]), np.array([[1.0], [3.0], [4.0], [1.5]]), np.array([1.0]))
    assert (rates.true_positive[0], rates.true_negative[0], rates.balanced_accuracy[0]) == (0.75, 0.5, 0.625)
    assert np.isnan(decision.judge(np.zeros((0, 1)), np.ones((2, 1)), np.array([0.0])).true_negative[0])


@pytest.mark.parametrize(
    ("aurocs", "index"), [([0.1, 0.9, 0.2], 1), ([0.5, 1, 1, 1, 0.5, 1], 2), ([0.7], 0), ([0.5, 0.5, 0.5, 0.5], 2)]
)
def test_the_best_area_is_in_the_middle_of_the_longest_run_of_equals(aurocs, index):
    assert decision.best_area(np.array(aurocs)) == index


def test_the_oracle_is_the_best_of_all_pairs():
    normal, defective = np.random.default_rng(2).normal(size=(2, 12, 4))
    best = max(
        ((defective[:, area] > t).mean() + (normal[:, area] <= t).mean()) / 2
        for area in range(4)
        for t in np.concatenate([normal[:, area], defective[:, area], [-9.0]])
    )
    found = decision.oracle(normal, defective)
    assert (found.true_positive_rate + found.true_negative_rate) / 2 == pytest.approx(best)
    assert found.true_positive_rate == (defective[:, found.index] > found.threshold).mean()


def test_areas_are_tried_from_one_pixel_to_a_twentieth_of_the_image():
    areas = decision.default_areas((200, 300))
    assert areas[0] == 1 and areas[-1] == 3000 and (np.diff(areas) > 0).all()
    assert decision.default_areas((1, 1)).tolist() == [1]

"""The threshold, and what calibration images promise."""

import numpy as np
import pytest

from benchmarks import decision
from reports.results import ImageScore


def score(value, part, defect=None):
    return ImageScore(path=f"{part}/{value}.png", part=part, defect=defect, score=value)


def test_the_threshold_is_the_highest_calibration_score():
    assert decision.threshold([0.5, 2.0, -1.0]) == 2.0


def test_a_threshold_without_calibration_scores_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="--calibration"):
        decision.threshold([])


def test_only_normal_images_outside_the_test_set_calibrate():
    images = [score(1.0, "calibration"), score(2.0, "validation"), score(3.0, "validation", "bent"), score(4.0, "test")]
    assert decision.calibration_scores(images) == [1.0, 2.0]


@pytest.mark.parametrize(("images", "share"), [(0, 1.0), (1, 0.5), (19, 0.05)])
def test_promised_share_is_one_in_n_plus_one(images, share):
    assert decision.promised_false_alarm_share(images) == share


@pytest.mark.parametrize("images", [1, 4, 19])
@pytest.mark.parametrize("digits", [0, 6])
def test_false_alarms_stay_within_the_promise_on_average_over_draws(images, digits):
    """Twenty thousand draws of calibration images and a new one; rounding to whole numbers makes ties."""
    draws = np.random.default_rng(0).standard_cauchy((20_000, images + 1)).round(digits)
    alarms = np.mean([new > decision.threshold(list(held)) for *held, new in draws])
    promised = decision.promised_false_alarm_share(images)
    assert alarms <= promised + 4 * np.sqrt(promised / 20_000)
    if digits:
        assert alarms == pytest.approx(promised, abs=4 * np.sqrt(promised / 20_000))

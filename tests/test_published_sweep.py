"""The published tuning, written as published: maps of 8 bits, one threshold after the other, labelling each time.

Facts: the first generation of the Keras project "MVTec-Anomaly-Detection" (2020). It is slow, and the oracle of ours.
"""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage.measure import label, regionprops

from benchmarks.evaluation import decision

SHAPES = hnp.array_shapes(min_dims=3, max_dims=3, min_side=2, max_side=8)
MAPS = hnp.arrays(np.uint8, SHAPES, elements=st.one_of(st.integers(0, 4), st.integers(0, 255)))


def areas_above(map: np.ndarray, threshold: int) -> list[int]:
    return [region.area for region in regionprops(label(map > threshold, connectivity=2))]


def published_threshold(calibration: Sequence[np.ndarray], min_area: int) -> int:
    """Raise the threshold until no region of any calibration map has the minimum area."""
    threshold = 0
    while max((area for map in calibration for area in areas_above(map, threshold)), default=0) >= min_area:
        threshold += 1
    return threshold


def published_verdict(map: np.ndarray, threshold: int, min_area: int) -> bool:
    return any(area >= min_area for area in areas_above(map, threshold))


def assert_equal_decisions(calibration, test, areas):
    thresholds = decision.thresholds(decision.levels(calibration, areas))
    levels = decision.levels(test, areas)
    for column, area in enumerate(areas):
        threshold = published_threshold(calibration, area)
        assert max(thresholds[column], 0) == threshold  # the sweep begins at 0
        verdicts = [published_verdict(map, threshold, area) for map in test]
        assert list(levels[:, column] > threshold) == verdicts


@settings(max_examples=40, deadline=None)
@given(MAPS)
def test_thresholds_and_verdicts_are_those_of_the_sweep(maps):
    assert_equal_decisions(maps, maps[::-1] // 2 + 3, [1, 2, 5, 20])


@pytest.mark.parametrize("sigma", [0, 1, 4])
def test_thresholds_and_verdicts_are_those_of_the_sweep_on_larger_maps(sigma):
    noise = np.random.default_rng(0).normal(size=(6, 48, 48))
    smooth = [ndimage.gaussian_filter(map, sigma) if sigma else map for map in noise]
    maps = [np.clip(60 + 40 * map / map.std(), 0, 255).astype(np.uint8) for map in smooth]
    assert_equal_decisions(maps[:3], maps[3:], [1, 7, 30, 200])

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage.morphology import area_opening

from benchmarks.evaluation.component_tree import ComponentTree

EIGHT = np.ones((3, 3))
SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)
TIED = hnp.arrays(np.uint8, SHAPES, elements=st.integers(0, 4))
FLOATS = hnp.arrays(np.float32, SHAPES, elements=st.floats(-100, 100, width=32))
MAPS = st.one_of(TIED, FLOATS)
# scikit-image 0.26 fails on maps of fewer than 3 pixels a side
OPENABLE = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=3), elements=st.integers(0, 4))

settings.register_profile("compiling", deadline=None)
settings.load_profile("compiling")


def labelled_areas(map: np.ndarray, threshold: float) -> np.ndarray:
    labels, _ = ndimage.label(map > threshold, EIGHT)
    return np.sort(np.bincount(labels.ravel())[1:])


def thresholds(map: np.ndarray) -> np.ndarray:
    return np.unique(np.concatenate([[map.min() - 1.0], map.ravel(), map.ravel() + 0.5]))


@given(MAPS)
def test_areas_are_those_of_labelling(map):
    tree = ComponentTree(map)
    for threshold in thresholds(map):
        np.testing.assert_array_equal(tree.areas_at(threshold), labelled_areas(map, threshold))


@given(MAPS)
def test_a_sweep_over_thresholds_is_that_of_labelling_at_each(map):
    components = ComponentTree(map).components_at(thresholds(map))
    for index, threshold in enumerate(thresholds(map)):
        areas = labelled_areas(map, threshold)
        assert components.number[index] == areas.size
        assert components.largest_area_px[index] == (areas.max() if areas.size else 0)
        if areas.size:
            assert components.mean_area_px[index] == pytest.approx(areas.mean())
            assert components.std_area_px[index] == pytest.approx(areas.std(), abs=1e-4)
        else:
            assert np.isnan(components.mean_area_px[index])


@given(OPENABLE)
def test_the_level_at_an_area_is_the_maximum_of_the_area_opening(map):
    areas = np.arange(1, map.size + 1)
    opened = [area_opening(map, area, connectivity=2).max() for area in areas]
    np.testing.assert_array_equal(ComponentTree(map).level_at_area(areas), opened)


@given(MAPS, st.integers(1, 150))
def test_the_level_is_above_a_threshold_exactly_where_a_large_enough_component_is(map, area):
    (level,) = ComponentTree(map).level_at_area([area])
    for threshold in thresholds(map):
        assert (level > threshold) == (labelled_areas(map, threshold).max(initial=0) >= area)


def test_an_area_larger_than_the_map_is_reached_at_no_level():
    assert ComponentTree(np.ones((3, 4))).level_at_area([12, 13]).tolist() == [1, -np.inf]


def test_a_constant_map_is_one_component_below_its_value_and_none_at_it():
    components = ComponentTree(np.full((5, 4), 7)).components_at([6.9, 7])
    assert components.number.tolist() == [1, 0]
    assert components.largest_area_px.tolist() == [20, 0]


def test_a_single_pixel_works():
    assert ComponentTree(np.array([[3.5]])).areas_at(3).tolist() == [1]


def test_diagonal_neighbours_touch():
    assert ComponentTree(np.eye(4)).areas_at(0.5).tolist() == [4]


@pytest.mark.parametrize("map", [np.array([[0, np.nan]]), np.zeros(4), np.zeros((0, 3))], ids=["nan", "1-d", "empty"])
def test_an_array_that_is_no_map_is_refused(map):
    with pytest.raises(ValueError, match="map"):
        ComponentTree(map)


def test_a_smooth_and_a_noisy_map_agree_with_labelling():
    generator = np.random.default_rng(0)
    noisy = generator.normal(size=(90, 70)).astype(np.float32)
    for map in (noisy, ndimage.gaussian_filter(noisy, 4)):
        tree, levels = ComponentTree(map), np.quantile(map, np.linspace(0, 1, 20))
        for threshold in levels:
            np.testing.assert_array_equal(tree.areas_at(threshold), labelled_areas(map, threshold))

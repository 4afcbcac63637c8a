"""The component tree beside labelling at each threshold, and the published sweep beside ours: times of one run."""

import time
import tracemalloc

import numpy as np
import pytest
from scipy import ndimage

from benchmarks.evaluation import decision
from benchmarks.evaluation.component_tree import ComponentTree
from tests.test_published_sweep import published_threshold

pytestmark = pytest.mark.slow

EIGHT = np.ones((3, 3))


def seconds(function, repeats: int = 3) -> float:
    """The shortest of some runs."""
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        function()
        times.append(time.perf_counter() - begun)
    return min(times)


def noise(side: int, sigma: float) -> np.ndarray:
    map = np.random.default_rng(0).normal(size=(side, side)).astype(np.float32)
    return ndimage.gaussian_filter(map, sigma) if sigma else map


def label_at_each(map: np.ndarray, thresholds: np.ndarray) -> None:
    for threshold in thresholds:
        labels, _ = ndimage.label(map > threshold, EIGHT)
        np.bincount(labels.ravel())


def ask_a_tree(map: np.ndarray, thresholds: np.ndarray) -> None:
    tree = ComponentTree(map)
    tree.level_at_area(np.arange(1, map.size + 1))
    tree.components_at(thresholds)


@pytest.mark.parametrize(("sigma", "least"), [(8, 5), (0, 3)], ids=["smooth", "noisy"])
def test_all_areas_and_256_thresholds_are_faster_than_labelling_at_each(sigma, least):
    map = noise(256, sigma)
    thresholds = np.linspace(map.min(), map.max(), 256)
    ask_a_tree(map, thresholds)  # compiled
    ours, labelling = seconds(lambda: ask_a_tree(map, thresholds)), seconds(lambda: label_at_each(map, thresholds))
    print(f"\ntree {1e3 * ours:.1f} ms, labelling 256 times {1e3 * labelling:.0f} ms: ratio {labelling / ours:.1f}")
    assert labelling > least * ours


@pytest.mark.parametrize("sigma", [0, 8], ids=["noisy", "smooth"])
def test_a_map_of_a_million_pixels_takes_less_than_a_second(sigma):
    map = noise(1024, sigma)
    assert seconds(lambda: ComponentTree(map).level_at_area([1, 100])) < 1


def test_memory_is_linear_in_the_pixels():
    def peak(side: int) -> int:
        map = noise(side, 2)
        tracemalloc.start()
        ask_a_tree(map, np.linspace(-1, 1, 50))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    small, large = peak(256), peak(1024)
    print(f"\n{small / 256**2:.0f} and {large / 1024**2:.0f} bytes a pixel")
    assert large / 1024**2 < 1.2 * small / 256**2


def test_calibrated_thresholds_of_200_areas_take_a_hundredth_of_the_published_sweep():
    maps = [np.clip(60 + 40 * map / map.std(), 0, 255).astype(np.uint8) for map in [noise(256, 3)] * 4]
    areas = np.arange(5, 1001, 5)
    decision.levels(maps, areas)  # compiled
    ours = seconds(lambda: decision.thresholds(decision.levels(maps, areas)))
    one = seconds(lambda: published_threshold(maps, 100), repeats=1)
    print(f"\nours for 200 areas {1e3 * ours:.0f} ms, the sweep for one area {1e3 * one:.0f} ms")
    assert one * len(areas) > 100 * ours

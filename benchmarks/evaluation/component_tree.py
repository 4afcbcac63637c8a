"""The components of a map at every threshold, found in one pass.

Pixels are added in order of falling value. A union-find structure tracks the components as they appear, grow and merge
(the flooding of Najman and Couprie's component tree, 2006). Three numbers are stored after each pixel: the number of
components, the largest area, and the sum of the squared areas. What is computed for a threshold depends only on the
pixels above it, so a sweep over thresholds or areas is a binary search in these numbers.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numba
import numpy as np


class Components(NamedTuple):
    """The components of {map > t} for each threshold t. Arrays with one value a threshold; areas in pixels.

    If no pixel is above t, there is no component, and mean and standard deviation are NaN.
    """

    number: np.ndarray
    mean_area_px: np.ndarray
    std_area_px: np.ndarray
    largest_area_px: np.ndarray


class ComponentTree:
    """The 8-connected components of a two-dimensional float or integer map, at all its levels.

    Raises ValueError for a map that is not two-dimensional, is empty, or holds NaN.
    """

    def __init__(self, map: np.ndarray):
        map = np.asarray(map)
        if map.ndim != 2 or map.size == 0:
            raise ValueError(f"expected a map of shape (h, w) with at least one pixel, got shape {map.shape}")
        if np.isnan(map).any():
            raise ValueError("expected a map without NaN, as components need an order of values")
        self.map = map

    @cached_property
    def _order(self) -> np.ndarray:
        return np.argsort(self.map, axis=None)[::-1].astype(np.int32)  # half the memory of what argsort gives

    @cached_property
    def _falling(self) -> np.ndarray:
        return self.map.ravel()[self._order]

    @cached_property
    def _history(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        number, largest, squares, _ = _flood(self._order, *self.map.shape)
        return number, largest, squares

    def level_at_area(self, areas: Sequence[int]) -> np.ndarray:
        """T_A for each area A in pixels: the highest level v at which {map >= v} has a component of at least A pixels.

        T_A is the maximum of the area opening, so `T_A > t` holds exactly if {map > t} has such a component. It is
        minus infinity for an area larger than the map. The array is float64.
        """
        _, largest, _ = self._history
        pixels = np.searchsorted(largest, np.maximum(areas, 1), side="left")
        fits = pixels <= self.map.size
        return np.where(fits, self._falling[np.where(fits, pixels - 1, 0)].astype(np.float64), -np.inf)

    def components_at(self, thresholds: Sequence[float]) -> Components:
        """Number and areas of the components of {map > t} for each t."""
        number, largest, squares = (values[self._pixels_above(thresholds)] for values in self._history)
        pixels = self._pixels_above(thresholds)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = pixels / number
            std = np.sqrt(np.maximum(squares / number - mean**2, 0))
        return Components(number, mean, std, largest)

    def areas_at(self, threshold: float) -> np.ndarray:
        """Areas in pixels of all components of {map > threshold}, in increasing order."""
        above = self._order[: int(self._pixels_above([threshold])[0])]
        *_, areas = _flood(above, *self.map.shape)
        return np.sort(areas)

    def _pixels_above(self, thresholds: Sequence[float]) -> np.ndarray:
        return self.map.size - np.searchsorted(self._falling[::-1], thresholds, side="right")


@numba.njit(cache=True, nogil=True)
def _root(parent, pixel):
    while parent[pixel] != pixel:
        parent[pixel] = parent[parent[pixel]]
        pixel = parent[pixel]
    return pixel


@numba.njit(cache=True, nogil=True)
def _flood(order, height, width):
    """Add pixels in the given order.

    Returns the number of components, the largest area and the sum of squared areas after 0, 1, 2, ... pixels, and the
    areas of all components at the end.
    """
    parent = np.full(height * width, -1, np.int32)
    area = np.zeros(height * width, np.int32)
    number = np.zeros(order.size + 1, np.int32)
    largest = np.zeros(order.size + 1, np.int32)
    squares = np.zeros(order.size + 1, np.int64)
    for step in range(order.size):
        here = order[step]
        parent[here] = here
        area[here] = 1
        root, count, square = here, number[step] + 1, squares[step] + 1
        row, column = here // width, here % width
        for r in range(max(row - 1, 0), min(row + 2, height)):
            for c in range(max(column - 1, 0), min(column + 2, width)):
                if parent[r * width + c] < 0:
                    continue
                other = _root(parent, r * width + c)
                if other == root:
                    continue
                if area[other] > area[root]:
                    root, other = other, root
                square += 2 * np.int64(area[root]) * area[other]
                parent[other] = root
                area[root] += area[other]
                area[other] = 0
                count -= 1
        number[step + 1] = count
        squares[step + 1] = square
        largest[step + 1] = max(largest[step], area[root])
    return number, largest, squares, area[area > 0]

"""The maps of an image's tiles become the map of the image, without seams."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from benchmarks.images import resize_map
from benchmarks.tiling.grid import Grid

LEAST_WEIGHT = 1e-6
"""Of a pixel whose centre lies on the border of its tile, where the weight would be zero."""


def joined(maps: Sequence[np.ndarray], grid: Grid) -> np.ndarray:
    """The map of an image, float32, from those of its tiles, in the order of the grid.

    It keeps the resolution of the tiles' maps, but is never finer than the image. Where tiles overlap, each counts by
    the distance to its own border, so that it fades out where the next one takes over. Where the grid has one tile,
    its map is that of the image, to the last bit.
    """
    if len(grid) == 1:
        return maps[0]
    maps = [_not_finer(map, grid.tile_shape) for map in maps]
    height, width = maps[0].shape
    whole = np.zeros((_length(grid.rows, height), _length(grid.columns, width)), np.float32)
    places = product(_along(grid.rows, height), list(_along(grid.columns, width)))
    for map, (rows, columns) in zip(maps, places, strict=True):
        sampled = rows.of(columns.of(map.T).T)
        whole[rows.pixels, columns.pixels] += rows.weights[:, None] * sampled * columns.weights
    return whole


class Place(NamedTuple):
    """What one tile gives to the map of its image along one side."""

    pixels: slice
    """The pixels of the image's map that lie in the tile."""
    lower: np.ndarray
    """For each of them the pixel of the tile's map whose centre is next before its own."""
    upper: np.ndarray
    """The pixel after that."""
    share: np.ndarray
    """What the upper one counts, float32 from 0 to 1."""
    weights: np.ndarray
    """What the tile counts there, float32; those of all tiles add up to 1."""

    def of(self, map: np.ndarray) -> np.ndarray:
        """A tile's map, interpolated along its first axis."""
        share = self.share[:, None]
        return map[self.lower] * (1 - share) + map[self.upper] * share


def _along(spans: Sequence[slice], size: int) -> Iterator[Place]:
    """The place of each tile along one side, given that its map has `size` pixels there."""
    side, length = spans[0].stop, spans[-1].stop
    count = _length(spans, size)
    centres = (np.arange(count) + 0.5) * length / count  # in pixels of the image
    inside = [np.flatnonzero((span.start <= centres) & (centres < span.stop)) for span in spans]
    weights = [_weights(centres[own], span) for own, span in zip(inside, spans, strict=True)]
    total = np.zeros(count)
    for own, weight in zip(inside, weights, strict=True):
        total[own] += weight
    for own, weight, span in zip(inside, weights, spans, strict=True):
        positions = np.clip((centres[own] - span.start) * size / side - 0.5, 0, size - 1)
        lower = positions.astype(int)
        yield Place(
            slice(own[0], own[-1] + 1),
            lower,
            np.minimum(lower + 1, size - 1),
            (positions - lower).astype(np.float32),
            (weight / total[own]).astype(np.float32),
        )


def _length(spans: Sequence[slice], size: int) -> int:
    """Pixels of the image's map along a side, given those of each tile's."""
    return round(spans[-1].stop * size / spans[0].stop)


def _weights(centres: np.ndarray, span: slice) -> np.ndarray:
    """The distance of each centre to the nearer end of a tile."""
    return np.maximum(np.minimum(centres - span.start, span.stop - centres), LEAST_WEIGHT)


def _not_finer(map: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A tile's map with at most as many pixels as the tile has on each side."""
    fitting = min(map.shape[0], shape[0]), min(map.shape[1], shape[1])
    return map if fitting == map.shape else resize_map(map, fitting)

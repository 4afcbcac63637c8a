"""The tiles of images as a sequence that decodes on access."""

import random
from bisect import bisect_right
from collections.abc import Sequence
from copy import copy
from itertools import accumulate
from typing import Self

from benchmarks.images.lazy import Kept, name_of, shape_of
from benchmarks.images.tiling import Tiling
from benchmarks.tiling.grid import Grid, grid
from methods import Image


class Tiles(Sequence):
    """The tiles of images, one image after the other. An image is decoded once if its tiles are read in order."""

    def __init__(self, images: Sequence[Image], tiling: Tiling):
        self.images = Kept(images)
        self.tiling = tiling
        self.grids: list[Grid] = [grid(shape_of(images, index), tiling) for index in range(len(images))]
        self._choose([range(len(each)) for each in self.grids])

    def _choose(self, chosen: Sequence[Sequence[int]]) -> None:
        """Let only these count: for each image, the numbers of its tiles."""
        self.chosen = chosen
        self.ends = list(accumulate(map(len, chosen)))

    def _only(self, chosen: Sequence[Sequence[int]]) -> Self:
        """A sequence of these tiles alone."""
        other = copy(self)
        other._choose(chosen)
        return other

    def some(self, seed: int) -> Self:
        """At most `tiles_per_image` tiles of each image, drawn by a seed; without that setting all."""
        most = self.tiling.tiles_per_image
        if most is None:
            return self
        generator = random.Random(f"tiles {seed}")
        counts = [len(each) for each in self.grids]
        return self._only([sorted(generator.sample(range(count), min(most, count))) for count in counts])

    def at(self, place: int) -> Self:
        """The tiles at one place of the grid, of every image that has it here."""
        return self._only([[place] if place in own else [] for own in self.chosen])

    def grid_of(self, index: int) -> Grid:
        """The grid of a tile's image."""
        return self.grids[self._find(index)[0]]

    def place_of(self, index: int) -> int:
        """The place of a tile in that grid."""
        return self._find(index)[1]

    def name(self, index: int) -> str:
        """How an error calls a tile: by its image."""
        return name_of(self.images, self._find(index)[0])

    def __len__(self) -> int:
        return self.ends[-1] if self.ends else 0

    def __getitem__(self, index: int) -> Image:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        number, place = self._find(range(len(self))[index])
        image, grid = self.images[number], self.grids[number]
        return image if len(grid) == 1 else image[grid[place]].copy()

    def _find(self, index: int) -> tuple[int, int]:
        """The number of a tile's image, and its place there."""
        number = bisect_right(self.ends, index)
        return number, self.chosen[number][index - self.ends[number]]  # counted from the end of its image's tiles

"""The tiles of images as a sequence that decodes on access."""

import random
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Self

from benchmarks.images.lazy import Kept, shape_of
from benchmarks.images.tiling import Tiling
from benchmarks.tiling.grid import Grid, grid
from methods import Image


class Tiles(Sequence):
    """The tiles of images, one image after the other. An image is decoded once for its tiles if they are read in order.

    `chosen` has for each image the numbers of those of its tiles that count; None: all.
    """

    def __init__(self, images: Sequence[Image], tiling: Tiling, chosen: Sequence[Sequence[int]] | None = None):
        self.images = Kept(images)
        self.tiling = tiling
        self.grids: list[Grid] = [grid(shape_of(images, index), tiling) for index in range(len(images))]
        self.chosen = [range(len(each)) for each in self.grids] if chosen is None else chosen
        self.ends = list(accumulate(map(len, self.chosen)))

    def some(self, seed: int) -> Self:
        """At most `tiles_per_image` tiles of each image, drawn by a seed; without that setting all."""
        most = self.tiling.tiles_per_image
        if most is None:
            return self
        generator = random.Random(f"tiles {seed}")
        counts = [len(each) for each in self.grids]
        drawn = [sorted(generator.sample(range(count), min(most, count))) for count in counts]
        return type(self)(self.images, self.tiling, drawn)

    def __len__(self) -> int:
        return self.ends[-1] if self.ends else 0

    def __getitem__(self, index: int) -> Image:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        place = bisect_right(self.ends, index)
        number = self.chosen[place][index - self.ends[place]]  # counted from the end of its image's tiles
        image = self.images[place]
        return image if len(self.grids[place]) == 1 else image[self.grids[place][number]].copy()

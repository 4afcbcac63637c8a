"""Defects that become too small where a method resizes an image, and the tiles with which they would not."""

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from benchmarks.images import Examination, Reading, read_mask
from datasets import Sample

SEEN_PX = 256
"""Side of the square to which most methods resize what they see: from 224 to 448 with the settings of their papers."""
LEAST_PX = 4
"""A defect with a shorter side than this, of that square, is hardly more than the noise of resizing."""
SMALLEST_TILE_PX = 64
TENTH = 0.1


class Size(NamedTuple):
    """Height and width of a defect, pixels."""

    height: float
    width: float

    def __str__(self) -> str:
        return f"{self.width:.2g}x{self.height:.2g}"

    def seen_in(self, shape: tuple[int, int]) -> "Size":
        """The size where an image or tile of (height, width) becomes the square that a method sees."""
        return Size(self.height * SEEN_PX / shape[0], self.width * SEEN_PX / shape[1])


class Defect(NamedTuple):
    """A region of a mask."""

    size: Size
    seen: Size


def remark(both: Iterable[tuple[Sample, Examination]], reading: Reading) -> str | None:
    """A sentence if the smallest tenth of the defects is too small for methods to see; None otherwise."""
    defects = sorted(_defects(both, reading), key=lambda defect: defect.seen.height * defect.seen.width)
    if not defects:
        return None
    small = defects[int(TENTH * (len(defects) - 1))]
    if min(small.seen) >= LEAST_PX:
        return None
    square = f"{SEEN_PX}x{SEEN_PX}"
    return (
        f"a tenth of the {len(defects)} defects is at most {small.size} px (width x height), and {small.seen} px where "
        f"a method resizes what it sees to {square}: see them at full resolution with --tile {_tile(small.size)}"
    )


def _tile(size: Size) -> int:
    """The largest power of two with which a defect has enough pixels, but no tile smaller than is useful."""
    largest = min(size) * SEEN_PX / LEAST_PX
    return max(SMALLEST_TILE_PX, 2 ** int(math.log2(largest)))


def _defects(both: Iterable[tuple[Sample, Examination]], reading: Reading) -> Iterator[Defect]:
    for sample, examined in both:
        if not examined.defect_px:
            continue
        side = reading.tile or max(examined.shape)
        seen_in = min(side, examined.shape[0]), min(side, examined.shape[1])
        for size in sizes(read_mask(sample.masks, examined.shape, reading).defect):
            yield Defect(size, size.seen_in(seen_in))


def sizes(mask: np.ndarray) -> list[Size]:
    """The size of every 8-connected region of a mask, (h, w) bool."""
    from scipy import ndimage

    regions = ndimage.find_objects(ndimage.label(mask, np.ones((3, 3)))[0])
    return [Size(*(float(side.stop - side.start) for side in region)) for region in regions]

"""Defects that become too small where a method resizes an image, and the tiles with which they would not."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

import methods
from benchmarks import plugins
from benchmarks.images import Examination, Reading, read_mask
from benchmarks.tiling.counting import seen_of
from datasets import Sample
from methods import Method

LEAST_PX = 4
"""A defect with a shorter side than this, where a method sees it, is hardly more than the noise of resizing."""
SMALLEST_TILE_PX = 64
TENTH = 0.1
Sides = Mapping[int, Sequence[str]]
"""Side of the square to which methods resize what they see, pixels -> their names."""


class Size(NamedTuple):
    """Height and width of a defect, pixels."""

    height: float
    width: float

    def __str__(self) -> str:
        return f"{_number(self.width)}x{_number(self.height)}"


class Defect(NamedTuple):
    """The largest region of a mask."""

    size: Size
    shape: tuple[int, int]
    """Height and width of the image."""
    seen_in: tuple[int, int]
    """Height and width of what a method sees of it at a time: the image, or a tile."""

    @property
    def share(self) -> float:
        """The area of its rectangle, of all that is seen at a time."""
        return math.prod(self.size) / math.prod(self.seen_in)

    def seen(self, side: int) -> Size:
        """Its size where that becomes a square of this side, pixels."""
        height, width = self.seen_in
        return Size(self.size.height * side / height, self.size.width * side / width)


def sides(preset: str | None = None) -> Sides:
    """The sides to which methods resize with the settings of a preset, or with their defaults, ascending."""
    found = defaultdict(list)
    for name, _ in plugins.loadable(methods, Method):
        if side := _side(name, preset):
            found[side].append(name)
    return dict(sorted(found.items()))


def _side(name: str, preset: str | None) -> int | None:
    try:
        return plugins.choose(name, plugins.with_preset({name: {}}, preset or "")[name]).method.seen_px
    except Exception:  # the code of a plugin may raise anything, and nobody asked for this one
        return None


def remark(both: Iterable[tuple[Sample, Examination]], reading: Reading, sides: Sides) -> str | None:
    """A sentence if a tenth of the defective images has defects too small for a method to see; None otherwise.

    Of each image the largest counts: masks drawn by hand have specks beside a defect.
    """
    defects = sorted(_defects(both, reading), key=lambda defect: defect.share)
    if not defects or not sides:
        return None
    small = defects[int(TENTH * (len(defects) - 1))]
    if min(small.seen(min(sides))) >= LEAST_PX:
        return None
    tiles = reading.model_copy(update={"tile": _tile(small.size, min(sides))})
    seen = ", ".join(f"{small.seen(side)} at {side} ({', '.join(names)})" for side, names in sides.items())
    return (
        f"in a tenth of the {len(defects)} images with a mask, the largest defect is at most {small.size} px (width x "
        f"height). Methods resize what they see to a square, where it is {seen}: see it at full resolution with "
        f"--tile {tiles.tile} ({seen_of(small.shape, tiles)} tiles an image)"
    )


def _tile(size: Size, side: int) -> int:
    """The largest power of two with which a defect has enough pixels, but no tile smaller than is useful."""
    largest = min(size) * side / LEAST_PX
    return max(SMALLEST_TILE_PX, 2 ** int(math.log2(largest)))


def _defects(both: Iterable[tuple[Sample, Examination]], reading: Reading) -> Iterator[Defect]:
    for sample, examined in both:
        if not examined.defect_px:
            continue
        shape = examined.shape
        side = reading.tile or max(shape)
        found = sizes(read_mask(sample.masks, shape, reading).defect)
        yield Defect(max(found, key=math.prod), shape, (min(side, shape[0]), min(side, shape[1])))


def sizes(mask: np.ndarray) -> list[Size]:
    """The size of every 8-connected region of a mask, (h, w) bool."""
    from scipy import ndimage

    regions = ndimage.find_objects(ndimage.label(mask, np.ones((3, 3)))[0])
    return [Size(*(float(side.stop - side.start) for side in region)) for region in regions]


def _number(pixels: float) -> str:
    return f"{pixels:.2g}" if pixels < 10 else f"{pixels:.0f}"

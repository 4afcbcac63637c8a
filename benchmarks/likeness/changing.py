"""The places that change from image to image while the rest is alike, such as a serial number on aligned parts.

Small gray pictures are compared, in blocks. A block changes by as much as half of the images differ in it from the
median picture: a stain on one image counts for nothing, and the images as a whole may differ in brightness and
contrast. How the limits were chosen: docs/your-own-images.md.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from PIL import Image

from datasets import Sample

MOST = 50
"""The most images that are compared, spread evenly over the training images."""
LEAST = 8
"""The fewest: of less it is not known what changes by chance."""
SIDE = 256
"""The longer side of a picture, pixels; a smaller image is not enlarged."""
BLOCK = 4
"""Side of a block, pixels of the picture."""
FACTOR = 3.5
"""A place changes at least so many times as much as `QUIET` of the blocks that are not beside a place."""
QUIET = 0.97
LARGEST_SHARE = 0.1
"""The largest share of the picture that all places and the blocks beside them have."""
MOST_PLACES = 3
LEAST_BLOCKS = 2
"""The fewest blocks of a place."""
LEAST_FILL = 0.5
"""The smallest share of its rectangle that a place fills: the outline of a part that moves fills less."""
OWN = 0.7
"""A block of a place changes at least so many times as much as the median picture varies in it: at the edge of a part
that lies a little aside, the picture varies more."""
STEADY = 3.0
"""A block shows that images are aligned if the median picture varies in it so many times as much as it changes."""
LEAST_LEVEL = 1.0
"""Any smaller change counts as this one, gray levels of 255: 8 bits show no smaller one."""
GAINS = (0.5, 2.0)
"""How far the contrast of an image may differ from that of the median picture and be corrected."""
AROUND = np.ones((3, 3), bool)


class Place(NamedTuple):
    """A rectangle of an image that changes, in pixels of the image."""

    left: int
    top: int
    width: int
    height: int
    shape: tuple[int, int]
    """Height and width of the image."""
    times: float
    """How many times as much it changes as `QUIET` of the rest."""


class Pictures:
    """Small pictures of some normal training images of a category, collected while the images are decoded."""

    def __init__(self, samples: Iterable[Sample]):
        train = [sample for sample in samples if sample.split == "train" and sample.defect is None]
        chosen = np.linspace(0, len(train) - 1, min(MOST, len(train))).round().astype(int)
        self._kept: dict[Sample, tuple[tuple[int, int], np.ndarray] | None] = {train[each]: None for each in chosen}

    def add(self, sample: Sample, image: np.ndarray) -> None:
        """Keep a picture of an image, (h, w, 3) uint8, if it is one of those chosen. Several threads may do so."""
        if sample in self._kept:
            self._kept[sample] = image.shape[:2], picture(image)

    def places(self) -> list[Place]:
        """The places that change; none where images are few, or of several sizes, or not alike in the rest."""
        kept = [each for each in self._kept.values() if each]
        shapes = {shape for shape, _ in kept}
        if len(kept) < LEAST or len(shapes) > 1:
            return []
        return changing(np.stack([small for _, small in kept]), shapes.pop())


class _Region(NamedTuple):
    """Blocks that touch each other, or nearly."""

    box: tuple[slice, slice]
    """Rows and columns of blocks."""
    inside: np.ndarray
    """Which blocks of the box belong to it, bool."""
    times: float


def picture(image: np.ndarray) -> np.ndarray:
    """A gray picture (at most SIDE pixels a side) uint8 of an image (h, w, 3) uint8, with its aspect ratio."""
    gray = Image.fromarray(image).convert("L")
    scale = min(1.0, SIDE / max(gray.size))
    width, height = (max(1, round(side * scale)) for side in gray.size)
    return np.asarray(gray.resize((width, height), Image.Resampling.BOX))


def changing(pictures: np.ndarray, shape: tuple[int, int]) -> list[Place]:
    """The places that change in pictures (n, h, w) uint8 of images of one (height, width), the largest first."""
    if min(pictures.shape[1:]) < BLOCK:
        return []
    scale = shape[0] / pictures.shape[1] * BLOCK, shape[1] / pictures.shape[2] * BLOCK
    places = [_place(region, scale, shape) for region in _regions(*_by_block(pictures))]
    return sorted(places, key=lambda place: -place.width * place.height)


def _by_block(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How much each block changes, and how much the median picture varies in it: (rows, columns), gray levels."""
    light = pictures - pictures.mean((1, 2), keepdims=True, dtype=np.float32)
    middle = np.median(light, axis=0)
    variance = max(float((middle**2).mean()), LEAST_LEVEL)
    gains = (light * middle).mean((1, 2), keepdims=True) / variance
    differences = _in_blocks(light / gains.clip(*GAINS) - middle)
    return np.median(np.sqrt((differences**2).mean((-3, -1))), axis=0), _in_blocks(middle).std((-3, -1))


def _in_blocks(pictures: np.ndarray) -> np.ndarray:
    """Pictures (..., h, w) as (..., rows, BLOCK, columns, BLOCK), without what is left over at the end."""
    rows, columns = (side // BLOCK for side in pictures.shape[-2:])
    whole = pictures[..., : rows * BLOCK, : columns * BLOCK]
    return whole.reshape(*whole.shape[:-2], rows, BLOCK, columns, BLOCK)


def _regions(changes: np.ndarray, contrast: np.ndarray) -> list[_Region]:
    """The regions that change far more than the rest; none where that is not aligned, or they are no rectangles."""
    from scipy import ndimage

    changes = changes.clip(LEAST_LEVEL)
    usual = np.quantile(changes, 1 - LARGEST_SHARE)
    found = (changes > np.sqrt(usual * changes.max())) & (changes > OWN * contrast)
    beside = ndimage.binary_dilation(found, AROUND)
    is_aligned = ((contrast > STEADY * changes) & ~beside).sum() >= found.sum()
    if not found.any() or beside.mean() > LARGEST_SHARE or not is_aligned:
        return []
    rest = float(np.quantile(changes[~beside], QUIET))
    closed = ndimage.binary_closing(np.pad(found, 1), AROUND)[1:-1, 1:-1]  # over the gaps between letters
    numbers, _ = ndimage.label(closed, AROUND)
    regions = []
    for number, box in enumerate(ndimage.find_objects(numbers), start=1):
        inside = numbers[box] == number
        times = float(np.median(changes[box][inside & found[box]])) / rest
        if times >= FACTOR and inside.sum() >= LEAST_BLOCKS:
            regions.append(_Region(box, inside, times))
    is_plain = len(regions) <= MOST_PLACES and all(region.inside.mean() >= LEAST_FILL for region in regions)
    return regions if is_plain else []


def _place(region: _Region, block: tuple[float, float], shape: tuple[int, int]) -> Place:
    """A region as a rectangle of an image of (height, width), given the height and width of a block in it."""
    top, left = (round(side.start * of) for side, of in zip(region.box, block, strict=True))
    bottom, right = (round(side.stop * of) for side, of in zip(region.box, block, strict=True))
    return Place(left, top, right - left, bottom - top, shape, region.times)

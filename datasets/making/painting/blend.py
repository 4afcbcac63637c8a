"""Paint defects with the suite's own generator: no model, no network."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from datasets.making.change import ABOVE, LEAST_SHARE
from datasets.making.painting import Painter, PaintError, Task

SURROUNDINGS = 0.5
"""How far around a mask the surface is looked at, as a share of the mask's longer side."""
EDGE_SHARE = 0.006
"""Width of the soft edge inside a mask, as a share of the shorter side of the image."""
FAINTEST, STRONGEST = 0.35, 0.9
"""Opacity on the edge of a mask and in its middle."""
ENLARGED = 1.6
"""How much larger a misplaced piece is than where it was taken."""
PIECES = 6
SEEN = 2 * ABOVE
"""Gray levels by which a misplaced piece differs before it is blended."""


class Blend(Painter):
    """Blends the colours of a scratch, crack, stain, hole or misplaced piece into the mask.

    The kind is that of the mask's shape where the generator drew it, else it is drawn. Where every piece of an image
    looks like the place it is put to, it is a stain.
    """

    libraries: ClassVar = ("numpy", "scipy")
    has_codec = False

    def settings(self) -> Mapping[str, Any]:
        """None: kind and place are drawn by the seed."""
        return {}

    def paint(self, task: Task) -> np.ndarray:
        """Raises PaintError for an image of fewer than 32 pixels."""
        from datasets._defects import KINDS, LEAST_SIDE

        if min(task.mask.shape) < LEAST_SIDE:
            raise PaintError(f"the image has fewer than {LEAST_SIDE} pixels in one direction")
        generator = np.random.default_rng(task.seed)
        drawn = str(generator.choice(sorted(KINDS)))
        kind = task.shape if task.shape in KINDS else drawn
        around = _around(task.mask, LEAST_SIDE)
        image, mask = task.image[around].astype(np.float32), task.mask[around]
        colour = _misplaced(task.image, image, mask, generator) if kind == "misplaced" else None
        if colour is None:
            colour = KINDS["stain" if kind == "misplaced" else kind](image, generator).colour
        opacity = _opacity(mask, EDGE_SHARE * min(task.mask.shape))[..., None]
        painted = task.image.copy()
        painted[around] = np.rint(image + opacity * (np.clip(colour, 0, 255) - image)).astype(np.uint8)
        return painted


def _around(mask: np.ndarray, least: int) -> tuple[slice, slice]:
    """The rows and columns of a mask and its surroundings, at least `least` of each."""
    lines = [np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))]
    margin = SURROUNDINGS * max(line[-1] - line[0] + 1 for line in lines)
    slices = []
    for line, size in zip(lines, mask.shape, strict=True):
        wanted = max(least, int(line[-1] - line[0] + 1 + 2 * margin))
        first = int(np.clip((line[0] + line[-1] + 1 - wanted) // 2, 0, max(0, size - wanted)))
        slices.append(slice(first, min(size, first + wanted)))
    return tuple(slices)


def _opacity(mask: np.ndarray, edge: float) -> np.ndarray:
    """(h, w): 0 outside a mask, growing from its edge to its middle."""
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    return np.where(mask, np.clip(FAINTEST + (STRONGEST - FAINTEST) * (depth - 1) / max(edge, 1), 0, STRONGEST), 0)


def _misplaced(
    image: np.ndarray, part: np.ndarray, mask: np.ndarray, generator: np.random.Generator
) -> np.ndarray | None:
    """Of a few pieces of an image, the one that differs most from the part of it that it covers; None: none is seen."""
    pieces = [_piece(image, part.shape, generator) for _ in range(PIECES)]
    seen = [float((np.abs(piece - part).max(axis=2)[mask] > SEEN).mean()) for piece in pieces]
    return pieces[int(np.argmax(seen))] if max(seen) > LEAST_SHARE else None


def _piece(image: np.ndarray, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """Some part of an image, turned by 90 degrees and enlarged, of `shape` (height, width, ...); mirrored at edges."""
    from scipy import ndimage

    first = generator.uniform(0, image.shape[:2])
    rows, columns = np.mgrid[: shape[0], : shape[1]] / ENLARGED
    places = [first[0] + columns, first[1] - rows]
    channels = [ndimage.map_coordinates(image[..., band], places, order=1, mode="mirror") for band in range(3)]
    return np.stack(channels, axis=2).astype(np.float32)

"""Anomaly maps in colours that mean the same in every image of a job, alone and laid over the image."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from reports.files import output
from reports.marks import MADE_BY

PALETTE = "inferno"
"""Black, violet, red, orange, yellow."""
BRIGHTEST = 0.88
"""Of the palette, where yellow is strongest: beyond, it turns pale, and cannot be told from a bright image."""
ROWS = 128
"""Of a map that are coloured at a time."""
OPACITY = 0.8
DIMMED = 0.65
"""Brightness of the image under its map, so that the colours stand out on bright parts, too."""


class Scale(NamedTuple):
    """The colours of a map: `low` is black, `middle` is red, and twice as far from `low` as `middle` is yellow."""

    low: float
    middle: float

    def shares(self, map: np.ndarray) -> np.ndarray:
        """The values of a map (h, w) with 0 at `low` and 1 at `middle`, not limited."""
        return (map - self.low) / max(self.middle - self.low, np.finfo(np.float32).tiny)


def own_scale(map: np.ndarray) -> Scale:
    """The scale of one map alone: the highest value is yellow. Pixels of minus infinity do not count."""
    low, high = lowest(map), float(map.max())
    return Scale(low, (low + high) / 2)


def lowest(map: np.ndarray) -> float:
    """The lowest value of a map that counts, that is not minus infinity."""
    return float(np.min(map, where=np.isfinite(map), initial=np.inf))


def coloured(map: np.ndarray, scale: Scale) -> np.ndarray:
    """A map (h, w) as (h, w, 3) uint8 colours; what does not count, minus infinity, is as dark as the lowest."""
    from matplotlib import colormaps

    picture = np.empty((*map.shape, 3), np.uint8)
    for top in range(0, len(map), ROWS):  # colours are computed in float64, ten times the bytes of the picture
        rows = slice(top, top + ROWS)
        colours = colormaps[PALETTE](np.clip(scale.shares(map[rows]) / 2, 0, 1) * BRIGHTEST)[..., :3]
        picture[rows] = np.rint(255 * colours)
    return picture


def laid_over(image: np.ndarray, map: np.ndarray, scale: Scale) -> np.ndarray:
    """The colours of a map (h, w) over the image (h, w, 3) uint8 in dim gray; where the map is low, only the image."""
    gray = DIMMED * np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2)
    opacity = OPACITY * np.clip(2 * scale.shares(map) - 1, 0, 1)[..., None]
    return np.rint((1 - opacity) * gray + opacity * coloured(map, scale)).astype(np.uint8)


def save_map(path: Path, map: np.ndarray) -> None:
    """Write a map (h, w) as a TIFF of one channel in float32, minus infinity where nothing counts; see `output`."""
    with output(path) as temporary:
        Image.fromarray(np.asarray(map, np.float32)).save(temporary, format="TIFF", software=MADE_BY)

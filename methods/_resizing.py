"""Images at one size, gray or in colour."""

from typing import NamedTuple

import numpy as np
from PIL import Image as PillowImage

from methods import Image

MODES = {"grayscale": "L", "rgb": "RGB"}
"""Pillow's names. Its gray is that of ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B."""
CHANNELS = {"grayscale": 1, "rgb": 3}


def resized(image: Image, *, side_px: int, color_mode: str) -> np.ndarray:
    """(side, side, channels) uint8. The aspect ratio is not kept; an image is averaged when it shrinks, not sampled."""
    picture = PillowImage.fromarray(image).convert(MODES[color_mode])
    picture = picture.resize((side_px, side_px), PillowImage.Resampling.BILINEAR)
    return np.asarray(picture).reshape(side_px, side_px, CHANNELS[color_mode])


class Centre(NamedTuple):
    """The central square of an image that is resized with its aspect ratio kept."""

    size: tuple[int, int]
    """Height and width of the resized image, pixels."""
    rows: slice
    columns: slice

    def of(self, image: Image) -> np.ndarray:
        """(side, side, 3) uint8."""
        picture = PillowImage.fromarray(image).resize(self.size[::-1], PillowImage.Resampling.BILINEAR)
        return np.asarray(picture)[self.rows, self.columns]


def centre(shape: tuple[int, int], *, shorter_px: int, side_px: int) -> Centre:
    """Where the central square lies in an image of (height, width) whose shorter side becomes `shorter_px`."""
    shorter = min(shape)
    height, width = (shorter_px * length // shorter for length in shape)
    top, left = (round((length - side_px) / 2) for length in (height, width))
    return Centre((height, width), slice(top, top + side_px), slice(left, left + side_px))

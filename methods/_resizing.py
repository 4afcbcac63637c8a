"""Images at one size, gray or in colour."""

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

"""Regions that do not count, hatched: light and dark stripes side by side, which show on every picture."""

import numpy as np
from scipy.ndimage import binary_erosion

LIGHT, DARK = (255, 255, 255), (20, 20, 20)
STRIPE_SHARE = 1 / 250
"""Width of a stripe as a share of the longer side of the picture."""
SPACING = 8
"""From one pair of stripes to the next, in widths of a stripe."""
OPACITY = 170
"""Of 255; the border is opaque."""
CAPTION = "hatched: does not count"


def stripes(ignored: np.ndarray) -> np.ndarray:
    """The stripes and the border of the (h, w) bool regions, (h, w, 4) uint8 RGBA, to be laid over a picture."""
    height, width = ignored.shape
    stripe = max(1, round(STRIPE_SHARE * max(height, width)))
    number = (np.arange(height)[:, None] + np.arange(width)) // stripe % SPACING
    drawn = np.zeros((height, width, 4), np.uint8)
    for place, colour in enumerate((LIGHT, DARK)):
        drawn[ignored & (number == place)] = (*colour, OPACITY)
    inner = binary_erosion(ignored, np.ones((3, 3)), iterations=stripe, border_value=1)
    drawn[ignored & ~inner] = (*DARK, 255)
    return drawn


def hatched(picture: np.ndarray, ignored: np.ndarray | None) -> np.ndarray:
    """An (h, w, 3) uint8 picture with its (h, w) bool regions that do not count hatched; None: there are none."""
    if ignored is None or not ignored.any():
        return picture
    drawn = stripes(ignored)
    opacity = drawn[..., 3:] / 255
    return np.rint((1 - opacity) * picture + opacity * drawn[..., :3]).astype(np.uint8)

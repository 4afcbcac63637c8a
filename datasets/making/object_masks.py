"""Where the object of an image is: what is left when the background is taken away, or the whole frame."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

BACKGROUND_BORDER = 0.5
"""A background covers at least this share of the border of an image."""
LEAST_PART = 0.01
"""Smaller parts, as a share of the image, are no objects: gaps between segments, or grains of a texture."""
SEAM_SHARE = 0.004
"""Half the width of a gap between segments, as a share of the shorter side."""


class Found(NamedTuple):
    """The object of an image."""

    mask: np.ndarray
    """(h, w) bool; all True for a texture, which fills the frame."""
    is_texture: bool
    why: str
    """How it was found, in a few words."""


def texture(shape: tuple[int, int], why: str) -> Found:
    """An object that fills an image of `shape` (height, width)."""
    return Found(np.ones(shape, bool), True, why)


def of_segments(segments: Iterable[np.ndarray], shape: tuple[int, int]) -> Found:
    """The object of an image, given its segments, (h, w) bool each.

    The segment that covers most of the border is the background, and the rest of the image is the object. Where no
    segment covers half of the border, or next to nothing is left, the image shows a texture that fills the frame.
    """
    best, background = 0.0, np.zeros(shape, bool)
    for segment in segments:
        share = border_share(segment)
        if share > best:
            best, background = share, segment
    if best < BACKGROUND_BORDER:
        return texture(shape, f"no segment covers half of the border (the most: {best:.0%})")
    rest = without_specks(~background)
    if not rest.any():
        return texture(shape, "one segment covers the frame")
    return Found(rest, False, f"the background covers {best:.0%} of the border")


def of_mask(mask: np.ndarray) -> Found:
    """The object of an image, given its mask, (h, w) bool. It fills the frame if next to nothing is left of that."""
    if not without_specks(~mask).any():
        return texture(mask.shape, "the object mask covers the frame")
    return Found(mask, False, "object mask")


def border_share(segment: np.ndarray) -> float:
    """The share of the outermost pixels that a segment, (h, w) bool, covers."""
    border = np.ones(segment.shape, bool)
    border[1:-1, 1:-1] = False
    return float(segment[border].mean())


def without_specks(mask: np.ndarray) -> np.ndarray:
    """The connected parts of a mask, (h, w) bool, that are neither small nor thin as a seam between two segments."""
    from scipy import ndimage

    reach = max(1, round(SEAM_SHARE * min(mask.shape)))
    core = ndimage.binary_opening(mask, iterations=reach)
    labels, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(labels.ravel())
    kept = np.unique(labels[core])
    return np.isin(labels, kept[(kept > 0) & (sizes[kept] >= LEAST_PART * mask.size)])

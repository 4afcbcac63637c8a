"""Which pixels a painted defect really changed."""

import numpy as np

ABOVE = 12
"""Gray levels: a smaller difference in every channel is no change that anybody sees."""
LEAST_SHARE = 0.5
"""A defect that changed less than this share of its mask is not there."""
GAP_SHARE = 0.004
"""Gaps up to twice this share of the shorter side are closed: where paint met the old colour by chance."""


def changed(before: np.ndarray, after: np.ndarray, within: np.ndarray, *, above: int = ABOVE) -> np.ndarray:
    """The pixels, (h, w) bool, inside a mask where two (h, w, 3) uint8 images differ by more than `above` gray levels.

    Narrow gaps between such pixels are closed, and single pixels are left out.
    """
    from scipy import ndimage

    difference = np.abs(before.astype(np.int16) - after.astype(np.int16)).max(axis=2)
    found = (difference > above) & within
    reach = max(1, round(GAP_SHARE * min(within.shape)))
    padded = np.pad(found, reach)
    closed = ndimage.binary_closing(padded, iterations=reach)[reach:-reach, reach:-reach] & within
    labels, _ = ndimage.label(closed, structure=np.ones((3, 3)))
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return (sizes > 1)[labels]


def is_there(change: np.ndarray, asked: np.ndarray) -> bool:
    """Whether enough of the asked mask changed to call it a defect."""
    return bool(change.sum() >= LEAST_SHARE * asked.sum() and change.any())


def kept_outside(before: np.ndarray, painted: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The painted image inside the mask and the image before it everywhere else, to the last bit."""
    return np.where(mask[..., None], painted, before)

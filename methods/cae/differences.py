"""How an image differs from its reconstruction, pixel by pixel: what training lowers and what maps show."""

from typing import Any

import numpy as np
from keras import ops

from methods.cae.ssim import ssim_map


def l1(images: Any, reconstructions: Any) -> Any:
    """The absolute difference."""
    return ops.abs(images - reconstructions)


def l2(images: Any, reconstructions: Any) -> Any:
    """The squared difference."""
    return ops.square(images - reconstructions)


def ssim(images: Any, reconstructions: Any) -> Any:
    """1 - SSIM in every whole window, from 0 (alike) to 2 (inverted); the outer 5 pixels have no window."""
    return 1 - ssim_map(images, reconstructions)


DIFFERENCES = {"l1": l1, "l2": l2, "ssim": ssim}
"""Batches (n, height, width, channels) in 0 to 1, twice -> signless differences, of that shape or less a border."""
OF_LOSS = {"mse": "l2", "ssim": "ssim"}
"""The difference whose mean a loss is."""


def losses(images: Any, reconstructions: Any, *, loss: str) -> Any:
    """(n,) the mean difference of each image over its pixels and channels."""
    return ops.mean(DIFFERENCES[OF_LOSS[loss]](images, reconstructions), axis=(1, 2, 3))


def maps(images: np.ndarray, reconstructions: np.ndarray, *, difference: str) -> np.ndarray:
    """(n, height, width) float32: at each pixel the largest difference of its channels.

    A pixel of a border that a difference leaves out has the value of the nearest one inside. Windows cut off by the
    image's edge, or mirrored there, would average fewer pixels and hold the maximum of most normal maps.
    """
    values = ops.convert_to_numpy(ops.max(DIFFERENCES[difference](images, reconstructions), axis=-1))
    border_px = (images.shape[1] - values.shape[1]) // 2
    return np.pad(values, ((0, 0), (border_px, border_px), (border_px, border_px)), mode="edge")

"""The difference of an image and its reconstruction, pixel by pixel, for losses and anomaly maps."""

from typing import Any

import numpy as np
from keras import ops

from methods.cae.hyperparameters import AutoencoderSettings
from methods.cae.scores import OF_LOSS, difference_shown
from methods.cae.ssim import ms_ssim, ssim_map

GRAY = np.float32([0.299, 0.587, 0.114])
"""Weights of red, green and blue in ITU-R BT.601, as in `_resizing`."""


def difference(images: Any, reconstructions: Any, *, kind: str, data_range: float) -> Any:
    """Differences without a sign of two batches (n, height, width, channels).

    - l1: absolute difference, of the same shape;
    - l2: squared difference, of the same shape;
    - ssim: 1 - SSIM, from 0 (alike) to 2 (inverted), without the outer 5 pixels, which have no whole window.
    """
    if kind == "ssim":
        return 1 - ssim_map(images, reconstructions, data_range=data_range)
    return {"l1": ops.abs, "l2": ops.square}[kind](images - reconstructions)


def losses(images: Any, reconstructions: Any, *, loss: str, data_range: float) -> Any:
    """(n,) the loss of each image: the mean difference over its pixels and channels, for l2 the sum; or 1 - MS-SSIM."""
    if loss == "ms_ssim":
        return 1 - ms_ssim(images, reconstructions, data_range=data_range)
    values = difference(images, reconstructions, kind=OF_LOSS[loss], data_range=data_range)
    return (ops.sum if loss == "l2" else ops.mean)(values, axis=(1, 2, 3))


def maps(images: np.ndarray, reconstructions: np.ndarray, settings: AutoencoderSettings) -> np.ndarray:
    """(n, height, width) float32: at each pixel the largest difference of the channels, or the difference in gray.

    An ssim map has no values in the outer 5 pixels; they repeat the nearest value. Windows that are cut off or mirrored
    at the image's edge would average fewer pixels, and most normal maps would have their maximum there.
    """
    kind = difference_shown(settings)
    if settings.map_color == "gray" and images.shape[-1] == len(GRAY):
        images, reconstructions = (values @ GRAY[:, None] for values in (images, reconstructions))
    values = difference(images, reconstructions, kind=kind, data_range=settings.data_range)
    values = ops.convert_to_numpy(ops.max(values, axis=-1))
    border_px = (images.shape[1] - values.shape[1]) // 2
    return np.pad(values, ((0, 0), (border_px, border_px), (border_px, border_px)), mode="edge")

"""How an image differs from its reconstruction, pixel by pixel: what training lowers and what maps show."""

from typing import Any

import numpy as np
from keras import ops

from methods.cae.hyperparameters import AutoencoderSettings
from methods.cae.scores import OF_LOSS, difference_shown
from methods.cae.ssim import ms_ssim, ssim_map

GRAY = np.float32([0.299, 0.587, 0.114])
"""Weights of red, green and blue in ITU-R BT.601, as `_resizing` has them."""


def difference(images: Any, reconstructions: Any, *, kind: str, data_range: float) -> Any:
    """Two batches (n, height, width, channels) -> signless differences of that shape, or less a border.

    l1 is absolute, l2 squared, ssim 1 - SSIM, from 0 (alike) to 2 (inverted), in every whole window: the outer 5
    pixels have none.
    """
    if kind == "ssim":
        return 1 - ssim_map(images, reconstructions, data_range=data_range)
    return {"l1": ops.abs, "l2": ops.square}[kind](images - reconstructions)


def losses(images: Any, reconstructions: Any, *, loss: str, data_range: float) -> Any:
    """(n,) the loss of each image: a mean over its pixels and channels, of l2 the sum, or 1 - MS-SSIM."""
    if loss == "ms_ssim":
        return 1 - ms_ssim(images, reconstructions, data_range=data_range)
    values = difference(images, reconstructions, kind=OF_LOSS[loss], data_range=data_range)
    return (ops.sum if loss == "l2" else ops.mean)(values, axis=(1, 2, 3))


def maps(images: np.ndarray, reconstructions: np.ndarray, settings: AutoencoderSettings) -> np.ndarray:
    """(n, height, width) float32: at each pixel the largest difference of its channels, or that of their gray.

    A pixel of a border that a difference leaves out has the value of the nearest one inside. Windows cut off by the
    image's edge, or mirrored there, would average fewer pixels and hold the maximum of most normal maps.
    """
    kind = difference_shown(settings)
    if settings.map_color == "gray" and images.shape[-1] == len(GRAY):
        images, reconstructions = (values @ GRAY[:, None] for values in (images, reconstructions))
    values = difference(images, reconstructions, kind=kind, data_range=settings.data_range)
    values = ops.convert_to_numpy(ops.max(values, axis=-1))
    border_px = (images.shape[1] - values.shape[1]) // 2
    return np.pad(values, ((0, 0), (border_px, border_px), (border_px, border_px)), mode="edge")

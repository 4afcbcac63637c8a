"""Structural similarity (SSIM; Wang, Bovik, Sheikh and Simoncelli 2004), a value per pixel, on any Keras engine."""

from functools import cache
from typing import Any

import numpy as np
from keras import ops

WINDOW_PX = 11
SIGMA_PX = 1.5
K1, K2 = 0.01, 0.03
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Weights of MS-SSIM's scales, from full size to a sixteenth of the sides (Wang, Simoncelli and Bovik 2003)."""
FLOOR = 1e-4
"""Lower bound of a scale's factor in MS-SSIM: at 0 and below, its power has no finite gradient."""


def ssim_map(first: Any, second: Any, *, data_range: float) -> Any:
    """SSIM of two batches (n, height, width, channels) in every whole window: (n, height - 10, width - 10, channels).

    SSIM = (2 m1 m2 + C1) (2 s12 + C2) / ((m1² + m2² + C1) (s11 + s22 + C2)), equation 13. m and s are the means and
    population covariances under the Gaussian window; C1 = (0.01 L)², C2 = (0.03 L)², and L is the data range. Value
    (i, j) belongs to the window around pixel (i + 5, j + 5).
    """
    luminance, structure = similarity(first, second, data_range=data_range)
    return ops.transpose(luminance * structure, (0, 2, 3, 1))


def ms_ssim(first: Any, second: Any, *, data_range: float) -> Any:
    """(n,) MS-SSIM of two batches (n, height, width, channels) with sides of 176 or more: the mean over the channels.

    The product over five scales of the mean structure, each to the power of the scale's weight. The last scale also
    has the luminance (Wang, Simoncelli and Bovik 2003, equation 7). From scale to scale, 2x2 pixels are averaged.
    """
    product = 1.0
    for scale, weight in enumerate(SCALE_WEIGHTS, start=1):
        luminance, structure = similarity(first, second, data_range=data_range)
        values = luminance * structure if scale == len(SCALE_WEIGHTS) else structure
        product = product * ops.maximum(ops.mean(values, axis=(2, 3)), FLOOR) ** weight
        first, second = halved(first), halved(second)
    return ops.mean(product, axis=-1)


def similarity(first: Any, second: Any, *, data_range: float) -> tuple[Any, Any]:
    """SSIM's two factors, each (n, channels, height - 10, width - 10): luminance, and contrast times structure."""
    first, second = (ops.transpose(image, (0, 3, 1, 2)) for image in (first, second))
    centre = ops.mean(first, axis=(2, 3), keepdims=True)  # else float32 loses small variances beside large means
    first, second = first - centre, second - centre
    moments = blur(ops.stack([first, second, first * first + second * second, first * second]))
    mean_first, mean_second, mean_squares, mean_product = ops.unstack(moments, 4)
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    variances = mean_squares - mean_first * mean_first - mean_second * mean_second
    structure = (2 * (mean_product - mean_first * mean_second) + c2) / (variances + c2)
    mean_first, mean_second = mean_first + centre, mean_second + centre
    luminance = (2 * mean_first * mean_second + c1) / (mean_first * mean_first + mean_second * mean_second + c1)
    return luminance, structure


def halved(images: Any) -> Any:
    """The mean of every 2x2 pixels. An odd last row or column counts twice."""
    _, height, width, _ = images.shape
    if height % 2:
        images = ops.concatenate([images, images[:, -1:]], axis=1)
    if width % 2:
        images = ops.concatenate([images, images[:, :, -1:]], axis=2)
    return ops.average_pool(images, 2, data_format="channels_last")


def blur(images: Any) -> Any:
    """The Gaussian-weighted mean in every whole window of (..., height, width).

    Computed as two products with a band matrix. On a CPU, these and their gradient are several times faster than
    depthwise convolutions.
    """
    height, width = images.shape[-2:]
    return ops.matmul(gaussian_matrix(height), ops.matmul(images, gaussian_matrix(width).T))


@cache
def gaussian_matrix(size: int) -> np.ndarray:
    """(size - 10, size) float32: row i holds the window's weights from column i on; they sum to 1."""
    offsets = np.arange(WINDOW_PX) - WINDOW_PX // 2
    weights = np.exp(-0.5 * (offsets / SIGMA_PX) ** 2)
    matrix = np.zeros((size - WINDOW_PX + 1, size), np.float32)
    for row, values in enumerate(matrix):
        values[row : row + WINDOW_PX] = weights / weights.sum()
    return matrix

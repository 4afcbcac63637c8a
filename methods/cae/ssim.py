"""Structural similarity (Wang, Bovik, Sheikh and Simoncelli 2004), one value a pixel, on any Keras engine."""

from functools import cache
from typing import Any

import numpy as np
from keras import ops

WINDOW_PX = 11
SIGMA_PX = 1.5
K1, K2 = 0.01, 0.03
DATA_RANGE = 1.0
"""Of the images compared, in training and in maps: both have values from 0 to 1."""


def ssim_map(first: Any, second: Any) -> Any:
    """SSIM of two batches (n, height, width, channels) in every whole window: (n, height - 10, width - 10, channels).

    SSIM = (2 m1 m2 + C1) (2 s12 + C2) / ((m1² + m2² + C1) (s11 + s22 + C2)), equation 13, with the means m and
    covariances s of the population under the Gaussian window. Value (i, j) is of the window around (i + 5, j + 5).
    """
    first, second = (ops.transpose(image, (0, 3, 1, 2)) for image in (first, second))
    moments = blur(ops.stack([first, second, first * first + second * second, first * second]))
    mean_first, mean_second, mean_squares, mean_product = ops.unstack(moments, 4)
    product, squares = mean_first * mean_second, mean_first * mean_first + mean_second * mean_second
    c1, c2 = (K1 * DATA_RANGE) ** 2, (K2 * DATA_RANGE) ** 2
    luminance = (2 * product + c1) / (squares + c1)
    structure = (2 * (mean_product - product) + c2) / (mean_squares - squares + c2)
    return ops.transpose(luminance * structure, (0, 2, 3, 1))


def blur(images: Any) -> Any:
    """The Gaussian-weighted mean in every whole window of (..., height, width).

    Two products with a band matrix: on a CPU several times faster, with its gradient, than depthwise convolutions.
    """
    height, width = images.shape[-2:]
    return ops.matmul(gaussian_matrix(height), ops.matmul(images, gaussian_matrix(width).T))


@cache
def gaussian_matrix(size: int) -> np.ndarray:
    """(size - 10, size) float32: row i has the window's weights from column i on, and their sum is 1."""
    offsets = np.arange(WINDOW_PX) - WINDOW_PX // 2
    weights = np.exp(-0.5 * (offsets / SIGMA_PX) ** 2)
    matrix = np.zeros((size - WINDOW_PX + 1, size), np.float32)
    for row, values in enumerate(matrix):
        values[row : row + WINDOW_PX] = weights / weights.sum()
    return matrix

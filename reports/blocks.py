"""Arrays of pixels, smaller by whole numbers."""

from collections.abc import Callable

import numpy as np


def blocks(array: np.ndarray, step: int, reduce: Callable[..., np.ndarray]) -> np.ndarray:
    """Each `step` x `step` block of (h, w, ...) reduced to one pixel; incomplete ones are filled from their edge."""
    rows, columns = (-side % step for side in array.shape[:2])
    padded = np.pad(array, [(0, rows), (0, columns), *[(0, 0)] * (array.ndim - 2)], mode="edge")
    height, width = (side // step for side in padded.shape[:2])
    return reduce(padded.reshape(height, step, width, step, *array.shape[2:]), axis=(1, 3))

"""Correlation of images that may be shifted against each other: the highest over all shifts with enough overlap."""

from collections.abc import Iterator

import numpy as np

from benchmarks.likeness.thumbnail import FLAT

LEAST_OVERLAP = 0.45
"""The least share of an image that overlaps the other."""
View = tuple[slice, slice, slice]
"""A part of every image of a stack (n, h, w)."""


def correlations(residuals: np.ndarray) -> np.ndarray:
    """The correlation of every two images (n, n), each the highest over all shifts; residuals are (n, h, w)."""
    best = np.full((len(residuals), len(residuals)), -1, np.float32)
    for first, second in _shifts(*residuals.shape[1:]):
        np.maximum(best, _normalised(residuals[first]) @ _normalised(residuals[second]).T, out=best)
    return np.maximum(best, best.T)


def correlations_of_pairs(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The correlation (n,) of each image on the left, (n, h, w), with the one on the right that has its index."""
    best = np.full(len(left), -1, np.float32)
    for first, second in _shifts(*left.shape[1:]):
        for one, other in ((left[first], right[second]), (right[first], left[second])):
            np.maximum(best, np.einsum("np,np->n", _normalised(one), _normalised(other)), out=best)
    return best


def _shifts(height: int, width: int) -> Iterator[tuple[View, View]]:
    """The overlapping parts of two images for each shift; of two opposite shifts only one."""
    for down in range(height):
        for right in range(-width + 1 if down else 0, width):
            if (height - down) * (width - abs(right)) >= LEAST_OVERLAP * height * width:
                yield _view(down, right), _view(-down, -right)


def _view(down: int, right: int) -> View:
    """What is left of an image of which the other one begins `down` and `right` later, or earlier if negative."""
    return slice(None), _side(down), _side(right)


def _side(by: int) -> slice:
    return slice(by, None) if by >= 0 else slice(None, by)


def _normalised(parts: np.ndarray) -> np.ndarray:
    """Each part as a row of mean 0 and length 1, so that a product is a correlation; shorter where a part is flat."""
    rows = parts.reshape(len(parts), -1)
    rows = rows - rows.mean(1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), FLAT * rows.shape[1] ** 0.5)

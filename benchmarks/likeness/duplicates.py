"""Pairs of images that show the same thing: re-encoded copies, overlapping crops, neighbouring frames."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.likeness.overlap import correlations
from benchmarks.likeness.thumbnail import residuals

LEAST_CORRELATION = 0.8
"""The least correlation of near-duplicates."""
LEAST_DISTANCE = 11.0
"""How far above the other pairs of the category near-duplicates are, in standard deviations of these pairs."""
LEAST_SPREAD = 0.05
"""The least standard deviation counted; of the inverse hyperbolic tangent of a correlation (Fisher's z)."""
FEWEST = 4
"""Among fewer images no pair can be told from the others."""
MOST = 1000
"""Of more images, as many are drawn and compared."""


class Duplicates(NamedTuple):
    """The near-duplicates found among the images of a category."""

    pairs: list[tuple[int, int]]
    """Indices i < j of two images, ascending."""
    compared: int
    """Number of images among which every two were compared."""


def near_duplicates(thumbnails: Sequence[bytes]) -> Duplicates:
    """The near-duplicates among the images of a category, given their thumbnails.

    A pair counts if its correlation is high by itself and far from what is usual in the category, by the median of
    all pairs and their median absolute deviation. So pictures of different parts of one product do not count.
    """
    drawn = _drawn(len(thumbnails))
    if len(drawn) < FEWEST:
        return Duplicates([], len(drawn))
    found = correlations(residuals([thumbnails[index] for index in drawn]))
    alike = (found >= LEAST_CORRELATION) & (_distances(found) >= LEAST_DISTANCE)
    pairs = np.argwhere(np.triu(alike, 1))
    return Duplicates([(int(drawn[one]), int(drawn[other])) for one, other in pairs], len(drawn))


def _drawn(count: int) -> np.ndarray:
    """The indices of the images to be compared, ascending."""
    if count <= MOST:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, MOST, replace=False))


def _distances(found: np.ndarray) -> np.ndarray:
    """How far each correlation (n, n) lies above the median of all pairs, in robust standard deviations."""
    fisher = np.arctanh(np.clip(found, -0.9999, 0.9999))
    others = fisher[np.triu_indices(len(fisher), 1)]
    median = np.median(others)
    spread = 1.4826 * np.median(np.abs(others - median))  # the standard deviation, were they normally distributed
    return (fisher - median) / max(spread, LEAST_SPREAD)

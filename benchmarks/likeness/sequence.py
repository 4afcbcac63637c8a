"""Whether images lie in the order of a sequence, such as the frames of a moving camera."""

from collections.abc import Sequence

import numpy as np

from benchmarks.likeness.overlap import correlations, correlations_of_pairs
from benchmarks.likeness.thumbnail import residuals

FEWEST = 12
"""Among fewer images no sequence can be told from chance."""
NEIGHBOURS, OTHERS = 200, 60
"""The most pairs of neighbours looked at, and the most images whose pairs they are compared with."""
TAIL = 0.05
"""The share of the other pairs that counts as unusually alike."""
LEAST_SHARE = 0.5
"""The least share of neighbours that are unusually alike, in a sequence."""
CHANCE = 1e-6
"""The highest probability of so many in images without an order."""
LEAST_CORRELATION = 0.5
"""The least median correlation of neighbours in a sequence."""


def is_sequence(thumbnails: Sequence[bytes]) -> bool:
    """Whether neighbours are far more alike than images far apart, given the thumbnails in the order of the names.

    Images are far apart by a quarter of the order or more.
    """
    if len(thumbnails) < FEWEST:
        return False
    apart = residuals(thumbnails)
    neighbours, others = _of_neighbours(apart), _of_others(apart)
    unusual = int((neighbours > np.quantile(others, 1 - TAIL)).sum())
    is_large = unusual >= LEAST_SHARE * len(neighbours) and np.median(neighbours) >= LEAST_CORRELATION
    return bool(is_large and _probability(unusual, len(neighbours)) <= CHANCE)


def _of_neighbours(apart: np.ndarray) -> np.ndarray:
    """The correlations of neighbours, evenly over the order."""
    first = np.unique(np.linspace(0, len(apart) - 2, NEIGHBOURS).astype(int))
    return correlations_of_pairs(apart[first], apart[first + 1])


def _of_others(apart: np.ndarray) -> np.ndarray:
    """The correlations of images far apart, evenly over the order."""
    some = np.unique(np.linspace(0, len(apart) - 1, OTHERS).astype(int))
    one, other = np.triu_indices(len(some), 1)
    far = some[other] - some[one] >= len(apart) // 4
    return correlations(apart[some])[one[far], other[far]]


def _probability(unusual: int, of: int) -> float:
    """The probability that so many or more of independent pairs are among the TAIL of the most alike."""
    from scipy.stats import binom

    return float(binom.sf(unusual - 1, of, TAIL))

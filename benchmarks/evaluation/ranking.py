"""Which training images look unlike the others, by their scores as judged without having been learned from."""

from collections.abc import Sequence

import numpy as np

from reports.results import Ranking, UnlikeImage

LEAST_IMAGES = 10
"""Of fewer images none is ranked: their median and its deviations are too rough."""
STANDS_OUT = 6.0
"""Robust standard deviations above the median from which an image stands out.

In nine of ten sets of training images without a known fault (mean_image, knn, PatchCore), the highest score lay at most
5.2 above the median; in the tenth it was that of a part that lay shifted, 8.1. An image with another background and
other light lay 7.2 (mean_image) and 10.4 (knn) above.
"""
MOST = 10
"""The most images that are named."""
NORMAL = 1.4826
"""Standard deviation of normal numbers whose median absolute deviation is 1."""


def ranked(judged: str, paths: Sequence[str], scores: Sequence[float]) -> Ranking | None:
    """The images that stand out, most unlike first; None: there are too few to say. `judged` is as in `Ranking`."""
    if len(scores) < LEAST_IMAGES:
        return None
    far = deviations(np.asarray(scores, float))
    first = [place for place in np.argsort(-far, kind="stable") if far[place] > STANDS_OUT][:MOST]
    images = [UnlikeImage(path=paths[place], score=scores[place], deviations=far[place]) for place in first]
    return Ranking(judged=judged, ranked=len(scores), images=images)


def deviations(scores: np.ndarray) -> np.ndarray:
    """How many robust standard deviations each score (n,) lies above the median; 0 where half of them are equal.

    The robust standard deviation is the median absolute deviation times 1.4826 (Iglewicz and Hoaglin, How to Detect and
    Handle Outliers, 1993). It is that of the logarithm where all scores are above zero: most methods give distances,
    whose distribution has a long tail to the right, in which every set would have images that stand out.
    """
    values = np.log(scores) if (scores > 0).all() else scores
    above = values - np.median(values)
    scale = NORMAL * np.median(np.abs(above))
    return above / scale if scale else np.zeros(len(scores))

"""Which test images are worth a look: the worst misses, the worst false alarms, and those nearest to the threshold."""

from collections.abc import Iterable

import numpy as np

from reports.html.jobs import KINDS, Misjudged

MOST = 4
"""Number of images of a kind."""


def misjudged(scores: np.ndarray, defective: np.ndarray, threshold: float | None) -> list[Misjudged]:
    """At most `MOST` of each kind, the worst first; those nearest to the threshold are among the others.

    Without a threshold, the defective images that score lowest stand for misses, and the normal ones that score
    highest for false alarms.
    """
    called = np.ones(len(scores), bool) if threshold is None else scores > threshold
    passed = np.ones(len(scores), bool) if threshold is None else ~called
    ascending = np.argsort(scores, kind="stable")
    missed = [index for index in ascending if defective[index] and passed[index]][:MOST]
    alarms = [index for index in ascending[::-1] if not defective[index] and called[index]][:MOST]
    near: Iterable[int] = ()
    if threshold is not None:
        near = [
            index for index in np.argsort(abs(scores - threshold), kind="stable") if index not in (*missed, *alarms)
        ]
    kinds = zip(KINDS, (missed, alarms, list(near)[:MOST]), strict=True)
    return [Misjudged(int(index), kind, rank) for kind, found in kinds for rank, index in enumerate(found)]

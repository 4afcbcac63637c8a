"""Of many pictures of one thing, those that differ from the one kept before."""

from collections.abc import Hashable

import numpy as np

from benchmarks.likeness.thumbnail import difference, thumbnail


class Thinning:
    """Keeps a picture if it differs from the last one kept of the same thing by at least so many gray levels.

    Pictures are compared as thumbnails, so noise and the marks of compression hardly count. 0: all are kept.
    """

    def __init__(self, least: float):
        self.least = least
        self.last: dict[Hashable, bytes] = {}

    def keeps(self, thing: Hashable, picture: np.ndarray) -> bool:
        """Whether to keep a picture (h, w, 3) uint8; the first of each thing is kept."""
        if not self.least:
            return True
        seen = thumbnail(picture)
        if thing in self.last and difference(self.last[thing], seen) < self.least:
            return False
        self.last[thing] = seen
        return True

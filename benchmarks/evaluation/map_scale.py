"""The values that anomaly maps of held-out normal images have: by them, the colours of new maps can be read."""

from statistics import median

import numpy as np

from benchmarks.images import counted
from reports.results import MapScale


class NormalMaps:
    """Collects the maps of normal images, one at a time; none is kept."""

    def __init__(self) -> None:
        self._middles: list[float] = []
        self._highest: list[float] = []

    def add(self, map: np.ndarray | None) -> None:
        """Take the (h, w) map of one image; None: the method gives none."""
        if map is not None:
            values = counted(map)
            self._middles.append(float(np.median(values)))
            self._highest.append(float(values.max()))

    @property
    def scale(self) -> MapScale | None:
        """The scale of the maps so far; None if there was none."""
        return MapScale(middle=median(self._middles), highest=median(self._highest)) if self._middles else None

"""The input of the figures, which are only drawn here. Areas are in pixels of the original image."""

import math
from typing import Literal, NamedTuple

import numpy as np

from reports.blocks import blocks


class Sweep(NamedTuple):
    """The regions above each threshold over all calibration maps together; arrays (t,), thresholds ascending.

    Where no pixel is above a threshold, the number is 0, and the mean and standard deviation are NaN.
    """

    thresholds: np.ndarray
    number: np.ndarray
    mean_area_px: np.ndarray
    std_area_px: np.ndarray
    maps: int
    """Number of calibration maps."""


class AreaDistribution(NamedTuple):
    """The areas (n,) of all regions above a threshold in the calibration maps, in any order; n may be 0."""

    threshold: float
    areas_px: np.ndarray


class Calibration(NamedTuple):
    """The calibrated threshold t(A) of each minimum area A; arrays (a,), areas ascending.

    A threshold that is not finite is not drawn, for example that of an area larger than every map.
    """

    areas_px: np.ndarray
    thresholds: np.ndarray


class Surface(NamedTuple):
    """Rates (t, a) in 0..1 for each pair of threshold (t,) and minimum area (a,), both ascending.

    A higher threshold or a larger area never raises the false-positive rate.
    """

    thresholds: np.ndarray
    areas_px: np.ndarray
    balanced_accuracy: np.ndarray
    """Balanced accuracy on the tuning images."""
    false_alarm_share: np.ndarray
    """False-positive rate: share of the normal images that are called defective."""
    wanted_share: float
    """The highest false-positive rate that the user accepts; its line is drawn."""
    setters: int = 0
    """Number of normal images that set the threshold; `false_alarm_share` is that of them."""
    promised_share: float | None = None
    """The false-positive rate that so few can promise for new images; None: nothing is promised."""


class Tuning(NamedTuple):
    """Rates of the calibrated thresholds on the tuning images; arrays (a,) in 0..1, areas ascending."""

    areas_px: np.ndarray
    true_positive_rate: np.ndarray
    true_negative_rate: np.ndarray
    balanced_accuracy: np.ndarray
    image_auroc: np.ndarray
    """Image AUROC of the level T_A, without a threshold; it selects the area."""
    surface: Surface
    tuned_on: str
    """A phrase that names the tuning images, such as "defects blended into 38 held-out images"."""


class Rule(NamedTuple):
    """The chosen rule: the map has a region of at least `area_px` above the threshold, which is finite."""

    area_px: int
    threshold: float
    image_px: int
    """Median number of pixels of an image, to convert areas to shares."""


class Panel(NamedTuple):
    """One image with its reconstruction, map and regions; all arrays have one size: that of the image, or smaller."""

    title: str
    part: Literal["calibration", "test"]
    image: np.ndarray
    """(h, w, 3) uint8."""
    reconstruction: np.ndarray | None
    """(h, w, 3) uint8; None for a method without reconstructions."""
    map: np.ndarray
    """(h, w) float32, finite where it counts, else minus infinity."""
    accepted: np.ndarray
    """(h, w) bool: regions of at least the minimum area, which make the image defective."""
    rejected: np.ndarray
    """(h, w) bool: regions above the threshold but smaller."""
    mask: np.ndarray | None = None
    """(h, w) bool: the ground truth; None: not known, or a normal image."""
    ignored: np.ndarray | None = None
    """(h, w) bool: what does not count; None: all counts."""
    fault: Literal["", "MISSED", "FALSE ALARM"] = ""
    """What is wrong with the verdict, if anything."""

    def reduced(self, side_px: int) -> "Panel":
        """The same with arrays of at most this side: means of an image, highest levels, regions that stay visible."""
        step = math.ceil(max(self.map.shape) / side_px)
        if step == 1:
            return self
        given = self._asdict()
        means = {name: given[name] for name in ("image", "reconstruction") if given[name] is not None}
        highest = ("map", "accepted", "rejected", "mask", "ignored")
        return self._replace(
            **{name: blocks(array, step, np.mean).round().astype(np.uint8) for name, array in means.items()},
            **{name: blocks(given[name], step, np.max) for name in highest if given[name] is not None},
        )


class Figures(NamedTuple):
    """The input of all figures."""

    sweep: Sweep
    distributions: list[AreaDistribution]
    """At least one, thresholds ascending: the first, the lowest, also has a figure of its own."""
    calibration: Calibration
    tuning: Tuning | None
    """None where there are no tuning images."""
    rule: Rule
    panels: list[Panel]

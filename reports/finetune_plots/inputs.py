"""What the figures show: computed elsewhere, only drawn here. Areas are in pixels of the original image."""

from typing import Literal, NamedTuple

import numpy as np


class Sweep(NamedTuple):
    """The regions of {map > threshold} over all calibration maps together; arrays (t,), thresholds rising.

    Where no pixel is above a threshold the number is 0 and the mean and standard deviation are NaN.
    """

    thresholds: np.ndarray
    number: np.ndarray
    mean_area_px: np.ndarray
    std_area_px: np.ndarray
    maps: int
    """Number of calibration maps."""


class AreaDistribution(NamedTuple):
    """The areas (n,) of all regions of {map > threshold} over the calibration maps, in any order; n may be 0."""

    threshold: float
    areas_px: np.ndarray


class Calibration(NamedTuple):
    """The calibrated threshold t(A) of each minimum area A; arrays (a,), areas rising.

    A threshold that is not finite, as for an area larger than every map, is not drawn.
    """

    areas_px: np.ndarray
    thresholds: np.ndarray


class Surface(NamedTuple):
    """What every pair of threshold (t,) and minimum area (a,), both rising, gives; both shares (t, a) in 0..1.

    A higher threshold or a larger area never raises the false-alarm share.
    """

    thresholds: np.ndarray
    areas_px: np.ndarray
    balanced_accuracy: np.ndarray
    """On the tuning images."""
    false_alarm_share: np.ndarray
    """Share of the normal images that are called defective."""
    wanted_share: float
    """The false-alarm share at most wanted, whose line is drawn."""


class Tuning(NamedTuple):
    """What the calibrated thresholds give on the tuning images; arrays (a,) in 0..1, areas rising."""

    areas_px: np.ndarray
    true_positive_rate: np.ndarray
    true_negative_rate: np.ndarray
    balanced_accuracy: np.ndarray
    image_auroc: np.ndarray
    """Of the level T_A, whatever the threshold; the area is chosen by it."""
    surface: Surface
    tuned_on: str
    """A phrase for the tuning images, such as "defects blended into 38 held-out images"."""


class Rule(NamedTuple):
    """The chosen rule: {map > threshold} has a region of at least `area_px`; the threshold is finite."""

    area_px: int
    threshold: float
    image_px: int
    """Median number of pixels of an image, so that an area can be said as a share."""


class Panel(NamedTuple):
    """One image with what was made of it; all arrays are at the image's size."""

    title: str
    part: Literal["calibration", "test"]
    image: np.ndarray
    """(h, w, 3) uint8."""
    reconstruction: np.ndarray | None
    """(h, w, 3) uint8; None where the method makes none."""
    map: np.ndarray
    """(h, w) float32, finite."""
    accepted: np.ndarray
    """(h, w) bool: regions of at least the minimum area, which make the image defective."""
    rejected: np.ndarray
    """(h, w) bool: regions above the threshold but smaller."""


class Figures(NamedTuple):
    """Everything that is drawn."""

    sweep: Sweep
    distributions: list[AreaDistribution]
    """At least one, thresholds rising: the first is shown alone, as the lowest."""
    calibration: Calibration
    tuning: Tuning | None
    """None where there are no tuning images."""
    rule: Rule
    panels: list[Panel]

"""What the page shows of a job besides its row: scores of single images, curves of its fit, pictures."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reports.results import Cell, Curve, StoredEpoch


class View(NamedTuple):
    """Scores that a threshold can judge: the image scores, or the levels of the maps for a minimum defect area."""

    area_px: int | None
    """None: the image scores."""
    test: np.ndarray
    calibration: np.ndarray
    calibration_paths: tuple[str, ...]
    """Empty: the scores of the calibration images are not kept, or nothing was held out."""
    calibrated: float | None
    """The threshold that the calibration images set."""
    oracle: float | None
    """The threshold with the highest balanced accuracy on the test images."""


class Standing(NamedTuple):
    """The threshold that all numbers of the report are at."""

    view: int
    """Index of the view that it judges."""
    threshold: float
    applied: bool
    """Whether `finetune --apply` set it; otherwise it is the calibrated threshold of the image scores."""


class Misjudged(NamedTuple):
    """An image worth a look."""

    index: int
    """Its place among the test images."""
    kind: str
    """One of `KINDS`."""
    rank: int
    """0: the first of its kind."""


KINDS = ("missed", "false alarm", "near")


class Job(NamedTuple):
    """A job whose single images can be shown."""

    cell: Cell
    data: str
    """Folder of the dataset."""
    paths: tuple[str, ...]
    """The test images that all numbers are of."""
    types: tuple[tuple[str, ...], ...]
    """The defect types of each; none of a normal image."""
    views: list[View]
    standing: Standing | None
    misjudged: list[Misjudged]
    epochs: list[StoredEpoch]
    curves: list[Curve]
    gives_maps: bool
    """Whether the method gives anomaly maps with its settings."""


class Photo(NamedTuple):
    """A small picture of an image, and where its defects are."""

    address: str
    """A data URI."""
    width: int
    height: int
    truth: str
    """Outline of the defects as an SVG path in pixels of the picture; empty: no mask, or none is needed."""
    hatched: bool = False
    """Whether a part of it does not count."""


class HeatMap(NamedTuple):
    """The anomaly map of an image under a job."""

    address: str
    """A data URI."""
    found: str
    """Outline of the regions called defective, as `Photo.truth`; empty: none, or no operating point is known."""


class Pictures(NamedTuple):
    """All pictures of the page."""

    photos: Mapping[tuple[str, str], Photo]
    """By folder of the data and path of the image."""
    maps: Mapping[tuple[int, int], HeatMap]
    """By index of the job and of the test image."""
    absent: Mapping[int, str]
    """Why a job has no photos, by its index."""


class Shown(NamedTuple):
    """Jobs whose images are shown, and their pictures."""

    jobs: Sequence[Job]
    pictures: Pictures


NOTHING = Shown((), Pictures({}, {}, {}))
"""No page is wanted, or no job has a result."""

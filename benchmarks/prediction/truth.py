"""What images are known to be: those that lie in the dataset of a job have a label, and perhaps masks."""

import os
from pathlib import Path
from typing import Literal

import numpy as np

from benchmarks import images
from benchmarks.trained import Trained
from datasets import DataError, Sample

NORMAL = "normal"


def fault(defect: str | None, *, called_defective: bool) -> Literal["", "MISSED", "FALSE ALARM"]:
    """What is wrong with the verdict on an image with this defect, or on a normal one."""
    if called_defective == (defect is not None):
        return ""
    return "FALSE ALARM" if called_defective else "MISSED"


class Truth:
    """The samples of a job's category, by file. Empty if its data are no longer where they were."""

    def __init__(self, trained: Trained):
        self.reading = trained.reading
        self.samples = {os.path.realpath(sample.image): sample for sample in _samples(trained)}

    def label(self, path: Path | None) -> str:
        """The defect, or `normal`; empty if it is not known."""
        sample = self._sample(path)
        return "" if sample is None else sample.defect or NORMAL

    def mask(self, path: Path | None, shape: tuple[int, int]) -> np.ndarray | None:
        """(h, w) bool: the defects of an image of this shape; None if they are not known, or if it has none."""
        sample = self._sample(path)
        if sample is None or not sample.masks:
            return None
        try:
            return images.read_mask(sample.masks, shape, self.reading).defect
        except images.ImageError:
            return None  # the report names masks that cannot be read

    def fault(self, path: Path | None, *, defective: bool) -> str:
        """`MISSED` or `FALSE ALARM`; empty where the verdict is right, or nothing is known."""
        sample = self._sample(path)
        return "" if sample is None else fault(sample.defect, called_defective=defective)

    def _sample(self, path: Path | None) -> Sample | None:
        return None if path is None else self.samples.get(os.path.realpath(path))


def _samples(trained: Trained) -> list[Sample]:
    try:
        return trained.source().samples(trained.job.cell.category)
    except DataError:
        return []

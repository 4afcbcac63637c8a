"""The levels T_A of a job's images for some minimum areas, kept beside the choice of `finetune` for the report."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.console import say
from benchmarks.finetune.operating_point import Tuned
from benchmarks.jobs.layout import TUNED
from datasets import relative_name
from methods import first_sentence
from reports.files import replacing

LEVELS = "levels.npz"
KEPT_AREAS = 16
"""Number of areas kept, besides the chosen one."""


class Levels(NamedTuple):
    """Arrays with one column an area. A level is the highest value at which a map has a region of that area."""

    key: np.ndarray
    """The key of the result that the levels belong to."""
    chosen: np.ndarray
    """Index of the chosen area."""
    areas_px: np.ndarray
    thresholds: np.ndarray
    """The threshold of each area."""
    setters: np.ndarray
    """Paths of the normal images that set the thresholds."""
    setting: np.ndarray
    """(setters, areas) float32."""
    test: np.ndarray
    """(test images, areas) float32, in the order of the result."""

    @property
    def choice(self) -> tuple[float, int]:
        """The chosen threshold and area."""
        return float(self.thresholds[self.chosen]), int(self.areas_px[self.chosen])

    def require_fitting_shapes(self) -> None:
        """Raises ValueError where the arrays do not belong together."""
        areas = len(self.areas_px)
        if not (self.thresholds.shape == (areas,) and self.setting.shape == (len(self.setters), areas)):
            raise ValueError("its arrays do not fit each other")
        if self.test.ndim != 2 or self.test.shape[1] != areas or not 0 <= int(self.chosen) < areas:
            raise ValueError("its arrays do not fit each other")


def of(tuned: Tuned, key: str) -> Levels:
    """The levels of a choice, for some of the areas that were tried."""
    spread = np.linspace(0, len(tuned.evidence.areas_px) - 1, min(KEPT_AREAS, len(tuned.evidence.areas_px)))
    kept = np.unique([*spread.round().astype(int), tuned.index])
    setters = [relative_name(sample.image, tuned.evidence.base) for sample in tuned.levels.setters]
    setting = tuned.levels.setting[:, kept] if setters else np.empty((0, len(kept)))
    return Levels(
        key=np.array(key),
        chosen=kept.searchsorted(tuned.index),
        areas_px=tuned.evidence.areas_px[kept],
        thresholds=tuned.thresholds[kept],
        setters=np.array(setters, str),
        setting=setting.astype(np.float32),
        test=tuned.test_levels[:, kept].astype(np.float32),
    )


def store(levels: Levels, folder: Path) -> None:
    """Write the levels into the folder of a job's `finetune`."""
    with replacing(folder / LEVELS) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **levels._asdict())


def stored(job_folder: Path, key: str) -> Levels | None:
    """The levels of the result with this key in a job's folder; None: `finetune` has kept none, or none that are whole.

    Damaged ones are named.
    """
    file = job_folder / TUNED / LEVELS
    if not file.exists():
        return None
    try:
        with np.load(file, allow_pickle=False) as archive:
            levels = Levels(**{name: archive[name] for name in Levels._fields})
        levels.require_fitting_shapes()
    except Exception as error:  # a damaged archive fails in many ways
        say(f"left out: {file} is damaged ({first_sentence(error)}): finetune again")
        return None
    return levels if str(levels.key) == key else None

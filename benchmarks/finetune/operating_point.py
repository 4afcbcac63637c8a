"""An operating point, the minimum defect area and the threshold, and its results on tuning and test images."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmarks.evaluation import decision
from benchmarks.finetune.choosing import TuningLevels, choose
from benchmarks.finetune.evidence import Evidence
from datasets import relative_name
from reports import statistics

CHANCE = 0.5
"""The AUROC of a score that tells nothing."""
SIGNIFICANT = 0.05
"""A p-value below this level shows a difference."""


@dataclass(frozen=True)
class Tuned:
    """An operating point, what it was chosen by, and its results. Arrays have one value an area."""

    evidence: Evidence
    levels: TuningLevels
    index: int
    """Index of the chosen area."""
    thresholds: np.ndarray
    """The threshold t(A) of each area A; all the same if the user gave it."""
    tuning_aurocs: np.ndarray | None
    """Image AUROC of T_A on the tuning images; None if the area was given."""
    test_levels: np.ndarray
    """Levels of all test images, as (test images, areas), also of those that were tuned on."""

    @property
    def area_px(self) -> int:
        """The minimum defect area, pixels."""
        return int(self.evidence.areas_px[self.index])

    @property
    def threshold(self) -> float:
        """The level of the map above which a region of at least that area is a defect."""
        return float(self.thresholds[self.index])

    @property
    def false_alarm_share(self) -> decision.FalseAlarmShare:
        """The false-positive rate that the images that set the threshold promise, or let expect."""
        if self.is_given:
            return decision.FalseAlarmShare(None, None)
        wanted, left_out = self.evidence.request.false_alarm_share, self.evidence.leaves_one_out
        return decision.false_alarm_share(len(self.levels.setting), wanted, leaves_one_out=left_out)

    @property
    def is_given(self) -> bool:
        """Whether the user gave the threshold, and no image set it."""
        return self.evidence.request.threshold is not None

    @property
    def set_by(self) -> tuple[str | None, float | None]:
        """The path of the image that sets the threshold, and the threshold that the others would set."""
        if self.is_given:
            return None, None
        wanted = self.evidence.request.false_alarm_share
        place, of_rest = decision.setter(self.levels.setting[:, self.index], wanted)
        return relative_name(self.levels.setters[place].image, self.evidence.base), of_rest

    @property
    def tuning_rates(self) -> decision.Rates:
        """Rates at t(A) of the images that chose the area; NaN if the area was given."""
        return decision.judge(self.levels.normal, self.levels.defective, self.thresholds)

    def why_not(self) -> str | None:
        """Why this point finds no defects, as far as the tuning images tell; None where they tell nothing against it.

        Test images have no say. What is only chance is told in a clause, without a final stop.
        """
        if self.tuning_aurocs is None:
            return None
        normal, defective = self.levels.normal[:, self.index], self.levels.defective[:, self.index]
        interval = statistics.auroc_interval(statistics.placements(normal, defective))
        auroc = f"{self.tuning_aurocs[self.index]:.3f}"
        if (interval.low if interval else self.tuning_aurocs[self.index]) <= CHANCE:  # one image has no interval
            between = f" [{interval.low:.2f}, {interval.high:.2f}]" if interval else ""
            return f"the tuning AUROC {auroc}{between} is not shown to be better than chance, which is {CHANCE}"
        found, alarms = int((defective > self.threshold).sum()), int((normal > self.threshold).sum())
        if _is_chance(found, len(defective), alarms, len(normal)):
            return (
                f"{found} of {len(defective)} defective and {alarms} of {len(normal)} normal tuning images would be "
                f"called defective, which is not shown to be better than chance, though the tuning AUROC is {auroc}"
            )
        return None

    @cached_property
    def test_classes(self) -> tuple[np.ndarray, np.ndarray]:
        """Levels of the normal and of the defective test images on which nothing was chosen."""
        test = self.evidence.parts.test
        kept = [index for index in range(len(test)) if index not in self.levels.tuned_on]
        defective = np.array([test[index].defect is not None for index in kept], bool)
        levels = self.test_levels[kept]
        return levels[~defective], levels[defective]

    @property
    def test_rates(self) -> decision.Rates:
        """Rates at t(A) of the test images on which nothing was chosen."""
        return decision.judge(*self.test_classes, self.thresholds)


def _is_chance(found: int, defective: int, alarms: int, normal: int) -> bool:
    """Whether so many found and so many false alarms are not shown to be better than calling images at random.

    By Fisher's exact test, one-sided. Where so few images could never show it, what was counted decides.
    """

    def p_value(found: int, alarms: int) -> float:
        return statistics.at_least(found, drawn=found + alarms, of=defective, others=normal)

    if p_value(defective, 0) >= SIGNIFICANT:
        return found * normal <= alarms * defective
    return p_value(found, alarms) >= SIGNIFICANT


def tune(evidence: Evidence) -> Tuned:
    """Choose the minimum defect area and set the threshold. Raises UsageError if the images do not allow it."""
    test_levels = evidence.levels("test", evidence.parts.test)
    levels = choose(evidence, test_levels)
    given, aurocs = evidence.request.area_px, None
    if given is None:
        aurocs = decision.aurocs_by_area(levels.normal, levels.defective)
        index = decision.best_area(aurocs)
    else:
        index = int(np.searchsorted(evidence.areas_px, given))
    return Tuned(evidence, levels, index, _thresholds(evidence, levels), aurocs, test_levels)


def _thresholds(evidence: Evidence, levels: TuningLevels) -> np.ndarray:
    """The threshold of each area."""
    request = evidence.request
    if request.threshold is not None:
        return np.full(len(evidence.areas_px), request.threshold)
    return decision.thresholds(levels.setting, request.false_alarm_share)

"""Decide which images choose the minimum defect area and which set the threshold.

No image does both. Otherwise the false-positive rate promised for the threshold would not hold. The exception is
leave-one-out with few images: it promises nothing, so all training images do both, each judged by the others.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from benchmarks import images
from benchmarks.errors import UsageError
from benchmarks.finetune.evidence import Evidence
from benchmarks.finetune.sampling import TRAINING_IMAGES, Blended, halves, some, stratified
from datasets import Sample, least_defect_side_px

LEAST_HELD_OUT = 20
"""From this many held-out normal images on, half of them choose the area and half set the threshold.

The same holds for training images that were left out one at a time.
"""


class TuningLevels(NamedTuple):
    """Levels, each as (images, areas), of the images that chose the area and of those that set the threshold."""

    on: str
    """What the area was chosen on, as a phrase."""
    setters: Sequence[Sample]
    """The normal images that set the threshold."""
    setting: np.ndarray
    """Their levels."""
    normal: np.ndarray
    """Levels of the normal images that chose the area; empty if the area was given."""
    defective: np.ndarray
    """Levels of the defective images that chose the area; empty if the area was given."""
    tuned_on: frozenset[int] = frozenset()
    """Indices of the test images that chose the area."""


def choose(evidence: Evidence, test_levels: np.ndarray) -> TuningLevels:
    """Choose the images that choose the area, in the order of trust: a labelled validation split, synthetic defects.

    If the user gives the area, no image chooses. If also the threshold, no image sets it. Test images choose only if
    the user asks for it. They then leave the test set. Raises UsageError if the images are too few or too small.
    """
    request, parts, none = evidence.request, evidence.parts, test_levels[:0]
    if request.threshold is not None:
        return TuningLevels("given, not chosen, as is the threshold", [], none, none, none)
    if request.area_px is not None:
        return TuningLevels("given, not chosen", evidence.held_out, evidence.held_out_levels, none, none)
    if request.test_share:
        return _choose_on_test(evidence, test_levels)
    if {sample.defect is None for sample in parts.validation} == {True, False}:
        return _choose_on_validation(evidence)
    if evidence.leaves_one_out:
        return _choose_on_left_out(evidence)
    if len(evidence.held_out) >= LEAST_HELD_OUT:
        return _choose_on_held_out(evidence)
    return _choose_on_training(evidence)


def _choose_on_test(evidence: Evidence, test_levels: np.ndarray) -> TuningLevels:
    test = evidence.parts.test
    drawn = stratified(test, evidence.request.test_share, evidence.seed)
    normal = [index for index in drawn if test[index].defect is None]
    defective = [index for index in drawn if test[index].defect is not None]
    left = {sample.defect is None for index, sample in enumerate(test) if index not in drawn}
    if not normal or not defective or len(left) < 2:
        raise UsageError(
            f"--tune-on-test {evidence.request.test_share:g}: {len(normal)} normal and {len(defective)} defective "
            "images would choose; both kinds must choose, and both must be left to test on: give another share, or none"
        )
    on = f"{len(drawn)} test images, which left the test set"
    classes = test_levels[normal], test_levels[defective]
    return TuningLevels(on, evidence.held_out, evidence.held_out_levels, *classes, frozenset(drawn))


def _choose_on_validation(evidence: Evidence) -> TuningLevels:
    samples, calibration = evidence.parts.validation, len(evidence.parts.calibration)
    held_out = evidence.held_out_levels
    defective = evidence.levels("validation defects", [sample for sample in samples if sample.defect is not None])
    setting, choosing = list(range(calibration)), list(range(calibration, len(held_out)))
    if not calibration:
        choosing, setting = halves(len(held_out), evidence.seed)
    if not choosing:
        raise UsageError(
            "the validation split has only one normal image and none was held out: do the run again with --calibration"
        )
    on = f"{len(choosing) + len(defective)} labelled validation images"
    return TuningLevels(on, _at(evidence.held_out, setting), held_out[setting], held_out[choosing], defective)


def _choose_on_held_out(evidence: Evidence) -> TuningLevels:
    choosing, setting = halves(len(evidence.held_out), evidence.seed)
    held_out = evidence.held_out_levels
    defective = _blended("held-out images", evidence, _at(evidence.held_out, choosing))
    on = f"defects blended into {len(choosing)} held-out normal images, which set no threshold"
    return TuningLevels(on, _at(evidence.held_out, setting), held_out[setting], held_out[choosing], defective)


def _choose_on_left_out(evidence: Evidence) -> TuningLevels:
    """Choose on training images, each judged by the others, also where a defect is blended into it."""
    fit, held_out = evidence.parts.fit, evidence.held_out_levels
    every = list(range(len(fit)))
    few = len(fit) < LEAST_HELD_OUT
    choosing, setting = (every, every) if few else halves(len(fit), evidence.seed)
    setting = [*setting, *range(len(fit), len(held_out))]  # and the validation images: all normal, or they would choose
    also = "also set the threshold, as there are so few" if few else "set no threshold"
    on = f"defects blended into {len(choosing)} training images, each judged by the others (leave-one-out); they {also}"
    defective = _blended_in_turn(evidence, choosing)
    return TuningLevels(on, _at(evidence.held_out, setting), held_out[setting], held_out[choosing], defective)


def _blended_in_turn(evidence: Evidence, choosing: Sequence[int]) -> np.ndarray:
    """Levels of images of the fit with synthetic defects blended in, each judged by what was learned from the others.

    The method judges all images of the fit at a time, so those that do not choose are judged too, and left away.
    """
    fit = evidence.parts.fit
    chosen = _at(fit, choosing)
    _require_room(evidence, chosen)
    turns = Blended(evidence.decoded(chosen), evidence.seed).turns(choosing, evidence.decoded(fit))
    levels = evidence.left_out_levels("defects blended into training images", turns)
    return levels.reshape(len(turns), len(fit), -1)[:, choosing].reshape(len(turns) * len(choosing), -1)


def _choose_on_training(evidence: Evidence) -> TuningLevels:
    chosen = some(evidence.parts.fit, TRAINING_IMAGES, evidence.seed)
    on = (
        f"defects blended into {len(chosen)} training images: only {len(evidence.held_out)} were held out, and these "
        "set the threshold"
    )
    defective = _blended("training images", evidence, chosen)
    normal = evidence.levels("training images", chosen)
    return TuningLevels(on, evidence.held_out, evidence.held_out_levels, normal, defective)


def _at(samples: Sequence[Sample], places: Sequence[int]) -> list[Sample]:
    return [samples[place] for place in places]


def _blended(into: str, evidence: Evidence, samples: Sequence[Sample]) -> np.ndarray:
    """Levels of the maps of samples with synthetic defects blended in. Raises UsageError for small images."""
    _require_room(evidence, samples)
    made = Blended(evidence.decoded(samples), evidence.seed)
    return evidence.levels(f"defects blended into {into}", [samples[source] for source in made.sources], made)


def _require_room(evidence: Evidence, samples: Sequence[Sample]) -> None:
    """Raise UsageError where images are too small for synthetic defects."""
    side = min(min(images.image_size(sample.image, evidence.reading)) for sample in samples)
    if side < (least := least_defect_side_px()):
        raise UsageError(
            f"the shortest image side is {side} pixels, and synthetic defects to choose the area on need {least}: "
            "give the area with --area"
        )

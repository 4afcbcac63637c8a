"""Divide the normal training images: some to fit on, others held out to set the threshold; or all do both."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from datasets import DataError, Sample

CALIBRATION = 0.1
"""Default share of the normal training images that is held out."""

Calibration = float | Literal["loo"]
"""The share of the normal training images that is held out, or `loo`: none is, and each is judged by the others."""


@dataclass(frozen=True)
class Parts:
    """The samples of a category, by their role in a job."""

    fit: list[Sample]
    calibration: list[Sample]
    """The images held out; with leave-one-out those of the fit, in the same order."""
    validation: list[Sample]
    test: list[Sample]


def divide(samples: Iterable[Sample], *, seed: int, shots: int | None, calibration: Calibration) -> Parts:
    """Divide the samples of a category at random, given a seed. Samples of one group stay together.

    Images are held out first, from all normal training images, so they are the same for every value of `shots`.
    Raises DataError if fewer than 2 images, or fewer than `shots`, are left to fit on.
    """
    samples = list(samples)
    train = [sample for sample in samples if sample.split == "train"]
    held = set() if calibration == "loo" else _draw(train, seed, share=calibration)
    left = [sample for sample in train if sample not in held]
    if len(left) < 2:
        raise DataError(
            f"{_name(samples)}: {len(train)} normal training images leave {len(left)} to fit on after "
            f"--calibration {calibration}; at least 2 are needed"
        )
    fit = left if shots is None else _shots(left, seed, shots)
    return Parts(
        fit=fit,
        calibration=fit if calibration == "loo" else [sample for sample in train if sample in held],
        validation=[sample for sample in samples if sample.split == "validation"],
        test=[sample for sample in samples if sample.split == "test"],
    )


def _draw(train: list[Sample], seed: int, *, share: float) -> set[Sample]:
    """Draw whole groups until they hold a `share` of the images; at least one image if the share is not 0."""
    wanted = max(1, round(share * len(train))) if share else 0
    groups: dict[str, list[Sample]] = {}
    for sample in train:
        groups.setdefault(sample.group or str(sample.image), []).append(sample)
    order = list(groups.values())
    random.Random(f"calibration {seed}").shuffle(order)
    held: set[Sample] = set()
    for group in order:
        if len(held) >= wanted:
            break
        held.update(group)
    return held


def _shots(fit: list[Sample], seed: int, shots: int) -> list[Sample]:
    if shots > len(fit):
        raise DataError(f"--shots {shots}: {_name(fit)} has only {len(fit)} normal images to fit on")
    chosen = set(random.Random(f"shots {seed}").sample(range(len(fit)), shots))
    return [sample for index, sample in enumerate(fit) if index in chosen]


def _name(samples: list[Sample]) -> str:
    return f"category {samples[0].category}" if samples else "the category"

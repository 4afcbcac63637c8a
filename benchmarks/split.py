"""Divide the normal training images: some to fit on, others held out to set the threshold; or all do both."""

import math
import random
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from datasets import DataError, Sample

if TYPE_CHECKING:
    from benchmarks.images import Examination

CALIBRATION = 0.1
"""Default share of the normal training images that is held out."""
BLOCKS = 2
"""Blocks of a sequence that hold the share asked for."""
LEAST_BLOCK = 3
"""The fewest pictures of a block: the outer ones lie beside images that are trained on."""

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
    copies: tuple[Sample, ...] = ()
    """Held-out images identical to one of `calibration`. They play no part: a picture counts once."""
    in_blocks: bool = False
    """Whether the training images are a sequence, of which whole blocks are held out."""

    @property
    def setting(self) -> list[Sample]:
        """The normal images that set the threshold: those held out, and those of a labelled validation split."""
        return [*self.calibration, *(sample for sample in self.validation if sample.defect is None)]


class _Pictures:
    """Which training images show the same picture, and what they look like; without pictures, each is its own."""

    def __init__(self, samples: Sequence[Sample], examined: "Sequence[Examination] | None"):
        self.seen: Mapping[Path, Examination] = (
            {sample.image: seen for sample, seen in zip(samples, examined, strict=True)} if examined else {}
        )

    def of(self, sample: Sample) -> Hashable:
        """What identical images have in common."""
        return self.seen[sample.image].digest if self.seen else sample.image

    def first_of_each(self, samples: Iterable[Sample]) -> list[Sample]:
        """One image for each picture, in the order given."""
        first: dict[Hashable, Sample] = {}
        for sample in samples:
            first.setdefault(self.of(sample), sample)
        return list(first.values())

    def are_a_sequence(self, samples: Iterable[Sample]) -> bool:
        """Whether the images lie in the order of a sequence, by their names."""
        from benchmarks.likeness.sequence import is_sequence

        order = self.first_of_each(sorted(samples, key=_by_name)) if self.seen else []
        return is_sequence([self.seen[sample.image].thumbnail for sample in order])


def divide(
    samples: Iterable[Sample],
    *,
    seed: int,
    shots: int | None,
    calibration: Calibration,
    examined: "Sequence[Examination] | None" = None,
) -> Parts:
    """Divide the samples of a category at random, given a seed. Samples of one group stay together.

    `examined` is what decoding each sample has shown. Then identical images stay together too and count once, and of
    a sequence whole blocks are held out. None: the images are not known, as in planning.
    Images are held out first, from all normal training images, so they are the same for every value of `shots`.
    Raises DataError if fewer than 2 images, or fewer than `shots`, are left to fit on.
    """
    samples = list(samples)
    pictures = _Pictures(samples, examined)
    train = [sample for sample in samples if sample.split == "train"]
    holds_out = calibration != "loo" and calibration > 0
    in_blocks = holds_out and pictures.are_a_sequence(train)
    held = _draw(train, pictures, seed, share=calibration, in_blocks=in_blocks) if holds_out else set()
    left = [sample for sample in train if sample not in held]
    if len(left) < 2:
        raise DataError(
            f"{_name(samples)}: {len(train)} normal training images{_together(train, pictures)} leave {len(left)} to "
            f"fit on after --calibration {calibration}; at least 2 are needed"
        )
    fit = left if shots is None else _shots(left, seed, shots)
    held_out = [sample for sample in train if sample in held]
    counted = pictures.first_of_each(held_out)
    return Parts(
        fit=fit,
        calibration=fit if calibration == "loo" else counted,
        validation=[sample for sample in samples if sample.split == "validation"],
        test=[sample for sample in samples if sample.split == "test"],
        copies=tuple(sample for sample in held_out if sample not in set(counted)),
        in_blocks=in_blocks,
    )


def _draw(train: list[Sample], pictures: _Pictures, seed: int, *, share: float, in_blocks: bool) -> set[Sample]:
    """Draw whole units until they hold a `share` of the pictures; at least one picture."""
    wanted = max(1, round(share * len(pictures.first_of_each(train))))
    units = _units(train, pictures)
    if in_blocks:
        units = _blocks(units, pictures, least=max(LEAST_BLOCK, math.ceil(wanted / BLOCKS)))
    random.Random(f"calibration {seed}").shuffle(units)
    held: set[Sample] = set()
    shown: set[Hashable] = set()
    for unit in units:
        if len(shown) >= wanted:
            break
        held.update(unit)
        shown.update(map(pictures.of, unit))
    return held


def _units(train: list[Sample], pictures: _Pictures) -> list[list[Sample]]:
    """The images that must stay together: directly or indirectly of one group or identical; in order of the first."""
    firsts: dict[Hashable, int] = {}
    linked = list(range(len(train)))  # each image to an earlier one of its unit, or to itself
    for index, sample in enumerate(train):
        for tie in (("picture", pictures.of(sample)), ("group", sample.group or index)):
            ends = _first(linked, index), _first(linked, firsts.setdefault(tie, index))
            linked[max(ends)] = min(ends)
    units: dict[int, list[Sample]] = {}
    for index, sample in enumerate(train):
        units.setdefault(_first(linked, index), []).append(sample)
    return list(units.values())


def _together(train: list[Sample], pictures: _Pictures) -> str:
    """How many of the images differ, in a phrase, if identical ones or those of a group leave fewer to divide."""
    units = len(_units(train, pictures))
    return f" ({units} once identical ones and those of a group are together)" if units < len(train) else ""


def _first(linked: list[int], index: int) -> int:
    while linked[index] != index:
        linked[index] = linked[linked[index]]  # shortens the way for the next time
        index = linked[index]
    return index


def _blocks(units: list[list[Sample]], pictures: _Pictures, *, least: int) -> list[list[Sample]]:
    """Blocks of units that follow each other by name, as even as whole units allow, each of about `least` pictures."""
    order = sorted(units, key=lambda unit: min(map(_by_name, unit)))
    sizes = [len(pictures.first_of_each(unit)) for unit in order]
    count = max(1, sum(sizes) // least)
    blocks: dict[int, list[Sample]] = {}
    for unit, before in zip(order, accumulate(sizes, initial=0), strict=False):
        blocks.setdefault(before * count // sum(sizes), []).extend(unit)
    return list(blocks.values())


def _by_name(sample: Sample) -> list[tuple[int, str]]:
    """A key that sorts images by name as people do: `frame 9` before `frame 10`."""
    pieces = re.split(r"([0-9]+)", sample.image.as_posix())
    return [(int(piece), "") if index % 2 else (-1, piece) for index, piece in enumerate(pieces)]


def _shots(fit: list[Sample], seed: int, shots: int) -> list[Sample]:
    if shots > len(fit):
        raise DataError(f"--shots {shots}: {_name(fit)} has only {len(fit)} normal images to fit on")
    chosen = set(random.Random(f"shots {seed}").sample(range(len(fit)), shots))
    return [sample for index, sample in enumerate(fit) if index in chosen]


def _name(samples: list[Sample]) -> str:
    return f"category {samples[0].category}" if samples else "the category"

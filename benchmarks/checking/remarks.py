"""Remarks of a result on its images: copies and near-duplicates where these mislead, and images that come out dark."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.checking.alike import IN_SEQUENCE, Alike
from benchmarks.images import Examination
from benchmarks.images.losses import Level, said_of_images, said_of_masks
from benchmarks.naming import named
from benchmarks.regions import wording
from benchmarks.split import Parts
from datasets import Sample, relative_name

DARK = 4095
"""The highest 12-bit value. 16-bit images up to it are nearly black: at most 16 of 256 gray levels are left.

Most cameras with more than 8 bits give 12.
"""


def on_images(samples: Sequence[Sample], examined: Sequence[Examination], base: Path) -> list[str]:
    """Remarks on the samples of a category, given what decoding each of them has shown; one sentence each.

    Images are named relative to the folder `base`.
    """
    both = list(zip(samples, examined, strict=True))
    trained = {seen.digest for sample, seen in both if sample.split == "train"}
    copies = [sample for sample, seen in both if sample.split != "train" and seen.digest in trained]
    known = [_trained_on(copies, split, base) for split in ("validation", "test")]
    return [remark for remark in (*known, darkness(examined)) if remark]


def on_reading(samples: Sequence[Sample], examined: Sequence[Examination], base: Path) -> list[str]:
    """Remarks on what was lost or reinterpreted between the files and their pixels; one sentence a reason."""
    return [sentence for _, sentence in reading_findings(samples, examined, base)]


def reading_findings(samples: Sequence[Sample], examined: Sequence[Examination], base: Path) -> list[tuple[Level, str]]:
    """What `on_reading` says, each with its level."""
    names = [relative_name(sample.image, base) for sample in samples]
    masks = [
        (name, seen.mask_reasons) for name, sample, seen in zip(names, samples, examined, strict=True) if sample.masks
    ]
    return said_of_images([(name, seen.losses) for name, seen in zip(names, examined, strict=True)]) + said_of_masks(
        masks
    )


def on_ignored(samples: Sequence[Sample], examined: Sequence[Examination], base: Path) -> list[str]:
    """Remarks on regions that do not count; one sentence each, none where everything counts."""
    return [sentence for _, sentence in wording.findings(list(zip(samples, examined, strict=True)), base)]


def on_groups(samples: Sequence[Sample]) -> list[str]:
    """A remark if images are kept together in groups, with the number of images that have none."""
    groups = {sample.group for sample in samples if sample.group}
    alone = sum(not sample.group for sample in samples)
    beside = f"; {alone} of the {len(samples)} images have none, so that each is a group of its own" if alone else ""
    return [f"{len(groups)} groups of images, none divided between training and threshold{beside}"] if groups else []


def divided_groups(samples: Iterable[Sample]) -> str | None:
    """A remark if groups have images in train and in test or validation; None otherwise."""
    samples = list(samples)
    trained, tested = (
        {sample.group for sample in samples if sample.group and (sample.split == "train") is train}
        for train in (True, False)
    )
    both = sorted(trained & tested)
    what = "groups with images in both train and test, so that test images are like training images"
    return f"{what}: {len(both)} ({named(both)}); move each group to one side" if both else None


def _trained_on(copies: Iterable[Sample], split: str, base: Path) -> str | None:
    paths = [relative_name(sample.image, base) for sample in copies if sample.split == split]
    are = "image is" if len(paths) == 1 else "images are"
    return f"{len(paths)} {split} {are} identical to training images: {named(paths)}" if paths else None


def on_division(parts: Parts, samples: Sequence[Sample], examined: Sequence[Examination], base: Path) -> list[str]:
    """Remarks on how a job divided its samples: what was kept together, and which parts still show the same things."""
    alike = Alike(samples, examined, base)
    held_out = [] if parts.calibration is parts.fit else parts.calibration
    found = (
        _counted_once(parts),
        _in_blocks(parts),
        alike.calibration(held_out, parts.fit),
        alike.validation(parts.validation, parts.fit),
        alike.test(parts.test, [*parts.fit, *held_out]),
    )
    beside = beside_copies(parts.fit, samples, examined, alike) if parts.calibration is parts.fit else []
    return [*(remark for remark in found if remark), *beside]


def _counted_once(parts: Parts) -> str | None:
    if not parts.copies:
        return None
    are = "1 held-out image is" if len(parts.copies) == 1 else f"{len(parts.copies)} held-out images are"
    return (
        f"{are} identical to another one and left aside: copies stay together, on one side of the split, and each of "
        f"the {len(parts.calibration)} held-out pictures sets the threshold once"
    )


def _in_blocks(parts: Parts) -> str | None:
    if not parts.in_blocks:
        return None
    return f"{IN_SEQUENCE}; whole blocks of it were held out, {len(parts.calibration)} pictures"


def beside_copies(
    fit: Iterable[Sample], samples: Sequence[Sample], examined: Sequence[Examination], alike: Alike
) -> list[str]:
    """A remark if training images left out one at a time were judged beside a copy, or an image of their own group."""
    digests = {sample.image: seen.digest for sample, seen in zip(samples, examined, strict=True)}
    fit = list(fit)
    copies = Counter(digests[sample.image] for sample in fit)
    mates = Counter(sample.group for sample in fit if sample.group)
    near = set(alike.beside(fit, fit))
    beside = [
        sample for sample in fit if copies[digests[sample.image]] > 1 or mates[sample.group] > 1 or sample in near
    ]
    if not beside:
        return []
    return [
        f"{len(beside)} of {len(fit)} training images were left out beside an identical image, a near-duplicate or one "
        "of their group: their scores are too low, and so may the threshold be"
    ]


def darkness(examined: Iterable[Examination]) -> str | None:
    """A remark if the 16-bit images of a category come out nearly black; None otherwise."""
    highest = max((seen.highest_16_bit for seen in examined if seen.highest_16_bit is not None), default=None)
    if highest is None or highest > DARK:
        return None
    return f"no 16-bit image exceeds {highest} of 65535, so they come out nearly black: use --range 0:{highest}"

"""Draw a split where none was given, and put images into groups by their names."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from datasets import DataError, Sample, relative_name

if TYPE_CHECKING:
    import regex

TRAINING_SHARE = 0.7
"""Share of the normal images that are for training where no split was given.

The larger part must be learned from, and a tenth of it sets the threshold. The rest must still show false alarms.
"""
SEED = 0
SECONDS_A_NAME = 5.0
"""An expression that takes longer for one name hardly ends: some take twice the time for each further character."""


def grouped(samples: Iterable[Sample], pattern: str) -> list[Sample]:
    """Samples whose groups are what a regular expression finds in the names of their files.

    The groups of the expression, joined by `_`, name the group; without any, all that was found. An image in whose
    name nothing is found has no group: it is one of its own.
    Raises DataError for no regular expression, one that is found in no name, one that searches a name without end, and
    samples that have groups already.
    """
    import regex  # like `re`, with a deadline

    samples = list(samples)
    try:
        expression = regex.compile(pattern)
    except regex.error as error:
        raise DataError(f"--groups {pattern}: this is no regular expression ({error})") from None
    if any(sample.group for sample in samples):
        raise DataError(f"--groups {pattern}: the data of {samples[0].category} name groups themselves; leave it out")
    found = [_found(expression, sample.image.name) for sample in samples]
    if samples and not any(match and match.group() for match in found):
        raise DataError(
            f"--groups {pattern}: found in no file name of category {samples[0].category}, such as "
            f"{samples[0].image.name}; expected a regular expression such as film(\\d+)_"
        )
    return [replace(sample, group=_name(match)) for sample, match in zip(samples, found, strict=True)]


def _found(expression: "regex.Pattern", name: str) -> "regex.Match | None":
    try:
        return expression.search(name, timeout=SECONDS_A_NAME)
    except TimeoutError:
        raise DataError(
            f"--groups {expression.pattern}: it searched {name} for {SECONDS_A_NAME:g} s without an end; write it "
            "without repetitions of repetitions"
        ) from None


def _name(match: "regex.Match | None") -> str | None:
    if match is None:
        return None
    return "_".join(part or "" for part in match.groups()) if match.groups() else match.group()


def divided(samples: Sequence[Sample], base: Path) -> Iterator[Sample]:
    """Samples without a split: a share of the normal images for training, all else for testing, train first.

    The draw depends on the category and on the names below `base` alone, so that every machine has the same split.
    Images of one group stay together. One group, or image, at least is left for testing where there are two.
    """
    groups: dict[str, list[Sample]] = {}
    normal = [sample for sample in samples if sample.defect is None]
    for sample in sorted(normal, key=lambda sample: relative_name(sample.image, base)):
        groups.setdefault(sample.group or relative_name(sample.image, base), []).append(sample)
    order = list(groups.values())
    random.Random(f"{SEED}/{samples[0].category if samples else ''}").shuffle(order)
    train: set[Path] = set()
    for group in order[: max(1, len(order) - 1)]:
        if len(train) < round(TRAINING_SHARE * len(normal)):
            train.update(sample.image for sample in group)
    yield from (replace(sample, split="train") for sample in normal if sample.image in train)
    yield from (replace(sample, split="test") for sample in samples if sample.image not in train)


def note(samples: Iterable[Sample]) -> str:
    """How the samples were divided, in a sentence."""
    normal = [sample.split for sample in samples if sample.defect is None]
    train = normal.count("train")
    return (
        f"no split is given: {train} of {len(normal)} normal images, drawn by their names (seed {SEED}), are for "
        f"training, the other {len(normal) - train} and all defective ones for testing"
    )

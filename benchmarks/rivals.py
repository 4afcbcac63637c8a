"""How surely the best method of a category is better than each other one: paired tests on the same test images."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from reports import statistics
from reports.results import ImageScore

DEFINITIONS = {
    "interval": "where the image AUROC lies with 95 % confidence, as far as the choice of test images goes (DeLong's "
    "variance on the logit scale; of a mean, bootstrap over categories); it says nothing of other seeds.",
    "doubtful": "the best of the line is not shown to be better than the second: DeLong's paired test on the same "
    "images, or in a mean row Wilcoxon's signed-rank test over the categories, gives p >= 0.05 or cannot be made.",
}
"""What the marks of chance mean, for the foot of the report."""

Images = dict[str, ImageScore]
"""Test images by path."""


class Entry(NamedTuple):
    """A job as it competes."""

    contest: Hashable
    """What jobs have in common that compete, such as category and seed."""
    auroc: float | None
    """Its image AUROC."""
    images: Sequence[ImageScore]
    """Its test images."""


def p_values(entries: Sequence[Entry]) -> list[float | None]:
    """For each job the p-value of DeLong's paired test of its image AUROC against the highest of its contest.

    Compared are the images that both jobs have. None: the job is its contest's best itself, or has no AUROC.
    """
    contests = defaultdict(list)
    for index, entry in enumerate(entries):
        if entry.auroc is not None:
            contests[entry.contest].append(index)
    found: list[float | None] = [None] * len(entries)
    for members in contests.values():
        best = max(members, key=lambda index: entries[index].auroc)
        known = _by_path(entries[best].images) if len(members) > 1 else {}
        for index in members:
            if index != best:
                found[index] = _p_value(_by_path(entries[index].images), known)
    return found


def _by_path(images: Iterable[ImageScore]) -> Images:
    return {image.path: image for image in images}


def _p_value(first: Images, second: Images) -> float | None:
    common = sorted(first.keys() & second.keys())
    a, b = _scores(first, common), _scores(second, common)
    if not all(map(len, (*a, *b))):
        return None
    return statistics.paired_p_value(*a, *b)


def _scores(images: Images, paths: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Of the normal and of the defective images, in the order of the paths."""
    scores = np.array([images[path].score for path in paths])
    defective = np.array([images[path].defect is not None for path in paths], bool)
    return scores[~defective], scores[defective]

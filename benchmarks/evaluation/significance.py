"""Significance: paired tests of the best method of a category against each other one, on the same test images.

Several seeds of a method are averaged first, image by image, so that they count as one method and not as more images.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Sequence
from functools import cache
from itertools import combinations
from typing import NamedTuple

import numpy as np

from reports import statistics
from reports.results import ImageScore

DEFINITIONS = {
    "interval": "95 % confidence interval: in a row of one category over the choice of test images (DeLong's "
    "variance on the logit scale), in a mean row over the choice of categories (bootstrap). It does not cover other "
    "seeds; their standard deviation stands beside it.",
    "doubtful": "the best of the row is not shown to be better than the second: p >= 0.05, or no test can be made. "
    "One category: DeLong's paired test of the means over seeds on the same images, with Holm's correction over all "
    "pairs of methods. Mean rows: Wilcoxon's signed-rank test over the categories.",
    "other_seeds": "95 % confidence interval of the mean over these categories and images, if all models were trained "
    "again with other seeds (bootstrap over the seeds of each category).",
}
"""What the report means by its intervals and by the mark of a doubtful best."""


class Scored(NamedTuple):
    """Paths and scores of the images of one class."""

    paths: tuple[str, ...]
    scores: np.ndarray

    @classmethod
    def of(cls, images: Sequence[ImageScore]) -> "Scored":
        """Take paths and scores of images, in the order given."""
        return cls(tuple(image.path for image in images), np.array([image.score for image in images]))


class Entry(NamedTuple):
    """A job that is compared with others: its test images of both classes, sorted by path."""

    contest: Hashable
    """The key that competing jobs share, such as dataset and category."""
    normal: Scored
    defective: Scored
    placements: statistics.Placements


def entry(contest: Hashable, normal: Scored, defective: Scored, placements: statistics.Placements) -> Entry:
    """The entry of a job, from its images and their placements in any order."""
    (normal_paths, normal_order), (defective_paths, defective_order) = map(_in_order, (normal.paths, defective.paths))
    return Entry(
        contest,
        Scored(normal_paths, normal.scores[normal_order]),
        Scored(defective_paths, defective.scores[defective_order]),
        statistics.Placements(placements.normal[normal_order], placements.defective[defective_order]),
    )


class Averaged(NamedTuple):
    """The jobs of one method on one category, averaged over their seeds."""

    contest: Hashable
    entries: Sequence[Entry]
    """A job for each seed."""
    normal: tuple[str, ...]
    defective: tuple[str, ...]
    """Paths of the test images that all seeds have."""
    placements: statistics.Placements
    """Of these images, the mean over seeds."""


def averaged(entries: Sequence[Entry]) -> Averaged | None:
    """Average the seeds of a method on a category; None if they share no image of one class."""
    first = entries[0]
    if all(_paths(each) == _paths(first) for each in entries):
        placed = statistics.averaged([each.placements for each in entries])
        return Averaged(first.contest, entries, *_paths(first), placed)
    normal, defective = (set.intersection(*map(set, own)) for own in zip(*map(_paths, entries), strict=True))
    placed = _placements_among(entries, normal, defective)
    return placed and Averaged(first.contest, entries, tuple(sorted(normal)), tuple(sorted(defective)), placed)


def _paths(entry: Entry) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return entry.normal.paths, entry.defective.paths


@cache
def _in_order(paths: tuple[str, ...]) -> tuple[tuple[str, ...], np.ndarray]:
    """Sorted paths and their former positions; cached, because all jobs of a category have the same paths."""
    order = sorted(range(len(paths)), key=paths.__getitem__)
    return tuple(paths[index] for index in order), np.array(order)


def p_values_holm(methods: Sequence[Averaged | None]) -> list[float | None]:
    """For each method on a category the corrected p-value of its image AUROC against the highest one of its contest.

    DeLong's paired test on the images that both have, with Holm's correction within each contest.
    None: the method is the best of its contest, it has no AUROC, or the test cannot be made.
    """
    contests = defaultdict(list)
    for index, entered in enumerate(methods):
        if entered:
            contests[entered.contest].append(index)
    found: list[float | None] = [None] * len(methods)
    for members in contests.values():
        for index, p_value in zip(members, _against_best([methods[index] for index in members]), strict=True):
            found[index] = p_value
    return found


def _against_best(entered: Sequence[Averaged]) -> list[float | None]:
    """Corrected p-values against the best; the correction counts all pairs of methods, not only those with the best.

    For the same scores choose the best: corrected for its seven pairs alone, eight equal methods still differ in
    up to 15 % of draws, and corrected for all 28 pairs in about 5 %.
    """
    pairs = list(combinations(range(len(entered)), 2))
    corrected = statistics.holm([_p_value(entered[one], entered[other]) for one, other in pairs])
    by_pair = dict(zip(pairs, corrected, strict=True))
    best = max(range(len(entered)), key=lambda index: entered[index].placements.auroc())
    return [by_pair.get((min(index, best), max(index, best))) for index in range(len(entered))]


def _p_value(one: Averaged, other: Averaged) -> float | None:
    a, b = one.placements, other.placements
    if (one.normal, one.defective) != (other.normal, other.defective):
        shared = set(one.normal) & set(other.normal), set(one.defective) & set(other.defective)
        a, b = (_placements_among(each.entries, *shared) for each in (one, other))
    return statistics.paired_p_value(a, b) if a and b else None


def _placements_among(
    entries: Sequence[Entry], normal: Collection[str], defective: Collection[str]
) -> statistics.Placements | None:
    """The placements of some images, averaged over the jobs of all seeds; None if a class has none."""
    if not (normal and defective):
        return None
    return statistics.averaged(
        [statistics.placements(_scores(each.normal, normal), _scores(each.defective, defective)) for each in entries]
    )


def _scores(images: Scored, among: Collection[str]) -> np.ndarray:
    return images.scores[[path in among for path in images.paths]]

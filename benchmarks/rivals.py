"""How surely the best method of a category is better than each other one: paired tests on the same test images."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

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


def p_values(jobs: Sequence[tuple[tuple, Iterable[ImageScore]]]) -> list[float | None]:
    """For each job the p-value of DeLong's paired test of its image AUROC against the highest of its group.

    A job is given as the group it competes in (category, seed, ...) and its test images. Compared are the images that
    both jobs have. None: the job is its group's best itself, or there is nothing to compare.
    """
    groups = defaultdict(list)
    for index, (group, images) in enumerate(jobs):
        groups[group].append((index, {image.path: image for image in images}))
    found: list[float | None] = [None] * len(jobs)
    for members in groups.values():
        best = max(members, key=lambda member: _auroc(member[1]))
        for index, images in members:
            if index != best[0]:
                found[index] = _p_value(images, best[1])
    return found


def _auroc(images: Images) -> float:
    normal, defective = _scores(images, sorted(images))
    return statistics.wins(normal, defective).auroc() if len(normal) and len(defective) else -1.0


def _p_value(first: Images, second: Images) -> float | None:
    common = sorted(first.keys() & second.keys())
    a, b = _scores(first, common), _scores(second, common)
    if not all(map(len, (*a, *b))):
        return None
    return statistics.paired_difference(*a, *b).p_value


def _scores(images: Images, paths: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Of the normal and of the defective images, in the order of the paths."""
    scores = np.array([images[path].score for path in paths])
    defective = np.array([images[path].defect is not None for path in paths], bool)
    return scores[~defective], scores[defective]

"""Training images that look unlike the others: each judged by a method that has not learned from it."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from benchmarks import judging, plugins
from benchmarks.evaluation.ranking import LEAST_IMAGES, ranked
from benchmarks.images import Images, Reading
from benchmarks.jobs.plan import Job
from benchmarks.source import Source
from benchmarks.split import Parts
from datasets import Sample, relative_name
from methods import PACES, Method
from reports.results import ImageScore, Ranking

FOLDS = 5
"""Cross-fitting takes four times the seconds of a fit, and those of scoring every training image."""


def rank(
    job: Job,
    source: Source,
    parts: Parts,
    calibration: Sequence[ImageScore],
    *,
    device: str,
    advance: Callable[[int, int], None],
) -> Ranking | None:
    """The training images that look unlike the others; None: too few of them were judged.

    All are judged where that costs little: with leave-one-out their scores are there already, and a method that takes
    seconds is fitted five times more. Otherwise the held-out images are ranked. To leave out each image where others
    set the threshold would add a sixth to two fifths to the fit of knn and PatchCore. `advance` gets the number of
    images judged and that of all.
    """
    train = list(dict.fromkeys([*parts.fit, *parts.calibration]))
    if job.cell.leaves_one_out or _fresh(job).pace != PACES[0] or len(train) < LEAST_IMAGES:
        judged = "left out" if job.cell.leaves_one_out else "held out"
        return ranked(judged, [image.path for image in calibration], [image.score for image in calibration])
    paths, scores = [], []
    fitted = Fitting(lambda: _fresh(job), source.reading, job.cell.seed, device)
    for sample, score in cross_fitted(fitted, train):
        paths.append(relative_name(sample.image, source.base))
        scores.append(score)
        advance(len(scores), len(train))
    return ranked("cross-fitted", paths, scores)


def _fresh(job: Job) -> Method:
    """The method of a job, not fitted."""
    return plugins.choose(job.cell.method, job.cell.settings).method


class Fitting(NamedTuple):
    """How a method is fitted again."""

    make: Callable[[], Method]
    """Gives a method that is not fitted."""
    reading: Reading
    seed: int
    device: str


def cross_fitted(fitting: Fitting, samples: Sequence[Sample]) -> Iterator[tuple[Sample, float]]:
    """Each sample with its score by a method that was fitted on the samples of the other folds.

    Samples of one group are in one fold. Nothing is yielded where all are of one group.
    """
    parts = folds(samples)
    for fold in parts if len(parts) > 1 else ():
        others = [sample for other in parts if other is not fold for sample in other]
        judge = judging.judge(fitting.make(), fitting.reading)
        learning = judge.fit(Images(others, fitting.reading), seed=fitting.seed, device=fitting.device)
        deque(learning, maxlen=0)
        yield from zip(fold, map(float, judge.image_scores(Images(fold, fitting.reading))), strict=True)


def folds(samples: Sequence[Sample]) -> list[list[Sample]]:
    """The samples in at most five parts, each with every fifth group in their order."""
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(sample.group or str(sample.image), []).append(sample)
    parts = [list(groups.values())[fold::FOLDS] for fold in range(FOLDS)]
    return [[sample for group in part for sample in group] for part in parts if part]

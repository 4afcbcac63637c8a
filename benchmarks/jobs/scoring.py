"""Score the images of a job: those that set the threshold, then those that test it."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import split
from benchmarks.evaluation.map_scale import NormalMaps
from benchmarks.jobs import cross_fitting
from benchmarks.jobs.fitting import Seen, Tell
from benchmarks.jobs.kept_maps import KeptMaps
from benchmarks.jobs.plan import Job
from benchmarks.jobs.progress import Progress
from benchmarks.source import Source
from datasets import Sample, relative_name
from methods import Image, Score
from reports.results import ImageScore, MapScale, Ranking

Judge = Callable[[Sequence[Image]], Iterator[Score]]
"""`score` or `leave_one_out` of a fitted method."""


class Scored(NamedTuple):
    """The scores of all images judged, the maps of the test images, and the seconds they took."""

    images: list[ImageScore]
    maps: KeptMaps
    seconds: float
    images_per_second: float | None
    """As new images are judged, not left out of the fit; None: there was none."""
    ranking: Ranking | None
    """The training images that look unlike the others."""
    map_scale: MapScale | None
    """The values of the maps of normal images."""


def score_all(seen: Seen, parts: split.Parts, job: Job, *, source: Source, tell: Tell) -> Scored:
    scoring = _Scoring(seen, seen.judge.score, source.base, tell)
    left_out = _Scoring(seen, seen.judge.leave_one_out, source.base, tell)
    calibrating = left_out if job.cell.leaves_one_out else scoring
    normal_maps = NormalMaps()
    calibration = list(calibrating.of("calibration", parts.calibration, keep=normal_maps.add))
    others = [*calibration, *scoring.of("validation", parts.validation)]
    maps = KeptMaps(job.folder, wanted=any(sample.masks for sample in parts.test))
    test = list(scoring.of("test", parts.test, keep=maps.add))
    ranking = cross_fitting.rank(
        job,
        source,
        parts,
        calibration,
        device=seen.method.find_device(job.device),
        advance=lambda done, of: tell(Progress("comparing training images", done, of)),
    )
    seconds = scoring.seconds + left_out.seconds
    return Scored([*others, *test], maps, seconds, scoring.images_per_second, ranking, normal_maps.scale)


class _Scoring:
    """Scores samples in one way and adds up the seconds that took, decoding included."""

    def __init__(self, seen: Seen, judge: Judge, base: Path, tell: Tell):
        self.seen = seen
        self.judge = judge
        self.base = base
        self.tell = tell
        self.images = 0
        self.seconds = 0.0

    @property
    def images_per_second(self) -> float | None:
        """None: nothing was scored."""
        return self.images / self.seconds if self.seconds else None

    def of(
        self, part: str, samples: list[Sample], keep: Callable[[np.ndarray | None], None] = lambda map: None
    ) -> Iterator[ImageScore]:
        """The image scores in order; each anomaly map is handed to `keep`."""
        scores = self.judge(self.seen.decoded(samples))
        for number, sample in enumerate(samples, start=1):
            begun = time.perf_counter()
            score = next(scores)
            self.seconds += time.perf_counter() - begun
            self.images += 1
            keep(score.map)
            self.tell(Progress(f"scoring {part}", number, len(samples)))
            yield ImageScore(
                path=relative_name(sample.image, self.base),
                part=part,
                defect=sample.defect,
                score=float(score.image),
                kinds=sample.kinds,
                group=sample.group or None,
            )

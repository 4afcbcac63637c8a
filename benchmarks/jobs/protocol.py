"""One job: split, fit, score, measure the maps -> Result."""

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import images, novelty, pages, plugins, split, unread
from benchmarks.evaluation import metrics, pixel_metrics
from benchmarks.evaluation.map_scale import NormalMaps
from benchmarks.images import Examination
from benchmarks.jobs import cross_fitting, determinism, machine
from benchmarks.jobs.layout import FRESH_MODEL
from benchmarks.jobs.plan import Job
from benchmarks.jobs.progress import Progress
from benchmarks.remarks import beside_copies, divided_groups, on_groups, on_images, on_reading
from benchmarks.source import Source
from datasets import Dataset, Sample, relative_name
from methods import Epoch, Image, Method, MethodError, Preparing, Score
from reports.results import (
    Appearances,
    Cost,
    Curve,
    ImageScore,
    MapScale,
    PixelScores,
    Ranking,
    Result,
    StoredEpoch,
)

Tell = Callable[[Progress], None]
Judge = Callable[[Sequence[Image]], Iterator[Score]]
"""`score` or `leave_one_out` of a fitted method."""


class _Seen:
    """A method, and images as it sees them."""

    def __init__(self, method: Method, reading: images.Reading):
        self.method = method
        self.judge = pages.judge(method, reading)
        self.reading = reading

    def decoded(self, samples: Sequence[Sample]) -> images.Images:
        """The images of samples, decoded on access."""
        return images.Images(samples, self.reading)


class _Fit(NamedTuple):
    """A finished training; the seconds leave out those spent looking at the test set."""

    device: str
    epochs: list[StoredEpoch]
    seconds: float


class _Scored(NamedTuple):
    """The scores of all images judged, the maps of the test images, and the seconds they took."""

    images: list[ImageScore]
    maps: list[np.ndarray | None]
    seconds: float
    images_per_second: float | None
    """As new images are judged, not left out of the fit; None: there was none."""
    ranking: Ranking | None
    """The training images that look unlike the others."""
    map_scale: MapScale | None
    """The values of the maps of normal images."""


class _Measured(NamedTuple):
    """Pixel metrics of the test images, or why there are none."""

    scores: PixelScores | None
    why_none: str | None
    remarks: list[str]


def run(job: Job, tell: Tell) -> Result:
    """Do a job, telling its progress; a model to be kept waits in the job's folder for `storage.store`.

    Raises one of `errors.USER_ERRORS` where the data, the settings or the machine do not allow it.
    """
    source = Source.of(job.cell, job.root)
    samples = source.samples(job.cell.category)
    parts = split.divide(samples, seed=job.cell.seed, shots=job.cell.shots, calibration=job.cell.calibration)
    tell(Progress("reading images", 0, len(samples)))
    examined = images.verify(samples, source.reading)

    method = plugins.choose(job.cell.method, job.cell.settings).method
    seen = _Seen(method, source.reading)
    fit = _fit(seen, parts, job, tell)
    if job.keep_model:
        method.save(job.folder / FRESH_MODEL)
    scored = _score_all(seen, parts, job, source=source, tell=tell)
    tell(Progress("measuring maps", 0, 1))
    pixels = _measure(parts.test, scored.maps, source.reading)
    remarks = [
        *source.dataset.remarks,
        *source.notes(job.cell.category),
        *on_groups(samples),
        *on_images(samples, examined, source.base),
        *on_reading(samples, examined, source.base),
        *filter(None, [divided_groups(samples)]),
        *unread.remarks(source, job.cell.category, samples),
        *(beside_copies(parts.fit, samples, examined) if job.cell.leaves_one_out else []),
        *(["a preset that costs less than the paper; --preset paper is as published"] if method.is_shortened else []),
        f"image score: {method.score_rule()}",
        *method.remarks(),
        *pixels.remarks,
    ]
    return _result(
        job,
        source.dataset,
        method,
        fit=fit,
        scored=scored,
        pixels=pixels,
        trained_on=len(parts.fit),
        appearances=_appearances(parts, samples, examined),
        remarks=remarks,
    )


def _appearances(parts: split.Parts, samples: Sequence[Sample], examined: Sequence[Examination]) -> Appearances:
    """How the training images look, those held out for the threshold included."""
    train = {*parts.fit, *parts.calibration}
    both = zip(samples, examined, strict=True)
    return novelty.together(seen.appearance for sample, seen in both if sample in train)


def _result(
    job: Job,
    dataset: Dataset,
    method: Method,
    *,
    fit: _Fit,
    scored: _Scored,
    pixels: _Measured,
    trained_on: int,
    appearances: Appearances,
    remarks: list[str],
) -> Result:
    """The record of a job that ends now."""
    return Result(
        key=job.key,
        code=job.code,
        cell=job.cell,
        data=str(job.root),
        made=dataset.made,
        trained_on=trained_on,
        images=scored.images,
        ranking=scored.ranking,
        appearances=appearances,
        map_scale=scored.map_scale,
        pixels=pixels.scores,
        why_no_pixels=pixels.why_none,
        tracked=job.track_epochs,
        epochs=fit.epochs,
        curves=[Curve(**curve._asdict()) for curve in method.curves()],
        remarks=remarks,
        versions=machine.versions(),
        machine=machine.description(),
        cost=_cost(method, fit, scored, trained_on),
    )


def _cost(method: Method, fit: _Fit, scored: _Scored, trained_on: int) -> Cost:
    """What a job that ends now took."""
    return Cost(
        fit_seconds=fit.seconds,
        score_seconds=scored.seconds,
        images_per_second=scored.images_per_second,
        why_no_seconds=method.why_no_seconds(),
        peak_memory_mb=machine.peak_memory_mb(),
        parameters=method.parameter_count(trained_on),
        device=fit.device,
        threads=int(os.environ.get("OMP_NUM_THREADS") or determinism.cores()),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _measure(test: list[Sample], maps: list[np.ndarray | None], reading: images.Reading) -> _Measured:
    if why_none := pixel_metrics.why_none(test, maps):
        return _Measured(None, why_none, [])
    scores, remarks = pixel_metrics.measure(test, maps, reading)
    return _Measured(scores, None, remarks)


def _fit(seen: _Seen, parts: split.Parts, job: Job, tell: Tell) -> _Fit:
    """Drive a fit to its end."""
    device = seen.method.find_device(job.device)
    epochs: list[StoredEpoch] = []
    looking = 0.0
    begun = time.perf_counter()
    for event in seen.judge.fit(seen.decoded(parts.fit), seed=job.cell.seed, device=device):
        if isinstance(event, Preparing):
            tell(Progress(event.what, event.done, event.of))
            continue
        _require_convergence(event)
        tell(Progress("epoch", event.number, event.of, loss=event.loss))
        paused = time.perf_counter()
        epochs.append(
            StoredEpoch(
                number=event.number,
                loss=event.loss,
                held_out_loss=event.held_out_loss,
                image_auroc=_look(seen, parts.test) if job.track_epochs else None,
                seconds=paused - begun - looking,
            )
        )
        looking += time.perf_counter() - paused
    return _Fit(device, epochs, time.perf_counter() - begun - looking)


def _require_convergence(epoch: Epoch) -> None:
    for loss, of in ((epoch.loss, "loss"), (epoch.held_out_loss or 0.0, "held-out loss")):
        if not math.isfinite(loss):
            raise MethodError(f"training diverged: the {of} of epoch {epoch.number} is {loss}")


def _look(seen: _Seen, test: list[Sample]) -> float | None:
    """The image AUROC of the test set, None with one class only."""
    scores = list(seen.judge.image_scores(seen.decoded(test)))
    labels = [sample.defect is not None for sample in test]
    return metrics.auroc(scores, labels) if len(set(labels)) == 2 else None


def _score_all(seen: _Seen, parts: split.Parts, job: Job, *, source: Source, tell: Tell) -> _Scored:
    scoring = _Scoring(seen, seen.judge.score, source.base, tell)
    left_out = _Scoring(seen, seen.method.leave_one_out, source.base, tell)
    calibrating = left_out if job.cell.leaves_one_out else scoring
    normal_maps = NormalMaps()
    calibration = list(calibrating.of("calibration", parts.calibration, keep=normal_maps.add))
    others = [*calibration, *scoring.of("validation", parts.validation)]
    maps: list[np.ndarray | None] = []
    test = list(scoring.of("test", parts.test, keep=maps.append))
    ranking = cross_fitting.rank(
        job,
        source,
        parts,
        calibration,
        device=seen.method.find_device(job.device),
        advance=lambda done, of: tell(Progress("comparing training images", done, of)),
    )
    seconds = scoring.seconds + left_out.seconds
    return _Scored([*others, *test], maps, seconds, scoring.images_per_second, ranking, normal_maps.scale)


class _Scoring:
    """Scores samples in one way and adds up the seconds that took, decoding included."""

    def __init__(self, seen: _Seen, judge: Judge, base: Path, tell: Tell):
        self.seen = seen
        self.judge = judge
        self.base = base
        self.tell = tell
        self.images = 0
        self.seconds = 0.0

    @property
    def images_per_second(self) -> float | None:
        """None: nothing was scored."""
        return self.images / self.seconds if self.images else None

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
            _require_finite(score, sample, self.seen.method)
            keep(score.map)
            self.tell(Progress(f"scoring {part}", number, len(samples)))
            yield ImageScore(
                path=relative_name(sample.image, self.base),
                part=part,
                defect=sample.defect,
                score=float(score.image),
                kinds=sample.kinds,
            )


def _require_finite(score: Score, sample: Sample, method: Method) -> None:
    if not score.is_finite:
        raise MethodError(f"{type(method).__name__} gave a score that is not finite for {sample.image}")

"""One job: split, fit, score, measure the maps -> Result."""

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import images, plugins, split
from benchmarks.evaluation import metrics, pixel_metrics
from benchmarks.jobs import determinism, machine
from benchmarks.jobs.layout import FRESH_MODEL
from benchmarks.jobs.plan import Job
from benchmarks.jobs.progress import Progress
from benchmarks.remarks import on_division, on_images
from datasets import Dataset, Sample
from methods import Epoch, Image, Method, MethodError, Preparing, Score
from reports.results import Cost, Curve, ImageScore, PixelScores, Result, StoredEpoch

Tell = Callable[[Progress], None]
Judge = Callable[[Sequence[Image]], Iterator[Score]]
"""`score` or `leave_one_out` of a fitted method."""


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


class _Measured(NamedTuple):
    """Pixel metrics of the test images, or why there are none."""

    scores: PixelScores | None
    why_none: str | None
    remarks: list[str]


def run(job: Job, tell: Tell) -> Result:
    """Do a job, telling its progress; a model to be kept waits in the job's folder for `storage.store`.

    Raises one of `errors.USER_ERRORS` where the data, the settings or the machine do not allow it.
    """
    dataset = plugins.dataset(job.cell.dataset)
    samples = list(dataset.samples(job.root, job.cell.category))
    tell(Progress("reading images", 0, len(samples)))
    examined = images.verify(samples, dataset.mask_above)
    parts = split.divide(
        samples, seed=job.cell.seed, shots=job.cell.shots, calibration=job.cell.calibration, examined=examined
    )

    method = plugins.choose(job.cell.method, job.cell.settings).method
    fit = _fit(method, parts, job, tell)
    if job.keep_model:
        method.save(job.folder / FRESH_MODEL)
    scored = _score_all(method, parts, job, tell)
    tell(Progress("measuring maps", 0, 1))
    pixels = _measure(parts.test, scored.maps, dataset.mask_above)
    tell(Progress("comparing images", 0, 1))
    remarks = [
        *dataset.remarks,
        *on_images(samples, examined, job.root),
        *on_division(parts, samples, examined, job.root),
        *(["a preset that costs less than the paper; --preset paper is as published"] if method.is_shortened else []),
        f"image score: {method.score_rule()}",
        *method.remarks(),
        *pixels.remarks,
    ]
    return _result(job, dataset, method, fit=fit, scored=scored, pixels=pixels, parts=parts, remarks=remarks)


def _result(
    job: Job,
    dataset: Dataset,
    method: Method,
    *,
    fit: _Fit,
    scored: _Scored,
    pixels: _Measured,
    parts: split.Parts,
    remarks: list[str],
) -> Result:
    """The record of a job that ends now."""
    return Result(
        key=job.key,
        code=job.code,
        cell=job.cell,
        data=str(job.root),
        made=dataset.made,
        trained_on=len(parts.fit),
        fit=[_path(sample, job.root) for sample in parts.fit],
        copies=len(parts.copies),
        images=scored.images,
        pixels=pixels.scores,
        why_no_pixels=pixels.why_none,
        tracked=job.track_epochs,
        epochs=fit.epochs,
        curves=[Curve(**curve._asdict()) for curve in method.curves()],
        remarks=remarks,
        versions=machine.versions(),
        machine=machine.description(),
        cost=_cost(method, fit, scored, len(parts.fit)),
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


def _measure(test: list[Sample], maps: list[np.ndarray | None], mask_above: int) -> _Measured:
    if why_none := pixel_metrics.why_none(test, maps):
        return _Measured(None, why_none, [])
    scores, remarks = pixel_metrics.measure(test, maps, mask_above)
    return _Measured(scores, None, remarks)


def _fit(method: Method, parts: split.Parts, job: Job, tell: Tell) -> _Fit:
    """Drive a fit to its end."""
    device = method.find_device(job.device)
    epochs: list[StoredEpoch] = []
    looking = 0.0
    begun = time.perf_counter()
    for event in method.fit(images.Images(parts.fit), seed=job.cell.seed, device=device):
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
                image_auroc=_look(method, parts.test) if job.track_epochs else None,
                seconds=paused - begun - looking,
            )
        )
        looking += time.perf_counter() - paused
    return _Fit(device, epochs, time.perf_counter() - begun - looking)


def _require_convergence(epoch: Epoch) -> None:
    for loss, of in ((epoch.loss, "loss"), (epoch.held_out_loss or 0.0, "held-out loss")):
        if not math.isfinite(loss):
            raise MethodError(f"training diverged: the {of} of epoch {epoch.number} is {loss}")


def _look(method: Method, test: list[Sample]) -> float | None:
    """The image AUROC of the test set, None with one class only."""
    scores = list(method.image_scores(images.Images(test)))
    labels = [sample.defect is not None for sample in test]
    return metrics.auroc(scores, labels) if len(set(labels)) == 2 else None


def _score_all(method: Method, parts: split.Parts, job: Job, tell: Tell) -> _Scored:
    scoring = _Scoring(method, method.score, job.root, tell)
    left_out = _Scoring(method, method.leave_one_out, job.root, tell)
    calibrating = left_out if job.cell.leaves_one_out else scoring
    others = [*calibrating.of("calibration", parts.calibration), *scoring.of("validation", parts.validation)]
    maps: list[np.ndarray | None] = []
    test = list(scoring.of("test", parts.test, keep=maps.append))
    return _Scored([*others, *test], maps, scoring.seconds + left_out.seconds, scoring.images_per_second)


class _Scoring:
    """Scores samples in one way and adds up the seconds that took, decoding included."""

    def __init__(self, method: Method, judge: Judge, root: Path, tell: Tell):
        self.method = method
        self.judge = judge
        self.root = root
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
        scores = self.judge(images.Images(samples))
        for number, sample in enumerate(samples, start=1):
            begun = time.perf_counter()
            score = next(scores)
            self.seconds += time.perf_counter() - begun
            self.images += 1
            _require_finite(score, sample, self.method)
            keep(score.map)
            self.tell(Progress(f"scoring {part}", number, len(samples)))
            yield ImageScore(
                path=_path(sample, self.root),
                part=part,
                defect=sample.defect,
                score=float(score.image),
            )


def _path(sample: Sample, root: Path) -> str:
    """How a result names an image."""
    return sample.image.relative_to(root).as_posix()


def _require_finite(score: Score, sample: Sample, method: Method) -> None:
    if not score.is_finite:
        raise MethodError(f"{type(method).__name__} gave a score that is not finite for {sample.image}")

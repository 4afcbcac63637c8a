"""One job: split, fit, score, measure the maps -> Result."""

import math
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks import images, metrics, pixels, plugins, split
from benchmarks.job_folder import FRESH_MODEL
from benchmarks.jobs import arithmetic, machine
from benchmarks.jobs.progress import Progress
from benchmarks.plan import Job
from benchmarks.remarks import on_images
from datasets import Sample
from methods import Epoch, Method, MethodError, Preparing, Score
from reports.results import Cost, Curve, ImageScore, Result, StoredEpoch

Tell = Callable[[Progress], None]


def run(job: Job, tell: Tell) -> Result:
    """Do a job, telling its progress; a model to be kept waits in the job's folder for `job_files.store`.

    Raises one of `errors.USER_ERRORS` where the data, the settings or the machine do not allow it.
    """
    dataset = plugins.dataset(job.cell.dataset)
    samples = list(dataset.samples(job.root, job.cell.category))
    parts = split.divide(samples, seed=job.cell.seed, shots=job.cell.shots, calibration=job.cell.calibration)
    tell(Progress("reading images", 0, len(samples)))
    examined = images.verify(samples, dataset.mask_above)

    method = plugins.choose(job.cell.method, job.cell.settings).method
    device = method.find_device(job.device)
    epochs, fit_seconds = _fit(method, parts, job, device, tell)
    if job.keep_model:
        method.save(job.folder / FRESH_MODEL)
    scoring = _Scoring(method, tell)
    held = {"calibration": parts.calibration, "validation": parts.validation}
    scores = [score for part, members in held.items() for score in scoring.of(part, members, job.root)]
    maps: list[np.ndarray | None] = []
    scores += scoring.of("test", parts.test, job.root, keep=maps.append)
    tell(Progress("measuring maps", 0, 1))
    why_no_pixels = pixels.why_none(parts.test, maps)
    measured, remarks = (None, []) if why_no_pixels else pixels.measure(parts.test, maps, dataset.mask_above)
    return Result(
        key=job.key,
        code=job.code,
        cell=job.cell,
        data=str(job.root),
        made=dataset.made,
        trained_on=len(parts.fit),
        images=scores,
        pixels=measured,
        why_no_pixels=why_no_pixels,
        tracked=job.track_epochs,
        epochs=epochs,
        curves=[Curve(**curve._asdict()) for curve in method.curves()],
        remarks=[
            *dataset.remarks,
            *on_images(samples, examined, job.root),
            f"image score: {method.score_rule()}",
            *method.remarks(),
            *remarks,
        ],
        versions=machine.versions(),
        machine=machine.description(),
        cost=_cost(method, device, fit_seconds, scoring.seconds, len(scores)),
    )


def _cost(method: Method, device: str, fit_seconds: float, score_seconds: float, scored: int) -> Cost:
    """What a job that ends now took."""
    return Cost(
        fit_seconds=fit_seconds,
        score_seconds=score_seconds,
        images_per_second=scored / score_seconds if scored else None,
        why_no_seconds=method.why_no_seconds(),
        peak_memory_mb=machine.peak_memory_mb(),
        parameters=method.parameter_count(),
        device=device,
        threads=int(os.environ.get("OMP_NUM_THREADS") or arithmetic.cores()),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _fit(method: Method, parts: split.Parts, job: Job, device: str, tell: Tell) -> tuple[list[StoredEpoch], float]:
    """Drive a fit to its end; the seconds leave out those spent looking at the test set."""
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
    return epochs, time.perf_counter() - begun - looking


def _require_convergence(epoch: Epoch) -> None:
    for loss, of in ((epoch.loss, "loss"), (epoch.held_out_loss or 0.0, "held-out loss")):
        if not math.isfinite(loss):
            raise MethodError(f"training diverged: the {of} of epoch {epoch.number} is {loss}")


def _look(method: Method, test: list[Sample]) -> float | None:
    """The image AUROC of the test set, None with one class only."""
    scores = list(method.image_scores(images.Images(test)))
    labels = [sample.defect is not None for sample in test]
    return metrics.auroc(scores, labels) if len(set(labels)) == 2 else None


class _Scoring:
    """Scores samples and adds up the seconds that took, decoding included."""

    def __init__(self, method: Method, tell: Tell):
        self.method = method
        self.tell = tell
        self.seconds = 0.0

    def of(
        self, part: str, samples: list[Sample], root: Path, keep: Callable[[np.ndarray | None], None] = lambda map: None
    ) -> Iterator[ImageScore]:
        """The image scores in order; each anomaly map is handed to `keep`."""
        scores = self.method.score(images.Images(samples))
        for number, sample in enumerate(samples, start=1):
            begun = time.perf_counter()
            score = next(scores)
            self.seconds += time.perf_counter() - begun
            _require_finite(score, sample, self.method)
            keep(score.map)
            self.tell(Progress(f"scoring {part}", number, len(samples)))
            yield ImageScore(
                path=sample.image.relative_to(root).as_posix(),
                part=part,
                defect=sample.defect,
                score=float(score.image),
            )


def _require_finite(score: Score, sample: Sample, method: Method) -> None:
    if not score.is_finite:
        raise MethodError(f"{type(method).__name__} gave a score that is not finite for {sample.image}")

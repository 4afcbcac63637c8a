"""One job: read, split, fit, score, measure the maps -> Result."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from benchmarks import images, judging, plugins, split
from benchmarks.checking import remarks, unread
from benchmarks.evaluation import pixel_metrics
from benchmarks.jobs import determinism, machine
from benchmarks.jobs.fitting import Fit, Seen, Tell, fit
from benchmarks.jobs.layout import FRESH_MODEL
from benchmarks.jobs.plan import Job
from benchmarks.jobs.progress import Progress
from benchmarks.jobs.scoring import Scored, score_all
from benchmarks.likeness import novelty
from benchmarks.source import Source
from benchmarks.tiling import counting, wording
from datasets import Sample, relative_name
from methods import Method
from reports.results import Appearances, Cost, Curve, PixelScores, Result


class _Data(NamedTuple):
    """The samples of a job, what decoding each has shown, and the part that each plays."""

    source: Source
    category: str
    samples: list[Sample]
    examined: list[images.Examination]
    parts: split.Parts

    def appearances(self) -> Appearances:
        """How the training images look, those held out for the threshold included."""
        train = {*self.parts.fit, *self.parts.calibration}
        both = zip(self.samples, self.examined, strict=True)
        return novelty.together(seen.appearance for sample, seen in both if sample in train)

    def learned_images(self) -> int:
        """Number of images that the method learns from; with tiles, of tiles."""
        shapes = {sample: seen.shape for sample, seen in zip(self.samples, self.examined, strict=True)}
        return sum(counting.learned_of(shapes[sample], self.source.reading) for sample in self.parts.fit)

    def places(self, method: Method) -> int:
        """Number of places of an image that have a method of their own; 1: there is one method."""
        shape = self.examined[0].shape
        reading = self.source.reading
        return counting.seen_of(shape, reading) if judging.learns_by_place(method, reading) else 1

    def remarks(self) -> Iterator[str]:
        """What a reader of the result must know of the data."""
        yield from self.source.dataset.remarks
        yield from self.source.notes(self.category)
        if self.source.reading.tile:
            yield wording.remark([seen.shape for seen in self.examined], self.source.reading)
        yield from remarks.on_groups(self.samples)
        yield from remarks.on_images(self.samples, self.examined, self.source.base)
        yield from remarks.on_reading(self.samples, self.examined, self.source.base)
        yield from filter(None, [remarks.divided_groups(self.samples)])
        yield from remarks.on_division(self.parts, self.samples, self.examined, self.source.base)
        yield from unread.remarks(self.source, self.category, self.samples)


class _Measured(NamedTuple):
    """Pixel metrics of the test images, or why there are none."""

    scores: PixelScores | None
    why_none: str | None
    remarks: list[str]


def run(job: Job, tell: Tell) -> Result:
    """Do a job, telling its progress; a model to be kept waits in the job's folder for `storage.store`.

    Raises one of `errors.USER_ERRORS` where the data, the settings or the machine do not allow it.
    """
    data = _read(job, tell)
    method = plugins.choose(job.cell.method, job.cell.settings).method
    seen = Seen(method, data.source.reading)
    fitted = fit(seen, data.parts, job, tell)
    if job.keep_model:
        seen.judge.save(job.folder / FRESH_MODEL)
    scored = score_all(seen, data.parts, job, source=data.source, tell=tell)
    tell(Progress("measuring maps", 0, 1))
    pixels = _measure(data.parts.test, scored.maps, data.source.reading)
    tell(Progress("comparing images", 0, 1))
    return _result(job, data, method, fitted=fitted, scored=scored, pixels=pixels)


def _read(job: Job, tell: Tell) -> _Data:
    """Decode every image once, then divide them: which belong together shows in their pixels."""
    cell, source = job.cell, Source.of(job.cell, job.root)
    samples = source.samples(cell.category)
    tell(Progress("reading images", 0, len(samples)))
    examined = images.verify(samples, source.reading)
    parts = split.divide(samples, seed=cell.seed, shots=cell.shots, calibration=cell.calibration, examined=examined)
    return _Data(source, cell.category, samples, examined, parts)


def _result(job: Job, data: _Data, method: Method, *, fitted: Fit, scored: Scored, pixels: _Measured) -> Result:
    """The record of a job that ends now."""
    fit_images = data.parts.fit
    return Result(
        key=job.key,
        code=job.code,
        cell=job.cell,
        data=str(job.root),
        made=data.source.dataset.made,
        trained_on=len(fit_images),
        fit=[relative_name(sample.image, data.source.base) for sample in fit_images],
        copies=len(data.parts.copies),
        images=scored.images,
        ranking=scored.ranking,
        appearances=data.appearances(),
        map_scale=scored.map_scale,
        pixels=pixels.scores,
        why_no_pixels=pixels.why_none,
        tracked=job.track_epochs,
        epochs=fitted.epochs,
        curves=[Curve(**curve._asdict()) for curve in method.curves()],
        remarks=[*data.remarks(), *_remarks_on(method), *pixels.remarks],
        versions=machine.versions(),
        machine=machine.description(),
        cost=_cost(method, fitted, scored, parameters=_parameters(method, data)),
    )


def _remarks_on(method: Method) -> Iterator[str]:
    if method.is_shortened:
        yield "a preset that costs less than the paper; --preset paper is as published"
    yield f"image score: {method.score_rule()}"
    yield from method.remarks()


def _cost(method: Method, fitted: Fit, scored: Scored, *, parameters: int) -> Cost:
    """What a job that ends now took."""
    return Cost(
        fit_seconds=fitted.seconds,
        score_seconds=scored.seconds,
        images_per_second=scored.images_per_second,
        why_no_seconds=method.why_no_seconds(),
        peak_memory_mb=machine.peak_memory_mb(),
        parameters=parameters,
        device=fitted.device,
        threads=determinism.threads_given() or determinism.cores(),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _parameters(method: Method, data: _Data) -> int:
    """The number of learned parameters: of the methods of all places, where each has its own."""
    places, learned = data.places(method), data.learned_images()
    return places * method.parameter_count(learned // places)


def _measure(test: list[Sample], maps: list[np.ndarray | None], reading: images.Reading) -> _Measured:
    if why_none := pixel_metrics.why_none(test, maps):
        return _Measured(None, why_none, [])
    scores, left_out = pixel_metrics.measure(test, maps, reading)
    return _Measured(scores, None, left_out)

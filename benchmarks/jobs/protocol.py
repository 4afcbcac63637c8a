"""One job: read, split, fit, score, measure the maps -> Result."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from benchmarks import answers, images, judging, plugins, split
from benchmarks.checking import remarks, unread
from benchmarks.evaluation import pixel_metrics
from benchmarks.jobs import changes, determinism, machine, sayings
from benchmarks.jobs.fitting import Fit, Seen, Tell, fit
from benchmarks.jobs.kept_maps import KeptMaps
from benchmarks.jobs.layout import FRESH_MODEL
from benchmarks.jobs.plan import Job
from benchmarks.jobs.progress import Progress
from benchmarks.jobs.scoring import Scored, score_all
from benchmarks.likeness import novelty
from benchmarks.source import Source
from benchmarks.tiling import counting, wording
from datasets import Sample, relative_name
from methods import Method
from reports.files import naming
from reports.results import Appearances, Cost, PixelScores, Result


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
        yield from remarks.on_ignored(self.samples, self.examined, self.source.base)
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
    changes.require_same_files(job, method)
    told = _known_before(method, data)  # what fails here would otherwise fail after hours of training
    seen = Seen(method, data.source.reading)
    fitted = fit(seen, data.parts, job, tell)
    if job.keep_model:
        shutil.rmtree(job.folder / FRESH_MODEL, ignore_errors=True)  # of a job that was killed
        with naming(job.folder / FRESH_MODEL):
            seen.judge.save(job.folder / FRESH_MODEL)
    scored = score_all(seen, data.parts, job, source=data.source, tell=tell)
    pixels = _measure(data.parts.test, scored.maps, data.source.reading, tell)
    tell(Progress("comparing images", 0, 1))
    digests = changes.require_same_data(job, data.source)
    changes.require_same_files(job, method)
    said = sayings.AfterFit(method)
    return _result(job, data, said, digests=digests, told=told, fitted=fitted, scored=scored, pixels=pixels)


def _read(job: Job, tell: Tell) -> _Data:
    """Decode every image once, then divide them: which belong together shows in their pixels."""
    cell, source = job.cell, Source.of(job.cell, job.root)
    changes.require_same_data(job, source)
    samples = source.samples(cell.category)
    tell(Progress("reading images", 0, len(samples)))
    examined = images.verify(samples, source.reading)
    parts = split.divide(samples, seed=cell.seed, shots=cell.shots, calibration=cell.calibration, examined=examined)
    return _Data(source, cell.category, samples, examined, parts)


class _Told(NamedTuple):
    """What is known before the training."""

    remarks: list[str]
    parameters: int


def _known_before(method: Method, data: _Data) -> _Told:
    remarks = sayings.bounded(data.remarks())
    if method.is_shortened:
        remarks.append("a preset that costs less than the paper; --preset paper is as published")
    remarks.append(f"image score: {sayings.score_rule(method)}")
    places, learned = data.places(method), data.learned_images()
    each = answers.count(method.parameter_count(learned // places), "its number of parameters", method)
    return _Told(remarks, places * each)


def _result(
    job: Job,
    data: _Data,
    said: sayings.AfterFit,
    *,
    digests: changes.DataDigests,
    told: _Told,
    fitted: Fit,
    scored: Scored,
    pixels: _Measured,
) -> Result:
    """The record of a job that ends now."""
    fit_images = data.parts.fit
    return Result(
        key=job.key,
        code=job.code,
        cell=job.cell,
        data=str(job.root),
        contents=digests.contents,
        ignored=digests.ignored,
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
        curves=said.curves,
        remarks=[*told.remarks, *said.remarks, *said.faults, *pixels.remarks],
        versions=machine.versions(),
        machine=machine.description(),
        cost=_cost(said, fitted, scored, told.parameters),
    )


def _cost(said: sayings.AfterFit, fitted: Fit, scored: Scored, parameters: int) -> Cost:
    """What a job that ends now took."""
    return Cost(
        fit_seconds=fitted.seconds,
        score_seconds=scored.seconds,
        images_per_second=scored.images_per_second,
        why_no_seconds=said.why_no_seconds,
        peak_memory_mb=machine.peak_memory_mb(),
        parameters=parameters,
        device=fitted.device,
        threads=determinism.threads_given() or determinism.cores(),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _measure(test: list[Sample], maps: KeptMaps, reading: images.Reading, tell: Tell) -> _Measured:
    if why_none := pixel_metrics.why_none(test, has_maps=maps.is_complete):
        return _Measured(None, why_none, [])
    scores, left_out = pixel_metrics.measure(test, maps, reading, lambda *stage: tell(Progress(*stage)))
    return _Measured(scores, None, left_out)

"""Make the files of a submission with the models of finished jobs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from benchmarks import images, judging, trained
from benchmarks.errors import UsageError
from benchmarks.evaluation import decision
from benchmarks.images import Reading
from benchmarks.jobs import layout
from benchmarks.judging import Judge
from benchmarks.source import Source
from benchmarks.submission import files
from benchmarks.submission.files import Target
from benchmarks.trained import Trained
from datasets import Sample
from reports.results import OperatingPoint

Rule = Literal["point", "baseline", "none"]
"""What the PNG files are made by: the applied operating point, the baseline of MVTec's checker, or no PNG files."""
SIGMAS = 3
"""The baseline's threshold is the mean and so many standard deviations of the pixels of normal images."""


class Task(NamedTuple):
    """What a finished job has to do for a submission."""

    trained: Trained
    rule: Rule
    point: OperatingPoint | None
    """The operating point that makes the PNG files; None: something else makes them, or there are none."""
    source: Source
    """Where the images are, and how they are read."""
    targets: list[Target]
    """All images of the category whose maps are wanted."""

    @property
    def category(self) -> str:
        """The category of the job."""
        return self.trained.job.cell.category

    def samples(self, targets: Sequence[Target]) -> list[Sample]:
        """The images of targets, with what does not count in them. Raises DataError where a mask is missing."""
        paths, masks = [target.image for target in targets], self.source.ignored
        ignored = masks.of_all(paths, self.category) if masks else {}
        return [Sample(path, self.category, "test", ignored=ignored.get(path)) for path in paths]

    def note(self, file: Path) -> str:
        """What is stored in a file to say what made it."""
        cell, key = self.trained.job.cell, self.trained.result.key
        made_by = {"method": cell.method, "category": cell.category, "seed": cell.seed, "result": key}
        if file.suffix == ".png":
            made_by["rule"] = self.rule
        if file.suffix == ".png" and self.point:
            made_by |= {"area_px": self.point.area_px, "threshold": self.point.threshold}
        return files.note(made_by)

    def left(self, *, overwrite: bool) -> list[Target]:
        """The targets whose files are not all there. With `overwrite`, all targets.

        Raises UsageError where a file is there that something else made.
        """
        return self.targets if overwrite else [target for target in self.targets if not self._is_made(target)]

    def _is_made(self, target: Target) -> bool:
        made = [file for file in target.files if file.exists()]
        for file in made:
            if files.stored_note(file) != self.note(file):
                raise UsageError(
                    f"{file} was made by another job, or with another --png or operating point, or is damaged: "
                    "replace such files with --overwrite, or name another folder with --to"
                )
        return made == target.files


def finished(results: Path, *, method: str, seed: int | None, variant: str | None) -> list[Trained]:
    """The finished job of each category that has one. Raises UsageError if there is none, or several of a category."""
    trained.require_method(results, method)
    names = sorted(layout.categories(results, method))
    found = [
        trained.find(results, method=method, category=name, seed=seed, variant=variant)
        for name in names
        if trained.stored(layout.of_category(results, method, name))
    ]
    if not found:
        raise UsageError(
            f"--results {results}: no job of {method} is finished; finish one with: python -m benchmarks run"
        )
    return found


def tasks(found: Sequence[Trained], to: Path, *, rule: Rule, data: Path | None) -> list[Task]:
    """What each finished job has to do. Raises UsageError if the jobs or the images are not those of a submission."""
    made = [_task(each, to, rule, each.source(data)) for each in found]
    root = made[0].source.root
    if not any(task.targets for task in made):
        raise UsageError(
            f"the images of the dataset {found[0].job.cell.dataset} in {root} all have a label: only images "
            "without one are submitted; name their folder with --data if it is another"
        )
    if to.is_relative_to(root):
        raise UsageError(f"--to {to}: it lies in the folder of the images, {root}: name a folder outside")
    if without := [task.category for task in made if rule == "point" and not task.point]:
        raise UsageError(
            f"--png point: no operating point is applied for {', '.join(without)}; apply one with finetune --apply, or "
            "choose --png baseline or --png none"
        )
    return made


def _task(trained: Trained, to: Path, rule: Rule, source: Source) -> Task:
    targets = files.targets(to, source.dataset, source.root, trained.job.cell.category, binary=rule != "none")
    return Task(trained, rule, trained.operating_point() if rule == "point" else None, source, targets)


class Normal(NamedTuple):
    """The pixels of the maps of normal images that were not trained on."""

    highest: float
    """The highest absolute value."""
    mean: float
    deviation: float
    """The standard deviation."""

    @property
    def threshold(self) -> float:
        """The baseline's threshold."""
        return self.mean + SIGMAS * self.deviation


def summary(maps: Iterable[np.ndarray]) -> Normal:
    """Summarise the pixels of maps of any shapes, one map at a time."""
    each = [(map.size, map.mean(dtype=np.float64), map.var(dtype=np.float64), np.abs(map).max()) for map in maps]
    sizes, means, variances, highest = np.array(each, np.float64).T
    mean = np.average(means, weights=sizes)
    variance = np.average(variances + (means - mean) ** 2, weights=sizes)
    return Normal(float(highest.max()), float(mean), float(np.sqrt(variance)))


def make(task: Task, targets: Sequence[Target], *, device: str, advance: Callable[[int, int], None]) -> int:
    """Make the files of targets. Return how many pixels were too high or too low for float16, and got its limit.

    `advance` gets the number of finished images and that of all.
    Raises what `Trained.method` and `Trained.parts` raise, UsageError if the method gives no maps or no normal image
    was held out, ImageError for an unreadable image.
    """
    held_out, method, reading = _held_out(task), task.trained.judge(device), task.source.reading
    normal = summary(images.counted(each) for each in _full_maps(method, held_out, reading))
    exponent, clipped = files.exponent(normal.highest), 0
    maps = _full_maps(method, task.samples(targets), reading)
    for done, (target, map) in enumerate(zip(targets, maps, strict=True), start=1):
        values, out_of_range = files.half(without_gaps(map), exponent)
        files.write_map(target.map, values, task.note(target.map))
        if target.binary:
            files.write_binary(target.binary, _defective(map, task, normal), task.note(target.binary))
        clipped += out_of_range
        advance(done, len(targets))
    return clipped


def _held_out(task: Task) -> list[Sample]:
    """The normal images of the validation split or, if there are none, those held out of the training images."""
    parts, cell = task.trained.parts(task.source.root), task.trained.job.cell
    validation = [sample for sample in parts.validation if sample.defect is None]
    held_out = validation or ([] if cell.leaves_one_out else parts.calibration)
    if not held_out:
        raise UsageError(
            f"{task.trained.folder}: no normal image was held out, by which the range of the maps is known: train it "
            "again with run --calibration"
        )
    return held_out


def without_gaps(map: np.ndarray) -> np.ndarray:
    """A map whose pixels that do not count are as normal as its lowest: a server judges every pixel."""
    return np.maximum(map, images.counted(map).min())


def _full_maps(method: Judge, samples: Sequence[Sample], reading: Reading) -> Iterator[np.ndarray]:
    """The anomaly map of each image, at its size, float32. Raises UsageError if the method gives no maps."""
    pixels = images.Images(samples, reading)
    for sample, map in zip(samples, method.anomaly_maps(pixels), strict=True):
        if map is None:
            raise UsageError(
                f"{judging.name_of(method)} gives no anomaly maps with these settings: a submission needs them"
            )
        yield images.resize_map(map, images.image_size(sample.image, reading))


def _defective(map: np.ndarray, task: Task, normal: Normal) -> np.ndarray:
    """The pixels that are called defective, (h, w) bool, by the task's rule."""
    map = map.astype(np.float64)  # in float32 the threshold would be rounded
    if not task.point:
        return map > normal.threshold
    return decision.segment(map, threshold=task.point.threshold, area_px=task.point.area_px).accepted

"""A finished job and its model: find it in a results folder, load it, and list its images."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from benchmarks import fingerprint, judging, marks, plugins, results_folder, split
from benchmarks.errors import UsageError
from benchmarks.images import Reading
from benchmarks.jobs import layout, plan, seal, storage
from benchmarks.jobs.layout import JOB, MODEL, POINT, RESULT
from benchmarks.jobs.plan import Job
from benchmarks.judging import Judge
from benchmarks.naming import named
from benchmarks.source import Source
from datasets import Sample, relative_name
from methods import Method
from reports.results import DamagedResultError, OperatingPoint, Result, read, read_point


class Trained(NamedTuple):
    """A stored result and the job that made it."""

    job: Job
    result: Result

    @property
    def folder(self) -> Path:
        """The folder of the job, with its result and model."""
        return self.job.folder

    @property
    def name(self) -> str:
        """The name of its folder, which tells several jobs on one category apart."""
        return self.folder.name

    def method(self, device: str | None = None) -> Method:
        """Load the trained method, on the device that its run asked for if none is named.

        Raises UsageError if no model was kept, or if the code or the settings are not those that gave the scores;
        UsageError, too, if a file of the model has changed; MethodError if the device is not there.
        """
        if not storage.has_model(self.folder, self.result.key):
            raise UsageError(
                f"{self.folder}: no model was kept, or one without digests of its files; train it again with: "
                "run --keep-models all --force"
            )
        choice = plugins.choose(self.job.cell.method, self.job.cell.settings)
        if plan.code(choice) != self.result.code:
            raise UsageError(
                f"{self.folder}: the code or the files that its scores depend on have changed since it was trained; "
                "do the same run again"
            )
        self._require_settings(choice.method)
        self._require_unchanged()
        device = choice.method.find_device(device or self.job.device)
        return type(choice.method).load(self.folder / MODEL, device=device)

    def _require_settings(self, method: Method) -> None:
        """Raise UsageError if the model's settings are not those of the result.

        With other settings, a model could take all memory or give scores that do not fit the threshold.
        """
        folder = self.folder / MODEL
        if type(method).load_settings(folder) != method:
            raise UsageError(
                f"{folder}: its settings are not those of the result beside it; train it again with: run --force"
            )

    def _require_unchanged(self) -> None:
        """Raise UsageError if a file of the model is not as the training stored it."""
        if changed := seal.broken(self.folder / MODEL):
            raise UsageError(
                f"{self.folder / MODEL}: {named(changed)} {'is' if len(changed) == 1 else 'are'} not as the training "
                "stored it: damaged, or copied from another job; train it again with: run --keep-models all --force"
            )

    def operating_point(self) -> OperatingPoint | None:
        """The operating point applied to this result, or None. Raises ResultError if it is damaged."""
        point = self._stored_point()
        return point if point and point.key == self.result.key else None

    def has_stale_point(self) -> bool:
        """Whether the stored operating point belongs to an earlier result."""
        point = self._stored_point()
        return point is not None and point.key != self.result.key

    def _stored_point(self) -> OperatingPoint | None:
        file = self.folder / POINT
        return read_point(file, self.result) if file.exists() else None

    @property
    def reading(self) -> Reading:
        """How the files of images were read, and new ones are."""
        return self.source().reading

    def judge(self, device: str | None = None) -> Judge:
        """What judges images that are read as those of the job were. Raises what `method` raises."""
        method = self.method(device)
        found = method.find_device(device or self.job.device)
        return judging.loaded(method, self.reading, self.folder / MODEL, device=found)

    def source(self, data: Path | None = None) -> Source:
        """Where the images of the job are. `data` is the folder of the dataset; None: the one that the run used."""
        return Source.of(self.job.cell, data or self.job.root)

    def parts(self, data: Path | None = None) -> split.Parts:
        """The samples of the job, by the part they played in it.

        `data` is the folder of the dataset; None: the folder that the run used. Raises DataError if there are no
        samples, UsageError if they are not those of the result.
        """
        source, cell = self.source(data), self.job.cell
        root = source.root
        if not root.exists():
            raise UsageError(f"the images of {self.folder} are not in {root}: name their folder with --data")
        samples = source.samples(cell.category)
        if plan.key(cell, self._data_digest(source, samples), self.result.code) != self.result.key:
            raise UsageError(
                f"the images in {root} are not, or not all, those of {self.folder}: name their folder with --data, or "
                "do the same run again"
            )
        return self._stored_parts(samples, source.base)

    def _stored_parts(self, samples: list[Sample], base: Path) -> split.Parts:
        """The samples by the part that the job gave them, which depends on their pixels."""
        fit = set(self.result.fit)
        calibration = {image.path for image in self.result.images if image.part == "calibration"}
        paths = {sample: relative_name(sample.image, base) for sample in samples}
        return split.Parts(
            fit=[sample for sample in samples if paths[sample] in fit],
            calibration=[sample for sample in samples if paths[sample] in calibration],
            validation=[sample for sample in samples if sample.split == "validation"],
            test=[sample for sample in samples if sample.split == "test"],
        )

    def _data_digest(self, source: Source, samples: list[Sample]) -> str:
        digests = fingerprint.Digests(layout.results_of(self.folder) / marks.DIGESTS)
        return plan.data_digest(source, samples, digests)


def find(results: Path, *, method: str, category: str, seed: int | None = None, variant: str | None = None) -> Trained:
    """The one finished job of a method and category. A seed and a variant (its folder name) choose among several.

    If none or several fit, raises UsageError, which names the finished jobs there are.
    """
    finished = _of(results, method, category)
    chosen = [each for each in finished if seed in (None, each.job.cell.seed) and variant in (None, each.name)]
    if len(chosen) != 1:
        raise UsageError(
            f"--results {results}: {len(chosen)} of the finished jobs of {method} on {category} fit; choose one with "
            f"--seed or --variant; there are: {_described(finished)}{_unusable(results, method, category)}"
        )
    return chosen[0]


def _of(results: Path, method: str, category: str) -> list[Trained]:
    """The finished jobs of a method on a category. Raises UsageError for an unknown one, with the nearest."""
    require_method(results, method)
    folder = layout.of_category(results, method, category)
    if not folder.is_dir():
        known = layout.categories(results, method)
        raise plugins.nearest(f"category of {method} in --results {results}", category, known)
    return stored(folder)


def _described(finished: Sequence[Trained]) -> str:
    return "; ".join(f"{each.name} ({each.job.cell.changes or 'default settings'})" for each in finished) or "none"


def _unusable(results: Path, method: str, category: str) -> str:
    """Which results there are besides, and what is wrong with them; empty where nothing is."""
    told = [each for each in _opened(layout.of_category(results, method, category)) if isinstance(each, str)]
    return "".join(f"; not usable: {each}" for each in told)


def of_all_seeds(results: Path, *, method: str, category: str, variant: str | None = None) -> list[Trained]:
    """The finished jobs of a method and category that differ in their seed alone, by seed.

    A variant (the folder name of one of them) chooses among several settings. Raises UsageError where none or several
    fit.
    """
    finished = _of(results, method, category)
    chosen = [each for each in finished if variant in (None, each.name)]
    rules = {each.job.cell.model_copy(update={"seed": 0}).model_dump_json() for each in chosen}
    if len(rules) != 1:
        raise UsageError(
            f"--results {results}: finished jobs of {method} on {category} have {len(rules)} kinds of settings; choose "
            f"one with --variant; there are: {_described(finished)}{_unusable(results, method, category)}"
        )
    alike = [each for each in finished if each.job.cell.model_copy(update={"seed": 0}).model_dump_json() in rules]
    return sorted(alike, key=lambda each: each.job.cell.seed)


def require_method(results: Path, method: str) -> None:
    """Raise UsageError if a results folder has no job of a method."""
    methods = layout.methods(results)
    if not methods:
        raise UsageError(f"--results {results}: no finished job there; make some with: python -m benchmarks run")
    if method not in methods:
        raise plugins.nearest(f"method in --results {results}", method, methods)


def stored(folder: Path) -> list[Trained]:
    """The finished jobs of a method on a category, given the folder of all of them."""
    return [each for each in _opened(folder) if isinstance(each, Trained)]


def _opened(folder: Path) -> Iterator[Trained | str]:
    """Each finished job of a method on a category; in place of one that cannot be used, the reason."""
    for file in sorted(folder.glob(f"*/{RESULT}")):
        spec = file.parent / JOB
        try:
            result, job = read(file, Result), storage.read_job(file.parent)
        except DamagedResultError as error:
            yield str(error)
            continue
        except (OSError, ValidationError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is damaged"
            yield f"{spec} cannot be read ({why}): copy it back, or do the same run again with --force"
            continue
        if not results_folder.is_in_place(file.parent, result.cell):
            continue
        yield Trained(job.model_copy(update={"folder": file.parent, "cell": result.cell}), result)

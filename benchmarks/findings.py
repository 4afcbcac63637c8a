"""Find what can be known about a dataset before training: errors, warnings and notes."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

from benchmarks import unread
from benchmarks.images import Examination, ImageError, examine, of_even_pages
from benchmarks.jobs.plan import chosen_categories
from benchmarks.naming import NAMED, named
from benchmarks.remarks import darkness, divided_groups, on_groups, reading_findings
from benchmarks.source import Source
from benchmarks.split import CALIBRATION, divide
from datasets import Counts, DataError, Dataset, Sample, readable, relative_name

EVERY_CATEGORY = "every category"
"""Category of a finding that concerns the whole dataset."""
LOSSY_MASKS = (".jpg", ".jpeg", ".jpe", ".jfif")
Level = Literal["error", "warning", "note"]
Advance = Callable[[int, int], None]
Answer = Examination | ImageError


class Finding(NamedTuple):
    """One thing to know about a category, or about `EVERY_CATEGORY`."""

    level: Level
    """error: a run would fail; warning: its numbers would mislead; note: information."""
    category: str
    message: str


@dataclass(frozen=True)
class _Seen:
    """A category whose files have all been decoded once."""

    source: Source
    name: str
    samples: Sequence[Sample]
    answers: Sequence[Answer]

    @property
    def root(self) -> Path:
        """The folder of the dataset."""
        return self.source.root

    @property
    def dataset(self) -> Dataset:
        """The dataset."""
        return self.source.dataset

    @property
    def readable(self) -> list[tuple[Sample, Examination]]:
        both = zip(self.samples, self.answers, strict=True)
        return [(sample, answer) for sample, answer in both if isinstance(answer, Examination)]

    @cached_property
    def unlabelled(self) -> list[Path]:
        """Images whose label was not published."""
        return self.dataset.unlabelled(self.root, self.name)

    @cached_property
    def empty_masks(self) -> list[Path]:
        """Masks of normal images."""
        return self.dataset.empty_masks(self.root, self.name)

    def paths(self, paths: Iterable[Path]) -> str:
        """The number of files, and the names of the first few."""
        return _few([readable(relative_name(path, self.source.base)) for path in paths])


Remark = tuple[Level, str]


def find(
    source: Source, categories: list[str] | None = None, *, advance: Advance = lambda done, of: None
) -> Iterator[Finding]:
    """Yield the findings in `categories`, or in all. `advance` gets the number of decoded images and that of all.

    A category that cannot be read gives a finding of level error, and the others are still checked.
    Raises DataError if there is no category at all, UsageError for an unknown one.
    """
    dataset, root = source.dataset, source.root
    yield from (Finding("note", EVERY_CATEGORY, remark) for remark in dataset.remarks)
    known = source.categories()
    absent = [name for name in dataset.counts if name not in known]
    if not categories and 0 < len(absent) < len(dataset.counts):
        yield Finding("note", EVERY_CATEGORY, f"published but not in {root}: {', '.join(absent)}")
    if not categories and (outside := unread.outside(source)):
        names = _few([readable(relative_name(path, source.base)) for path in outside])
        yield Finding("warning", EVERY_CATEGORY, f"images that belong to no category, in: {names}; nothing reads them")
    listed = {name: _listed(source, name) for name in chosen_categories(source, categories or ())}
    tick = _ticker(advance, sum(len(samples) for samples in listed.values() if isinstance(samples, list)))
    for name, samples in listed.items():
        if isinstance(samples, DataError):
            yield Finding("error", name, str(samples))
            continue
        answers = [tick(answer) for answer in examine(samples, source.reading)]
        seen = _Seen(source, name, samples, of_even_pages(samples, answers))
        yield from (Finding(level, name, message) for look in LOOKS for level, message in look(seen))


def _listed(source: Source, name: str) -> list[Sample] | DataError:
    try:
        return source.samples(name)
    except DataError as error:
        return error


def _ticker(advance: Advance, of: int) -> Callable[[Answer], Answer]:
    done = 0

    def tick(answer: Answer) -> Answer:
        nonlocal done
        done += 1
        advance(done, of)
        return answer

    return tick


def _numbers(seen: _Seen) -> Iterator[Remark]:
    published = seen.dataset.counts.get(seen.name)
    counted = _counts(seen.samples)
    by_kind = _by_kind([sample for sample in seen.samples if sample.split == "test" and sample.defect])
    validation = sum(sample.split == "validation" for sample in seen.samples)
    beside = f", validation {validation}" if validation else ""
    agrees = ", as published" if counted == published else ""
    yield "note", f"{counted}{by_kind}{beside}{agrees}"
    if published and counted != published:
        yield "warning", f"the published counts are {published}: results cannot be compared with published ones"


def _by_kind(defective: Sequence[Sample]) -> str:
    kinds = Counter(kind for sample in defective for kind in sample.defect_types)
    counted = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
    several = sum(len(sample.kinds) > 1 for sample in defective)
    have = "1 image has" if several == 1 else f"{several} images have"
    beside = f"; {have} several defect types, counted under each" if several else ""
    return f" ({counted}{beside})" if kinds else ""


def _notes(seen: _Seen) -> Iterator[Remark]:
    yield from (("note", note) for note in seen.source.notes(seen.name))
    yield from (("note", remark) for remark in on_groups(seen.samples))


def _enough(seen: _Seen) -> Iterator[Remark]:
    counted = _counts(seen.samples)
    try:
        divide(seen.samples, seed=0, shots=None, calibration=CALIBRATION)
    except DataError as error:
        yield "error", str(error)
    if not (counted.test_normal and counted.test_defective):
        yield "note", "AUROC will be n/a: the test split has no normal image, or no defective one"


def _counts(samples: Iterable[Sample]) -> Counts:
    parts = Counter((sample.split, sample.defect is not None) for sample in samples)
    return Counts(parts["train", False], parts["test", False], parts["test", True])


def _unusable(seen: _Seen) -> Iterator[Remark]:
    errors = [str(answer) for answer in seen.answers if isinstance(answer, ImageError)]
    yield from (("error", error) for error in errors[:NAMED])
    if len(errors) > NAMED:
        yield "error", f"{len(errors) - NAMED} more of the {len(seen.answers)} images cannot be used"


def _masks(seen: _Seen) -> Iterator[Remark]:
    defective = [sample for sample in seen.samples if sample.split == "test" and sample.defect]
    without = [sample.image for sample in defective if not sample.masks]
    empty = [mask for sample, answer in seen.readable if answer.defect_px == 0 for mask in sample.masks]
    noisy = [mask for sample in defective for mask in sample.masks if mask.suffix.lower() in LOSSY_MASKS]
    if without and len(without) == len(defective):
        yield "note", "no defective image has a mask: there will be no pixel metrics"
    elif without:
        yield "warning", f"defective images without a mask, left out of pixel metrics: {seen.paths(without)}"
    if empty:
        yield "warning", f"images with empty masks, left out of pixel metrics: {seen.paths(empty)}"
    above = seen.source.reading.mask_above
    if noisy and above is not None:
        yield "warning", f"masks stored as JPEG, where noise above {above} counts as defect: {seen.paths(noisy)}"


def _reading(seen: _Seen) -> Iterator[Remark]:
    samples, answers = zip(*seen.readable, strict=True) if seen.readable else ((), ())
    yield from reading_findings(samples, answers, seen.source.base)


def _sizes(seen: _Seen) -> Iterator[Remark]:
    sizes = {answer.shape for _, answer in seen.readable}
    if len(sizes) > 1:
        heights, widths = zip(*sizes, strict=True)
        wide, high = f"{min(widths)} to {max(widths)}", f"{min(heights)} to {max(heights)}"
        yield "note", f"{len(sizes)} image sizes, {wide} pixels wide and {high} high"


def _dark(seen: _Seen) -> Iterator[Remark]:
    if remark := darkness(answer for _, answer in seen.readable):
        yield "warning", remark


def _twins(seen: _Seen) -> Iterator[Remark]:
    """Find identical pictures in train and test, or labelled both normal and defective."""
    same = defaultdict(list)
    for sample, answer in seen.readable:
        same[answer.digest].append(sample)
    twins = [
        " = ".join(relative_name(sample.image, seen.source.base) for sample in twin)
        for twin in same.values()
        if len({(sample.split, sample.defect is None) for sample in twin}) > 1
    ]
    if twins:
        yield "warning", f"identical pictures in train and test, or both normal and defective: {_few(twins)}"


def _groups(seen: _Seen) -> Iterator[Remark]:
    if remark := divided_groups(seen.samples):
        yield "error", remark


def _set_aside(seen: _Seen) -> Iterator[Remark]:
    """Name the files that the dataset knows and that are no samples."""
    published = seen.dataset.unlabelled_counts.get(seen.name)
    if seen.unlabelled:
        agrees = ", as published" if len(seen.unlabelled) == published else ""
        yield "note", f"images without a label, in no split: {seen.paths(seen.unlabelled)}{agrees}"
    if published and len(seen.unlabelled) != published:
        yield "warning", f"{published} images without a label were published, {len(seen.unlabelled)} are here"
    if seen.empty_masks:
        yield "note", f"empty masks of normal images, not used: {seen.paths(seen.empty_masks)}"


def _unlisted(seen: _Seen) -> Iterator[Remark]:
    """Find files in the folder of the category that belong to no split."""
    yield from (("warning", remark) for remark in unread.remarks(seen.source, seen.name, seen.samples))
    if others := unread.find(seen.source, seen.name, seen.samples).others:
        yield "warning", f"files ignored, as their extension is not one of images: {seen.paths(others)}"


def _few(names: Sequence[str]) -> str:
    return f"{len(names)} ({named(names)})"


LOOKS = (_numbers, _notes, _enough, _unusable, _masks, _reading, _sizes, _dark, _twins, _groups, _set_aside, _unlisted)

"""What one look at a category finds: at its numbers, files, masks, sizes, copies, groups and labels."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from benchmarks.checking import places, small_defects, unread
from benchmarks.checking.alike import IN_SEQUENCE, Alike
from benchmarks.checking.remarks import darkness, divided_groups, on_groups, reading_findings
from benchmarks.evaluation import calibration
from benchmarks.images import Examination, ImageError, Images
from benchmarks.images.examination import Answer
from benchmarks.likeness.changing import Pictures, Place
from benchmarks.naming import NAMED, counted
from benchmarks.regions import wording
from benchmarks.source import Source
from benchmarks.split import CALIBRATION, divide
from datasets import Counts, DataError, Dataset, Sample, readable, relative_name

LOSSY_MASKS = (".jpg", ".jpeg", ".jpe", ".jfif")
Level = Literal["error", "warning", "note"]
"""error: a run would fail; warning: its numbers would mislead; note: information."""
Remark = tuple[Level, str]


@dataclass(frozen=True)
class Seen:
    """A category whose files have all been decoded once."""

    source: Source
    name: str
    samples: Sequence[Sample]
    answers: Sequence[Answer]
    pictures: Pictures

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
        return counted([readable(relative_name(path, self.source.base)) for path in paths])


def _numbers(seen: Seen) -> Iterator[Remark]:
    published = seen.dataset.counts.get(seen.name)
    numbers = _counts(seen.samples)
    by_kind = _by_kind([sample for sample in seen.samples if sample.split == "test" and sample.defect])
    validation = sum(sample.split == "validation" for sample in seen.samples)
    beside = f", validation {validation}" if validation else ""
    agrees = ", as published" if numbers == published else ""
    yield "note", f"{numbers}{by_kind}{beside}{agrees}"
    if published and numbers != published:
        yield "warning", f"the published counts are {published}: results cannot be compared with published ones"


def _by_kind(defective: Sequence[Sample]) -> str:
    kinds = Counter(kind for sample in defective for kind in sample.defect_types)
    listed = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
    several = sum(len(sample.kinds) > 1 for sample in defective)
    have = "1 image has" if several == 1 else f"{several} images have"
    beside = f"; {have} several defect types, counted under each" if several else ""
    return f" ({listed}{beside})" if kinds else ""


def _notes(seen: Seen) -> Iterator[Remark]:
    yield from (("note", note) for note in seen.source.notes(seen.name))
    yield from (("note", remark) for remark in on_groups(seen.samples))


def _enough(seen: Seen) -> Iterator[Remark]:
    numbers = _counts(seen.samples)
    examined = seen.answers if len(seen.readable) == len(seen.samples) else None
    try:
        parts = divide(seen.samples, seed=0, shots=None, calibration=CALIBRATION, examined=examined)
    except DataError as error:
        yield "error", str(error)
    else:
        if parts.in_blocks:
            yield "note", f"{IN_SEQUENCE}; whole blocks of it will be held out"
        way = calibration.Way(could_leave_one_out=not seen.source.reading.why_no_leave_one_out)
        doubt = calibration.doubt(len(parts.setting), len(parts.fit) + len(parts.setting), way)
        if doubt:
            yield "warning", f"by default {doubt}"
    if not (numbers.test_normal and numbers.test_defective):
        yield "note", "AUROC will be n/a: the test split has no normal image, or no defective one"


def _counts(samples: Iterable[Sample]) -> Counts:
    parts = Counter((sample.split, sample.defect is not None) for sample in samples)
    return Counts(parts["train", False], parts["test", False], parts["test", True])


def _unusable(seen: Seen) -> Iterator[Remark]:
    """Say why images cannot be used: for each reason, the first image in full and the names of the next."""
    both = zip(seen.samples, seen.answers, strict=True)
    errors = [(sample, str(answer)) for sample, answer in both if isinstance(answer, ImageError)]
    alike: dict[str, list[tuple[Sample, str]]] = defaultdict(list)
    for sample, error in errors:
        alike[error.replace(str(sample.image), "")].append((sample, error))
    told = list(alike.values())[:NAMED]
    for (_, first), *others in told:
        more = f"; the same holds for {seen.paths(sample.image for sample, _ in others)}"
        yield "error", first + (more if others else "")
    if left := len(errors) - sum(map(len, told)):
        yield "error", f"{left} more of the {len(seen.answers)} images cannot be used"


def _masks(seen: Seen) -> Iterator[Remark]:
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


def _small(seen: Seen) -> Iterator[Remark]:
    sides = small_defects.sides(seen.dataset.preset)
    if remark := small_defects.remark(seen.readable, seen.source.reading, sides):
        yield "warning", remark


def _reading(seen: Seen) -> Iterator[Remark]:
    samples, answers = zip(*seen.readable, strict=True) if seen.readable else ((), ())
    yield from reading_findings(samples, answers, seen.source.base)


def _ignored(seen: Seen) -> Iterator[Remark]:
    yield from wording.findings(seen.readable, seen.source.base)


def _sizes(seen: Seen) -> Iterator[Remark]:
    sizes = {answer.shape for _, answer in seen.readable}
    if len(sizes) > 1:
        heights, widths = zip(*sizes, strict=True)
        yield "note", f"{len(sizes)} image sizes, {_span(widths)} pixels wide and {_span(heights)} high"


def _span(numbers: Sequence[int]) -> str:
    return " to ".join(str(end) for end in sorted({min(numbers), max(numbers)}))


def _dark(seen: Seen) -> Iterator[Remark]:
    if remark := darkness(answer for _, answer in seen.readable):
        yield "warning", remark


def _twins(seen: Seen) -> Iterator[Remark]:
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
        yield "warning", f"identical pictures in train and test, or both normal and defective: {counted(twins)}"


def _copies(seen: Seen) -> Iterator[Remark]:
    """Find identical training images; `_twins` tells of those in other splits."""
    digests = [answer.digest for sample, answer in seen.readable if sample.split == "train"]
    pictures = len(set(digests))
    if pictures < len(digests):
        yield (
            "note",
            (f"{len(digests)} training images show {pictures} pictures: identical ones stay on one side of the split"),
        )


def _near(seen: Seen) -> Iterator[Remark]:
    """Find near-duplicates: see `likeness.duplicates`."""
    samples, examined = zip(*seen.readable, strict=True) if seen.readable else ((), ())
    alike = Alike(samples, examined, seen.source.base)
    by_split = {split: [each for each in samples if each.split == split] for split in ("train", "validation", "test")}
    found = (
        alike.train(by_split["train"]),
        alike.validation(by_split["validation"], by_split["train"]),
        alike.test(by_split["test"], by_split["train"]),
    )
    yield from (("warning", sentence) for sentence in found if sentence)


def _changing(seen: Seen) -> Iterator[Remark]:
    """Find places that change while the rest is alike, such as a serial number: see `likeness.changing`.

    Those that are ignored already in the first image are passed over.
    """
    decoded = Images([sample for sample, _ in seen.readable[:1]], seen.source.reading)
    ignored = decoded.ignored(0) if len(decoded) else None
    found = [each for each in seen.pictures.places() if ignored is None or not _lies_in(ignored, each)]
    yield from (("warning", sentence) for sentence in places.remarks(found))


def _lies_in(ignored: np.ndarray, place: Place) -> bool:
    """Whether a place lies wholly in what does not count, (h, w) bool."""
    rows, columns = slice(place.top, place.top + place.height), slice(place.left, place.left + place.width)
    return ignored.shape == tuple(place.shape) and bool(ignored[rows, columns].all())


def _groups(seen: Seen) -> Iterator[Remark]:
    if remark := divided_groups(seen.samples):
        yield "error", remark


def _set_aside(seen: Seen) -> Iterator[Remark]:
    """Name the files that the dataset knows and that are no samples."""
    published = seen.dataset.unlabelled_counts.get(seen.name)
    if seen.unlabelled:
        agrees = ", as published" if len(seen.unlabelled) == published else ""
        yield "note", f"images without a label, in no split: {seen.paths(seen.unlabelled)}{agrees}"
    if published and len(seen.unlabelled) != published:
        yield "warning", f"{published} images without a label were published, {len(seen.unlabelled)} are here"
    if seen.empty_masks:
        yield "note", f"empty masks of normal images, not used: {seen.paths(seen.empty_masks)}"


def _unlisted(seen: Seen) -> Iterator[Remark]:
    """Find files in the folder of the category that belong to no split."""
    yield from unread.findings(seen.source, seen.name, seen.samples)
    if others := unread.find(seen.source, seen.name, seen.samples).others:
        yield "warning", f"files ignored, as their extension is not one of images: {seen.paths(others)}"


LOOKS: Sequence[Callable[[Seen], Iterator[Remark]]] = (
    *(_numbers, _notes, _enough, _unusable, _masks, _ignored, _small, _reading, _sizes, _dark),
    *(_twins, _copies, _near, _changing, _groups, _set_aside, _unlisted),
)

"""Find what lies in the folders of the data and is not read: no sample lists it."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import marks
from benchmarks.images import masks
from benchmarks.images.losses import Level
from benchmarks.naming import named
from benchmarks.source import Source
from datasets import DataError, Sample, image_of_mask, is_image_name, readable, relative_name

HARMLESS = frozenset("thumbs.db desktop.ini license licence copying readme changelog".split())
HARMLESS_EXTENSIONS = frozenset(
    ".txt .md .rst .pdf .html .htm .csv .tsv .json .xml .yaml .yml .log .doc .docx .xlsx .ods .md5 .sha256".split()
)


class Unread(NamedTuple):
    """The files of a category that no sample lists, sorted."""

    images: list[Path]
    masks: list[Path]
    """Files named as masks of normal images beside them."""
    others: list[Path]
    """Their extension is not one of images, nor of what usually lies beside images."""


def find(source: Source, category: str, samples: Iterable[Sample]) -> Unread:
    """What is not read in the folder of a category. Only names are looked at, so that it is cheap."""
    folder = source.folder(category)
    listed = samples if folder else _all_samples(source)
    used = {*_set_aside(source, category), *(path for sample in listed for path in sample.files)}
    files = _below(folder) if folder else _beside(used)
    left = sorted(path for path in set(files) - used if not source.is_ignored_mask(path))
    stems = {path.with_suffix("") for path in used}
    images = [path for path in left if is_image_name(path.name)]
    masks = {path for path in images if (stem := image_of_mask(path.stem)) and path.with_name(stem) in stems}
    others = [path for path in left if not (is_image_name(path.name) or _is_harmless(path))]
    return Unread([path for path in images if path not in masks], sorted(masks), others)


def remarks(source: Source, category: str, samples: Sequence[Sample]) -> list[str]:
    """A sentence on the images of a category that are not read, and one on masks that are not and mark defects."""
    return [sentence for level, sentence in findings(source, category, samples) if level == "warning"]


def findings(source: Source, category: str, samples: Sequence[Sample]) -> list[tuple[Level, str]]:
    """The same sentences, and one on empty masks of normal images, each with its level."""
    unread = find(source, category, samples)
    used = {path for sample in samples for path in sample.files}
    is_empty = {mask: masks.is_empty(mask, source.reading) for mask in unread.masks}
    empty, marked = ([mask for mask in unread.masks if is_empty[mask] is wanted] for wanted in (True, False))
    what: tuple[tuple[Level, str, list[Path], str], ...] = (
        ("warning", "images that belong to no split", unread.images, "nothing reads them"),
        (
            "warning",
            "masks of normal images that are not empty",
            marked,
            "nothing reads them: are these images normal?",
        ),
        ("note", "empty masks of normal images", empty, "nothing reads them"),
    )
    return [
        (level, f"{words}: {_counted(files, used, source.base)}; {then}") for level, words, files, then in what if files
    ]


def outside(source: Source) -> list[Path]:
    """The images and the folders with images in `root` that belong to no category, sorted."""
    folders = [source.folder(category) for category in source.categories()]
    if None in folders or not source.root.is_dir():
        return []
    left = [path for path in sorted(source.root.iterdir()) if not _is_of(path, folders) and not marks.is_results(path)]
    return [path for path in left if not source.is_ignored_mask(path) and _holds_image(path)]


def _set_aside(source: Source, category: str) -> list[Path]:
    """The files that the dataset knows and that are no samples."""
    dataset, root = source.dataset, source.root
    return [*dataset.unlabelled(root, category), *dataset.empty_masks(root, category)]


def _all_samples(source: Source) -> Iterator[Sample]:
    """The samples of all categories that can be listed: their files may lie in the same folders."""
    for category in source.categories():
        try:
            yield from source.samples(category)
        except DataError:
            continue  # a finding, or a failure, of that category


def _below(folder: Path) -> Iterator[Path]:
    """The visible files in a folder, at any depth."""
    for place, subfolders, names in os.walk(folder):
        subfolders[:] = [name for name in subfolders if not _is_passed_over(Path(place, name))]
        yield from (Path(place, name) for name in names if not name.startswith("."))


def _is_passed_over(folder: Path) -> bool:
    return folder.name.startswith(".") or marks.is_results(folder)


def _beside(used: Iterable[Path]) -> Iterator[Path]:
    """The visible files in the folders of the files that are used, but not in folders below them."""
    for folder in {path.parent for path in used}:
        yield from (path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def _is_harmless(file: Path) -> bool:
    """Whether the name is that of a text about the images, or of a file that an operating system leaves."""
    return file.name.lower() in HARMLESS or file.suffix.lower() in HARMLESS_EXTENSIONS


def _is_of(path: Path, folders: Iterable[Path]) -> bool:
    return any(folder.is_relative_to(path) or path.is_relative_to(folder) for folder in folders)


def _holds_image(path: Path) -> bool:
    if path.name.startswith("."):
        return False
    return any(is_image_name(file.name) for file in (_below(path) if path.is_dir() else [path]))


def _counted(files: Sequence[Path], used: Iterable[Path], base: Path) -> str:
    """The number of files, and the highest folders that hold them and nothing used: `3 (2 in part/new, part/0.png)`."""
    reading = {folder for path in used for folder in path.parents}
    places = Counter(_highest(file, reading) for file in files)
    listed = [
        name if place in files else f"{count} in {name}"
        for place, count in places.items()
        for name in [readable(relative_name(place, base))]
    ]
    return f"{len(files)} ({named(listed)})"


def _highest(file: Path, reading: set[Path]) -> Path:
    """The highest folder above a file that is not one of `reading`, or the file itself."""
    return next((place for place in reversed(file.parents) if place not in reading), file)

"""Which dataset reads a folder: asked where the one that was named reads none of it, or not all."""

from pathlib import Path

import datasets
from benchmarks import plugins
from benchmarks.checking import unread
from benchmarks.errors import UsageError
from benchmarks.naming import NAMED, named
from benchmarks.source import Source
from datasets import DataError


def hint(source: Source) -> str | None:
    """What reads more of the folder: the same dataset in folders of it, or other datasets; None: nothing does."""
    count = readable_images(source)
    inside = [] if count else [folder for folder in _folders(source.root) if readable_images(source.at(folder))]
    if inside:
        return f"no image is read; give one of the folders in it with --data: {named([str(each) for each in inside])}"
    others = {name: _readable_under(name, source) for name in plugins.names(datasets)}
    most = max(others.values(), default=0)
    if most > count:
        able = [f"--dataset {name}" for name, images in others.items() if images == most]
        return f"{count} images are read; {' or '.join(able[:NAMED])} would read {most}"
    return None


def is_wanted(source: Source) -> bool:
    """Whether images of some category are not read, or the category cannot be."""
    try:
        return any(unread.find(source, name, source.samples(name)).images for name in source.categories())
    except DataError:
        return True


def readable_images(source: Source) -> int:
    """How many images of the folder are read, as samples or as images without a label."""
    try:
        return sum(_in_category(source, name) for name in source.categories())
    except (DataError, OSError):
        return 0


def _in_category(source: Source, name: str) -> int:
    try:
        return len(source.samples(name)) + len(source.dataset.unlabelled(source.root, name))
    except DataError:
        return 0


def _readable_under(name: str, source: Source) -> int:
    """How many images the dataset of that name reads of the folder; 0 where it cannot: nobody asked for it."""
    try:
        other = _under(name, source)
        return readable_images(other) if other else 0
    except Exception:  # the code of a plugin may raise anything
        return 0


def _under(name: str, source: Source) -> Source | None:
    """The same folder as that of another dataset; None for one that makes its data or has not the settings."""
    if type(source.dataset) is type(plugins.dataset(name)) or plugins.dataset(name).made:
        return None
    try:
        return Source.named(name, source.root, source.settings)
    except UsageError:
        return None


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []

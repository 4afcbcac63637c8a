"""Which annotations are of which video: by the same name, or by the same number in it."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from datasets import DataError, require_utf8

Pair = tuple[Path, Path]
"""A video and its annotations."""


def paired(videos: Sequence[Path], annotations: Sequence[Path]) -> list[Pair]:
    """Each video with its annotations, in the order of the videos.

    One video and one file belong together. Several must all have the same names (film.mp4 and film.xml) or else all
    the same last numbers (video-4.avi and 4.xml). Raises DataError for the ones that have no partner.
    """
    _require_usable_names(videos)
    if len(videos) == len(annotations) == 1:
        return [(videos[0], annotations[0])]
    for key in (_name, _number):
        found, others = _by(key, videos), _by(key, annotations)
        if found and found.keys() == others.keys():
            return [(video, others[mark]) for mark, video in found.items()]
    names = {_name(file) for file in videos} ^ {_name(file) for file in annotations}
    alone = [str(file) for file in [*videos, *annotations] if _name(file) in names]
    raise DataError(
        f"{len(videos)} videos and {len(annotations)} annotations do not pair by name or number; without a partner of "
        f"the same name: {', '.join(alone[:4])}{', ...' if len(alone) > 4 else ''}"
    )


def _require_usable_names(videos: Sequence[Path]) -> None:
    """Crops and groups are named by their videos."""
    seen: dict[str, Path] = {}
    for video in videos:
        name = _name(require_utf8(video))
        if name.startswith(".") or name != name.strip():
            raise DataError(f"{video}: crops are named by their video, and no name of an image begins so: rename it")
        if (other := seen.setdefault(name, video)) is not video:
            raise DataError(f"{other} and {video} have the same name, by which crops are named: rename one")


def _by(key: Callable[[Path], str | None], files: Sequence[Path]) -> Mapping[str, Path]:
    """The files by a mark of their names; empty where one has none, or two have the same."""
    found = {mark: file for file in files if (mark := key(file)) is not None}
    return found if len(found) == len(files) else {}


def _name(file: Path) -> str:
    return file.stem


def _number(file: Path) -> str | None:
    numbers = re.findall(r"[0-9]+", file.stem)
    return numbers[-1].lstrip("0") if numbers else None

"""What a user asks `predict` to write, and where: never over an image, or over what another program wrote."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.errors import UsageError
from reports import marks
from reports.files import real

SHEET = "contact-sheet-{}.png"
"""Name of a contact sheet in the folder of overlays."""
IS_SHEET = re.compile(r"contact-sheet-\d+\.png", re.IGNORECASE)


class Outputs(NamedTuple):
    """What a user asks to be written; None: not asked for."""

    table: Path | None = None
    """The CSV file of the verdicts."""
    overlays: Path | None = None
    """The folder for images that show the verdict."""
    maps: Path | None = None
    """The folder for anomaly maps."""


def places(folder: Path, paths: Sequence[Path]) -> dict[Path, Path]:
    """The overlay file of each image, below `folder`, with the subfolders of the images' common parent folder.

    If two images would share a file, such as `a.png` and `a.jpg`, the later one gets a number.
    """
    whole = {path: Path(os.path.abspath(path)) for path in paths}
    common = os.path.commonpath([path.parent for path in whole.values()] or [""])
    found: dict[Path, Path] = {}
    taken: set[str] = set()
    for path, absolute in whole.items():
        name = _free_name(absolute.relative_to(common).with_suffix(".png"), taken)
        taken.add(str(name).casefold())
        found[path] = folder / name
    return found


def _free_name(wanted: Path, taken: set[str]) -> Path:
    """A name that differs from every taken one by more than upper and lower case; `taken` is in lower case."""
    name, number = wanted, 1
    while str(name).casefold() in taken or IS_SHEET.fullmatch(str(name)):
        number += 1
        name = wanted.with_stem(f"{wanted.stem}-{number}")
    return name


def places_in(option: str, folder: Path | None, images: Sequence[Path], paths: Sequence[Path]) -> Mapping[Path, Path]:
    """The PNG file of each readable image in a folder that an option names; none if it names none.

    Raises UsageError where the folder cannot be made, lies among the images, or holds a file of another origin in the
    place of one to write.
    """
    if folder is None:
        return {}
    with writing(option, folder):
        folder.mkdir(parents=True, exist_ok=True)
    for judged in filter(os.path.isdir, images):
        if real(folder).is_relative_to(real(judged)):
            raise UsageError(
                f"{option} {folder}: it lies in {judged}, so the next run there would judge its files as images: name "
                "a folder outside"
            )
    found = places(folder, [path for path in paths if os.path.isfile(path)])
    written = [place.with_suffix(suffix) for place in found.values() for suffix in (".png", ".tiff")]
    if replaced := {real(path) for path in paths} & {real(place) for place in written}:
        raise UsageError(f"{option} {folder}: it would replace the image {min(replaced)}: name another folder")
    sheets = [folder / SHEET.format(number) for number in range(1, len(found) + 1)]
    with writing(option, folder):
        if other := marks.foreign([*written, *sheets]):
            raise UsageError(f"{option} {folder}: {other} {marks.NOT_OURS}")
    return found


@contextmanager
def writing(option: str, path: Path) -> Iterator[None]:
    """An error of the system, within, names the option that asks for what is written."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{option} {path} cannot be written: {error.strerror or error}") from None

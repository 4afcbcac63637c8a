"""A CSV file that lists the images, wherever they lie: the one format that can say everything."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from datasets import DataError, Dataset, Sample, require_utf8
from datasets._draw import divided, grouped, note
from datasets._manifest import COLUMNS, Table, has_split, listed, read

BOLT, NUT = "bolt/{}.png,{},{},{},{},bolt,\n", "nut/{}.png,{},{},{},,nut,\n"


@dataclass(frozen=True, kw_only=True)
class Manifest(Dataset):
    """A CSV file with a line for each image: `--data FILE.csv`. `check --write-manifest FILE` writes one of any data.

    | column | what it says |
    |---|---|
    | image | the file, relative to the folder of the CSV file, or its whole path |
    | split | train, validation or test. If it is empty in a category, a split is drawn as for flat folders |
    | label | normal (good, ok, 0), or the defect type. Several are separated by ; and the image counts under each |
    | mask | masks of the image, several separated by ; |
    | group | images of one group are never divided between parts |
    | category | by default the name of the CSV file without its ending |
    | ignore | a mask whose white pixels do not count in this image; several images may share one |

    Only image and label are needed. Other columns are not read, and they are named.
    """

    reference = "your own images, listed in one CSV file"
    licence = "yours"
    layout: ClassVar = {
        "parts.csv": f"{','.join(COLUMNS)}\n"
        + BOLT.format("film0_0", "train", "normal", "", "film0")
        + BOLT.format("film0_1", "train", "good", "", "film0")
        + BOLT.format("film1_0", "train", "OK", "", "film1")
        + BOLT.format("film2_0", "validation", "0", "", "film2")
        + BOLT.format("film2_1", "validation", "bent", "bolt/masks/film2_1.png", "film2")
        + BOLT.format("film3_0", "test", "normal", "", "film3")
        + BOLT.format("film3_1", "test", "bent;scratched", "bolt/masks/bent.png;bolt/masks/scratched.png", "film3")
        + NUT.format("0", "train", "normal", "")
        + NUT.format("1", "train", "normal", "")
        + NUT.format("2", "test", "normal", "")
        + NUT.format("3", "test", "bent", "nut/3_mask.png"),
        **{f"bolt/film{name}.png": "image" for name in ("0_0", "0_1", "1_0", "2_0", "2_1", "3_0", "3_1")},
        **{f"bolt/masks/{name}.png": "mask" for name in ("film2_1", "bent", "scratched")},
        **{f"nut/{number}.png": "image" for number in range(4)},
        "nut/3_mask.png": "mask",
    }

    groups: str = ""
    """Regular expression that finds the group of an image in its file name; by default the column says it."""

    def categories(self, root: Path) -> list[str]:
        """The categories of the rows. `root` is the CSV file, or a folder that holds one."""
        return _table(root).categories

    def base(self, root: Path) -> Path:
        """The folder of the CSV file."""
        return root if root.is_dir() else root.parent

    def folder(self, root: Path, category: str) -> None:
        """None: the files may lie anywhere."""

    def samples(self, root: Path, category: str) -> Iterator[Sample]:
        """The rows of a category. Raises DataError naming the line at fault."""
        table = _table(root)
        samples = listed(table, category)
        if self.groups:
            samples = grouped(samples, self.groups)
        return iter(samples) if has_split(table, category) else divided(samples, self.base(root))

    def notes(self, root: Path, category: str) -> Iterable[str]:
        """The columns that are not read, and the split where it was drawn."""
        table = _table(root)
        if table.unread:
            yield f"columns that are not read: {', '.join(table.unread)}; these are: {', '.join(COLUMNS)}"
        if not has_split(table, category):
            yield note(self.samples(root, category))

    def obtain(self, root: Path) -> None:
        """There is nothing to make: raises DataError, which asks for the file."""
        raise DataError(f"there is no {root}: name the CSV file with --data; expected: {self.reference}")


def _table(root: Path) -> Table:
    file = _file(root)
    status = file.stat() if file.exists() else None
    return _read(file, status and (status.st_size, status.st_mtime_ns))


@lru_cache(maxsize=2)
def _read(file: Path, state: tuple[int, int] | None) -> Table:
    """The table of a file in a state: with many categories it is asked for many times."""
    return read(file)


def _file(root: Path) -> Path:
    if not require_utf8(root).is_dir():
        return root
    files = sorted(root.glob("[!.]*.csv"))
    if len(files) != 1:
        raise DataError(f"{root} is a folder with {len(files)} CSV files: name the one to read with --data")
    return files[0]

"""The contract of a dataset. Every file in this folder without a leading underscore is one dataset.

The folder `making` is none: it holds the tools that make data.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from datasets._names import DataError, image_of_mask, is_image_name, readable, relative_name, require_utf8

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "Counts",
    "DataError",
    "Dataset",
    "Sample",
    "blend_defect",
    "defect_kinds",
    "group_by_name",
    "image_of_mask",
    "is_image_name",
    "least_defect_side_px",
    "manifest_text",
    "readable",
    "relative_name",
    "require_utf8",
    "several",
]


NO_PLUGINS = frozenset(("making",))
"""What lies beside the datasets and is none."""


@dataclass(frozen=True)
class Sample:
    """One image of a category, with its split and its label."""

    image: Path
    category: str
    split: Literal["train", "validation", "test"]
    defect: str | None = None
    """The label of a defective image; None: a normal image."""
    masks: tuple[Path, ...] = ()
    """Masks of the defects. Where there are several, a pixel is a defect if one of them says so."""
    group: str | None = None
    """Images of one group, such as frames of one video or exposures of one part, stay on one side of a split."""
    kinds: tuple[str, ...] = ()
    """The defect types that the label names, if there are several; the image counts under each of them."""
    ignored: Path | None = None
    """A mask whose white pixels do not count in this image, such as a printed label; None: every pixel counts.

    Several images may share one."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The image, then its masks, then that of what does not count."""
        return self.image, *self.masks, *((self.ignored,) if self.ignored else ())

    @property
    def defect_types(self) -> tuple[str, ...]:
        """The defect types that the image counts under: `kinds`, or else its label; none for a normal image."""
        return self.kinds or ((self.defect,) if self.defect else ())


def several(types: Iterable[str]) -> tuple[str | None, tuple[str, ...]]:
    """The label and the `kinds` of an image with these defect types, each counted once; no type: None and ()."""
    kinds = tuple(dict.fromkeys(kind for text in types if (kind := text.strip())))
    return ",".join(kinds) or None, kinds if len(kinds) > 1 else ()


class Counts(NamedTuple):
    """Published numbers of images of one category."""

    train: int
    test_normal: int
    test_defective: int

    def __str__(self) -> str:
        return f"train {self.train}, test {self.test_normal} normal and {self.test_defective} defective"


class Dataset(ABC):
    """A folder layout: lists which files are which samples. It does not read pixels.

    One thing is allowed where nothing else tells a normal image from a defective one: to ask whether its mask is
    empty (`datasets._masks`).

    Laws, each tested in the same words for every dataset:

    - train is normal only; test has both normal and defective images where the layout has them;
    - each file is listed once, in a stable order that does not depend on the file system;
    - masks belong to defects; nothing is in both splits.
    """

    reference: ClassVar[str]
    """Authors, title, year, and the page that offers the data."""
    licence: ClassVar[str]
    counts: ClassVar[Mapping[str, Counts]] = {}
    """Published counts by category, where they were published."""
    unlabelled_counts: ClassVar[Mapping[str, int]] = {}
    """Published numbers of images without a label by category, where there are such images."""
    layout: ClassVar[Mapping[str, str]]
    """A small copy of the published folders: path -> "image", "mask", "empty mask", or a file's text.

    The contract tests build it.
    """
    mask_above: ClassVar[int | None] = None
    """A mask pixel marks a defect where its value (0 to 255, or a class id) is above this.

    None: above 0, or above half of the mask's highest value where it has soft edges, which is then said."""
    made: ClassVar[bool] = False
    """Synthetic data: a program made the images or their defects. Every report says so."""
    preset: ClassVar[str] = "paper"
    """The preset of methods that a run takes on these data unless `--preset` names another."""
    remarks: ClassVar[tuple[str, ...]] = ()
    """Sentences that every report on these data prints."""

    @abstractmethod
    def categories(self, root: Path) -> list[str]:
        """The categories under `root`, sorted. Raises DataError where there is none."""

    @abstractmethod
    def samples(self, root: Path, category: str) -> Iterator[Sample]:
        """Every sample of a category, in a stable order. Raises DataError naming the file or folder at fault."""

    def base(self, root: Path) -> Path:
        """The folder that stored names of files are relative to, see `relative_name`: `root`, unless that is a file."""
        return root

    def folder(self, root: Path, category: str) -> Path | None:
        """The folder of a category and of nothing else. Images in it that no sample lists are named.

        None: the files of a category may lie anywhere. Then the folders in which listed files lie are searched.
        """
        return root / category

    def notes(self, root: Path, category: str) -> Iterable[str]:
        """What was decided while a category was listed, such as a split by a seed; one sentence each."""
        return ()

    def unlabelled(self, root: Path, category: str) -> list[Path]:
        """The images of a category whose label was not published, in a stable order. They are no samples.

        By default there are none. Others can be scored for the benchmark server that knows their labels.
        """
        return []

    def empty_masks(self, root: Path, category: str) -> list[Path]:
        """The masks of normal images, which say nothing more and are not used, in a stable order. By default none."""
        return []

    def obtain(self, root: Path) -> None:
        """Make or download the data into `root`. By default raises DataError that says what is expected there."""
        raise DataError(f"no data in {root}: name the folder of the data with --data; expected there: {self.reference}")


def defect_kinds() -> list[str]:
    """The types of synthetic defects, sorted."""
    from datasets._defects import KINDS

    return sorted(KINDS)


def least_defect_side_px() -> int:
    """The smallest shorter side of an image into which a defect can be blended."""
    from datasets._defects import LEAST_SIDE

    return LEAST_SIDE


def group_by_name(samples: Iterable[Sample], pattern: str) -> list[Sample]:
    """Samples whose groups are what a regular expression finds in their file names. Raises DataError."""
    from datasets._draw import grouped

    return grouped(samples, pattern)


def manifest_text(samples: Iterable[Sample], file: Path) -> str:
    """The text of a manifest of samples, to be written to `file`. Raises DataError for what it cannot say."""
    from datasets._manifest import text

    return text(samples, file)


def blend_defect(image: np.ndarray, kind: str, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a copy of `image`, (h, w, 3) uint8, with one of the `defect_kinds`, and its mask, (h, w) bool.

    Raises ValueError where the image is smaller than `least_defect_side_px`.
    """
    from datasets._defects import blend

    return blend(image, kind, generator)

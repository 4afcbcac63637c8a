"""What a dataset is. Every file beside this one whose name has no leading underscore is a dataset."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from datasets._names import DataError, is_image_name, readable, require_utf8

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "Counts",
    "DataError",
    "Dataset",
    "Sample",
    "blend_defect",
    "defect_kinds",
    "is_image_name",
    "least_defect_side_px",
    "readable",
    "require_utf8",
]


@dataclass(frozen=True)
class Sample:
    """One image of a category and what is known of it."""

    image: Path
    category: str
    split: Literal["train", "validation", "test"]
    defect: str | None = None
    """The defect type; None: a normal image."""
    mask: Path | None = None
    group: str | None = None
    """What must not be divided between train and test: frames of one video track, exposures of one part."""


class Counts(NamedTuple):
    """Published numbers of images of one category."""

    train: int
    test_normal: int
    test_defective: int

    def __str__(self) -> str:
        return f"train {self.train}, test {self.test_normal} normal and {self.test_defective} defective"


class Dataset(ABC):
    """A folder layout: which files are which samples. Reads no pixel.

    Laws, each held by a test of the same words over every dataset:

    - train is normal only; test has both normal and defective images where the layout has them;
    - each file is listed once, in a stable order that does not depend on the file system;
    - masks belong to defects; nothing is in both splits.
    """

    reference: ClassVar[str]
    """Authors, title, year, and the page that offers the data."""
    licence: ClassVar[str]
    counts: ClassVar[Mapping[str, Counts]] = {}
    """Published counts by category, where they were published."""
    layout: ClassVar[Mapping[str, str]]
    """The published tree in miniature: path -> "image", "mask", or the text of a file. The contract tests build it."""
    mask_above: ClassVar[int] = 0
    """A mask's pixel is defect where its value (0 to 255, or a class id) is above this."""
    made: ClassVar[bool] = False
    """The images were made by a program; every report says so."""
    preset: ClassVar[str] = "paper"
    """The preset of methods that a run takes on these data unless `--preset` names another."""
    remarks: ClassVar[tuple[str, ...]] = ()
    """What every report on these data must say."""

    @abstractmethod
    def categories(self, root: Path) -> list[str]:
        """The categories under `root`, sorted. Raises DataError where there is none."""

    @abstractmethod
    def samples(self, root: Path, category: str) -> Iterator[Sample]:
        """Every sample of a category, in a stable order. Raises DataError naming the file or folder at fault."""

    def obtain(self, root: Path) -> None:
        """Make or download the data into `root` where that can be done; by default say what is expected there."""
        raise DataError(f"no data in {root}: give their folder with --data; expected there: {self.reference}")


def defect_kinds() -> list[str]:
    """The types of defect that can be blended into images, sorted."""
    from datasets._defects import KINDS

    return sorted(KINDS)


def least_defect_side_px() -> int:
    """The shorter side that an image needs for a defect to be blended in."""
    from datasets._defects import LEAST_SIDE

    return LEAST_SIDE


def blend_defect(image: np.ndarray, kind: str, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A copy of `image`, (h, w, 3) uint8, with a defect of one of `defect_kinds`, and its mask, (h, w) bool.

    Raises ValueError where the image is smaller than `least_defect_side_px`.
    """
    from datasets._defects import blend

    return blend(image, kind, generator)

"""The layout of MVTec AD and its relatives: train/good, test/{good,DEFECT}, ground_truth/DEFECT/NAME_mask.png."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from datasets import DataError, Sample
from datasets._tree import image_files, masks_by_image, subfolders

NORMAL = "good"
LOOKALIKES = frozenset(("good", "normal", "ok"))
TEST_ONLY: Mapping[str, Literal["validation", "test"]] = {"test": "test"}


def looks_like_category(folder: Path) -> bool:
    """Whether `folder` is laid out as one category."""
    return any((folder / name).is_dir() for name in ("train", "test"))


def split_samples(
    folder: Path, category: str, *, labelled: Mapping[str, Literal["validation", "test"]] = TEST_ONLY
) -> Iterator[Sample]:
    """The samples of one category; `labelled` maps each folder beside `train` to its split.

    A category without defects, without masks or without a test folder is allowed.
    Raises DataError where there is no normal image to train on, or a mask without an image.
    """
    good = folder / "train" / NORMAL
    train = image_files(good)
    if not train:
        raise DataError(f"{good} holds no image: put the normal images to train on there")
    masks = _masks(folder)
    yield from (Sample(image, category, "train") for image in train)
    for name, split in labelled.items():
        for kind in subfolders(folder / name):
            defect = _defect(kind)
            for image in image_files(kind):
                yield Sample(image, category, split, defect, masks.get(image, ()))


def _defect(folder: Path) -> str | None:
    if folder.name == NORMAL:
        return None
    if folder.name.lower() in LOOKALIKES:  # as a defect type it would silently invert every label
        raise DataError(f"{folder} would count as a defect type: rename it to {NORMAL} if its images are normal")
    return folder.name


def _masks(folder: Path) -> dict[Path, tuple[Path, ...]]:
    """The masks of every test image that has some."""
    masks: dict[Path, tuple[Path, ...]] = {}
    for kind in subfolders(folder / "ground_truth"):
        pairs = masks_by_image(image_files(folder / "test" / kind.name), kind)
        if kind.name == NORMAL and pairs:
            raise DataError(f"{kind} holds masks of normal images: remove it, or move the images to a defect's folder")
        masks |= pairs
    return masks

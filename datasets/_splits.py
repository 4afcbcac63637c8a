"""The layout of MVTec AD and its relatives: train/good, test/{good,DEFECT}, ground_truth/DEFECT/NAME_mask.png.

The masks of an image may also be several, in a folder ground_truth/DEFECT/NAME.
"""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from datasets import DataError, Sample
from datasets._tree import category_folders, image_files, masks_by_image, subfolders

NORMAL, GROUND_TRUTH = "good", "ground_truth"
LOOKALIKES = frozenset(("good", "normal", "ok"))
TEST_ONLY: Mapping[str, Literal["validation", "test"]] = {"test": "test"}


def looks_like_category(folder: Path) -> bool:
    """Whether `folder` is laid out as one category."""
    return any((folder / name).is_dir() for name in ("train", "test"))


def categories_below(root: Path) -> list[str]:
    """Every folder in `root`. Raises DataError if `root` is one category itself."""
    if looks_like_category(root):
        folder = root.absolute()  # or `.` would have no name
        raise DataError(
            f"{root} is one category itself: give the folder that holds it, {folder.parent}, with --data, "
            f"and choose it with --categories {shlex.quote(folder.name)}"
        )
    return [folder.name for folder in category_folders(root)]


def split_samples(
    folder: Path,
    category: str,
    *,
    labelled: Mapping[str, Literal["validation", "test"]] = TEST_ONLY,
    normal: str = NORMAL,
) -> Iterator[Sample]:
    """The samples of one category; `labelled` maps each folder beside `train` to its split.

    `normal` is the name of the folders of normal images. The masks of `test` are in `ground_truth` beside it or in it,
    those of another folder in `ground_truth` in it. A category without defects, masks or a test folder is allowed.
    Raises DataError where there is no normal image to train on, or a mask without an image.
    """
    good = folder / "train" / normal
    train = image_files(good)
    if not train:
        raise DataError(f"{good} holds no image: put the normal images to train on there")
    masks = {image: files for name in labelled for image, files in _masks(folder / name, normal).items()}
    yield from (Sample(image, category, "train") for image in train)
    for name, split in labelled.items():
        for kind in _kinds(folder / name):
            defect = _defect(kind, normal)
            for image in image_files(kind):
                yield Sample(image, category, split, defect, masks.get(image, ()))


def _kinds(labelled: Path) -> list[Path]:
    """The folder of each kind of image, normal or of a defect type."""
    return [kind for kind in subfolders(labelled) if kind.name != GROUND_TRUTH]


def _defect(folder: Path, normal: str) -> str | None:
    if folder.name == normal:
        return None
    if folder.name.lower() in LOOKALIKES:  # as a defect type it would silently invert every label
        raise DataError(f"{folder} would count as a defect type: rename it to {normal} if its images are normal")
    return folder.name


def _masks(labelled: Path, normal: str) -> dict[Path, tuple[Path, ...]]:
    """The masks of every image in the folder `labelled` that has some."""
    masks: dict[Path, tuple[Path, ...]] = {}
    for kind in subfolders(_ground_truth(labelled)):
        pairs = masks_by_image(image_files(labelled / kind.name), kind)
        if kind.name == normal and pairs:
            raise DataError(f"{kind} holds masks of normal images: remove it, or move the images to a defect's folder")
        masks |= pairs
    return masks


def _ground_truth(labelled: Path) -> Path:
    """The folder of masks: in the labelled folder or, for `test`, beside it."""
    inside = labelled / GROUND_TRUTH
    return labelled.parent / GROUND_TRUTH if labelled.name == "test" and not inside.is_dir() else inside

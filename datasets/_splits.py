"""The layout of MVTec AD and its relatives: train/good, test/{good,DEFECT}, ground_truth/DEFECT/NAME_mask.png."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from datasets import DataError, Sample
from datasets._roles import Roles, no_normal
from datasets._tree import image_files, subfolders

TEST_ONLY: Mapping[str, Literal["validation", "test"]] = {"test": "test"}
USUAL = Roles()


def looks_like_category(folder: Path) -> bool:
    """Whether `folder` is laid out as one category."""
    return any((folder / name).is_dir() for name in ("train", "test"))


def split_samples(
    folder: Path,
    category: str,
    *,
    labelled: Mapping[str, Literal["validation", "test"]] = TEST_ONLY,
    roles: Roles = USUAL,
) -> Iterator[Sample]:
    """The samples of one category; `labelled` maps each folder beside `train` to its split.

    A category without defects, without masks or without a test folder is allowed. A mask may lie beside its image.
    Raises DataError where there is no normal image to train on, or a mask without an image.
    """
    train = [image for name in roles.normal for image in roles.images(folder / "train" / name)]
    if not train:
        raise no_normal(folder / "train", folder, roles)
    masks = _masks(folder, roles)
    yield from (Sample(image, category, "train") for image in train)
    for name, split in labelled.items():
        for kind in filter(roles.is_read, subfolders(folder / name)):
            defect = roles.defect_type(kind)
            for image, beside in roles.images(kind).items():
                yield Sample(image, category, split, defect, (*masks.get(image, ()), *beside) if defect else ())


def _masks(folder: Path, roles: Roles) -> dict[Path, tuple[Path, ...]]:
    """The masks of every test image that has some in the folder of masks."""
    for name in roles.normal if roles.mask_folder else ():
        normal = folder / roles.mask_folder / name
        if image_files(normal):
            raise DataError(
                f"{normal} holds masks of normal images: remove it, or move the images to a defect's folder"
            )
    kinds = {kind.name: list(roles.images(kind)) for kind in subfolders(folder / "test")}
    defective = {name: images for name, images in kinds.items() if name not in roles.normal}
    unmasked = [image for name, images in kinds.items() if name in roles.normal for image in images]
    return roles.masks_below(folder, defective, unmasked)

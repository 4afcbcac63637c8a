"""The layout of MVTec AD and its relatives: train/good, test/{good,DEFECT}, ground_truth/DEFECT/NAME_mask.png.

The masks of an image may also be several, in a folder ground_truth/DEFECT/NAME.
"""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from datasets import DataError, Sample
from datasets._roles import Roles, no_category, no_normal, with_images
from datasets._tree import category_folders, image_files, subfolders

TEST_ONLY: Mapping[str, Literal["validation", "test"]] = {"test": "test"}
USUAL = Roles()


def looks_like_category(folder: Path) -> bool:
    """Whether `folder` is laid out as one category."""
    return any((folder / name).is_dir() for name in ("train", "test"))


def categories_below(root: Path) -> list[str]:
    """Every folder in `root`. Raises DataError if `root` is one category itself, or holds folders of images."""
    if looks_like_category(root):
        raise one_category(root)
    folders = category_folders(root)
    if not any(map(looks_like_category, folders)) and (images := with_images(root)):
        raise no_category(root, images)
    return [folder.name for folder in folders]


def one_category(root: Path) -> DataError:
    """The error for a folder that is one category and should hold categories."""
    folder = root.absolute()  # or `.` would have no name
    return DataError(
        f"{root} is one category itself: give the folder that holds it, {folder.parent}, with --data, "
        f"and choose it with --categories {shlex.quote(folder.name)}"
    )


def split_samples(
    folder: Path,
    category: str,
    *,
    labelled: Mapping[str, Literal["validation", "test"]] = TEST_ONLY,
    roles: Roles = USUAL,
) -> Iterator[Sample]:
    """The samples of one category; `labelled` maps each folder beside `train` to its split.

    The masks of `test` are in the folder of masks beside it or in it, those of another folder in it, and any mask may
    lie beside its image. A category without defects, masks or a test folder is allowed.
    Raises DataError where there is no normal image to train on, or a mask without an image.
    """
    _require_small_letters(folder, ("train", *labelled, *filter(None, [roles.mask_folder])))
    train = [image for name in roles.normal for image in roles.images(folder / "train" / name)]
    if not train:
        raise no_normal(folder / "train", folder, roles)
    masks = {image: own for name in labelled for image, own in _masks(folder / name, roles).items()}
    yield from (Sample(image, category, "train") for image in train)
    for name, split in labelled.items():
        for kind in filter(roles.is_read, _kinds(folder / name, roles)):
            defect = roles.defect_type(kind)
            for image, beside in roles.images(kind).items():
                yield Sample(image, category, split, defect, (*masks.get(image, ()), *beside) if defect else ())


def _require_small_letters(folder: Path, names: Iterable[str]) -> None:
    """Raise DataError where a folder has one of these names in other letters, such as Train, and none has the name."""
    absent = {name.casefold(): name for name in names if not (folder / name).is_dir()}
    for each in subfolders(folder):
        if name := absent.get(each.name.casefold()):
            raise DataError(f"{each} is not read, because its name must be {name}: rename it")


def _kinds(labelled: Path, roles: Roles) -> list[Path]:
    """The folder of each kind of image, normal or of a defect type."""
    return [kind for kind in subfolders(labelled) if kind.name != roles.mask_folder]


def _masks(labelled: Path, roles: Roles) -> dict[Path, tuple[Path, ...]]:
    """The masks of every image in the folder `labelled` that has some in a folder of masks."""
    beside = _holds_masks_of(labelled, roles)
    if not beside:
        return {}
    for name in roles.normal:
        normal = beside / roles.mask_folder / name
        if image_files(normal):
            raise DataError(
                f"{normal} holds masks of normal images: remove it, or move the images to a defect's folder"
            )
    kinds = {kind.name: list(roles.images(kind)) for kind in _kinds(labelled, roles)}
    defective = {name: images for name, images in kinds.items() if name not in roles.normal}
    unmasked = [image for name, images in kinds.items() if name in roles.normal for image in images]
    return roles.masks_below(beside, defective, unmasked)


def _holds_masks_of(labelled: Path, roles: Roles) -> Path | None:
    """The folder that holds the folder of masks of a labelled folder: itself or, for `test`, the category."""
    if roles.mask_folder and (labelled / roles.mask_folder).is_dir():
        return labelled
    return labelled.parent if roles.mask_folder and labelled.name == "test" else None

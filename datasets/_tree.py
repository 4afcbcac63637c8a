"""List folders of images in a stable order, and pair masks with images."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from datasets._names import DataError, is_image_name, readable, require_utf8


def image_files(folder: Path) -> list[Path]:
    """The images directly in `folder`, sorted by name; none where there is no such folder. Raises DataError."""
    names = (name for name, is_folder in _visible(folder) if is_folder is not True and is_image_name(name))
    return [require_utf8(folder / name) for name in names]


def subfolders(folder: Path) -> list[Path]:
    """The folders directly in `folder`, sorted by name; none where there is no such folder. Raises DataError."""
    return [require_utf8(folder / name) for name, is_folder in _visible(folder) if is_folder is not False]


def category_folders(root: Path) -> list[Path]:
    """The folders in `root`. Raises DataError where it is not a folder or holds none."""
    if not require_utf8(root).is_dir():
        raise DataError(f"{root} is not a folder: give the one that holds the category folders with --data")
    folders = subfolders(root)
    if not folders:
        raise DataError(f"{root} holds no category folder: give the one that does with --data")
    return folders


def masks_by_image(images: Sequence[Path], folder: Path) -> dict[Path, tuple[Path, ...]]:
    """The masks of each image that has some in `folder`, of any image extension.

    An image has one mask, NAME_mask.EXT or NAME.EXT, or a folder NAME of several.
    Raises DataError for a mask without an image, masks of an image in two places, or a mask that fits two images.
    """
    return paired(images, _named_masks(folder))


def paired(images: Sequence[Path], named: Iterable[tuple[str, tuple[Path, ...]]]) -> dict[Path, tuple[Path, ...]]:
    """The masks of each image that has some, given a name, NAME_mask or NAME, with its masks. Raises DataError."""
    pairs: dict[Path, tuple[Path, ...]] = {}
    stems = {image.stem: image for image in images}
    shared = {stem for stem, times in Counter(image.stem for image in images).items() if times > 1}
    for name, masks in named:
        mask, image = masks[0], stems.get(name.removesuffix("_mask")) or stems.get(name)
        if image is None:
            raise DataError(f"{mask} is a mask without an image: remove it, or add the image of that name")
        if image.stem in shared:
            raise DataError(f"{mask} could belong to two images named {image.stem}: rename one of them and its mask")
        if image in pairs:
            raise DataError(f"{mask} and {pairs[image][0].name} are both masks of {image.name}: keep one")
        pairs[image] = masks
    return pairs


def _named_masks(folder: Path) -> Iterator[tuple[str, tuple[Path, ...]]]:
    """The name and the files of each mask, or folder of masks, in `folder`; folders without images are passed over."""
    yield from ((mask.stem, (mask,)) for mask in image_files(folder))
    several = ((each.name, tuple(image_files(each))) for each in subfolders(folder))
    yield from ((name, masks) for name, masks in several if masks)


def masks_beside(folder: Path, suffix: str) -> dict[Path, Path]:
    """The mask of each image in `folder`, where NAME.EXT has its mask beside it, as NAME`suffix`.EXT.

    Raises DataError for an image without a mask, a mask without an image, or two of one name.
    """
    files = image_files(folder)
    masks = {file.stem.removesuffix(suffix): file for file in files if file.stem.endswith(suffix)}
    images = {file.stem: file for file in files if not file.stem.endswith(suffix)}
    if len(masks) + len(images) < len(files):
        raise DataError(f"{folder} holds two images, or two masks, that differ in their extension only: keep one")
    for name in sorted(images.keys() ^ masks.keys()):
        if name in masks:
            raise DataError(f"{masks[name]} is a mask without an image: remove it, or add the image of that name")
        raise DataError(f"{images[name]} has no mask {name}{suffix} beside it, which tells whether it is defective")
    return {images[name]: masks[name] for name in sorted(images)}


def _visible(folder: Path) -> list[tuple[str, bool | None]]:
    """The name of each visible entry and whether it is a folder; sorted by code point, so that the order is stable."""
    try:
        with os.scandir(folder) as entries:
            return sorted((entry.name, _is_folder(entry)) for entry in entries if not entry.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise DataError(f"{readable(folder)} cannot be listed: {error.strerror}") from None


def _is_folder(entry: os.DirEntry) -> bool | None:
    """None where nobody can tell, such as a link to itself. It is listed then, and reading it gives the reason."""
    try:
        return entry.is_dir()
    except OSError:
        return None

"""Your own images: one category, or a folder of them, with train/good and test/{good,DEFECT}."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from datasets import DataError, Dataset, Sample, require_utf8
from datasets._draw import divided, grouped, note
from datasets._roles import NORMAL, Roles, names, no_category, no_normal, notes_on_masks, said_by, with_images
from datasets._splits import looks_like_category, split_samples
from datasets._tree import category_folders

LABELLED = {"validate": "validation", "validation": "validation", "test": "test"}


@dataclass(frozen=True, kw_only=True)
class Folder(Dataset):
    """A folder in the layout of MVTec AD, or of zerobox: train/good, validate/{good,defect}, test/{good,defect}.

    A labelled `validate` folder (or `validation`) becomes the validation split, on which thresholds may be chosen.

    Folders of other names are read by their roles: `--normal OK --defect NG --masks MASK`. They may lie below train and
    test, or beside each other without a split. Then 70 % of the normal images, drawn by a seed from their names, are
    for training. All others are for testing.

    NAME_GT.png beside NAME.png is a mask, not an image; so is NAME_mask.png or NAME_label.bmp. `--masks none` reads
    all of them as images.
    """

    reference = "your own images, in the layout of MVTec AD or of zerobox's DifferNet"
    licence = "yours"
    layout: ClassVar = {
        "bottles/train/good/000.png": "image",
        "bottles/train/good/001.png": "image",
        "bottles/test/good/000.png": "image",
        "bottles/test/scratch/000.png": "image",
        "bottles/test/scratch/001.png": "image",
        "bottles/ground_truth/scratch/000_mask.png": "mask",
        "bottles/ground_truth/scratch/001_mask.png": "mask",
        "glasses/train/good/000.jpg": "image",
        "glasses/train/good/001.jpg": "image",
        "glasses/validate/good/000.jpg": "image",
        "glasses/validate/defect/000.jpg": "image",
        "glasses/test/good/000.jpg": "image",
        "glasses/test/defect/000.jpg": "image",
    }

    normal: str = ""
    """Names of the folders with normal images, separated by commas; by default `good`."""
    defect: str = ""
    """Names of the folders with defective images, separated by commas; by default all others."""
    masks: str = ""
    """Name of the folder with masks, by default `ground_truth`; or the ending of masks beside images; or `none`."""
    groups: str = ""
    """Regular expression that finds the group of an image in its file name; by default there are no groups."""

    def __post_init__(self) -> None:
        if both := set(self._roles.normal) & set(self._roles.defect):
            raise DataError(f"--normal and --defect both name {min(both)}: a folder holds the one or the other")

    @cached_property
    def _roles(self) -> Roles:
        return Roles(_listed(self.normal) or (NORMAL,), _listed(self.defect), self.masks.strip())

    def categories(self, root: Path) -> list[str]:
        """The name of `root` if it is one category itself, else every folder in it."""
        if self._is_category(root):
            return [_name(require_utf8(root))]
        folders = category_folders(root)
        if not any(map(self._is_category, folders)) and (images := with_images(root)):
            raise no_category(root, images)
        return [folder.name for folder in folders]

    def folder(self, root: Path, category: str) -> Path:
        """`root` if it is one category itself, else the folder in it."""
        return root if self._is_category(root) else root / category

    def samples(self, root: Path, category: str) -> Iterator[Sample]:
        """See `split_samples`; folders without a split are divided, see `divided`."""
        folder = self.folder(root, category)
        if folder == root and category != _name(root):
            raise DataError(
                f"{root} is the category {_name(root)}, not {category}: give the folder of {category} with --data"
            )
        return self._listed(folder, category)

    def notes(self, root: Path, category: str) -> Iterable[str]:
        """The split, where it was drawn, and the masks that lie beside their images."""
        samples = list(self.samples(root, category))
        split = [note(samples)] if self._is_flat(self.folder(root, category)) else []
        return [*split, *notes_on_masks(samples, root)]

    def _is_category(self, folder: Path) -> bool:
        return looks_like_category(folder) or self._is_flat(folder)

    def _is_flat(self, folder: Path) -> bool:
        """Whether folders that were named by their roles lie in it beside each other."""
        named = any((folder / name).is_dir() for name in _listed(self.normal))
        return named and not (folder / "train").is_dir()

    def _listed(self, folder: Path, category: str) -> Iterator[Sample]:
        flat = self._is_flat(folder)
        samples = self._flat(folder, category) if flat else self._split(folder, category)
        if self.groups:
            samples = grouped(samples, self.groups)
        return divided(list(samples), folder) if flat else iter(samples)

    def _split(self, folder: Path, category: str) -> Iterator[Sample]:
        absent = [name for name in self._roles.defect if not any((folder / part / name).is_dir() for part in LABELLED)]
        if absent and len(absent) == len(self._roles.defect):
            raise DataError(
                f"--defect {self.defect}: {folder / 'test'} has no such folder; it has: "
                f"{names(folder / 'test') or 'none'}"
            )
        return split_samples(folder, category, labelled=LABELLED, roles=self._roles)

    def _flat(self, folder: Path, category: str) -> Iterator[Sample]:
        """All normal images as training images, then the defective ones. Raises DataError where a role is unclear."""
        roles = self._roles
        normal = [image for name in roles.normal for image in roles.images(folder / name)]
        if not normal:
            raise no_normal(folder, folder, roles)
        kinds = {name: roles.images(folder / name) for name in self._defect_folders(folder)}
        masks = roles.masks_below(folder, {name: list(images) for name, images in kinds.items()}, normal)
        yield from (Sample(image, category, "train") for image in normal)
        for name, images in kinds.items():
            for image, beside in images.items():
                yield Sample(image, category, "test", name, (*masks.get(image, ()), *beside))

    def _defect_folders(self, folder: Path) -> list[str]:
        roles = self._roles
        if roles.defect:
            found = [name for name in roles.defect if roles.images(folder / name)]
            if not found:
                raise DataError(
                    f"--defect {self.defect}: no image in such a folder of {folder}; it has: {names(folder)}"
                )
            return found
        others = [each for each in with_images(folder) if each.name not in (*roles.normal, roles.mask_folder)]
        if others:
            raise DataError(
                f"{folder} has other folders with images ({', '.join(each.name for each in others)}): say which hold "
                f"defective images, as in {said_by([*map(folder.joinpath, roles.normal), *others])}"
            )
        return []


def _listed(text: str) -> tuple[str, ...]:
    """`a,b` as names, each once."""
    return tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))


def _name(root: Path) -> str:
    return os.path.basename(os.path.realpath(root))  # the real path, as `.` has no name

"""What the folders of a category hold, by name: normal images, defective images, masks."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datasets import Sample
from datasets._names import DataError, image_of_mask, looks_normal, relative_name
from datasets._tree import image_files, masks_by_image, paired, single_masks, subfolders

NORMAL = "good"
GROUND_TRUTH = "ground_truth"
MASK_NAMES = frozenset(("mask", "masks", "gt", "ground_truth", "label", "labels"))
NONE = "none"
"""The value of `masks` that says that there are none."""
Masks = Mapping[Path, tuple[Path, ...]]
"""Image -> its masks."""


@dataclass(frozen=True)
class Roles:
    """The names of the folders in a category that hold normal images, defective ones, and masks."""

    normal: tuple[str, ...] = (NORMAL,)
    defect: tuple[str, ...] = ()
    """None named: every folder that is not one of the others."""
    masks: str = ""
    """A folder; what follows the image's name in the name of a mask beside it, such as `_GT`; or `none`."""

    @property
    def ending(self) -> str | None:
        """What follows the image's name in the name of a mask beside it, if that was said."""
        return self.masks if self.masks[:1] in tuple("-_. ") and self.masks else None

    @property
    def mask_folder(self) -> str | None:
        """The name of the folder of masks; None: there is none."""
        return None if self.masks == NONE or self.ending else self.masks or GROUND_TRUTH

    def images(self, folder: Path) -> dict[Path, tuple[Path, ...]]:
        """The images directly in a folder, each with the masks that lie beside it; a mask is no image.

        Raises DataError where a mask fits two images, or has the ending that was said and no image.
        """
        files = image_files(folder)
        if self.masks == NONE:
            return dict.fromkeys(files, ())
        masks = _masks_beside(files, self.ending)
        found = {file: () for file in files if file not in masks}
        for mask, image in masks.items():
            found[image] += (mask,)
        return found

    def defect_type(self, folder: Path) -> str | None:
        """The defect type of the images in a folder; None: they are normal. Raises DataError where that is unclear."""
        if folder.name in self.normal:
            return None
        if looks_normal(folder.name) and folder.name not in self.defect:  # it would invert every label
            raise DataError(
                f"{folder} would count as a defect type: if its images are normal, rename it to {self.normal[0]}, "
                f"or name it with --dataset folder --normal {shlex.quote(','.join([*self.normal, folder.name]))}"
            )
        return folder.name

    def is_read(self, folder: Path) -> bool:
        """Whether a folder has one of these roles."""
        return not self.defect or folder.name in self.defect or folder.name in self.normal

    def masks_below(
        self, category: Path, defective: Mapping[str, Sequence[Path]], normal: Iterable[Path] = ()
    ) -> dict[Path, tuple[Path, ...]]:
        """The masks in the folder of masks: in a folder for each defect type, or in one for all.

        `defective` has the images by defect type. In one folder for all, masks of `normal` images are not read.
        Raises DataError where the folder that was named is not there, or a mask fits no image or several.
        """
        if not self.mask_folder:
            return {}
        folder, every = category / self.mask_folder, [image for images in defective.values() for image in images]
        if self.masks and not folder.is_dir():
            raise DataError(f"--masks {self.masks}: there is no folder {folder}; folders there: {names(category)}")
        masks = paired(every, single_masks(folder), unmasked=normal)
        for kind in filter(self.is_read, subfolders(folder)):
            pairs = masks_by_image(defective.get(kind.name, ()), kind)
            masks |= {image: masks.get(image, ()) + own for image, own in pairs.items()}
        return masks


def _masks_beside(files: Sequence[Path], ending: str | None) -> dict[Path, Path]:
    """Each mask beside its image, and that image: NAME_GT.EXT beside NAME.EXT, of any image extension.

    A file that is named as a mask is one only if its image is there. So no image is taken for a mask because of its
    own name alone.
    """
    images: dict[str, list[Path]] = {}
    for file in files:
        images.setdefault(file.stem, []).append(file)
    masks = {}
    for file in files:
        said = bool(ending) and file.stem.endswith(ending)
        stem = file.stem.removesuffix(ending) if said else image_of_mask(file.stem)
        fitting = images.get(stem, ())
        if said and not fitting:
            raise DataError(f"{file} is a mask without an image, by --masks {ending}: remove it, or add its image")
        if len(fitting) > 1:
            raise DataError(f"{file} could belong to two images named {stem}: rename one of them and its mask")
        if fitting:
            masks[file] = fitting[0]
    return {mask: image for mask, image in masks.items() if image not in masks}


def notes_on_masks(samples: Iterable[Sample], base: Path) -> list[str]:
    """A note if files were read as masks because of their names and the images beside them."""
    beside = [mask for sample in samples for mask in sample.masks if mask.parent == sample.image.parent]
    if not beside:
        return []
    few = ", ".join(relative_name(mask, base) for mask in beside[:3]) + (", ..." if len(beside) > 3 else "")
    return [
        f"read as masks and not as images, by their names and the images beside them: {len(beside)} ({few}); to read "
        "them as images: --dataset folder --masks none"
    ]


def names(folder: Path) -> str:
    """The names of the folders in a folder, separated by commas."""
    return ", ".join(each.name for each in subfolders(folder))


def said_by(places: Iterable[Path]) -> str:
    """The options that would say what these folders hold, as far as their names tell."""
    found = list(dict.fromkeys(place.name for place in places))
    normal = [name for name in found if looks_normal(name)]
    masks = [name for name in found if name.lower() in MASK_NAMES]
    defect = [name for name in found if name not in normal + masks]
    if not normal:
        return "--normal NAMES --defect NAMES"
    options = [f"--normal {shlex.quote(','.join(normal))}"]
    options += [f"--defect {shlex.quote(','.join(defect))}"] if defect else []
    options += [f"--masks {shlex.quote(masks[0])}"] if masks else []
    return " ".join(options)


def with_images(folder: Path) -> list[Path]:
    """The folders in a folder that hold images."""
    return [each for each in subfolders(folder) if image_files(each)]


def no_category(root: Path, images: Sequence[Path]) -> DataError:
    """The error of a folder that holds folders of images and no category."""
    return DataError(
        f"{root} holds folders of images ({', '.join(each.name for each in images)}) and no category: say what they "
        f"hold, as in --dataset folder {said_by(images)}, or arrange them as train/good, test/good and test/DEFECT"
    )


def no_normal(folder: Path, category: Path, roles: Roles) -> DataError:
    """The error of a category without normal images in `folder`, which names the folders with images that it has."""
    there = [place for each in (category, category / "train", category / "test") for place in with_images(each)]
    wanted = " or ".join(str(folder / name) for name in roles.normal)
    sentence = f"{wanted} holds no image: put the normal images to train on there"
    if there:
        listed = ", ".join(place.relative_to(category).as_posix() for place in there)
        sentence += f", or say what the folders with images ({listed}) hold: --dataset folder {said_by(there)}"
    return DataError(sentence)

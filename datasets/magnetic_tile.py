"""Magnetic tile defects as published: grey images of magnetic tiles, normal or with one of five types of defect."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from datasets import Counts, DataError, Dataset, Sample
from datasets._tree import image_files, paired, subfolders

CATEGORY, NORMAL, PREFIX = "magnetic_tile", "MT_Free", "MT_"
SPLIT_SEED = 0
TRAINED = 0.8


class MagneticTile(Dataset):
    """MT_Free/Imgs and MT_DEFECT/Imgs, each with images NAME.jpg and their masks NAME.png.

    No split was published with the data. Ours is seeded: four fifths of the normal images (rounded down) are for
    training, the others and all defective images for testing. These are the numbers of DifferNet's authors, whose list
    of training images is another draw.
    """

    reference = (
        "Y. Huang, C. Qiu, Y. Guo, X. Wang, K. Yuan: Surface Defect Saliency of Magnetic Tile, CASE 2018, "
        "https://github.com/abin24/Magnetic-tile-defect-datasets."
    )
    licence = "none stated; the authors ask to cite their paper"
    counts: ClassVar = {CATEGORY: Counts(761, 191, 392)}  # 952 normal images, divided as in DifferNet's published list
    layout: ClassVar = {
        **{f"MT_Free/Imgs/exp1_num_{number}.jpg": "image" for number in (11, 12, 13, 14)},
        **{f"MT_Free/Imgs/exp1_num_{number}.png": "empty mask" for number in (11, 12, 13, 14)},
        "MT_Blowhole/Imgs/exp1_num_4727.jpg": "image",
        "MT_Blowhole/Imgs/exp1_num_4727.png": "mask",
        "MT_Uneven/Imgs/exp2_num_33380.jpg": "image",
        "MT_Uneven/Imgs/exp2_num_33380.png": "mask",
    }
    remarks = (
        "no split was published with the magnetic tile images: here four fifths of the normal images (rounded down, "
        f"seed {SPLIT_SEED}) are for training, the others and all defective images for testing; DifferNet's authors "
        "trained on as many images of another draw",
    )

    def categories(self, root: Path) -> list[str]:
        """The one category, `magnetic_tile`. Raises DataError where `root` holds no folder MT_Free."""
        if not (root / NORMAL).is_dir():
            raise DataError(f"{root} holds no folder {NORMAL}: give the one that holds it and MT_Blowhole with --data")
        return [CATEGORY]

    def samples(self, root: Path, category: str) -> Iterator[Sample]:
        """Raises DataError where there is no normal image, or a mask without an image."""
        if category != CATEGORY:
            raise DataError(f"{root} has one category, {CATEGORY}, not {category}")
        normal = _images(root / NORMAL)
        if not normal:
            raise DataError(f"{root / NORMAL / 'Imgs'} holds no JPEG image of {CATEGORY}: put the normal images there")
        _masks(root / NORMAL)  # raises for a stray mask
        train = _drawn(normal)
        yield from (Sample(image, category, "train") for image in normal if image in train)
        yield from (Sample(image, category, "test") for image in normal if image not in train)
        for folder in subfolders(root):
            if folder.name.startswith(PREFIX) and folder.name != NORMAL:
                defect, masks = folder.name.removeprefix(PREFIX).lower(), _masks(folder)
                yield from (Sample(each, category, "test", defect, masks.get(each, ())) for each in _images(folder))

    def folder(self, root: Path, category: str) -> Path:
        """The folder that holds MT_Free and the others."""
        return root

    def empty_masks(self, root: Path, category: str) -> list[Path]:
        """The masks of the normal images."""
        return [mask for masks in _masks(root / NORMAL).values() for mask in masks]


def _images(folder: Path) -> list[Path]:
    """The images of a folder: all but the PNG files, which are masks."""
    return [file for file in image_files(folder / "Imgs") if not _is_mask(file)]


def _masks(folder: Path) -> dict[Path, tuple[Path, ...]]:
    """The mask of each image of a folder that has one."""
    masks = ((file.stem, (file,)) for file in image_files(folder / "Imgs") if _is_mask(file))
    return paired(_images(folder), masks)


def _is_mask(file: Path) -> bool:
    return file.suffix.lower() == ".png"


def _drawn(normal: Sequence[Path]) -> set[Path]:
    """The training images. The draw depends on names alone, so that every machine has the same split."""
    shuffled = sorted(normal, key=lambda image: image.name)
    random.Random(SPLIT_SEED).shuffle(shuffled)
    return set(shuffled[: int(TRAINED * len(shuffled))])

"""KolektorSDD and KolektorSDD2: cracks on commutators, and defects on surfaces of another part."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from datasets import Counts, DataError, Dataset, Sample
from datasets._masks import is_empty
from datasets._tree import category_folders, masks_beside, subfolders

FIRST, SECOND = "KolektorSDD", "KolektorSDD2"
DEFECT = "defect"
SPLIT_SEED = 0
HELD_BACK = 3  # one of so many items is tested, as in each of the three folds of the paper
Labelled = tuple[Path, Path, bool]
"""An image, its mask, and whether it is defective."""


class Kolektor(Dataset):
    """KolektorSDD/kosNN/PartN.jpg with PartN_label.bmp, and KolektorSDD2/{train,test}/NAME.png with NAME_GT.png.

    Every image has a mask, and nothing but the mask tells whether the image is defective. So this dataset asks each
    mask whether it is empty, and reads no other pixel.

    KolektorSDD was published with three folds for supervised training, and no split for training on normal images.
    Ours is seeded: the normal images of two thirds of the 50 items (rounded up) are for training. All others are for
    testing, also the defective images of these items, since nearly every item has just one.
    The images of an item are a group. KolektorSDD2 has its published split. Nothing is trained on the defective images
    of its training set: they are the validation split.
    """

    reference = (
        "D. Tabernik, S. Šela, J. Skvarč, D. Skočaj: Segmentation-Based Deep-Learning Approach for Surface-Defect "
        "Detection, Journal of Intelligent Manufacturing 2020, https://www.vicos.si/resources/kolektorsdd; "
        "J. Božič, D. Tabernik, D. Skočaj: Mixed supervision for surface-defect detection: from weakly to fully "
        "supervised learning, Computers in Industry 2021, https://www.vicos.si/resources/kolektorsdd2"
    )
    licence = "CC BY-NC-SA 4.0"
    counts: ClassVar = {SECOND: Counts(2085, 894, 110)}  # section 4 of the second paper
    layout: ClassVar = {
        **{
            f"{FIRST}/kos0{item}/Part{part}{end}": content
            for item in (1, 2, 3)
            for part in (0, 1)
            for end, content in ((".jpg", "image"), ("_label.bmp", "mask" if part else "empty mask"))
        },
        **{f"{SECOND}/{name}.png": "image" for name in ("train/10000", "train/10001", "train/10002")},
        **{f"{SECOND}/{name}.png": "image" for name in ("test/20000", "test/20001")},
        **{f"{SECOND}/{name}_GT.png": "empty mask" for name in ("train/10000", "train/10001", "test/20000")},
        **{f"{SECOND}/{name}_GT.png": "mask" for name in ("train/10002", "test/20001")},
    }
    remarks = (
        "KolektorSDD has no published split for training on normal images: here the normal images of two thirds of the "
        f"items (seed {SPLIT_SEED}) are for training, and all other images for testing, also the defective ones of "
        "these items",
        "KolektorSDD2: the published split; the defective images of its training set are the validation split",
    )

    def categories(self, root: Path) -> list[str]:
        """KolektorSDD, KolektorSDD2 or both: the folders of these names in `root`, or `root` itself."""
        if found := [name for name in (FIRST, SECOND) if _base(root, name)]:
            return found
        category_folders(root)  # raises where it is no folder, or an empty one
        raise DataError(
            f"{root} holds neither {FIRST} (folders kos01, kos02, ...) nor {SECOND} (folders train and test): give "
            "the folder that holds one of them with --data"
        )

    def samples(self, root: Path, category: str) -> Iterator[Sample]:
        """Raises DataError for an image without a mask, a mask without an image, or where nothing is to train on."""
        samples = list(_first(root) if category == FIRST else _second(root) if category == SECOND else ())
        if not any(sample.split == "train" for sample in samples):
            raise DataError(f"{root} holds no normal image of {category} to train on: known are {FIRST} and {SECOND}")
        return iter(samples)

    def folder(self, root: Path, category: str) -> Path | None:
        """The folder of KolektorSDD or KolektorSDD2, which `root` is or holds."""
        return _base(root, category)

    def empty_masks(self, root: Path, category: str) -> list[Path]:
        """The masks of the normal images."""
        listed = _items(root).values() if category == FIRST else map(_published, _parts(root))
        return sorted(mask for images in listed for _, mask, defective in images if not defective)


def _base(root: Path, name: str) -> Path | None:
    """The folder of KolektorSDD or KolektorSDD2, which `root` is or holds; None if there is none."""
    looks = _looks_first if name == FIRST else _looks_second
    return next((folder for folder in (root, root / name) if looks(folder)), None)


def _looks_first(folder: Path) -> bool:
    return any(item.name.startswith("kos") for item in subfolders(folder))


def _looks_second(folder: Path) -> bool:
    return all((folder / part).is_dir() for part in ("train", "test"))


def _labelled(folder: Path, suffix: str) -> list[Labelled]:
    return [(image, mask, not is_empty(mask)) for image, mask in masks_beside(folder, suffix).items()]


def _items(root: Path) -> dict[str, list[Labelled]]:
    """The images of each item of KolektorSDD, by the name of its folder."""
    base = _base(root, FIRST)
    folders = [folder for folder in subfolders(base) if folder.name.startswith("kos")] if base else []
    return {folder.name: _labelled(folder, "_label") for folder in folders}


def _first(root: Path) -> Iterator[Sample]:
    items = _items(root)
    tested = _drawn(sorted(items))
    for item, images in items.items():
        for image, _, defective in images:
            if item not in tested and not defective:
                yield Sample(image, FIRST, "train", group=item)
    for item, images in items.items():
        for image, mask, defective in images:
            if defective:
                yield Sample(image, FIRST, "test", DEFECT, (mask,))
            elif item in tested:
                yield Sample(image, FIRST, "test", group=item)


def _drawn(items: list[str]) -> set[str]:
    """A third of the items, rounded down. The draw depends on names alone, so every machine has the same split."""
    random.Random(SPLIT_SEED).shuffle(items)
    return set(items[: len(items) // HELD_BACK])


def _parts(root: Path) -> list[Path]:
    base = _base(root, SECOND)
    return [base / "train", base / "test"] if base else []


def _published(part: Path) -> list[Labelled]:
    """The images of the training set or of the test set of KolektorSDD2, also in folders below."""
    return [each for folder in (part, *subfolders(part)) for each in _labelled(folder, "_GT")]


def _second(root: Path) -> Iterator[Sample]:
    for part in _parts(root):
        for image, mask, defective in _published(part):
            split: Literal["train", "validation", "test"] = "test"
            if part.name == "train":
                split = "validation" if defective else "train"
            yield Sample(image, SECOND, split, *((DEFECT, (mask,)) if defective else ()))

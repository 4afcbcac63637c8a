"""DSAII: 78 categories of a few web images each, with defects painted in by a diffusion model."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from datasets import DataError, Dataset, Sample
from datasets._splits import one_category
from datasets._tree import category_folders, image_files, masks_by_image

FOLDER = "synthetic_tidy_v2"
SPLIT_SEED = 0


class DSAII(Dataset):
    """CATEGORY/normal, CATEGORY/anomaly (or defect) and CATEGORY/mask, where mask k belongs to anomaly k.

    No split was ever published. Ours is seeded: half of the normal images of a category (rounded up) are for training,
    the other half and all anomalies for testing. So `counts` is empty: only the total was published, 2906 images.
    """

    reference = "DSAII, whose README links two archives: synthetic_tidy_v2 (read here) and synthetic_mvtec_like"
    licence = "none stated; the normal images were collected from the web"
    layout: ClassVar = {
        f"{FOLDER}/{category}/{name}": content
        for category in ("0", "audio cable")
        for name, content in {
            "img_url.json": "[]",
            "normal/000.png": "image",
            "normal/001.png": "image",
            "normal/002.png": "image",
            "normal/003.png": "image",
            "anomaly/000.png": "image",
            "anomaly/001.png": "image",
            "mask/000.png": "mask",
            "mask/001.png": "mask",
        }.items()
    }
    mask_above = 127  # the published masks were resized bilinearly and are not binary
    remarks = (
        "synthetic defects: a program painted them into the images; in DSAII as published, a diffusion model",
        "no split of DSAII was ever published: here half of the normal images of each category (rounded up, seed "
        f"{SPLIT_SEED}) are for training, the other half and all anomalies for testing",
    )

    def categories(self, root: Path) -> list[str]:
        """The folders in synthetic_tidy_v2, which `root` is or holds. Raises DataError for a single category."""
        base = _base(root)
        if any(image_files(base / part) for part in ("normal", "anomaly", "defect")):
            raise one_category(root)
        return [folder.name for folder in category_folders(base)]

    def folder(self, root: Path, category: str) -> Path:
        """The folder in synthetic_tidy_v2, which `root` is or holds."""
        return _base(root) / category

    def samples(self, root: Path, category: str) -> Iterator[Sample]:
        """Raises DataError where there is no normal image, two folders of defects, or a mask without an anomaly."""
        folder = _base(root) / category
        normal = image_files(folder / "normal")
        if not normal:
            raise DataError(
                f"{folder / 'normal'} holds no image: put the normal images there; half of them are for training"
            )
        anomalies = _anomalies(folder)
        masks = masks_by_image(anomalies, folder / "mask")
        train = training_half(normal, category)
        yield from (Sample(image, category, "train") for image in normal if image in train)
        yield from (Sample(image, category, "test", "anomaly", masks.get(image, ())) for image in anomalies)
        yield from (Sample(image, category, "test") for image in normal if image not in train)


def _base(root: Path) -> Path:
    return root / FOLDER if (root / FOLDER).is_dir() else root


def _anomalies(folder: Path) -> list[Path]:
    """The defective images. The published folder is called `anomaly`, in the text that describes it `defect`."""
    anomaly, defect = image_files(folder / "anomaly"), image_files(folder / "defect")
    if anomaly and defect:
        raise DataError(f"{folder} holds both anomaly and defect: keep one, as the masks belong to one only")
    return anomaly or defect


def training_half(normal: Sequence[Path], category: str) -> set[Path]:
    """Half of the images, rounded up. The draw depends on names alone, so that every machine has the same split."""
    shuffled = sorted(normal, key=lambda image: image.name)
    random.Random(f"{SPLIT_SEED}/{category}").shuffle(shuffled)
    return set(shuffled[: (len(shuffled) + 1) // 2])

"""Demo: synthetic defects blended into three real photographs of surfaces; nothing is downloaded."""

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from datasets import Counts, DataError, Dataset, Sample
from datasets._splits import split_samples
from datasets._tree import category_folders

PHOTOGRAPHS = ("brick", "grass", "gravel")
MADE_BY = "made_by.sha256"
"""File with the digest of the code that made the data: another version may make other images, as many of them."""
SEED = 0
CROP_PX = 160
TRAIN_COLUMNS, TEST_COLUMNS = slice(0, 320), slice(320, 512)
TRAIN, TEST_NORMAL, TEST_EACH_DEFECT = 16, 6, 2


class Demo(Dataset):
    """Synthetic data: crops of the photographs brick, grass and gravel in scikit-image, one category each.

    Each image is a 160x160 crop at a seeded position; half of them are mirrored left to right. Training images come
    from columns 0 to 319 of a photograph and test images from columns 320 to 511, so that no pixel is in both.
    Crops of one part overlap. The seeded generator in `_defects.py` blends defects with exact masks into test crops.
    """

    reference = "the photographs brick, grass and gravel in scikit-image (skimage.data)"
    licence = "CC0"
    counts: ClassVar = {name: Counts(TRAIN, TEST_NORMAL, 5 * TEST_EACH_DEFECT) for name in PHOTOGRAPHS}
    layout: ClassVar = {
        "brick/train/good/000.png": "image",
        "brick/train/good/001.png": "image",
        "brick/test/good/000.png": "image",
        "brick/test/crack/000.png": "image",
        "brick/test/stain/000.png": "image",
        "brick/ground_truth/crack/000_mask.png": "mask",
        "brick/ground_truth/stain/000_mask.png": "mask",
    }
    made = True
    preset = "light"
    remarks = ("synthetic data: a program blended the defects into crops of scikit-image's photographs",)

    def categories(self, root: Path) -> list[str]:
        """The photographs that `root` has."""
        return [folder.name for folder in category_folders(root)]

    def samples(self, root: Path, category: str) -> Iterator[Sample]:
        """See `split_samples`."""
        return split_samples(root / category, category)

    def obtain(self, root: Path) -> None:
        """Make all data in `root` or none, with the same bytes each time. Data that are already there are kept.

        Raises DataError where `root` holds something else or cannot be written.
        """
        if _is_there(root):
            return
        if root.exists() and not (root.is_dir() and not any(root.iterdir())):
            raise DataError(
                f"{root} holds something other than the demo data of this version: delete it if it is demo data, "
                "or give another folder with --data"
            )
        try:
            _make_all(root)
        except OSError as error:
            if not _is_there(root):  # else another process was faster, with the same bytes
                raise DataError(f"the demo data cannot be written to {root}: {error.strerror or error}") from error


def _is_there(root: Path) -> bool:
    """Whether this version made the data in `root` and all images and masks are there."""
    marker = root / MADE_BY
    if not marker.is_file() or marker.read_text(encoding="utf-8", errors="replace") != _generator():
        return False
    return all(
        _pngs(root / name, "train", "test") == sum(counts)
        and _pngs(root / name, "ground_truth") == counts.test_defective
        for name, counts in Demo.counts.items()
    )


def _pngs(folder: Path, *parts: str) -> int:
    return sum(1 for part in parts for _ in (folder / part).rglob("*.png"))


def _generator() -> str:
    """The digest of the code that makes the data."""
    files = [Path(__file__).with_name(name) for name in ("demo.py", "_defects.py")]
    return hashlib.sha256("".join(file.read_text(encoding="utf-8") for file in files).encode()).hexdigest()


def _make_all(root: Path) -> None:
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=f".{root.name}-") as temporary:
        half_made = Path(temporary, root.name)
        for name in PHOTOGRAPHS:
            _make(half_made / name, name)
        (half_made / MADE_BY).write_text(_generator(), encoding="utf-8")
        if root.is_dir():
            root.rmdir()
        half_made.rename(root)


def _make(folder: Path, name: str) -> None:
    """Write one category."""
    import numpy as np
    from skimage import data

    from datasets._defects import KINDS, blend

    photograph = getattr(data, name)()
    generator = np.random.default_rng([SEED, *name.encode()])
    for number in range(TRAIN):
        _write(folder / f"train/good/{number:03}.png", _crop(photograph[:, TRAIN_COLUMNS], generator))
    for number in range(TEST_NORMAL):
        _write(folder / f"test/good/{number:03}.png", _crop(photograph[:, TEST_COLUMNS], generator))
    for kind in sorted(KINDS):
        for number in range(TEST_EACH_DEFECT):
            normal = _crop(photograph[:, TEST_COLUMNS], generator)
            image, mask = blend(np.repeat(normal[..., None], 3, axis=2), kind, generator)
            _write(folder / f"test/{kind}/{number:03}.png", image[..., 0])
            _write(folder / f"ground_truth/{kind}/{number:03}_mask.png", np.where(mask, 255, 0).astype(np.uint8))


def _crop(part, generator):
    """A square of `part`, (h, w) uint8, at a random place, mirrored left to right with probability 0.5."""
    top, left = (generator.integers(size - CROP_PX + 1) for size in part.shape)
    crop = part[top : top + CROP_PX, left : left + CROP_PX]
    return crop[:, ::-1] if generator.random() < 0.5 else crop


def _write(path: Path, gray) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(gray).save(path)

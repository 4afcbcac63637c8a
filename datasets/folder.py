"""Your own images: one category, or a folder of them, with train/good and test/{good,DEFECT}."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from datasets import DataError, Dataset, Sample, require_utf8
from datasets._splits import looks_like_category, split_samples
from datasets._tree import category_folders

LABELLED = {"validate": "validation", "validation": "validation", "test": "test"}


class Folder(Dataset):
    """A folder in the layout of MVTec AD, or of zerobox: train/good, validate/{good,defect}, test/{good,defect}.

    A labelled `validate` folder (or `validation`) becomes the validation split, on which thresholds may be chosen.
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

    def categories(self, root: Path) -> list[str]:
        """The name of `root` if it is one category itself, else every folder in it."""
        if looks_like_category(root):
            return [_name(require_utf8(root))]
        return [folder.name for folder in category_folders(root)]

    def folder(self, root: Path, category: str) -> Path:
        """`root` if it is one category itself, else the folder in it."""
        return root if looks_like_category(root) else root / category

    def samples(self, root: Path, category: str) -> Iterator[Sample]:
        """See `split_samples`."""
        if not looks_like_category(root):
            return split_samples(root / category, category, labelled=LABELLED)
        if category != _name(root):
            raise DataError(
                f"{root} is the category {_name(root)}, not {category}: give the folder of {category} with --data"
            )
        return split_samples(root, category, labelled=LABELLED)


def _name(root: Path) -> str:
    return root.resolve().name  # resolved, or `.` would have no name

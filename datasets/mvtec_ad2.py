"""MVTec AD 2: eight categories under changing light, with a public test set and two private ones without labels."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from datasets import Counts, Dataset, Sample
from datasets._splits import categories_below, split_samples
from datasets._tree import image_files

LABELLED = {"validation": "validation", "test_public": "test"}
PRIVATE = ("test_private", "test_private_mixed")


class MVTecAD2(Dataset):
    """CATEGORY/train/good, validation/good, test_public/{good,bad,ground_truth/bad}, test_private, test_private_mixed.

    `test_public` is the test set. `validation/good` is the validation split: it sets thresholds. The images of
    `test_private` and `test_private_mixed` have no label. The command `submit` makes their anomaly maps for the
    benchmark server.
    """

    reference = (
        "L. Heckler-Kram, J.-H. Neudeck, U. Scheler, R. König, C. Steger: The MVTec AD 2 Dataset: Advanced Scenarios "
        "for Unsupervised Anomaly Detection, arXiv 2503.21622, https://www.mvtec.com/company/research/datasets/mvtec-ad-2"
    )
    licence = "CC BY-NC-SA 4.0"
    counts: ClassVar = {  # counted in the published folders
        "can": Counts(412, 72, 90),
        "fabric": Counts(387, 66, 90),
        "fruit_jelly": Counts(263, 20, 60),
        "rice": Counts(313, 42, 90),
        "sheet_metal": Counts(137, 24, 90),
        "vial": Counts(291, 35, 105),
        "wallplugs": Counts(293, 60, 90),
        "walnuts": Counts(432, 60, 90),
    }
    unlabelled_counts: ClassVar = {  # both private sets; each has half, as the program that checks submissions demands
        "can": 642,
        "fabric": 628,
        "fruit_jelly": 510,
        "rice": 554,
        "sheet_metal": 284,
        "vial": 552,
        "wallplugs": 464,
        "walnuts": 456,
    }
    layout: ClassVar = {
        "can/train/good/000_regular.png": "image",
        "can/train/good/001_regular.png": "image",
        "can/validation/good/000_regular.png": "image",
        "can/test_public/good/000_overexposed.png": "image",
        "can/test_public/bad/000_overexposed.png": "image",
        "can/test_public/bad/000_regular.png": "image",
        "can/test_public/ground_truth/bad/000_overexposed_mask.png": "mask",
        "can/test_public/ground_truth/bad/000_regular_mask.png": "mask",
        "can/test_private/000_regular.png": "image",
        "can/test_private/001_regular.png": "image",
        "can/test_private_mixed/000_mixed.png": "image",
        "can/test_private_mixed/001_mixed.png": "image",
    }
    remarks = (
        "MVTec AD 2: these numbers are of test_public. Its leaderboard ranks the private test sets, for which the "
        "command submit makes the anomaly maps",
    )

    def categories(self, root: Path) -> list[str]:
        """Every folder in `root`. Raises DataError if `root` is one category itself, or holds folders of images."""
        return categories_below(root)

    def samples(self, root: Path, category: str) -> Iterator[Sample]:
        """See `split_samples`."""
        return split_samples(root / category, category, labelled=LABELLED)

    def unlabelled(self, root: Path, category: str) -> list[Path]:
        """The images of the two private test sets."""
        return [image for name in PRIVATE for image in image_files(root / category / name)]

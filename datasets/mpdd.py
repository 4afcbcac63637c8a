"""MPDD, Metal Parts Defect Detection: six painted or bare metal parts in changing poses, in MVTec AD's layout."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from datasets import Counts, Dataset, Sample
from datasets._splits import categories_below, split_samples


class MPDD(Dataset):
    """CATEGORY/train/good, test/good, test/DEFECT and ground_truth/DEFECT/NAME_mask.png."""

    reference = (
        "S. Jezek, M. Jonak, R. Burget, P. Dvorak, M. Skotak: Deep learning-based defect detection of metal parts: "
        "evaluating current methods in complex conditions, ICUMT 2021, https://github.com/stepanje/MPDD"
    )
    licence = "none stated on its page"
    counts: ClassVar = {  # counted in the published archive; they add up to the paper's 888, 176 and 282
        "bracket_black": Counts(289, 32, 47),
        "bracket_brown": Counts(185, 26, 51),
        "bracket_white": Counts(110, 30, 30),
        "connector": Counts(128, 30, 14),
        "metal_plate": Counts(54, 26, 71),
        "tubes": Counts(122, 32, 69),
    }
    layout: ClassVar = {
        "bracket_black/train/good/000.png": "image",
        "bracket_black/train/good/001.png": "image",
        "bracket_black/test/good/000.png": "image",
        "bracket_black/test/hole/000.png": "image",
        "bracket_black/test/scratches/000.png": "image",
        "bracket_black/ground_truth/hole/000_mask.png": "mask",
        "bracket_black/ground_truth/scratches/000_mask.png": "mask",
        "tubes/train/good/000.png": "image",
        "tubes/train/good/001.png": "image",
        "tubes/test/good/000.png": "image",
        "tubes/test/anomalous/000.png": "image",
        "tubes/ground_truth/anomalous/000_mask.png": "mask",
    }

    def categories(self, root: Path) -> list[str]:
        """Every folder in `root`. Raises DataError if `root` is one category itself, or holds folders of images."""
        return categories_below(root)

    def samples(self, root: Path, category: str) -> Iterator[Sample]:
        """See `split_samples`."""
        return split_samples(root / category, category)

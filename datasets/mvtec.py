"""MVTec AD and any data in its layout: 15 categories of objects and textures with many types of defect."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

from datasets import Counts, Dataset, Sample
from datasets._roles import notes_on_masks
from datasets._splits import categories_below, split_samples


class MVTec(Dataset):
    """CATEGORY/train/good, test/good, test/DEFECT and ground_truth/DEFECT/NAME_mask.png."""

    reference = (
        "P. Bergmann, M. Fauser, D. Sattlegger, C. Steger: MVTec AD - A Comprehensive Real-World Dataset for "
        "Unsupervised Anomaly Detection, CVPR 2019, https://www.mvtec.com/company/research/datasets/mvtec-ad"
    )
    licence = "CC BY-NC-SA 4.0"
    counts: ClassVar = {  # table 1 of the paper
        "bottle": Counts(209, 20, 63),
        "cable": Counts(224, 58, 92),
        "capsule": Counts(219, 23, 109),
        "carpet": Counts(280, 28, 89),
        "grid": Counts(264, 21, 57),
        "hazelnut": Counts(391, 40, 70),
        "leather": Counts(245, 32, 92),
        "metal_nut": Counts(220, 22, 93),
        "pill": Counts(267, 26, 141),
        "screw": Counts(320, 41, 119),
        "tile": Counts(230, 33, 84),
        "toothbrush": Counts(60, 12, 30),
        "transistor": Counts(213, 60, 40),
        "wood": Counts(247, 19, 60),
        "zipper": Counts(240, 32, 119),
    }
    layout: ClassVar = {
        "bottle/license.txt": "CC BY-NC-SA 4.0",
        "bottle/readme.txt": "MVTec AD",
        "bottle/train/good/000.png": "image",
        "bottle/train/good/001.png": "image",
        "bottle/test/good/000.png": "image",
        "bottle/test/good/001.png": "image",
        "bottle/test/broken_large/000.png": "image",
        "bottle/test/broken_large/001.png": "image",
        "bottle/test/contamination/000.png": "image",
        "bottle/ground_truth/broken_large/000_mask.png": "mask",
        "bottle/ground_truth/broken_large/001_mask.png": "mask",
        "bottle/ground_truth/contamination/000_mask.png": "mask",
        "toothbrush/train/good/000.png": "image",
        "toothbrush/train/good/001.png": "image",
        "toothbrush/test/good/000.png": "image",
        "toothbrush/test/defective/000.png": "image",
        "toothbrush/ground_truth/defective/000_mask.png": "mask",
    }

    def categories(self, root: Path) -> list[str]:
        """Every folder in `root`. Raises DataError if `root` is one category itself, or holds folders of images."""
        return categories_below(root)

    def samples(self, root: Path, category: str) -> Iterator[Sample]:
        """See `split_samples`."""
        return split_samples(root / category, category)

    def notes(self, root: Path, category: str) -> Iterable[str]:
        """The masks that lie beside their images."""
        return notes_on_masks(self.samples(root, category), root)

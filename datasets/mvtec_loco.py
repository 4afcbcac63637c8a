"""MVTec LOCO AD: five categories with structural defects, and logical ones such as a missing or a superfluous part."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from datasets import Counts, Dataset, Sample
from datasets._splits import categories_below, split_samples

LABELLED = {"validation": "validation", "test": "test"}


class MVTecLOCO(Dataset):
    """CATEGORY/{train,validation}/good, test/{good,logical_anomalies,structural_anomalies}, ground_truth/DEFECT/NAME/.

    Each defective image has a folder of masks, one for each region. They are merged. Logical and structural defects
    are two defect types. `validation/good` is the validation split: it sets thresholds.
    """

    reference = (
        "P. Bergmann, K. Batzner, M. Fauser, D. Sattlegger, C. Steger: Beyond Dents and Scratches: Logical Constraints "
        "in Unsupervised Anomaly Detection and Localization, IJCV 2022, "
        "https://www.mvtec.com/company/research/datasets/mvtec-loco"
    )
    licence = "CC BY-NC-SA 4.0"
    counts: ClassVar = {  # counted in the published folders, which have 6 training images more than the paper
        "breakfast_box": Counts(351, 102, 173),
        "juice_bottle": Counts(335, 94, 236),
        "pushpins": Counts(372, 138, 172),
        "screw_bag": Counts(360, 122, 219),
        "splicing_connectors": Counts(360, 119, 193),
    }
    layout: ClassVar = {
        "pushpins/defects_config.json": "[]",
        "pushpins/train/good/000.png": "image",
        "pushpins/train/good/001.png": "image",
        "pushpins/validation/good/000.png": "image",
        "pushpins/test/good/000.png": "image",
        "pushpins/test/logical_anomalies/000.png": "image",
        "pushpins/test/logical_anomalies/001.png": "image",
        "pushpins/test/structural_anomalies/000.png": "image",
        "pushpins/ground_truth/logical_anomalies/000/000.png": "mask",
        "pushpins/ground_truth/logical_anomalies/000/001.png": "mask",
        "pushpins/ground_truth/logical_anomalies/001/000.png": "mask",
        "pushpins/ground_truth/structural_anomalies/000/000.png": "mask",
    }
    remarks = (
        "MVTec LOCO AD: pixel metrics here are AUROC, average precision and AUPRO on merged masks, not the saturated "
        "PRO (sPRO) of its paper",
    )

    def categories(self, root: Path) -> list[str]:
        """Every folder in `root`. Raises DataError if `root` is one category itself, or holds folders of images."""
        return categories_below(root)

    def samples(self, root: Path, category: str) -> Iterator[Sample]:
        """See `split_samples`."""
        return split_samples(root / category, category, labelled=LABELLED)

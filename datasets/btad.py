"""BTAD, beanTech Anomaly Detection: three industrial products, called 01, 02 and 03."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from datasets import Counts, Dataset, Sample
from datasets._roles import Roles
from datasets._splits import categories_below, split_samples


class BTAD(Dataset):
    """CATEGORY/train/ok, test/ok, test/ko and ground_truth/ko/NAME; images are BMP or PNG, masks of any extension."""

    reference = (
        "P. Mishra, R. Verk, D. Fornasier, C. Piciarelli, G. L. Foresti: VT-ADL: A Vision Transformer Network for "
        "Image Anomaly Detection and Localization, ISIE 2021, arXiv 2104.10036, "
        "https://avires.dimi.uniud.it/papers/btad/btad.zip"
    )
    licence = "CC BY-SA, as its readme says"
    counts: ClassVar = {  # counted in the published folders; the readme exchanges the images of 02 and 03
        "01": Counts(400, 21, 49),
        "02": Counts(399, 30, 200),
        "03": Counts(1000, 400, 41),
    }
    layout: ClassVar = {
        "01/train/ok/0000.bmp": "image",
        "01/train/ok/0001.bmp": "image",
        "01/test/ok/0002.bmp": "image",
        "01/test/ko/0000.bmp": "image",
        "01/test/ko/0001.bmp": "image",
        "01/ground_truth/ko/0000.png": "mask",
        "01/ground_truth/ko/0001.png": "mask",
        "03/train/ok/0000.bmp": "image",
        "03/train/ok/0001.bmp": "image",
        "03/test/ok/0000.bmp": "image",
        "03/test/ko/0000.bmp": "image",
        "03/ground_truth/ko/0000.bmp": "mask",
    }

    def categories(self, root: Path) -> list[str]:
        """Every folder in `root`. Raises DataError if `root` is one category itself, or holds folders of images."""
        return categories_below(root)

    def samples(self, root: Path, category: str) -> Iterator[Sample]:
        """See `split_samples`."""
        return split_samples(root / category, category, roles=Roles(normal=("ok",)))

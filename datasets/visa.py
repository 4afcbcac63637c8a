"""VisA: 12 categories of circuit boards, food, candles and capsules; in the original layout or a prepared one."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

from datasets import Counts, DataError, Dataset, Sample, several
from datasets._roles import notes_on_masks
from datasets._splits import looks_like_category, one_category, split_samples
from datasets._tree import category_folders, image_files, masks_by_image

SPLIT_FILE = Path("split_csv", "1cls.csv")
SPLITS = frozenset((("train", "normal"), ("test", "normal"), ("test", "anomaly")))
KNOWN = ", ".join(sorted(" ".join(pair) for pair in SPLITS))
ANOMALY = "anomaly"
Row = dict[str, str]


class VisA(Dataset):
    """The original layout, split by split_csv/1cls.csv, or prepared: train/good, test/{good,bad}, ground_truth/bad.

    In the original layout the defect type is the label in image_anno.csv. An image may have several, separated by
    commas ("burnt,corner or edge breakage"): it counts under each. Masks hold class ids and look black: every value
    but 0 is a defect.
    """

    reference = (
        "Y. Zou, J. Jeong, L. Pemula, D. Zhang, O. Dabeer: SPot-the-Difference Self-Supervised Pre-training for "
        "Anomaly Detection and Segmentation, ECCV 2022, arXiv 2207.14315, https://github.com/amazon-science/spot-diff"
    )
    licence = "CC BY 4.0"
    mask_above = 0  # class ids
    counts: ClassVar = {  # rows of the published split_csv/1cls.csv
        "candle": Counts(900, 100, 100),
        "capsules": Counts(542, 60, 100),
        "cashew": Counts(450, 50, 100),
        "chewinggum": Counts(453, 50, 100),
        "fryum": Counts(450, 50, 100),
        "macaroni1": Counts(900, 100, 100),
        "macaroni2": Counts(900, 100, 100),
        "pcb1": Counts(904, 100, 100),
        "pcb2": Counts(901, 100, 100),
        "pcb3": Counts(905, 101, 100),
        "pcb4": Counts(904, 101, 100),
        "pipe_fryum": Counts(450, 50, 100),
    }
    layout: ClassVar = {
        "split_csv/1cls.csv": "object,split,label,image,mask\n"
        "candle,train,normal,candle/Data/Images/Normal/0836.JPG,\n"
        "candle,train,normal,candle/Data/Images/Normal/0451.JPG,\n"
        "candle,test,normal,candle/Data/Images/Normal/0029.JPG,\n"
        "candle,test,anomaly,candle/Data/Images/Anomaly/000.JPG,candle/Data/Masks/Anomaly/000.png\n"
        "candle,test,anomaly,candle/Data/Images/Anomaly/001.JPG,candle/Data/Masks/Anomaly/001.png\n",
        "candle/image_anno.csv": "image,label,mask\n"
        "candle/Data/Images/Normal/0836.JPG,normal,\n"
        "candle/Data/Images/Anomaly/000.JPG,chunk of wax missing,candle/Data/Masks/Anomaly/000.png\n"
        'candle/Data/Images/Anomaly/001.JPG,"chunk of wax missing,wax melded",candle/Data/Masks/Anomaly/001.png\n',
        "candle/Data/Images/Normal/0029.JPG": "image",
        "candle/Data/Images/Normal/0451.JPG": "image",
        "candle/Data/Images/Normal/0836.JPG": "image",
        "candle/Data/Images/Anomaly/000.JPG": "image",
        "candle/Data/Images/Anomaly/001.JPG": "image",
        "candle/Data/Masks/Anomaly/000.png": "mask",
        "candle/Data/Masks/Anomaly/001.png": "mask",
        "cashew/train/good/000.JPG": "image",
        "cashew/train/good/001.JPG": "image",
        "cashew/test/good/000.JPG": "image",
        "cashew/test/bad/000.JPG": "image",
        "cashew/ground_truth/bad/000.png": "mask",
    }

    def categories(self, root: Path) -> list[str]:
        """The folders in `root` that are categories. Raises DataError where there is none, or `root` is one itself."""
        if _is_original(root) or looks_like_category(root):
            raise one_category(root)
        folders = category_folders(root)
        names = [folder.name for folder in folders if _is_original(folder) or looks_like_category(folder)]
        if not names:
            raise DataError(f"{root} holds no category: none of its folders has Data/Images or train/good")
        return names

    def samples(self, root: Path, category: str) -> Iterator[Sample]:
        """See `split_samples` for the prepared layouts.

        Raises DataError where the split file is missing, has no row of the category, or names a missing file.
        """
        return _original(root, category) if _is_original(root / category) else split_samples(root / category, category)

    def notes(self, root: Path, category: str) -> Iterable[str]:
        """The masks that lie beside their images, in a prepared layout."""
        return notes_on_masks(self.samples(root, category), root)


def _is_original(folder: Path) -> bool:
    return (folder / "Data").is_dir()


def _original(root: Path, category: str) -> Iterator[Sample]:
    data = root / category / "Data"
    masks_by_image(image_files(data / "Images" / "Anomaly"), data / "Masks" / "Anomaly")  # raises for a stray mask
    types = _defect_types(root / category / "image_anno.csv")
    for row in _split_rows(root, category):
        label = types.get(row["image"], ANOMALY) if row["label"] == ANOMALY else ""
        defect, kinds = several(label.split(","))
        masks = (_existing(root, row["mask"]),) if defect and row["mask"] else ()
        yield Sample(_existing(root, row["image"]), category, row["split"], defect, masks, kinds=kinds)


def _split_rows(root: Path, category: str) -> list[Row]:
    """The rows of the split file on one category, each image once, train before test."""
    path = root / SPLIT_FILE
    if not path.is_file():
        raise DataError(
            f"{path} is missing: {category} is in VisA's original layout, whose split that file holds; "
            "it comes with the data, and from https://github.com/amazon-science/spot-diff"
        )
    rows = {}
    for row in _read(path, columns=("object", "split", "label", "image", "mask")):
        if row["object"] != category:
            continue
        if (row["split"], row["label"]) not in SPLITS:
            raise DataError(
                f"{path}: {row['image']} has split {row['split']!r} and label {row['label']!r}; expected: {KNOWN}"
            )
        if row["image"] in rows:
            raise DataError(f"{path} lists {row['image']} twice: keep one of the two lines")
        rows[row["image"]] = row
    if not rows:
        raise DataError(f"{path} has no row of {category}: add its images, or give them in the MVTec layout")
    return sorted(rows.values(), key=lambda row: (row["split"] != "train", row["label"] == "normal", row["image"]))


def _defect_types(path: Path) -> dict[str, str]:
    """The label of each defective image in image_anno.csv; empty if there is no such file."""
    if not path.is_file():
        return {}
    rows = _read(path, columns=("image", "label"))
    return {row["image"]: row["label"] for row in rows if row["label"] not in ("", "normal")}


def _existing(root: Path, name: str) -> Path:
    """A listed file. Raises DataError where it is missing, or lies outside the folder: no other folder is read."""
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise DataError(
            f"{root / SPLIT_FILE} names {name}: expected a path inside {root}, such as candle/Data/Images/..."
        )
    path = root / name
    if not path.is_file():
        raise DataError(f"{path} is missing: {root / SPLIT_FILE} names it")
    return path


def _read(path: Path, *, columns: tuple[str, ...]) -> list[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise DataError(f"{path} has no column {missing[0]}: expected {', '.join(columns)}")
            return list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a table: {error}") from None

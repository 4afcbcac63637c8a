"""What is kept of every crop: a table of where it comes from, and the samples of the data set."""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from datasets import Sample, several
from datasets.making.crops import Crop
from datasets.making.division import Split

FOLDERS: Mapping[Split, str] = {"train": "train", "validation": "validate", "test": "test"}
"""The layout of zerobox."""
COLUMNS = (
    "image video frame seconds track part label defects box_left box_top box_right box_bottom crop_left crop_top "
    "crop_right crop_bottom origin occluded"
).split()


class Kept(NamedTuple):
    """A crop that became an image."""

    crop: Crop
    split: Split
    seconds: float | None
    """Its time in the video."""

    @property
    def image(self) -> str:
        """The file, relative to the data set."""
        return place(self.crop, self.split)


def place(crop: Crop, split: Split) -> str:
    """The file of a crop, relative to the data set."""
    return f"{FOLDERS[split]}/{crop.folder}/{crop.name}"


def samples(kept: Iterable[Kept], folder: Path, category: str) -> list[Sample]:
    """The samples of a data set in a folder; those of one part are a group."""
    found = []
    for each in sorted(kept, key=lambda each: each.image):
        defect, kinds = several(each.crop.defects)
        found.append(Sample(folder / each.image, category, each.split, defect, group=each.crop.group, kinds=kinds))
    return found


def text(kept: Iterable[Kept]) -> str:
    """The table as CSV, a line for each image."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(map(_fields, sorted(kept, key=lambda each: each.image)))
    return written.getvalue()


def _fields(each: Kept) -> tuple:
    crop = each.crop
    seconds = "" if each.seconds is None else f"{each.seconds:.6f}"
    return (
        *(each.image, crop.video, crop.frame, seconds, crop.track, crop.group, crop.label, ";".join(crop.defects)),
        *(f"{side:g}" for side in (*crop.box, *crop.region)),
        *(crop.origin, int(crop.occluded)),
    )

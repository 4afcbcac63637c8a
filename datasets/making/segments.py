"""The segments of one image, as segment-anything's `amg.py` stores them: metadata.csv and one mask N.png a line."""

import csv
from pathlib import Path

from datasets import DataError
from datasets._tree import image_files

METADATA = "metadata.csv"
FIELDS = ("id", "area", "bbox_x0", "bbox_y0", "bbox_w", "bbox_h", "predicted_iou", "stability_score")
"""The columns that are written. Of those that are read, only `id` is needed."""


def are_in(folder: Path) -> bool:
    """Whether a folder holds the segments of an image."""
    return (folder / METADATA).is_file()


def files(folder: Path) -> list[Path]:
    """The masks of the segments, in the order of the table. Raises DataError for a table that names none of them."""
    table = folder / METADATA
    try:
        with open(table, encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table} cannot be read as a table: {getattr(error, 'strerror', None) or error}") from None
    if rows and "id" not in rows[0]:
        raise DataError(f"{table} has no column id, which names the mask of a segment: expected {', '.join(FIELDS)}")
    masks = [folder / f"{(row['id'] or '').strip()}.png" for row in rows]
    if absent := [mask for mask in masks if not mask.is_file()]:
        raise DataError(f"{table} names {len(absent)} segments whose mask is not there, such as {absent[0].name}")
    return masks


def images_in(folder: Path) -> list[Path]:
    """The masks that lie directly in a folder."""
    return image_files(folder)

"""The files of a submission: where they lie, and how maps are written and read.

Folders and formats are those of MVTec AD 2's server: for each image a one-channel TIFF of float16 values, and in a
folder beside the maps a PNG that is 255 where a pixel is called defective and 0 elsewhere.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, PngImagePlugin

from datasets import Dataset
from reports.files import replacing

MAPS, BINARY = "anomaly_images", "anomaly_images_thresholded"
LARGEST = float(np.finfo(np.float16).max)
NOTE = "Description"
"""Name of the text in a PNG file that says what made it."""


class Target(NamedTuple):
    """An image and the files that are made from it."""

    image: Path
    map: Path
    binary: Path | None
    """The thresholded map; None: none is asked for."""

    @property
    def files(self) -> list[Path]:
        """The files to make."""
        return [file for file in (self.map, self.binary) if file]


def targets(to: Path, dataset: Dataset, root: Path, category: str, *, binary: bool) -> list[Target]:
    """The files to make below `to`, with the folders that the images have below `root`."""
    return [_target(to, image, image.relative_to(root), binary) for image in dataset.unlabelled(root, category)]


def _target(to: Path, image: Path, place: Path, binary: bool) -> Target:
    return Target(
        image, to / MAPS / place.with_suffix(".tiff"), to / BINARY / place.with_suffix(".png") if binary else None
    )


def exponent(highest: float) -> int:
    """The power of two by which maps are multiplied so that `highest` comes to lie between 1 and 2.

    A float16 value has 11 binary digits, and only from 6e-5 to 65504. Maps of small squared errors would lose most of
    them. A power of two changes no digit, and one for all images of a category changes no ranking.
    """
    return 1 - int(np.frexp(highest)[1]) if highest > 0 else 0


def half(map: np.ndarray, exponent: int) -> tuple[np.ndarray, int]:
    """A map times two to the power of `exponent`, as float16, and how many pixels were out of range.

    These get the nearest finite value.
    """
    scaled = np.ldexp(np.asarray(map, np.float64), exponent)
    return np.clip(scaled, -LARGEST, LARGEST).astype(np.float16), int((np.abs(scaled) > LARGEST).sum())


def note(made_by: Mapping[str, Any]) -> str:
    """What made a file, as the text that is stored in it."""
    return json.dumps(made_by, sort_keys=True)


def write_map(file: Path, values: np.ndarray, note: str) -> None:
    """Write (h, w) float16 values as TIFF, not compressed. The file appears only when it is complete."""
    import tifffile  # Pillow has no float16

    with replacing(file) as temporary:
        tifffile.imwrite(temporary, values, photometric="minisblack", description=note, metadata=None)


def write_binary(file: Path, defective: np.ndarray, note: str) -> None:
    """Write an (h, w) bool array as PNG with the values 0 and 255."""
    text = PngImagePlugin.PngInfo()
    text.add_text(NOTE, note)
    with replacing(file) as temporary:
        Image.fromarray(np.where(defective, 255, 0).astype(np.uint8)).save(temporary, "PNG", pnginfo=text)


def read_map(file: Path) -> np.ndarray:
    """The values of a TIFF as stored. Raises an error of nearly any type for a damaged file."""
    import tifffile

    return tifffile.imread(file)


def read_binary(file: Path) -> np.ndarray:
    """The values of a PNG as stored. Raises an error of nearly any type for a damaged file."""
    with Image.open(file) as picture:
        return np.asarray(picture)


def stored_note(file: Path) -> str | None:
    """The text that says what made a file; None if there is none, or if the file cannot be read."""
    try:
        return _tiff_note(file) if file.suffix == ".tiff" else _png_note(file)
    except Exception:  # decoders raise nearly anything for a damaged file
        return None


def _tiff_note(file: Path) -> str | None:
    import tifffile

    with tifffile.TiffFile(file) as tiff:
        return tiff.pages[0].description


def _png_note(file: Path) -> str | None:
    with Image.open(file) as picture:
        return picture.info.get(NOTE)


def below(to: Path) -> Iterator[Path]:
    """All files in the folder of a submission, hidden ones too."""
    return (path for path in to.rglob("*") if not path.is_dir())

"""Masks: which pixels of an image are defects, and what was done to say so."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.images.files import ImageError, opened
from benchmarks.images.header import as_stored, header, upright
from benchmarks.images.reading import AS_STORED, Reading

HIGHEST_CLASS = 32
"""Up to this highest value, the values of a mask are class ids."""
MOST_CLASSES = 16
"""A mask with more values than this between 0 and its highest is soft."""
LEAST_INTERIOR = 0.1
"""Regions of a class have an interior; a soft edge has none. Below this share of interior pixels a mask is soft."""


class Mask(NamedTuple):
    """The defect pixels of an image."""

    defect: np.ndarray | None
    """(height, width) bool; None: the mask does not fit its image."""
    reasons: frozenset[str]
    """What was done, or is suspicious: keys of `losses.MASKS`."""


def read_mask(paths: Iterable[Path], shape: tuple[int, int], reading: Reading = AS_STORED) -> Mask:
    """Read the masks of an image of `shape` (height, width) as one: a defect is where one of them says so.

    A pixel is a defect where its value is above `reading.mask_above`. If that is None: above 0, or above half of the
    highest value of the mask where it is soft. Values are used as stored: palette indices and class ids are not turned
    into colours. The value of a colour is its highest channel, without transparency. A mask of another size is enlarged
    or reduced if it has the aspect of its image. Raises ImageError if a mask is unreadable.
    """
    defect, reasons = np.zeros(shape, bool), set()
    for path in paths:
        values, is_turned = _stored_values(path, reading)
        found = _fitted(_defects(values, reading.mask_above, reasons), shape, reasons)
        if found is None:
            return Mask(None, frozenset(reasons))
        reasons |= {"turned itself"} if is_turned else set()
        defect |= found
    return Mask(defect, frozenset(reasons))


def is_empty(path: Path, reading: Reading = AS_STORED) -> bool:
    """Whether no pixel of a mask marks a defect. A file that cannot be read is not known to be empty."""
    try:
        values, _ = _stored_values(path, reading)
    except ImageError:
        return False
    return not (values > (reading.mask_above or 0)).any()


def is_soft(values: np.ndarray) -> bool:
    """Whether the values between 0 and the highest are soft edges or traces of a lossy codec, not class ids."""
    from scipy import ndimage

    present = np.unique(values)
    between = present[(present > 0) & (present < present[-1])]
    if not len(between) or present[-1] <= HIGHEST_CLASS:
        return False
    if len(between) > MOST_CLASSES:
        return True
    inner = (values > 0) & (values < present[-1])
    uniform = ndimage.maximum_filter(values, 3) == ndimage.minimum_filter(values, 3)
    return (inner & uniform).sum() < LEAST_INTERIOR * inner.sum()


def _defects(values: np.ndarray, above: int | None, reasons: set[str]) -> np.ndarray:
    if above is not None:
        return values > above
    if is_soft(values):
        reasons.add("soft")
        return values > int(values.max()) // 2
    if len(np.unique(values[values > 0])) > 1:
        reasons.add("classes")
    return values > 0


def _fitted(defect: np.ndarray, shape: tuple[int, int], reasons: set[str]) -> np.ndarray | None:
    """The defects at the size of the image; None if they do not fit."""
    if defect.shape == tuple(shape):
        return defect
    if _has_aspect(defect.shape, shape):
        reasons.add("resized")
        return np.asarray(Image.fromarray(defect).resize(shape[::-1], Image.Resampling.NEAREST))
    reasons.add("sideways" if _has_aspect(defect.shape[::-1], shape) else "misfit")
    return None


def _has_aspect(mask: tuple[int, int], shape: tuple[int, int]) -> bool:
    """Whether a size is that of an image scaled, with sides rounded to whole pixels."""
    (mask_height, mask_width), (height, width) = mask, shape
    return abs(mask_height * width - mask_width * height) <= max(height, width)


def _stored_values(path: Path, reading: Reading) -> tuple[np.ndarray, bool]:
    """The values of a mask, (height, width), and whether its own EXIF data turned it."""
    with opened(path, reading) as picture:
        about = header(picture)
        picture = as_stored(picture, about) if reading.exif == "ignore" else upright(picture)
        if picture.mode == "1":
            picture = picture.convert("L")  # white is 255, as in every other mask
        values = np.asarray(picture)
        if values.ndim == 3:
            colours = 1 if picture.mode in ("LA", "La", "PA") else 3
            values = values[..., :colours].max(axis=2)
    if not values.size:
        raise ImageError(f"{path} has no pixel: replace or remove it")
    return values, about.orientation != 1

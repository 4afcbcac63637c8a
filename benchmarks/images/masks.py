"""Masks: which pixels of an image are defects, and what was done to say so."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.images import transparency
from benchmarks.images.decoding import full_pages, is_beyond_pillow, stored_values, turn_to
from benchmarks.images.files import ImageError, opened
from benchmarks.images.header import Header, as_stored, header, upright
from benchmarks.images.reading import AS_STORED, Reading
from benchmarks.images.tones import FOREIGN

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
    highest value of the mask where it is soft. Pages are merged as masks are. Values are used as stored: palette
    indices and class ids are not turned into colours. The value of a colour is its highest channel, without
    transparency. A mask of another size is enlarged or reduced if it has the aspect of its image.
    Raises ImageError if a mask is unreadable.
    """
    defect, reasons = np.zeros(shape, bool), set()
    for path in paths:
        values = _stored_values(path, reading, reasons)
        found = _fitted(_defects(values, reading.mask_above, reasons), shape, reasons)
        if found is None:
            return Mask(None, frozenset(reasons))
        defect |= found
    return Mask(defect, frozenset(reasons))


def is_empty(path: Path, reading: Reading = AS_STORED) -> bool:
    """Whether no pixel of a mask marks a defect. A file that cannot be read is not known to be empty."""
    try:
        values = _stored_values(path, reading, set())
    except ImageError:
        return False
    return not (values > (reading.mask_above or 0)).any()


def bright(path: Path, reading: Reading = AS_STORED) -> np.ndarray:
    """The bright pixels of a mask, (h, w) bool: above half of its highest value. Raises ImageError.

    Colours are not looked up: a palette in which 0 is not black is refused.
    """
    reasons: set[str] = set()
    values = _stored_values(path, reading, reasons)
    if "palette" in reasons:
        raise ImageError(f"{path} is stored with a palette in which 0 is not black: store it in gray")
    return values > int(values.max()) // 2


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


def _stored_values(path: Path, reading: Reading, reasons: set[str]) -> np.ndarray:
    """The values of a mask, (height, width): of every page the highest."""
    with opened(path, reading) as picture:
        numbers = full_pages(picture)
        pages = [_page(picture, number, reading, reasons) for number in numbers]
    if len({page.shape for page in pages}) > 1:
        raise ImageError(f"{path} is a mask with pages of several sizes: store one page, or one file for each")
    if len(pages) > 1:
        reasons.add("pages")
    values = np.maximum.reduce(pages)
    if not values.size:
        raise ImageError(f"{path} has no pixel: replace or remove it")
    return values


def _page(picture: Image.Image, number: int, reading: Reading, reasons: set[str]) -> np.ndarray:
    """The values of one page, (height, width)."""
    turn_to(picture, number)
    about = header(picture)
    if about.orientation != 1:
        reasons.add("turned itself")
    values = _values_of(picture, about, reading, reasons)
    if values.ndim == 2:
        return values
    bands = [band for band in range(values.shape[2]) if band != about.alpha_band]
    return values[..., bands].max(axis=2)


def _values_of(picture: Image.Image, about: Header, reading: Reading, reasons: set[str]) -> np.ndarray:
    """The values of a page, (height, width) or (height, width, bands), without transparency that Pillow knows of."""
    if is_beyond_pillow(picture, about, reading) or (picture.format == "TIFF" and about.bands > about.known_bands):
        return stored_values(picture, about, reading)
    picture = as_stored(picture, about) if reading.exif == "ignore" else upright(picture)
    if picture.has_transparency_data and transparency.with_alpha(picture)[..., 3].min() < 255:
        reasons.add("transparent")
    if picture.mode in ("P", "PA") and (picture.getpalette() or [0])[:3] != [0, 0, 0]:
        reasons.add("palette")
    if picture.mode in FOREIGN:
        picture = picture.convert("RGB")
    elif picture.mode == "1":
        picture = picture.convert("L")  # white is 255, as in every other mask
    values = np.asarray(picture)
    if values.ndim == 2:
        return np.iinfo(np.uint16).max - values if about.white_is_zero else values
    return values[..., : 1 if picture.mode in ("LA", "La", "PA") else 3]

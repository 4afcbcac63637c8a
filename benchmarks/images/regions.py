"""Regions of an image that do not count, such as a label that differs from part to part, and how anomaly maps say so.

One representation, for every reader of a map: it has the size of its image, and a pixel that does not count is minus
infinity. Such a pixel is above no threshold, so it is in no region and raises no level. What looks at all values of a
map asks `counted` for those that count. Methods never see it: their own maps are finite.
"""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.images.files import ImageError
from benchmarks.images.masks import bright
from benchmarks.images.reading import AS_STORED, Reading
from benchmarks.images.resizing import resize_map

NOT_COUNTED = -np.inf
"""The value of a pixel that does not count, in a map of the size of its image."""


def read_ignored(path: Path, image: str | Path, shape: tuple[int, int], reading: Reading = AS_STORED) -> np.ndarray:
    """Which pixels of an image of (height, width) do not count, (h, w) bool, not to be written to.

    Those are the bright ones of the mask `path`: above half of its highest value. Raises ImageError naming the mask
    where it cannot be read, has another size than the image, or leaves nothing.
    """
    ignored = _white(path, _state(path), reading)
    if ignored.shape != tuple(shape):
        raise ImageError(
            f"{path} marks what does not count and is {_size(ignored.shape)} pixels, but {image} is {_size(shape)}: "
            "give a mask of its size, or a folder with a mask for each image"
        )
    _require_rest(ignored, path, image)
    return ignored


class Fitted(NamedTuple):
    """Which pixels of an image do not count."""

    ignored: np.ndarray
    """(h, w) bool."""
    is_resized: bool
    """Whether the mask has another size."""


def read_fitted(path: Path, image: str | Path, shape: tuple[int, int], reading: Reading = AS_STORED) -> Fitted:
    """What `read_ignored` gives, but a mask of another size is resized to the image. Raises ImageError."""
    return fitted_ignored(_white(path, _state(path), reading), path, image, shape)


def fitted_ignored(ignored: np.ndarray, mask: str | Path, image: str | Path, shape: tuple[int, int]) -> Fitted:
    """The pixels of a mask, (h, w) bool, at the size of an image. Raises ImageError where nothing would count."""
    fitted = resize_ignored(ignored, shape)
    _require_rest(fitted, mask, image)
    return Fitted(fitted, is_resized=ignored.shape != tuple(shape))


def resize_ignored(ignored: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Pixels that do not count, (h, w) bool, at a size, by nearest neighbour."""
    if ignored.shape == tuple(shape):
        return ignored
    return np.asarray(Image.fromarray(ignored).resize(shape[::-1], Image.Resampling.NEAREST))


def cut(map: np.ndarray, ignored: np.ndarray) -> np.ndarray:
    """A method's map, (h, w) of any size, at the size of the image and without the pixels that do not count."""
    whole = resize_map(map, ignored.shape)
    whole[ignored] = NOT_COUNTED
    return whole


def counted(values: np.ndarray) -> np.ndarray:
    """Those values of a map, or of a part of it, that count, as a row."""
    return values.ravel() if (ignored := ignored_in(values)) is None else values[~ignored]


def ignored_in(map: np.ndarray) -> np.ndarray | None:
    """Which pixels of a map do not count, bool, of its shape; None: all count."""
    return np.isneginf(map) if map.size and map.min() == NOT_COUNTED else None


def _state(path: Path) -> tuple[int, int] | None:
    """What changes when a file does; None where it is not there, which reading it says."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


@lru_cache(maxsize=2)  # one mask for all images is decoded once
def _white(path: Path, state: tuple[int, int] | None, reading: Reading) -> np.ndarray:
    found = bright(path, reading)
    found.flags.writeable = False
    return found


def _require_rest(ignored: np.ndarray, mask: str | Path, image: str | Path) -> None:
    if ignored.all():
        raise ImageError(f"{mask} leaves nothing of {image}: white pixels do not count, and all of it is white")


def _size(shape: tuple[int, int]) -> str:
    height, width = shape
    return f"{width}x{height}"

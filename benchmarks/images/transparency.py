"""Transparent pixels: what is put under them."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.images.reading import Reading

PREMULTIPLIED = {"La": "LA", "RGBa": "RGBA"}


class Painted(NamedTuple):
    """An image without transparency, and what became of it."""

    pixels: np.ndarray
    """(height, width, 3) uint8 RGB."""
    losses: set[str]


def with_alpha(picture: Image.Image) -> np.ndarray:
    """The values of a picture of 8 bits a band, (height, width, 4) uint8: red, green, blue, alpha."""
    plain = PREMULTIPLIED.get(picture.mode)
    return np.asarray((picture.convert(plain) if plain else picture).convert("RGBA"))


def painted(colours: np.ndarray, alpha: np.ndarray, reading: Reading) -> Painted:
    """Colours (height, width, 3) uint8 over the background, weighted by alpha (height, width) uint8."""
    if reading.background is None or alpha.min() == 255:
        return Painted(colours, set())
    background, weight = np.array(reading.background, np.uint32), alpha[..., None].astype(np.uint32)
    mixed = ((colours * weight + background * (255 - weight) + 127) // 255).astype(np.uint8)
    said = {"alpha" if alpha.any() else "all transparent"} if reading.alpha is None else set()
    return Painted(mixed, said)


def of_band(values: np.ndarray) -> np.ndarray:
    """A band of any type as alpha, uint8. Opaque is the highest whole number of the type, and 1 of floating point."""
    highest = np.iinfo(values.dtype).max if np.issubdtype(values.dtype, np.integer) else 1
    return np.rint(np.nan_to_num(values.astype(np.float64)).clip(0, highest) * (255 / highest)).astype(np.uint8)


def unmultiplied(values: np.ndarray, alpha: int) -> np.ndarray:
    """(height, width, bands) values whose bands were multiplied by the band `alpha`, divided by it; 0 where it is 0."""
    highest = np.iinfo(values.dtype).max if np.issubdtype(values.dtype, np.integer) else 1
    weight = values[..., [alpha]].astype(np.float64) / highest
    divided = np.divide(values, weight, out=np.zeros(values.shape), where=weight > 0)
    if np.issubdtype(values.dtype, np.integer):
        divided = np.rint(divided).clip(0, highest)
    divided[..., alpha] = values[..., alpha]
    return divided.astype(values.dtype)

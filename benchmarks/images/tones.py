"""From stored values to (height, width, 3) uint8 RGB: bands, bit depth, ranges, transparency, colour spaces."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.images.header import Header
from benchmarks.images.reading import Reading

NUMBERS = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
"""Modes of gray images with more than 8 bits. Pillow may return 16 bits as 32."""
FOREIGN = ("CMYK", "LAB", "HSV", "YCbCr")
PREMULTIPLIED = {"La": "LA", "RGBa": "RGBA"}


class UnreadableError(ValueError):
    """Stored values cannot become an image as things are set. The message says why and what to do."""


class Toned(NamedTuple):
    """An image, and what became of the stored values."""

    pixels: np.ndarray
    """(height, width, 3) uint8 RGB."""
    losses: set[str]
    highest_16_bit: int | None = None


def of_picture(picture: Image.Image, about: Header, reading: Reading) -> Toned:
    """The image of a picture. Raises UnreadableError."""
    if picture.mode in NUMBERS:
        numbers = np.asarray(picture)[..., None]
        return of_values(65535 - numbers if about.white_is_zero else numbers, reading)
    losses: set[str] = set()
    toned = of_values(_eight_bit_values(picture, reading, losses), reading)
    if about.deep_colour and not reading.range:
        return Toned(toned.pixels, losses | {"depth"}, int(toned.pixels.max()) * 256 + 255)
    return toned._replace(losses=losses | toned.losses)


def of_values(values: np.ndarray, reading: Reading) -> Toned:
    """The image of (height, width, bands) values of any type. Raises UnreadableError."""
    pixels, losses = _eight_bits(_seen(values, reading), reading)
    highest = int(values.max()) if "depth" in losses else None
    return Toned(np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else np.array(pixels), losses, highest)


def _seen(values: np.ndarray, reading: Reading) -> np.ndarray:
    """The bands that are seen: one or three."""
    bands = values.shape[2]
    if not reading.bands:
        return values[..., : 3 if bands >= 3 else 1]
    if max(reading.bands) > bands:
        raise UnreadableError(f"it has {bands} band{'s' * (bands > 1)}, not {max(reading.bands)}: change --bands")
    return values[..., [band - 1 for band in reading.bands]]


def _eight_bits(values: np.ndarray, reading: Reading) -> tuple[np.ndarray, set[str]]:
    """Values as uint8, and what was lost."""
    if values.dtype == np.uint8:
        return values, set()
    if reading.range:
        return _in_range(values, *reading.range)
    whole = np.issubdtype(values.dtype, np.integer)
    if not whole or values.min() < 0 or values.max() > 65535:
        kind = f"{values.dtype.itemsize * 8}-bit" if whole else "floating-point"
        raise UnreadableError(
            f"its pixels are {kind} numbers of unknown range: name the values that are black and white with "
            "--range LOW:HIGH, such as 0:1"
        )
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8), {"depth"}  # 65535 becomes 255


def _in_range(values: np.ndarray, low: float, high: float) -> tuple[np.ndarray, set[str]]:
    values = values.astype(np.float64)
    missing = np.isnan(values)
    values[missing] = low
    losses = {"missing"} if missing.any() else set()
    if values.min() < low or values.max() > high:
        losses.add("clipped")
    return np.rint((values.clip(low, high) - low) * (255 / (high - low))).astype(np.uint8), losses


def _eight_bit_values(picture: Image.Image, reading: Reading, losses: set[str]) -> np.ndarray:
    """The values of a picture of 8 bits a band, (height, width, bands); what is lost is added to `losses`."""
    if picture.mode in ("P", "PA"):
        losses.add("palette")
    if picture.mode in FOREIGN:
        losses.add("cmyk")
    if picture.has_transparency_data:
        return _painted(_with_alpha(picture), reading, losses)
    if picture.mode == "RGBX":
        return np.asarray(picture)
    gray = picture.mode in ("L", "1")
    values = np.asarray(picture.convert("L" if gray else "RGB"))
    return values[..., None] if gray else values


def _with_alpha(picture: Image.Image) -> np.ndarray:
    """(height, width, 4) uint8: red, green, blue, alpha."""
    plain = PREMULTIPLIED.get(picture.mode)
    return np.asarray((picture.convert(plain) if plain else picture).convert("RGBA"))


def _painted(values: np.ndarray, reading: Reading, losses: set[str]) -> np.ndarray:
    """RGB values over the background, weighted by alpha; all four bands where alpha is asked for as a band."""
    if reading.bands and max(reading.bands) == 4:
        return values
    colours, alpha = values[..., :3], values[..., 3:].astype(np.uint32)
    if reading.background is None or alpha.min() == 255:
        return colours
    if reading.alpha is None:
        losses.add("alpha" if alpha.any() else "all transparent")
    background = np.array(reading.background, np.uint32)
    return ((colours * alpha + background * (255 - alpha) + 127) // 255).astype(np.uint8)

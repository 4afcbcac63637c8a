"""From stored values to (height, width, 3) uint8 RGB: bands, bit depth, ranges, transparency, colour spaces."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.images import transparency
from benchmarks.images.header import Header
from benchmarks.images.reading import Reading

NUMBERS = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
"""Modes of gray images with more than 8 bits. Pillow may return 16 bits as 32."""
FOREIGN = ("CMYK", "LAB", "HSV", "YCbCr")


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
        return _of_numbers(picture, about, reading)
    if about.deep_colour and reading.range:
        raise UnreadableError(
            f"only the upper 8 bits of its colours can be read from {picture.format or 'this format'}, so --range "
            "cannot be applied: store it as TIFF"
        )
    losses: set[str] = set()
    toned = of_values(_eight_bit_values(picture, reading, losses), reading)
    if about.deep_colour:
        return Toned(toned.pixels, losses | {"depth"}, int(toned.pixels.max()) * 256 + 255)
    return toned._replace(losses=losses | toned.losses)


def of_values(values: np.ndarray, reading: Reading) -> Toned:
    """The image of (height, width, bands) values of any type. Raises UnreadableError."""
    pixels, losses = _eight_bits(_seen(values, reading), reading)
    highest = int(values.max()) if "depth" in losses else None
    coloured = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else np.array(pixels, order="C")
    return Toned(coloured, losses, highest)


def of_stored(values: np.ndarray, about: Header, reading: Reading) -> Toned:
    """The image of all bands of a TIFF, (height, width, bands), with its transparency. Raises UnreadableError."""
    alpha = about.alpha_band
    if alpha is None or alpha + 1 in (reading.bands or ()):
        return of_values(values, reading)
    if about.premultiplied:
        values = transparency.unmultiplied(values, alpha)
    colours = values if reading.bands else np.delete(values, alpha, axis=2)
    return _over_background(of_values(colours, reading), transparency.of_band(values[..., alpha]), reading)


def _of_numbers(picture: Image.Image, about: Header, reading: Reading) -> Toned:
    """The image of a gray picture of more than 8 bits."""
    numbers = np.asarray(picture)
    seen = 65535 - numbers if about.white_is_zero else numbers
    if reading.range and about.highest:
        seen = np.rint(seen * (about.highest / 65535)).astype(np.uint16)  # as stored: Pillow has stretched them
    toned = of_values(seen[..., None], reading)
    if "transparency" not in picture.info:
        return toned
    return _over_background(toned, np.uint8(255) * (numbers != picture.info["transparency"]), reading)


def _over_background(toned: Toned, alpha: np.ndarray, reading: Reading) -> Toned:
    pixels, losses = transparency.painted(toned.pixels, alpha, reading)
    return toned._replace(pixels=pixels, losses=toned.losses | losses)


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
        return values, {"unranged"} if reading.range else set()
    if np.iscomplexobj(values):
        raise UnreadableError("its pixels are complex numbers: store their magnitude, for instance")
    if reading.range:
        return _in_range(values, *reading.range)
    whole = np.issubdtype(values.dtype, np.integer)
    if not whole or values.dtype == np.int8 or values.min() < 0 or values.max() > 65535:
        kind = "floating-point" if not whole else "signed" if values.min() < 0 else f"{values.dtype.itemsize * 8}-bit"
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
        return _painted(picture, reading, losses)
    if picture.mode == "RGBX":
        return np.asarray(picture)
    gray = picture.mode in ("L", "1")
    values = np.asarray(picture.convert("L" if gray else "RGB"))
    return values[..., None] if gray else values


def _painted(picture: Image.Image, reading: Reading, losses: set[str]) -> np.ndarray:
    """The colours of a transparent picture over the background; with its alpha where that is asked for as a band."""
    values = transparency.with_alpha(picture)
    gray = picture.mode in ("LA", "La")
    if gray and reading.bands:
        values = values[..., [0, 3]]
    if reading.bands and max(reading.bands) >= values.shape[2]:
        return values
    colours = values[..., :1] if values.shape[2] == 2 else values[..., :3]
    pixels, lost = transparency.painted(np.broadcast_to(colours, (*colours.shape[:2], 3)), values[..., -1], reading)
    losses |= lost
    return pixels[..., :1] if gray and reading.bands else pixels

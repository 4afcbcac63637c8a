"""Decode the pixels of an image file, and know what was lost on the way."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.images.files import ImageError, opened, require_size
from benchmarks.images.header import Header, as_stored, header, is_reduced, upright
from benchmarks.images.reading import AS_STORED, Reading
from benchmarks.images.tiff import read_values
from benchmarks.images.tones import Toned, UnreadableError, of_picture, of_stored

DOCUMENTS = ("TIFF",)
"""Formats whose further pictures are pages. Those of other formats are frames of a film, or previews."""


class Decoded(NamedTuple):
    """The pixels of an image file, and what is known of how they were stored."""

    pixels: np.ndarray
    """(height, width, 3) uint8 RGB; with every page (pages, height, width, 3)."""
    losses: frozenset[str]
    """Why the pixels are not all that the file holds: keys of `losses.LOSSES`."""
    highest_16_bit: int | None
    """The highest value of an image stored in 16 bits; None: stored otherwise, or a range was chosen.

    Of colour images only the upper byte is known, so the lower byte is taken as 255.
    """


def read_image(path: Path, reading: Reading = AS_STORED) -> np.ndarray:
    """Read an image as (height, width, 3) uint8 RGB; with every page as (pages, height, width, 3).

    Raises ImageError for a file that cannot be decoded, and for one that needs another setting in `reading`.
    """
    return decode(path, reading).pixels


def decode(path: Path, reading: Reading = AS_STORED) -> Decoded:
    """Decode an image. Raises what `read_image` raises."""
    with opened(path, reading) as picture:
        full = full_pages(picture)
        numbers = full if reading.every_page else [reading.first_page]
        pages = [_page(picture, reading, number) for number in numbers]
        losses = set().union(*(page.losses for page in pages))
        if len(full) > 1 and reading.page is None:
            losses.add("pages" if picture.format in DOCUMENTS else "frames")
    highest = max((page.highest_16_bit for page in pages if page.highest_16_bit is not None), default=None)
    return Decoded(_pixels(path, pages, reading), frozenset(losses), highest)


def image_size(path: Path, reading: Reading = AS_STORED) -> tuple[int, int]:
    """Height and width of the image that `read_image` returns. No pixels are decoded. Raises ImageError."""
    with opened(path, reading) as picture:
        turn_to(picture, reading.first_page)
        turns = header(picture).is_sideways
        width, height = picture.size
        is_turned = turns and picture.format == "TIFF"  # Pillow tells the size of a TIFF as turned
        return (height, width) if is_turned == (turns and reading.exif != "ignore") else (width, height)


def pixel_count(path: Path, reading: Reading = AS_STORED) -> int:
    """Number of pixels of a file's first page, as its header tells: cheaper than `image_size`. Raises ImageError."""
    with opened(path, reading) as picture:
        return picture.size[0] * picture.size[1]


def page_count(picture: Image.Image) -> int:
    """The number of pages or frames of a picture."""
    return getattr(picture, "n_frames", 1)


def _pixels(path: Path, pages: list[Toned], reading: Reading) -> np.ndarray:
    if not reading.every_page:
        return pages[0].pixels
    if len({page.pixels.shape for page in pages}) > 1:
        raise ImageError(f"{path} has pages of several sizes, and --page all needs one: choose a page with --page N")
    return np.stack([page.pixels for page in pages])


def _page(picture: Image.Image, reading: Reading, number: int) -> Toned:
    """One page of a picture, counted from 1."""
    turn_to(picture, number)
    require_size(picture, reading)
    about = header(picture)
    try:
        toned = _toned(picture, about, reading)
    except UnreadableError as error:
        raise ImageError(f"{picture.filename} cannot be used: {error}") from None
    turned = {"turned"} if about.orientation != 1 and reading.exif is None else set()
    unseen = {"bands"} if about.bands > about.seen_bands and not reading.bands else set()
    profile = {"profile"} if about.foreign_profile else set()
    return toned._replace(losses=toned.losses | turned | unseen | profile)


def _toned(picture: Image.Image, about: Header, reading: Reading) -> Toned:
    if is_beyond_pillow(picture, about, reading):
        return of_stored(stored_values(picture, about, reading), about, reading)
    return of_picture(as_stored(picture, about) if reading.exif == "ignore" else upright(picture), about, reading)


def stored_values(picture: Image.Image, about: Header, reading: Reading) -> np.ndarray:
    """All values of a page of a TIFF, (height, width, bands), turned as `reading` says. Raises UnreadableError."""
    return read_values(picture.filename, picture.tell(), 1 if reading.exif == "ignore" else about.orientation)


def is_beyond_pillow(picture: Image.Image, about: Header, reading: Reading) -> bool:
    """Whether a TIFF has values that are needed and that Pillow does not hand out, or hands out wrong."""
    if picture.format != "TIFF" or about.known_bands == 0 or about.misread:
        return picture.format == "TIFF"
    hidden = bool(reading.bands) and max(reading.bands) > about.known_bands
    return hidden or (about.deep_colour and bool(reading.bands or reading.range))


def full_pages(picture: Image.Image) -> list[int]:
    """The pages of a picture, from 1, without smaller copies of others, as a pyramid has them."""
    numbers = range(1, page_count(picture) + 1)
    if picture.format != "TIFF" or len(numbers) == 1:
        return list(numbers)
    return [number for number in numbers if not (turn_to(picture, number) or is_reduced(picture))] or [1]


def turn_to(picture: Image.Image, number: int) -> None:
    count = page_count(picture)
    if number > count:
        raise ImageError(
            f"{picture.filename} has {count} page{'s' * (count > 1)}, so there is no page {number}: change --page"
        )
    if picture.tell() != number - 1:
        picture.seek(number - 1)

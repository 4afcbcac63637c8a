"""Samples to pixels: all decoding, and all resizing but that of images to what a method sees."""

import errno
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from datasets import Sample

THREADS = 8
SIXTEEN_BITS = ("I;16", "I;16B", "I;16L", "I;16N")
ORIENTATION = 0x0112
SIDEWAYS = (5, 6, 7, 8)  # values of the EXIF orientation that exchange height and width


class ImageError(ValueError):
    """An image or mask cannot be used; the message is one sentence naming the file."""


class Images(Sequence):
    """The images of samples, (height, width, 3) uint8 RGB each, decoded on every access; a slice decodes nothing."""

    def __init__(self, samples: Sequence[Sample]):
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return Images(self.samples[index])
        return read_image(self.samples[index].image)


def read_image(path: Path) -> np.ndarray:
    """The image as (height, width, 3) uint8 RGB, upright as its EXIF orientation says; of an animation the first frame.

    Transparency is dropped, not blended; 16 bits of gray become 8 by scale, so that nothing is clipped.
    Raises ImageError for a file that cannot be decoded, and for pixels whose range is unknown (float, 32 bits).
    """
    return _decode(path, _rgb)


def read_mask(path: Path, shape: tuple[int, int], above: int) -> np.ndarray:
    """Where the mask is above `above`, (height, width) bool.

    Values count as stored: palette indices and class ids are not turned into colours; of colours the highest counts,
    and transparency does not. Raises ImageError where the mask is unreadable or not of `shape`, its image's.
    """
    values = _decode(path, _stored_values)
    if values.shape != tuple(shape):
        raise ImageError(f"{path} is {_size(values.shape)} pixels and its image {_size(shape)}: a mask fits its image")
    return values > above


def image_size(path: Path) -> tuple[int, int]:
    """Height and width of what `read_image` returns, mostly without decoding. Raises ImageError."""
    return _open(path, _upright_size)


def resize_map(map: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """An anomaly map (h, w) brought to `shape`, float32; equal to the map where the shape already fits.

    Bilinear, pixel centres at half integers, edges repeated; where an axis shrinks the triangle widens with it
    (torch: align_corners=False, antialias=True), so that no pixel is passed over. A constant map stays that constant.
    """
    map = np.asarray(map, np.float32)
    if map.shape == tuple(shape):
        return map.copy()
    return _resized(map, shape)


def resize_image(image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """An image (h, w, 3) uint8 brought to `shape` as a map is, rounded; no value leaves the range of its neighbours."""
    return _resized(image, shape)


def _resized(pixels: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    height, width = shape
    return np.array(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))


class ResizedMaps(Sequence):
    """Anomaly maps brought to their images' (height, width), on every access."""

    def __init__(self, maps: Sequence[np.ndarray], shapes: Sequence[tuple[int, int]]):
        self.maps, self.shapes = maps, shapes

    def __len__(self) -> int:
        return len(self.maps)

    def __getitem__(self, index: int) -> np.ndarray:
        return resize_map(self.maps[index], self.shapes[index])


class Examination(NamedTuple):
    """What decoding a sample's image and mask once has shown."""

    shape: tuple[int, int]
    digest: bytes
    """Of the decoded pixels: the same for the same picture in another lossless format."""
    defect_px: int | None
    """Pixels of the mask that are defect; None: no mask."""
    highest_16_bit: int | None
    """The highest value of an image stored in 16 bits, for colours its upper byte and 255; None: stored otherwise."""


def examine(samples: Sequence[Sample], mask_above: int) -> Iterator[Examination | ImageError]:
    """Decode every image and mask once, several at a time; an answer a sample, in order."""
    with ThreadPoolExecutor(THREADS) as pool:  # Pillow decodes outside the interpreter's lock
        yield from pool.map(lambda sample: _examine(sample, mask_above), samples)


def verify(samples: Sequence[Sample], mask_above: int) -> list[Examination]:
    """What examining has shown of each sample, before training and not after.

    Raises ImageError naming the first that cannot be used, and how many more.
    """
    answers = list(examine(samples, mask_above))
    errors = [answer for answer in answers if isinstance(answer, ImageError)]
    if len(errors) > 1:
        raise ImageError(f"{errors[0]} (and {len(errors) - 1} more of the {len(samples)} images cannot be used)")
    if errors:
        raise errors[0]
    return answers


def _examine(sample: Sample, mask_above: int) -> Examination | ImageError:
    try:
        image, highest = _open(sample.image, _with_highest_16_bit)
        shape = image.shape[:2]
        defect_px = int(read_mask(sample.mask, shape, mask_above).sum()) if sample.mask else None
    except ImageError as error:
        return error
    digest = hashlib.blake2b(image.tobytes(), digest_size=16, key=repr(shape).encode()).digest()
    return Examination(shape, digest, defect_px, highest)


def _with_highest_16_bit(picture: Image.Image) -> tuple[np.ndarray, int | None]:
    """The image as `read_image` gives it, and see `Examination.highest_16_bit`."""
    in_16_bits = ";16" in str(picture.tile[:1])  # told before loading only; of colours Pillow keeps the upper byte
    upright = ImageOps.exif_transpose(picture)
    image = _rgb(upright)
    if _is_deep_gray(upright):
        return image, int(np.asarray(upright).max())
    return image, int(image.max()) * 256 + 255 if in_16_bits else None


def _decode(path: Path, pixels: Callable[[Image.Image], np.ndarray]) -> np.ndarray:
    return _open(path, lambda picture: pixels(ImageOps.exif_transpose(picture)))


def _open(path: Path, use: Callable[[Image.Image], Any]) -> Any:
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            raise ValueError("it is a folder, or something else that is no file")  # a pipe would be waited for
        with Image.open(path) as picture:
            return use(picture)
    except Exception as error:  # decoders raise nearly anything for a damaged file
        if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
            raise  # which no file is to blame for
        raise ImageError(f"{path} cannot be read as an image ({_reason(path, error)}): replace or remove it") from None


def _reason(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if os.path.isfile(path) and path.stat().st_size == 0:  # which answers for any name
        return "the file is empty"
    if isinstance(error, UnidentifiedImageError):
        return "it is in no known image format"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]


def _upright_size(picture: Image.Image) -> tuple[int, int]:
    if picture.format == "TIFF":
        picture.load()  # turns the picture upright by itself
    width, height = picture.size
    return (width, height) if picture.getexif().get(ORIENTATION) in SIDEWAYS else (height, width)


def _rgb(picture: Image.Image) -> np.ndarray:
    if _is_deep_gray(picture):
        return np.repeat(_eight_bits(np.asarray(picture))[..., None], 3, axis=2)
    if picture.mode == "F":
        raise ValueError("its pixels are floating-point numbers of unknown range; store 8 or 16 bits")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")  # the way that Pillow asks for, for palettes with transparency
    return np.array(picture.convert("RGB"))


def _is_deep_gray(picture: Image.Image) -> bool:
    """Whether these are 16 bits of gray, which Pillow may hand over as 32."""
    return picture.mode in SIXTEEN_BITS or picture.mode == "I"


def _eight_bits(gray: np.ndarray) -> np.ndarray:
    """16 bits of gray to 8: 65535 becomes 255."""
    if gray.min() < 0 or gray.max() > 65535:
        raise ValueError("its pixels are 32-bit numbers of unknown range; store 8 or 16 bits")
    return ((gray.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _stored_values(picture: Image.Image) -> np.ndarray:
    if picture.mode == "1":
        picture = picture.convert("L")  # white is 255, as in every other mask
    values = np.asarray(picture)
    if values.ndim == 3:
        colours = 1 if picture.mode in ("LA", "La", "PA") else 3
        values = values[..., :colours].max(axis=2)
    return values


def _size(shape: tuple[int, int]) -> str:
    height, width = shape
    return f"{width}x{height}"

"""Turn samples into pixels: all decoding, and all resizing except that of images to a method's input size."""

import errno
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from benchmarks.likeness.thumbnail import thumbnail
from datasets import Sample

THREADS = 8
SIXTEEN_BITS = ("I;16", "I;16B", "I;16L", "I;16N")
ORIENTATION = 0x0112
SIDEWAYS = (5, 6, 7, 8)  # values of the EXIF orientation that exchange height and width


class ImageError(ValueError):
    """An image or mask cannot be used; the message is one sentence naming the file."""


class Images(Sequence):
    """The images of samples, each (height, width, 3) uint8 RGB. An access decodes an image; a slice decodes nothing."""

    def __init__(self, samples: Sequence[Sample]):
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return Images(self.samples[index])
        return read_image(self.samples[index].image)


def read_image(path: Path) -> np.ndarray:
    """Read an image as (height, width, 3) uint8 RGB.

    It is turned upright by its EXIF orientation. For an animation, the first frame is read. Transparency is dropped,
    not blended. 16-bit gray values are scaled to 8 bits, so nothing is clipped.
    Raises ImageError for a file that cannot be decoded, and for pixels whose range is unknown (float, 32 bits).
    """
    return _decode(path, _rgb)


def read_mask(paths: Iterable[Path], shape: tuple[int, int], above: int) -> np.ndarray:
    """Read the masks of an image as one, (height, width) bool: True where the value of one is above `above`.

    Values are used as stored: palette indices and class ids are not turned into colours. The value of a colour is its
    highest channel, without transparency. Raises ImageError if a mask is unreadable or does not have `shape`, which
    is that of its image.
    """
    merged = np.zeros(shape, bool)
    for path in paths:
        merged |= _stored_mask(path, shape) > above
    return merged


def _stored_mask(path: Path, shape: tuple[int, int]) -> np.ndarray:
    values = _decode(path, _stored_values)
    if values.shape != tuple(shape):
        raise ImageError(f"{path} is {_size(values.shape)} pixels and its image {_size(shape)}: a mask fits its image")
    return values


def image_size(path: Path) -> tuple[int, int]:
    """Height and width of the image that `read_image` returns. Most formats need no decoding. Raises ImageError."""
    return _open(path, _upright_size)


def resize_map(map: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Resize an anomaly map (h, w) to `shape`, float32. A map that has the shape already keeps its values.

    Bilinear, with pixel centres at half integers and repeated edges. When an axis shrinks, the triangle filter widens
    (torch: align_corners=False, antialias=True), so every pixel counts. A constant map stays constant.
    """
    map = np.asarray(map, np.float32)
    if map.shape == tuple(shape):
        return map.copy()
    return _resized(map, shape)


def resize_image(image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Resize an (h, w, 3) uint8 image to `shape` like a map, rounded. Values stay in the range of their neighbours."""
    return _resized(image, shape)


def _resized(pixels: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    height, width = shape
    return np.array(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))


class ResizedMaps(Sequence):
    """Anomaly maps, each resized to the (height, width) of its image on every access."""

    def __init__(self, maps: Sequence[np.ndarray], shapes: Sequence[tuple[int, int]]):
        self.maps, self.shapes = maps, shapes

    def __len__(self) -> int:
        return len(self.maps)

    def __getitem__(self, index: int) -> np.ndarray:
        return resize_map(self.maps[index], self.shapes[index])


class Examination(NamedTuple):
    """What is learned from decoding a sample's image and mask once."""

    shape: tuple[int, int]
    """Height and width of the image, pixels."""
    digest: bytes
    """Digest of the decoded pixels. It is the same for the same picture in another lossless format."""
    defect_px: int | None
    """Number of defect pixels in the mask; None: no mask."""
    highest_16_bit: int | None
    """The highest value of an image stored in 16 bits; None: stored otherwise.

    Of colour images only the upper byte is known, so the lower byte is taken as 255.
    """
    thumbnail: bytes
    """See `likeness.thumbnail`."""


def examine(samples: Sequence[Sample], mask_above: int) -> Iterator[Examination | ImageError]:
    """Decode every image and mask once, several at a time. Yields one answer for each sample, in order."""
    with ThreadPoolExecutor(THREADS) as pool:  # Pillow decodes without the interpreter's lock
        yield from pool.map(lambda sample: _examine(sample, mask_above), samples)


def verify(samples: Sequence[Sample], mask_above: int) -> list[Examination]:
    """Examine every sample, to find unusable images before training.

    Raises ImageError, which names the first unusable image and the number of others.
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
        defect_px = int(read_mask(sample.masks, shape, mask_above).sum()) if sample.masks else None
    except ImageError as error:
        return error
    digest = hashlib.blake2b(image.tobytes(), digest_size=16, key=repr(shape).encode()).digest()
    return Examination(shape, digest, defect_px, highest, thumbnail(image))


def _with_highest_16_bit(picture: Image.Image) -> tuple[np.ndarray, int | None]:
    """The image as `read_image` returns it, and its `Examination.highest_16_bit`."""
    in_16_bits = ";16" in str(
        picture.tile[:1]
    )  # only known before loading; Pillow keeps only the upper byte of colours
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
            raise ValueError("it is a folder, or something else that is no file")  # reading a pipe might never end
        with Image.open(path) as picture:
            return use(picture)
    except Exception as error:  # decoders raise nearly anything for a damaged file
        if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
            raise  # lack of memory is not the fault of the file
        raise ImageError(f"{path} cannot be read as an image ({_reason(path, error)}): replace or remove it") from None


def _reason(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if os.path.isfile(path) and path.stat().st_size == 0:  # the cause, whatever the extension
        return "the file is empty"
    if isinstance(error, UnidentifiedImageError):
        return "it is in no known image format"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]


def _upright_size(picture: Image.Image) -> tuple[int, int]:
    if picture.format == "TIFF":
        picture.load()  # loading a TIFF turns it upright
    width, height = picture.size
    return (width, height) if picture.getexif().get(ORIENTATION) in SIDEWAYS else (height, width)


def _rgb(picture: Image.Image) -> np.ndarray:
    if _is_deep_gray(picture):
        return np.repeat(_eight_bits(np.asarray(picture))[..., None], 3, axis=2)
    if picture.mode == "F":
        raise ValueError("its pixels are floating-point numbers of unknown range; store 8 or 16 bits")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")  # Pillow asks for this step with transparent palettes
    return np.array(picture.convert("RGB"))


def _is_deep_gray(picture: Image.Image) -> bool:
    """Whether an image has 16 bits of gray. Pillow may return it with 32 bits."""
    return picture.mode in SIXTEEN_BITS or picture.mode == "I"


def _eight_bits(gray: np.ndarray) -> np.ndarray:
    """Scale 16-bit gray values to 8 bits: 65535 becomes 255."""
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

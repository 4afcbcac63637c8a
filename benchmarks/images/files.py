"""Open the file of an image or mask, and say in one sentence why it cannot be used."""

import errno
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from benchmarks.images.reading import AS_STORED, Reading
from benchmarks.images.tiff import BandedPicture, is_tiff

Image.MAX_IMAGE_PIXELS = None  # the limit is that of `Reading`, so that a sentence can name the option that lifts it


class ImageError(ValueError):
    """An image or mask cannot be used; the message is one sentence naming the file."""


@contextmanager
def opened(path: Path, reading: Reading = AS_STORED) -> Iterator[Image.Image]:
    """A picture whose pixels are not decoded yet.

    Raises ImageError for a file that is no image, or larger than `reading` allows, and for what fails while the
    picture is used.
    """
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            raise ValueError("it is a folder, or something else that is no file")  # reading a pipe might never end
        with _picture(path) as picture:
            require_size(picture, reading)
            yield picture
    except ImageError:
        raise
    except Exception as error:  # decoders raise nearly anything for a damaged file
        if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
            raise  # lack of memory is not the fault of the file
        raise ImageError(f"{path} cannot be read as an image ({_reason(path, error)}): replace or remove it") from None


def _picture(path: Path) -> AbstractContextManager[Image.Image]:
    try:
        return Image.open(path)
    except UnidentifiedImageError:
        if not is_tiff(path):
            raise
        return nullcontext(BandedPicture(path))


def require_size(picture: Image.Image, reading: Reading) -> None:
    """Raise ImageError if a picture is larger than `reading` allows."""
    width, height = picture.size
    if width * height > reading.megapixels * 1e6:
        raise ImageError(
            f"{picture.filename} has {width * height / 1e6:.4g} million pixels ({width}x{height}), and "
            f"{reading.megapixels:g} are allowed: allow more with --megapixels, if the memory suffices"
        )


def _reason(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if os.path.isfile(path) and path.stat().st_size == 0:  # the cause, whatever the extension
        return "the file is empty"
    if isinstance(error, UnidentifiedImageError):
        return "it is in no known image format"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]

"""Whether a mask is empty: the only question that a dataset may put to pixels, where nothing else gives the label."""

from functools import cache
from pathlib import Path

from datasets._names import DataError


def is_empty(mask: Path) -> bool:
    """Whether every value of a mask is 0, transparency aside. A file is decoded once, as long as it does not change.

    Raises DataError where the file cannot be read as an image.
    """
    try:
        state = mask.stat()
    except OSError as error:
        raise DataError(f"{mask} cannot be read: {error.strerror}") from None
    return _is_empty(mask, state.st_mtime_ns, state.st_size)


@cache
def _is_empty(mask: Path, _changed: int, _bytes: int) -> bool:
    from PIL import Image

    try:
        with Image.open(mask) as picture:
            bands = zip(picture.getbands(), picture.split(), strict=True)
            return not any(band.getbbox() for name, band in bands if name != "A")
    except Exception as error:  # decoders raise nearly anything for a damaged file
        if isinstance(error, MemoryError):
            raise
        raise DataError(
            f"{mask} cannot be read as a mask, which tells whether its image is defective: replace it, or remove both"
        ) from None

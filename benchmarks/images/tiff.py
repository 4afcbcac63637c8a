"""TIFF files beyond Pillow: files that it cannot open, and values that it does not hand out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.images.header import (
    ORIENTATION,
    SIDEWAYS,
    TIFF_EXTRA_SAMPLES,
    TIFF_PHOTOMETRIC,
    TIFF_SAMPLES,
    TIFF_SUBFILE,
    WHITE_IS_ZERO,
)
from benchmarks.images.tones import UnreadableError

if TYPE_CHECKING:
    import tifffile

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""First bytes of a TIFF, and of a BigTIFF."""
TURNS = {
    2: lambda values: values[:, ::-1],
    3: lambda values: values[::-1, ::-1],
    4: lambda values: values[::-1],
    5: lambda values: values.swapaxes(0, 1),
    6: lambda values: np.rot90(values, -1),
    7: lambda values: values[::-1, ::-1].swapaxes(0, 1),
    8: lambda values: np.rot90(values),
}
"""How an array becomes upright, by EXIF orientation."""


class BandedPicture:
    """A TIFF that Pillow cannot open, with as much of a Pillow picture as reading its header needs."""

    format = "TIFF"
    mode = ""

    def __init__(self, path: Path):
        import tifffile

        self.filename = str(path)
        self.info: dict = {}
        self.tile: list = []
        self.page = 0
        with tifffile.TiffFile(path) as stored:
            self.n_frames = len(stored.pages)
            self.headers = [_header(page) for page in stored.pages]

    @property
    def tag_v2(self) -> dict[int, Any]:
        """The tags of the page that it is turned to."""
        return self.headers[self.page][1]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, turned as Pillow tells those of a TIFF."""
        (height, width), tags = self.headers[self.page]
        return (height, width) if tags[ORIENTATION] in SIDEWAYS else (width, height)

    def getbands(self) -> tuple[str, ...]:
        """The bands that Pillow would hand out: none."""
        return ()

    def getexif(self) -> dict:
        """No EXIF data besides the tags."""
        return {}

    def tell(self) -> int:
        """The page that it is turned to, from 0."""
        return self.page

    def seek(self, page: int) -> None:
        """Turn to a page, from 0."""
        self.page = page


def is_tiff(path: Path) -> bool:
    """Whether a file begins as a TIFF does."""
    with path.open("rb") as file:
        return file.read(4) in MAGIC


def read_values(file: str, page: int, turn: int) -> np.ndarray:
    """The values of a page (from 0), (height, width, bands) of the stored type, turned by an EXIF orientation.

    Raises UnreadableError where the compression needs a library that is not installed.
    """
    import tifffile

    try:
        with tifffile.TiffFile(file) as stored:
            values = _bands_last(stored.pages[page])
    except ValueError as error:
        raise UnreadableError(
            f"its bands need another decoder ({str(error).splitlines()[0]}): pip install imagecodecs, or store it "
            "without compression"
        ) from None
    return TURNS[turn](values) if turn in TURNS else values


def _header(page: "tifffile.TiffPage") -> tuple[tuple[int, int], dict[int, Any]]:
    tags = {
        ORIENTATION: int(page.tags.valueof(ORIENTATION, 1)),
        TIFF_SAMPLES: page.samplesperpixel,
        TIFF_PHOTOMETRIC: int(page.photometric),
        TIFF_EXTRA_SAMPLES: tuple(map(int, page.extrasamples)),
        TIFF_SUBFILE: int(page.subfiletype),
    }
    return (page.imagelength, page.imagewidth), tags


def _bands_last(page: "tifffile.TiffPage") -> np.ndarray:
    from tifffile import PLANARCONFIG

    values = page.asarray()
    if page.photometric == WHITE_IS_ZERO and np.issubdtype(values.dtype, np.unsignedinteger):
        values = np.iinfo(values.dtype).max - values
    if values.ndim == 2:
        return values[..., None]
    return np.moveaxis(values, 0, -1) if page.planarconfig == PLANARCONFIG.SEPARATE else values

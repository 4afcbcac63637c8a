"""What the header of a picture says, before its pixels are decoded."""

from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageCms, ImageOps

ORIENTATION = 0x0112
SIDEWAYS = (5, 6, 7, 8)  # values of the EXIF orientation that exchange height and width
TIFF_SAMPLES, TIFF_PHOTOMETRIC, TIFF_WHITE_IS_ZERO = 277, 262, 0
TURNED_BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""What undoes the turn of each EXIF orientation."""


class Header(NamedTuple):
    """What decoding must know and what the decoded picture no longer tells."""

    orientation: int
    """Of EXIF; 1: upright."""
    bands: int
    """Number of values a pixel."""
    known_bands: int
    """How many of them Pillow hands out."""
    deep_colour: bool
    """Whether colours are stored in 16 bits, of which Pillow keeps the upper byte."""
    white_is_zero: bool
    """Whether a TIFF stores white as 0. Pillow inverts it for 8 bits, but not for 16."""
    foreign_profile: bool
    """Whether there is a colour profile other than sRGB."""

    @property
    def is_sideways(self) -> bool:
        """Whether the orientation exchanges height and width."""
        return self.orientation in SIDEWAYS


def header(picture: Image.Image) -> Header:
    """Read the header of a picture whose pixels are not decoded yet."""
    tags, known = getattr(picture, "tag_v2", {}), len(picture.getbands())
    orientation = tags.get(ORIENTATION) or picture.getexif().get(ORIENTATION) or 1
    return Header(
        orientation=orientation if orientation in TURNED_BACK else 1,
        bands=tags.get(TIFF_SAMPLES, known),
        known_bands=known - (picture.mode == "RGBX"),
        deep_colour=";16" in str(picture.tile[:1]) and known > 1,
        white_is_zero=tags.get(TIFF_PHOTOMETRIC) == TIFF_WHITE_IS_ZERO and picture.mode.startswith("I"),
        foreign_profile=_is_foreign(picture.info.get("icc_profile")),
    )


def upright(picture: Image.Image) -> Image.Image:
    """The picture turned by its EXIF orientation."""
    return ImageOps.exif_transpose(picture)


def as_stored(picture: Image.Image, about: Header) -> Image.Image:
    """The picture without the turn of its EXIF orientation."""
    if picture.format != "TIFF" or about.orientation == 1:
        return picture
    return upright(picture).transpose(TURNED_BACK[about.orientation])  # Pillow turns a TIFF as it loads it


def _is_foreign(profile: bytes | None) -> bool:
    if not profile:
        return False
    try:
        return "srgb" not in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(profile))).lower()
    except (ImageCms.PyCMSError, OSError):
        return True

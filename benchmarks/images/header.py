"""What the header of a picture says, before its pixels are decoded."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any, NamedTuple

from PIL import Image, ImageCms, ImageOps

ORIENTATION = 0x0112
SIDEWAYS = (5, 6, 7, 8)  # values of the EXIF orientation that exchange height and width
TIFF_SUBFILE, TIFF_BITS, TIFF_PHOTOMETRIC, TIFF_SAMPLES, TIFF_PLANAR = 254, 258, 262, 277, 284
TIFF_EXTRA_SAMPLES, TIFF_SAMPLE_FORMAT = 338, 339
REDUCED, WHITE_IS_ZERO, SEPARATE_PLANES, SIGNED = 1, 0, 2, 2
"""Values of the tags, in the order of their numbers. The first is a bit."""
PREMULTIPLIED, ALPHA = 1, (1, 2)
"""Values of an extra sample that is transparency, and of one by which colours are multiplied already."""
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
    """Whether colours are stored in more than 8 bits, of which Pillow keeps the upper 8."""
    misread: bool
    """Whether Pillow hands out other numbers than those of a TIFF: planes of 16 bits, or 8 bits with a sign."""
    white_is_zero: bool
    """Whether a TIFF stores white as 0. Pillow inverts it for 8 bits, but not for 16."""
    highest: int | None
    """The stored value that Pillow stretches to 65535; None: it stretches nothing."""
    alpha_band: int | None
    """The band of a TIFF, from 0, that is transparency; None: there is none."""
    premultiplied: bool
    """Whether the colours of a TIFF are multiplied by its transparency."""
    foreign_profile: bool
    """Whether there is a colour profile other than sRGB."""

    @property
    def is_sideways(self) -> bool:
        """Whether the orientation exchanges height and width."""
        return self.orientation in SIDEWAYS

    @property
    def seen_bands(self) -> int:
        """How many bands an image shows if none are chosen, transparency included."""
        return self.known_bands or (3 if self.bands >= 3 else 1) + (self.alpha_band is not None)


def header(picture: Image.Image) -> Header:
    """Read the header of a picture whose pixels are not decoded yet."""
    tags, known = getattr(picture, "tag_v2", {}), len(picture.getbands())
    bits, highest = max(_all(tags, TIFF_BITS), default=8), _highest(picture)
    deep = bits > 8 or (highest or 0) > 255 or ";16" in str(picture.tile[:1])  # before EXIF is read, which empties it
    signed = SIGNED in _all(tags, TIFF_SAMPLE_FORMAT) and bits == 8
    planes = tags.get(TIFF_PLANAR) == SEPARATE_PLANES and bits > 8 and known > 1
    extra = _all(tags, TIFF_EXTRA_SAMPLES)
    alpha = next((place for place, kind in enumerate(extra) if kind in ALPHA), None)
    bands = tags.get(TIFF_SAMPLES, known)
    orientation = tags.get(ORIENTATION) or picture.getexif().get(ORIENTATION) or 1
    return Header(
        orientation=orientation if orientation in TURNED_BACK else 1,
        bands=bands,
        known_bands=known - (picture.mode == "RGBX"),
        deep_colour=deep and known > 1,
        misread=signed or planes,
        white_is_zero=tags.get(TIFF_PHOTOMETRIC) == WHITE_IS_ZERO and picture.mode.startswith("I"),
        highest=highest,
        alpha_band=None if alpha is None else bands - len(extra) + alpha,
        premultiplied=alpha is not None and extra[alpha] == PREMULTIPLIED,
        foreign_profile=_is_foreign(picture.info.get("icc_profile")),
    )


def is_reduced(picture: Image.Image) -> bool:
    """Whether the page that a picture is turned to is a smaller copy of another one."""
    return bool(getattr(picture, "tag_v2", {}).get(TIFF_SUBFILE, 0) & REDUCED)


def upright(picture: Image.Image) -> Image.Image:
    """The picture turned by its EXIF orientation."""
    return ImageOps.exif_transpose(picture)


def as_stored(picture: Image.Image, about: Header) -> Image.Image:
    """The picture without the turn of its EXIF orientation."""
    if picture.format != "TIFF" or about.orientation == 1:
        return picture
    return upright(picture).transpose(TURNED_BACK[about.orientation])  # Pillow turns a TIFF as it loads it


def _all(tags: Mapping[int, Any], tag: int) -> tuple[int, ...]:
    """The values of a TIFF tag; none where it is missing."""
    value = tags.get(tag, ())
    return value if isinstance(value, tuple) else (value,)


def _highest(picture: Image.Image) -> int | None:
    """The highest value that the header of a PGM or PPM file names."""
    return picture.tile[0][3][1] if picture.format == "PPM" and picture.tile[0][0] == "ppm" else None


def _is_foreign(profile: bytes | None) -> bool:
    if not profile:
        return False
    try:
        return "srgb" not in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(profile))).lower()
    except (ImageCms.PyCMSError, OSError):
        return True

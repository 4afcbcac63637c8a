"""File names: which are images, and how they are printed."""

import os
import re
import sys
from pathlib import Path

EXTENSIONS = frozenset(
    ".png .apng .jpg .jpeg .jpe .jfif .mpo .jp2 .j2k .j2c .jpc .jpf .jpx .bmp .dib .gif .tif .tiff .webp .avif .avifs "
    ".ppm .pgm .pbm .pnm .pfm .tga .icb .vda .vst .pcx .qoi .ras .fit .fits".split()
)
"""Photographic formats that Pillow reads; no documents, films, icons, textures or layered drafts.

The list is fixed, so that the same files are found with every version of Pillow.
"""


MASK_ENDING = re.compile(
    r"(.+)[-_. ](?:gt|masks?|labels?|ground[-_ ]?truth|seg|segmentation)(?:[-_]?\d+)?", re.IGNORECASE
)
"""What follows the name of an image in the name of a mask that lies beside it: NAME_GT, NAME_mask, NAME-label-2."""


NORMAL_NAMES = frozenset(
    "good ok okay io normal gut bon buono bueno bom goed 良品 正常 合格 양품 정상 negative pass passed nodefect "
    "nodefects defectfree defectless flawless nondefective notdefective anomalyfree noanomaly nonanomalous".split()
)
"""Names that nobody gives to defects, without case, spaces and marks between words."""


class DataError(ValueError):
    """The data on disk do not match the layout. The message is one sentence that names the file or folder."""


def is_image_name(name: str) -> bool:
    """Whether a name has an image extension and is not hidden (macOS writes `._000.png` beside `000.png`)."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in EXTENSIONS


def looks_normal(name: str) -> bool:
    """Whether a name is one that normal images have, such as `OK`, `no_defect` or `gut`."""
    return re.sub(r"[-_. ]", "", name).casefold() in NORMAL_NAMES


def image_of_mask(stem: str) -> str | None:
    """The stem of the image whose mask a file of this stem would be: X of X_GT. None: it is not named as a mask."""
    found = MASK_ENDING.fullmatch(stem)
    return found and found.group(1)


def relative_name(path: Path, base: Path) -> str:
    """The name by which a file is stored: its path below `base`, with forward slashes; the whole path if elsewhere."""
    return (path.relative_to(base) if path.is_relative_to(base) else path).as_posix()


def require_utf8(path: Path) -> Path:
    """Return `path`. Raises DataError where it is not UTF-8, because no table or result could name it."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise DataError(_why_not_utf8(path)) from None
    return path


def _why_not_utf8(path: Path) -> str:
    try:
        name = os.fsencode(path).decode("utf-8")
    except UnicodeDecodeError:
        return f"{readable(path)} has a name that is not UTF-8: rename it"
    return f"{name} has a name in UTF-8, but Python reads names as {sys.getfilesystemencoding()}: set PYTHONUTF8=1"


def readable(path: Path | str) -> str:
    r"""The text of `path` for printing; bytes that are not UTF-8 become \xff."""
    return str(path).encode(errors="surrogateescape").decode(errors="backslashreplace")

"""Names of files: which say image, and which can be printed."""

import os
from pathlib import Path

EXTENSIONS = frozenset(
    ".png .apng .jpg .jpeg .jpe .jfif .mpo .jp2 .j2k .j2c .jpc .jpf .jpx .bmp .dib .gif .tif .tiff .webp .avif .avifs "
    ".ppm .pgm .pbm .pnm .pfm .tga .icb .vda .vst .pcx .qoi .ras .fit .fits".split()
)
"""Of the formats that Pillow reads those of photographs: no documents, films, icons, textures or layered drafts.

Written down, so that the same files are listed whatever Pillow is installed.
"""


class DataError(ValueError):
    """The data on disk are not what the layout promises; the message is one sentence naming the file or folder."""


def is_image_name(name: str) -> bool:
    """Whether the name says image; hidden files are none (macOS writes `._000.png` beside `000.png`)."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in EXTENSIONS


def require_utf8(path: Path) -> Path:
    """`path` itself. Raises DataError where it is not UTF-8: no table or result could name it."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise DataError(f"{readable(path)} has a name that is not UTF-8: rename it") from None
    return path


def readable(path: Path | str) -> str:
    r"""How `path` can be printed; bytes that are not UTF-8 become \xff."""
    return str(path).encode(errors="surrogateescape").decode(errors="backslashreplace")

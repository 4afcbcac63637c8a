"""Pictures that are fetched: each is stored as it was served, once it is known to be a picture of a fitting size."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image, UnidentifiedImageError

from benchmarks.images import ImageError, Reading, decode
from datasets import DataError
from datasets.making.journal import Journal
from datasets.making.links import Link
from datasets.making.web import FetchError, NoNetworkError, UnavailableError
from datasets.making.web.fetching import Fetcher
from reports.files import replacing

ENDINGS: Mapping[str, str] = {
    "JPEG": ".jpg",
    "MPO": ".jpg",
    "PNG": ".png",
    "WEBP": ".webp",
    "TIFF": ".tif",
    "BMP": ".bmp",
    "GIF": ".gif",
    "AVIF": ".avif",
    "JPEG2000": ".jp2",
}
"""Formats that are taken from strangers, and the ending of each, whatever the link ends in."""
FIELDS = ("category", "url", "file", "width", "height", "sha256", "found_at", "failure", "may_pass")
SILENT_HOSTS = 3
"""So many hosts in a row without a network, and there is none."""


@dataclass(frozen=True)
class Fit:
    """Which pictures fit."""

    megapixels: float
    least_side: int
    """Shortest side, in pixels."""


@dataclass(frozen=True)
class Candidate:
    """What came of a link: a picture, or why there is none."""

    link: Link
    file: Path | None
    sha256: str = ""
    found_at: str = ""
    size: str = ""
    """Width x height."""
    failure: str = ""


class Store:
    """A folder with the pictures that were fetched, and a table of them. What failed for good is not tried again."""

    def __init__(self, folder: Path, fetcher: Fetcher, fit: Fit):
        self.folder, self.fetcher, self.fit = folder, fetcher, fit
        self.journal = Journal(folder / "fetched.csv", FIELDS)
        self._known = {(row["category"], row["url"]): row for row in self.journal.rows}
        self._silent: set[str] = set()

    def get(self, link: Link) -> Candidate:
        """What comes of a link. Raises DataError where there seems to be no network."""
        row = self._known.get((link.category, link.url))
        if row is None or row["may_pass"]:
            self.journal.add(self._fetched(link))
            row = self.journal.rows[-1]
        file = self.folder / row["file"] if row["file"] else None
        size = f"{row['width']}x{row['height']}" if file else ""
        return Candidate(link, file, row["sha256"], row["found_at"], size, row["failure"])

    def _fetched(self, link: Link) -> dict[str, object]:
        row: dict[str, object] = {"category": link.category, "url": link.url}
        try:
            found = self.fetcher.get(link.url)
            digest = hashlib.sha256(found.body).hexdigest()
            file, (height, width) = self._stored(found.body, Path(link.category) / digest[:16])
        except (FetchError, ImageError) as error:
            self._require_network(link, error)
            return row | {"failure": str(error), "may_pass": "yes" if isinstance(error, UnavailableError) else ""}
        self._silent.clear()
        about = {"file": file, "width": width, "height": height, "sha256": digest, "found_at": found.url}
        return row | about

    def _stored(self, body: bytes, name: Path) -> tuple[str, tuple[int, int]]:
        """Write a picture, and tell its file and its height and width. Raises ImageError where it is no picture."""
        with replacing(self.folder / name.with_name(f"{name.name}.unknown")) as temporary:
            temporary.write_bytes(body)
            ending, size = _verified(temporary, self.fit)
        file = name.with_name(name.name + ending)
        (self.folder / f"{name}.unknown").replace(self.folder / file)
        return file.as_posix(), size

    def _require_network(self, link: Link, error: Exception) -> None:
        if not isinstance(error, NoNetworkError):
            self._silent.clear()
            return
        self._silent.add(urlsplit(link.url).netloc)
        if len(self._silent) >= SILENT_HOSTS:
            raise DataError(
                f"is there a network? {error}, and neither do the hosts before it; what was fetched is kept, and the "
                "same command goes on"
            )


def _verified(file: Path, fit: Fit) -> tuple[str, tuple[int, int]]:
    """The ending of a picture's format, and its height and width. Raises ImageError, without the name of the file."""
    Image.init()
    try:
        with Image.open(file, formats=[*(ENDINGS.keys() & Image.OPEN.keys())]) as picture:  # others can start programs
            format, shorter = picture.format, min(picture.size)
    except UnidentifiedImageError:
        raise ImageError(f"it is no picture{_instead(file)}") from None
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageError(f"it cannot be read as a picture ({error})") from None
    if shorter < fit.least_side:
        raise ImageError(f"its shorter side has {shorter} pixels, and {fit.least_side} are asked (--least-side)")
    try:
        return ENDINGS[format], decode(file, Reading(megapixels=fit.megapixels)).pixels.shape[:2]
    except ImageError as error:
        raise ImageError(str(error).replace(str(file), "it")) from None


def _instead(file: Path) -> str:
    """What a file seems to be, in a phrase."""
    start = file.read_bytes()[:512].lstrip().lower()
    return ", but a web page" if start.startswith((b"<!doctype html", b"<html")) else ""

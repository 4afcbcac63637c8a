"""What masks and defects are made of: the images of each category, decoded, and what is known of their rights."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from benchmarks import plugins
from benchmarks.commands.make.output import read_record
from benchmarks.images import ImageError, image_size, read_mask
from benchmarks.images.decoding import decode
from benchmarks.images.losses import LOSSES
from benchmarks.naming import counted
from datasets.making import pictures
from datasets.making.record import NAME


class Losses:
    """Decodes images, and remembers what was lost on the way."""

    def __init__(self):
        self.names: dict[str, list[str]] = {}

    def read(self, path: Path) -> np.ndarray:
        """An image as (h, w, 3) uint8. Raises ImageError."""
        decoded = decode(path)
        for reason in decoded.losses:
            self.names.setdefault(reason, []).append(path.name)
        return decoded.pixels

    def sentences(self) -> list[str]:
        """One for each reason."""
        return [
            f"{counted(self.names[reason])} images {loss.words.partition(':')[0]}"
            for reason, loss in LOSSES.items()
            if reason in self.names and loss.of_all
        ]


def chosen(root: Path, wanted: Iterable[str] | None) -> dict[str, list[Path]]:
    """The images by category, of those asked for or of all. Raises DataError, or UsageError naming the nearest."""
    known = pictures.by_category(root)
    names = list(wanted or ())
    if len(names) == 1 and names[0] not in known:
        names = [name.strip() for name in names[0].split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise plugins.nearest("category", name, known)
    found = {name: known[name] for name in names or known}
    for images in found.values():
        pictures.require_names_of_their_own(images)
    return found


def mask_of(path: Path, shape: tuple[int, int] | None = None) -> np.ndarray:
    """A mask as (h, w) bool, at the size of an image of that shape, or at its own. Raises ImageError."""
    mask = read_mask([path], shape or image_size(path)).defect
    if mask is None:
        height, width = image_size(path)
        raise ImageError(f"{path} has {width}x{height} pixels, and its image {shape[1]}x{shape[0]}: another aspect")
    return mask


def licence_of(root: Path) -> str:
    """What a folder that was made says of its licence; empty where nothing is known."""
    return read_record(root).licence if (root / NAME).is_file() else ""


def beside(sources: Mapping[str, str], name: str) -> dict[str, str]:
    """The same digests, under names that begin with what they are of."""
    return {f"{name}/{path}": digest for path, digest in sources.items()}

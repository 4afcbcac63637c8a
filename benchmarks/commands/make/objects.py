"""Where the object of each image is: from segments, from masks, by running SAM, or because it fills the frame."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.commands.make.inputs import mask_of
from benchmarks.images import image_size, read_image
from datasets import image_of_mask
from datasets.making import object_masks, sam, segments
from datasets.making.object_masks import Found
from reports.files import write_text
from reports.overlay import save


class NoObjectError(ValueError):
    """It is not known where the object of an image is."""


@dataclass(frozen=True)
class Objects:
    """How the objects of a making are found."""

    textures: frozenset[str]
    """Categories whose images are filled by a surface."""
    given: Path | None
    """Folder of segments, CATEGORY/IMAGE/metadata.csv, or of object masks, CATEGORY/IMAGE.png."""
    place: Path
    """Where segments are stored that SAM finds."""
    segmenter: sam.Segmenter | None = None
    known: dict[Path, dict[str, Path]] = field(default_factory=dict)
    """The masks of each folder, by the name of their image."""

    def find(self, category: str, image: Path) -> Found:
        """The object of an image. Raises NoObjectError, ImageError, DataError."""
        shape = image_size(image)
        if category in self.textures:
            return object_masks.texture(shape, "named as a texture")
        if self.segmenter:
            folder = self.place / category / image.stem
            if not segments.are_in(folder):
                _store(folder, self.segmenter(read_image(image)))
            return self._of_segments(folder, shape)
        if self.given is None:
            raise NoObjectError("it is no texture, and no object mask is given")
        if segments.are_in(self.given / category / image.stem):
            return self._of_segments(self.given / category / image.stem, shape)
        if mask := self._masks_in(self.given / category).get(image.stem):
            return object_masks.of_mask(mask_of(mask, shape))
        raise NoObjectError(f"neither {image.stem}/metadata.csv nor a mask {image.stem}.png is in {category}")

    @staticmethod
    def _of_segments(folder: Path, shape: tuple[int, int]) -> Found:
        return object_masks.of_segments((mask_of(file, shape) for file in segments.files(folder)), shape)

    def _masks_in(self, folder: Path) -> dict[str, Path]:
        if folder not in self.known:
            files = segments.images_in(folder)
            self.known[folder] = {
                name: file for file in files for name in (image_of_mask(file.stem), file.stem) if name
            }
        return self.known[folder]


def _store(folder: Path, found: list[sam.Segment]) -> None:
    """Write segments as segment-anything's own program does; the table last, as it says that all are there."""
    for number, segment in enumerate(found):
        save(folder / f"{number}.png", np.where(segment.mask, 255, 0).astype(np.uint8))
    write_text(folder / segments.METADATA, sam.table(found))

"""Which mask of ignored regions belongs to which image: one for all, or one out of a folder, by name."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from datasets import DataError, image_of_mask, is_image_name, readable

Name = tuple[str, ...]
"""A file's folders and its name, without extension."""


@dataclass(frozen=True)
class Masks:
    """The masks that `--ignore` names."""

    place: Path
    """A mask for all images, or a folder of masks."""

    @property
    def is_folder(self) -> bool:
        """Whether each image has a mask of its own. Raises DataError where there is nothing."""
        if not self.place.exists():
            raise DataError(
                f"--ignore {readable(self.place)}: there is no such file or folder; a path is taken from the current "
                "folder or, if nothing is there, from the folder of the data"
            )
        return self.place.is_dir()

    def of_all(self, images: Iterable[Path], category: str) -> dict[Path, Path]:
        """The mask of each image of a category. Raises DataError for an image without one, or a mask that fits two."""
        if not self.is_folder:
            return dict.fromkeys(images, self.place)
        found: dict[Path, Path] = {}
        owners: dict[Path, Path] = {}
        for image in images:
            found[image] = mask = self.of(image, category)
            other = owners.setdefault(mask, image)
            if other != image and mask != self._of_category(category):
                raise DataError(
                    f"{readable(mask)} could belong to {readable(image)} and to {readable(other)}: put the masks into "
                    "folders as their images are, such as train/good"
                )
        return found

    def of(self, image: Path, category: str) -> Path:
        """The mask of an image: the only one, or out of the folder that of its name, or else of its category.

        The name may be preceded by folders of its image, of which the longest match counts: train/good/000.png before
        000.png. It may end as that of a mask does, as 000_mask.png. Raises DataError where there is none.
        """
        if not self.is_folder:
            return self.place
        whole = Path(os.path.abspath(image)).with_suffix("").parts
        for length in range(min(len(whole), self._depth), 0, -1):
            if mask := self._by_name.get(whole[-length:]):
                return self._of_another(mask, image)
        if mask := self._of_category(category):
            return mask
        raise DataError(
            f"{readable(image)} has no mask in --ignore {readable(self.place)}: add {image.stem}.png there, all black "
            "where every pixel counts"
        )

    def holds(self, path: Path) -> bool:
        """Whether a path is one of the masks, or lies in their folder."""
        return path == self.place or self.place in path.parents

    def _of_category(self, category: str) -> Path | None:
        return self._by_name.get((category,))

    def _of_another(self, mask: Path, image: Path) -> Path:
        if os.path.realpath(mask) == os.path.realpath(image):
            raise DataError(
                f"--ignore {readable(self.place)} holds the images themselves: name the folder of the masks"
            )
        return mask

    @property
    def _depth(self) -> int:
        return max(map(len, self._by_name), default=0)

    @cached_property
    def _by_name(self) -> Mapping[Name, Path]:
        """The masks by their names, and those named as masks of an image also by its name."""
        files = [Path(folder, name) for folder, _, names in os.walk(self.place) for name in names]
        masks = sorted(file for file in files if is_image_name(file.name) and not file.name.startswith("."))
        by_name: dict[Name, Path] = {}
        for mask in masks:
            *folders, name = mask.relative_to(self.place).with_suffix("").parts
            for each in {name, image_of_mask(name) or name}:
                other = by_name.setdefault((*folders, each), mask)
                if other != mask:
                    raise DataError(f"{readable(mask)} and {other.name} are both masks of {each}: keep one")
        return by_name

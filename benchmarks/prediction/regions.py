"""What does not count in new images, which the training never saw."""

import os
from pathlib import Path

import numpy as np

from benchmarks.errors import UsageError
from benchmarks.images import ImageError, fitted_ignored, read_fitted
from benchmarks.naming import counted
from benchmarks.regions.filling import Fill
from benchmarks.regions.lookup import Masks
from benchmarks.trained import Trained
from datasets import DataError, Sample


class Regions:
    """Finds which pixels of an image do not count: by the mask that is given, or else as the run did of its own images.

    Where all training images had the same mask, that is the one of new images; it is kept with the model. Raises
    UsageError for a mask that is not there, or that is given though the model was trained without.
    """

    def __init__(self, trained: Trained, fill: Fill | None, given: Path | None = None):
        self.trained, self.fill = trained, fill
        self.reading, self.category = trained.reading, trained.job.cell.category
        self.given = None if given is None else _given(given, trained, fill)
        self._samples = _by_file(trained) if fill and not given and not self._is_one_for_all else {}
        self._resized: list[str] = []

    def of(self, path: Path | None, shape: tuple[int, int]) -> np.ndarray | None:
        """Which pixels of an image of (height, width) do not count, (h, w) bool; None: all count.

        An array has no path. Raises ImageError where a mask cannot be used, or nothing says what does not count.
        """
        sample = None if path is None else self._samples.get(os.path.realpath(path))
        if self.fill is None or (sample and not sample.ignored):
            return None
        image = path or "the array"
        mask = sample.ignored if sample else self._by_name(path)
        if mask is None and self.fill.common is None:
            raise ImageError(self._what_to_do(image))
        if mask is None:
            ignored, is_resized = fitted_ignored(self.fill.common, "the mask of the run", image, shape)
        else:
            ignored, is_resized = read_fitted(mask, image, shape, self.reading)
        if is_resized:
            self._resized.append(path.name if path else "an array")
        return ignored

    def remarks(self) -> list[str]:
        """What a user must know of the images so far."""
        if not self._resized:
            return []
        return [
            "the mask of what does not count has another size than these images, and was resized to each (nearest "
            f"neighbour): {counted(self._resized)}"
        ]

    @property
    def _is_one_for_all(self) -> bool:
        """Whether the run had one mask, which is kept with the model: its file may be gone."""
        masks = self.trained.source().ignored
        return masks is not None and self.fill.common is not None and not masks.place.is_dir()

    def _by_name(self, path: Path | None) -> Path | None:
        """The mask of an image by its name. Raises ImageError where the given folder has none."""
        masks = self.given or self.trained.source().ignored
        if masks is None or (not self.given and not masks.place.is_dir()):
            return None
        if path is None and not masks.place.is_dir():
            return masks.place
        try:
            return None if path is None else masks.of(path, self.category)
        except DataError as error:
            if self.given:
                raise ImageError(str(error)) from None
            return None

    def _what_to_do(self, image: str | Path) -> str:
        return (
            f"{image}: nothing says what does not count in it, as the run had a mask for each image: give a mask, or a "
            "folder with one of its name, with predict --ignore"
        )


def _given(place: Path, trained: Trained, fill: Fill | None) -> Masks:
    if not place.exists():
        raise UsageError(f"--ignore {place}: there is no such file or folder")
    if fill is None:
        raise UsageError(
            f"--ignore {place}: {trained.folder} was trained without ignored regions, so nothing is known to fill them "
            "with: do the run again with --ignore"
        )
    return Masks(place.absolute())


def _by_file(trained: Trained) -> dict[str, Sample]:
    """The samples of a job's category; none if its data are no longer where they were."""
    try:
        samples = trained.source().samples(trained.job.cell.category)
    except DataError:
        return {}
    return {os.path.realpath(sample.image): sample for sample in samples}

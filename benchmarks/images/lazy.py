"""The images of samples as a sequence that decodes on access."""

from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np

from benchmarks.images.decoding import image_size, read_image
from benchmarks.images.reading import AS_STORED, Reading
from benchmarks.images.regions import read_ignored
from datasets import Sample


class Images(Sequence):
    """The images of samples, as `read_image` gives them. An access decodes an image; a slice decodes nothing."""

    def __init__(self, samples: Sequence[Sample], reading: Reading = AS_STORED):
        self.samples, self.reading = samples, reading

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return Images(self.samples[index], self.reading)
        return read_image(self.samples[index].image, self.reading)

    def name(self, index: int) -> str:
        """The file of an image."""
        return str(self.samples[index].image)

    def shape_of(self, index: int) -> tuple[int, int]:
        """Height and width of an image, of which no pixel is decoded."""
        return image_size(self.samples[index].image, self.reading)

    def ignored(self, index: int) -> np.ndarray | None:
        """Which pixels of an image do not count, (h, w) bool; None: all count."""
        sample = self.samples[index]
        if sample.ignored is None:
            return None
        return read_ignored(sample.ignored, sample.image, self.shape_of(index), self.reading)


class Kept(Sequence):
    """Images of which the last one is kept: who reads parts of each in order has it decoded once.

    Several threads may read.
    """

    def __init__(self, images: Sequence):
        self.images = images
        self._last: tuple[int, Any] | None = None
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Any:
        with self._lock:
            if self._last is None or self._last[0] != index:
                self._last = None  # the memory of two is not needed
                self._last = index, self.images[index]
            return self._last[1]

    def shape_of(self, index: int) -> tuple[int, int]:
        """Height and width of an image."""
        return shape_of(self.images, index)

    def name(self, index: int) -> str:
        """How an error calls an image."""
        return name_of(self.images, index)


def name_of(images: Sequence, index: int) -> str:
    """How an error calls one of some images: by its file, where they know it."""
    if hasattr(images, "name"):
        return images.name(index)
    return f"image {index + 1} of {len(images)}"


def ignored_of(images: Sequence, index: int) -> np.ndarray | None:
    """Which pixels of one of some images do not count, (h, w) bool; None: all count, or nobody has said."""
    return images.ignored(index) if hasattr(images, "ignored") else None


def shape_of(images: Sequence, index: int) -> tuple[int, int]:
    """Height and width of one of some images; those that say it themselves need not decode it."""
    if hasattr(images, "shape_of"):
        return images.shape_of(index)
    height, width = images[index].shape[-3:-1]
    return height, width

"""What methods see of an ignored region: the mean of the training images there, so that none finds an edge.

Of each pixel, the mean is over the training images in which it counts; where it counts in none, over all of them. So
what ignored regions hide is learned as little as can be. No image but those of the fit takes part.
"""

import zipfile
from collections import Counter
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from benchmarks.images.lazy import ignored_of, name_of, shape_of
from benchmarks.images.regions import resize_ignored
from benchmarks.images.resizing import resize_image
from methods import Image, MethodError, Preparing, first_sentence

FILE = "ignored.npz"
"""Name of the file in the folder of a model."""


class Fill:
    """What a fit has learned of ignored regions."""

    def __init__(self, mean: np.ndarray, common: np.ndarray | None):
        self.mean = mean
        """The mean of the training images, (h, w, 3) uint8; with every page (pages, h, w, 3)."""
        self.common = common
        """Which pixels do not count, (h, w) bool, where these are the same in all training images; else None."""
        self._fitted = mean

    def __call__(self, image: np.ndarray, ignored: np.ndarray) -> np.ndarray:
        """A copy of an image with its pixels that do not count, (h, w) bool, filled; itself where all count."""
        if not ignored.any():
            return image
        filled = image.copy()
        np.copyto(filled, self._of(image.shape), where=ignored[..., None])
        return filled

    def _of(self, shape: tuple[int, ...]) -> np.ndarray:
        """The mean at the size of an image. One of another number of pages gets the mean of the pages on each."""
        if self._fitted.shape[-3:-1] != shape[-3:-1]:
            self._fitted = _resized(self.mean, shape[-3:-1])
        if self._fitted.ndim < 4 or len(self._fitted) == shape[0]:
            return self._fitted
        return np.rint(self._fitted.mean(axis=0)).astype(np.uint8)

    def save(self, folder: Path) -> None:
        """Write it into the folder of a model."""
        common = {} if self.common is None else {"common": self.common}
        np.savez_compressed(folder / FILE, mean=self.mean, **common)

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """What `save` wrote; None: nothing was ignored. Raises MethodError naming a damaged file."""
        if not (folder / FILE).exists():
            return None
        try:
            with np.load(folder / FILE, allow_pickle=False) as archive:
                return cls(archive["mean"], archive.get("common"))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise MethodError(f"{folder / FILE} is damaged ({first_sentence(error)}): do the same run again") from None


class Filled(Sequence):
    """Images with what does not count filled, decoded on access; a slice decodes nothing."""

    def __init__(self, images: Sequence[Image], fill: Fill, indices: Sequence[int] | None = None):
        self.images, self.fill = images, fill
        self.indices = range(len(images)) if indices is None else indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return Filled(self.images, self.fill, self.indices[index])
        place = self.indices[index]
        image, ignored = self.images[place], ignored_of(self.images, place)
        return image if ignored is None else self.fill(image, ignored)

    def name(self, index: int) -> str:
        """How an error calls an image."""
        return name_of(self.images, self.indices[index])

    def shape_of(self, index: int) -> tuple[int, int]:
        """Height and width of an image."""
        return shape_of(self.images, self.indices[index])


def learned(images: Sequence[Image]) -> Generator[Preparing, None, Fill | None]:
    """Return the mean of training images; None: nobody has said of any of them that something does not count.

    Where they have several sizes, those of another size than most are resized to it first.
    """
    if not any(ignored_of(images, index) is not None for index in range(len(images))):
        return None
    shapes = Counter(shape_of(images, index) for index in range(len(images)))
    ((shape, _),) = shapes.most_common(1)
    first = common = ignored_of(images, 0)
    never = np.ones(shape, bool)
    for index in range(len(images)):
        never &= _ignored(images, index, shape)
        if common is not None and not np.array_equal(first, ignored_of(images, index)):
            common = None
    total, times = np.zeros((), np.uint32), np.zeros(shape, np.uint32)
    for index in range(len(images)):
        weight = ~_ignored(images, index, shape) | never
        total = np.add(total, _resized(images[index], shape) * weight[..., None], dtype=np.uint32)
        times += weight
        yield Preparing("averaging images for the regions that do not count", index + 1, len(images))
    times = times[..., None]
    return Fill(((total + times // 2) // times).astype(np.uint8), common)


def _ignored(images: Sequence[Image], index: int, shape: tuple[int, int]) -> np.ndarray:
    ignored = ignored_of(images, index)
    if ignored is None:
        return np.zeros(shape, bool)
    return ignored if ignored.shape == tuple(shape) else resize_ignored(ignored, shape)


def _resized(image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """An image, or every page of it, at a size."""
    if image.shape[-3:-1] == tuple(shape):
        return image
    return np.stack([resize_image(page, shape) for page in image]) if image.ndim == 4 else resize_image(image, shape)

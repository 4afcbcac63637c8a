"""Images of which a part does not count, for tests."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image


class Masked(list):
    """Images with the pixels of each that do not count; None: all count."""

    def __init__(self, images: Sequence[np.ndarray], ignored: np.ndarray | Sequence[np.ndarray | None]):
        super().__init__(images)
        self.each = [ignored] * len(images) if isinstance(ignored, np.ndarray) else list(ignored)

    def ignored(self, index: int) -> np.ndarray | None:
        return self.each[index]


def corner(shape: tuple[int, int], height: int, width: int) -> np.ndarray:
    """The upper left corner of an image, (h, w) bool."""
    found = np.zeros(shape, bool)
    found[:height, :width] = True
    return found


def altered(image: np.ndarray, ignored: np.ndarray, seed: int = 0) -> np.ndarray:
    """An image, or every page of one, with other pixels where it does not count."""
    noise = np.random.default_rng(seed).integers(0, 256, image.shape, np.uint8)
    return np.where(ignored[..., None], noise, image)


def white(path: Path, region: np.ndarray) -> Path:
    """Write a mask of a region, (h, w) bool."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.where(region, 255, 0).astype(np.uint8)).save(path)
    return path

"""How an image looks: size, colour and brightness. It stands apart, because scores depend on what decoding imports."""

from typing import NamedTuple

import numpy as np


class Appearance(NamedTuple):
    """How one image looks."""

    shape: tuple[int, int]
    """Height and width, pixels."""
    gray: bool
    """Whether its three colours are equal in every pixel."""
    brightness: float
    """Mean of all values, 0 to 255."""
    pages: int = 1
    """Number of pages that are seen. Size, colour and brightness are those of the first."""

    @property
    def aspect(self) -> float:
        """Width divided by height."""
        return self.shape[1] / self.shape[0]


def of(image: np.ndarray) -> Appearance:
    """How an image looks: (h, w, 3) uint8, or (pages, h, w, 3) with every page."""
    if image.ndim == 4:
        return of(image[0])._replace(pages=len(image))
    red, green, blue = np.moveaxis(image, 2, 0)
    gray = np.array_equal(red, green) and np.array_equal(green, blue)
    return Appearance(image.shape[:2], gray, float(image.mean()))

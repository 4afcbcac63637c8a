"""The size at which a diffusion model sees an image, and the way back."""

import numpy as np

MULTIPLE = 8
"""Sides that an encoder of Stable Diffusion takes."""


def fitted(picture: np.ndarray, longer_px: int) -> np.ndarray:
    """An (h, w, 3) uint8 image, or an (h, w) bool mask, with a longer side of `longer_px`; sides are multiples of 8."""
    from PIL import Image

    height, width = picture.shape[:2]
    scale = longer_px / max(height, width)
    size = [max(MULTIPLE, round(side * scale / MULTIPLE) * MULTIPLE) for side in (width, height)]
    how = Image.Resampling.NEAREST if picture.dtype == bool else Image.Resampling.LANCZOS
    return np.asarray(Image.fromarray(picture).resize(size, how))


def restored(image: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """An image at the size of `shape` (height, width, ...) again."""
    from PIL import Image

    height, width = shape[:2]
    if image.shape[:2] == (height, width):
        return image
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS))

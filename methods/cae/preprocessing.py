"""Images as the network sees them: of one size, gray or in colour, 8 bits in memory and 0 to 1 in the network."""

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image as PillowImage

from methods import Image, Preparing

MODES = {"grayscale": "L", "rgb": "RGB"}
"""Pillow's names; its gray has the weights of ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B."""
CHANNELS = {"grayscale": 1, "rgb": 3}


def prepare(image: Image, *, size: int, color_mode: str) -> np.ndarray:
    """(size, size, channels) uint8. A side changes by its own factor; a smaller image is averaged, not sampled."""
    picture = PillowImage.fromarray(image).convert(MODES[color_mode])
    picture = picture.resize((size, size), PillowImage.Resampling.BILINEAR)
    return np.asarray(picture).reshape(size, size, CHANNELS[color_mode])


def prepare_all(images: Sequence[Image], *, size: int, color_mode: str) -> Iterator[Preparing]:
    """Prepare image after image, telling each; returns (n, size, size, channels) uint8."""
    pixels = np.empty((len(images), size, size, CHANNELS[color_mode]), np.uint8)
    for number in range(len(images)):
        pixels[number] = prepare(images[number], size=size, color_mode=color_mode)
        yield Preparing("reading images", number + 1, len(images))
    return pixels


def as_floats(pixels: np.ndarray) -> np.ndarray:
    """uint8 to float32 from 0 to 1."""
    return pixels.astype(np.float32) / 255

"""Images of one size, in gray or colour: 8 bits in memory, and 0 to 1 for the network."""

from collections.abc import Iterator, Sequence

import numpy as np

from methods import Image, Preparing
from methods._resizing import CHANNELS, resized


def resize_all(images: Sequence[Image], *, side_px: int, color_mode: str) -> Iterator[Preparing]:
    """Resize the images and report each as progress; return (n, side, side, channels) uint8."""
    pixels = np.empty((len(images), side_px, side_px, CHANNELS[color_mode]), np.uint8)
    for number in range(len(images)):
        pixels[number] = resized(images[number], side_px=side_px, color_mode=color_mode)
        yield Preparing("reading images", number + 1, len(images))
    return pixels


def as_floats(pixels: np.ndarray) -> np.ndarray:
    """uint8 to float32 from 0 to 1."""
    return pixels.astype(np.float32) / 255
